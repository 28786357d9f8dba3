// SPDX-License-Identifier: Apache-2.0

package image

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/elf"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"math"
	"strings"
)

// stream is the text of a layer, or of an archive, as it was before it was compressed.
type stream struct {
	io.Reader
	plain bool // it was not compressed
}

var (
	gzipMagic = []byte{0x1f, 0x8b}
	zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}
)

// unpacked returns the text of a file of some bytes, which may be compressed by gzip or zstd.
func unpacked(from io.Reader, size int64) (stream, error) {
	packed := &counted{from: from}
	in := bufio.NewReader(packed)
	magic, err := in.Peek(len(zstdMagic))
	if err != nil && err != io.EOF {
		return stream{}, err
	}
	var out io.Reader
	switch {
	case bytes.HasPrefix(magic, gzipMagic):
		out, err = gzip.NewReader(in)
	case bytes.Equal(magic, zstdMagic):
		out, err = zstdReader(in, size)
	default:
		if seeker, ok := from.(io.Seeker); ok {
			_, err = seeker.Seek(0, io.SeekStart)
		}
		return stream{in, true}, err
	}
	if err != nil {
		return stream{}, broken(err)
	}
	return stream{&bounded{from: out, packed: packed}, false}, nil
}

// checked is the text of a layer whose name may be its digest.
type checked struct {
	from io.Reader
	name string
	hash hash.Hash
}

func newChecked(name string, from io.Reader) *checked { return &checked{from, name, sha256.New()} }

func (c *checked) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.hash.Write(p[:n])
	return n, err
}

// check reads the text to its end, and returns an error if it is not the one with the digest.
func (c *checked) check() error {
	digest, ok := strings.CutPrefix(c.name, "blobs/sha256/")
	if !ok {
		return nil
	}
	if err := drain(c); err != nil {
		return err
	}
	if digest != hex.EncodeToString(c.hash.Sum(nil)) {
		return errors.New("its content is not what its digest says")
	}
	return nil
}

// counted counts the bytes that are read.
type counted struct {
	from io.Reader
	n    int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.n += int64(n)
	return n, err
}

// bounded ends a text that is far longer than what it was unpacked from.
type bounded struct {
	from   io.Reader
	packed *counted
	n      int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	if b.n += int64(n); b.n > maxUnpacked && b.n/maxRatio > b.packed.n {
		return 0, tooMuch("it unpacks to more than %d times its size", maxRatio)
	}
	return n, err
}

// zstdReader unpacks a text that zstd has compressed. The standard library can, but only the
// compressed sections of ELF files: so the text is dressed up as one. Its reader takes windows
// of at most 8 MiB, as RFC 8878 asks of every reader; zstd --long makes larger ones.
func zstdReader(text io.Reader, size int64) (io.Reader, error) {
	h := elf.Header64{Type: uint16(elf.ET_REL), Version: uint32(elf.EV_CURRENT), Ehsize: 64, Shoff: 64, Shentsize: 64, Shnum: 2}
	copy(h.Ident[:], elf.ELFMAG)
	h.Ident[elf.EI_CLASS], h.Ident[elf.EI_DATA], h.Ident[elf.EI_VERSION] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)
	names := elf.Section64{Type: uint32(elf.SHT_STRTAB), Off: 64 + 2*64, Size: 1}
	packed := elf.Section64{Type: uint32(elf.SHT_PROGBITS), Flags: uint64(elf.SHF_COMPRESSED), Off: 64 + 2*64 + 1, Size: 24 + uint64(size)}
	kind := elf.Chdr64{Type: uint32(elf.COMPRESS_ZSTD), Size: math.MaxInt64, Addralign: 1}
	var head bytes.Buffer
	for _, part := range []any{h, names, packed, byte(0), kind} {
		if err := binary.Write(&head, binary.LittleEndian, part); err != nil {
			return nil, err
		}
	}
	file, err := elf.NewFile(&oneWay{head: head.Bytes(), rest: text, at: int64(head.Len())})
	if err != nil {
		return nil, err
	}
	return zstdText{file.Sections[1].Open()}, nil
}

// zstdText is a text that zstd has compressed.
type zstdText struct{ io.Reader }

func (z zstdText) Read(p []byte) (int, error) {
	n, err := z.Reader.Read(p)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("%w; a window of more than 8 MiB, as of zstd --long, is not read", err)
	}
	return n, err
}

// oneWay is a file whose head may be read again, and whose rest may not.
type oneWay struct {
	head []byte
	rest io.Reader
	at   int64 // how far the rest was read
}

func (o *oneWay) ReadAt(p []byte, at int64) (n int, err error) {
	if at < int64(len(o.head)) {
		n = copy(p, o.head[at:])
		at += int64(n)
	}
	if n == len(p) {
		return n, nil
	}
	if at != o.at {
		return n, io.ErrUnexpectedEOF
	}
	more, err := io.ReadFull(o.rest, p[n:])
	o.at += int64(more)
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	return n + more, err
}
