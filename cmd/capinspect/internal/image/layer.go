// SPDX-License-Identifier: Apache-2.0

package image

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/predict"
)

// file is a file of an image. Two names may lead to one file.
type file struct {
	kind   byte   // of archive/tar, as tar.TypeDir
	mode   uint32 // the permission bits of stat(2)
	uid    uint32
	gid    uint32
	target string // of a symbolic link
	caps   []byte // the attribute security.capability; nil if it has none
	acl    bool
	head   []byte // of a program: its first bytes, or the whole of a short script
	silent bool   // its head is not kept: there are too many
	size   int64
	layer  int // the one that has it, counted from 1

	names map[string]*file // of a directory
	// lost is a file that a lower layer has under the same name, and whose capabilities this
	// one has not.
	lost *file
}

// change is an entry of a layer: a file under a name, another name for a file, or that a
// name or the whole of a directory is gone.
type change struct {
	name string // from the root directory, without a slash before it
	file *file  // nil for the others
	link string // the name that it is another one of; file has its mode, owner and capabilities
	gone bool   // the name is gone in the layers below
	bare bool   // the directory has nothing of the layers below
}

// The names with which a layer takes something away (image-spec, layer.md, Whiteouts).
const (
	whiteout = ".wh."
	opaque   = ".wh..wh..opq"
)

// layers reads layers, and counts what they have.
type layers struct {
	files int
	names int
	heads int
	whole map[string]bool // the files that are kept whole
}

// read reads a layer.
func (l *layers) read(number int, text io.Reader, size int64) (list []change, err error) {
	plain, err := unpacked(text, size)
	if err != nil {
		return nil, err
	}
	in := tar.NewReader(plain)
	for {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return list, drain(plain)
		}
		if err != nil {
			return nil, broken(err)
		}
		if len(h.Name) > maxPath || len(h.Linkname) > maxPath {
			return nil, fmt.Errorf("%q: the name is longer than %d bytes", shortened(h.Name), maxPath)
		}
		if l.names += len(h.Name) + len(h.Linkname); l.names > maxNames {
			return nil, tooMuch("names of more than %d MiB", maxNames>>20)
		}
		if l.files++; l.files > maxFiles {
			return nil, tooMuch("more than %d files", maxFiles)
		}
		c, err := l.entry(h, in, number)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", shortened(h.Name), broken(err))
		}
		if c != nil {
			list = append(list, *c)
		}
	}
}

// drain reads what follows the end of an archive, whose checksum may follow.
func drain(from io.Reader) error {
	_, err := io.Copy(io.Discard, from)
	return broken(err)
}

func shortened(name string) string { return name[:min(len(name), 256)] }

// errOutside is the error for a name that leads out of the image.
var errOutside = errors.New("the name leads out of the image")

// inside returns a name from the root directory, "" for that itself.
func inside(name string) (string, error) {
	clean := path.Clean(strings.TrimLeft(name, "/"))
	switch {
	case clean == ".":
		return "", nil
	case clean == ".." || strings.HasPrefix(clean, "../"):
		return "", errOutside
	}
	return clean, nil
}

// entry returns what an entry of a layer changes; nil if that is nothing.
func (l *layers) entry(h *tar.Header, text io.Reader, number int) (*change, error) {
	name, err := inside(h.Name)
	if err != nil {
		return nil, err
	}
	dir, base := path.Split(name)
	switch {
	case base == opaque:
		return &change{name: path.Clean("/" + dir)[1:], bare: true}, nil
	case strings.HasPrefix(base, whiteout+whiteout): // of aufs
		return nil, nil
	case strings.HasPrefix(base, whiteout):
		return &change{name: dir + strings.TrimPrefix(base, whiteout), gone: true}, nil
	}
	f := &file{kind: h.Typeflag, mode: uint32(h.Mode) & 0o7777, uid: uint32(h.Uid), gid: uint32(h.Gid), size: h.Size, layer: number}
	if int64(h.Uid) != int64(f.uid) || int64(h.Gid) != int64(f.gid) {
		return nil, fmt.Errorf("its owner is no id: %d, %d", h.Uid, h.Gid)
	}
	switch h.Typeflag {
	case tar.TypeLink:
		target, err := inside(h.Linkname)
		if err != nil || target == "" {
			return nil, fmt.Errorf("it is a hard link to %q: %w", shortened(h.Linkname), errOutside)
		}
		f.caps = capsOf(h)
		return &change{name: name, file: f, link: target}, nil
	case tar.TypeSymlink:
		f.target = h.Linkname
	case tar.TypeDir:
		f.names = map[string]*file{}
	case tar.TypeReg:
		f.caps = capsOf(h)
		_, f.acl = h.PAXRecords["SCHILY.xattr.system.posix_acl_access"]
		if f.head, err = l.head(name, h, text); err != nil {
			return nil, err
		}
		if l.heads += len(f.head); l.heads > maxHeads && !l.whole[name] {
			f.head, f.silent = nil, true
		}
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
	default:
		return nil, nil // it is no file, as a header of pax
	}
	return &change{name: name, file: f}, nil
}

// capsOf returns the attribute security.capability of an entry; nil if it has none.
func capsOf(h *tar.Header) []byte {
	caps, ok := h.PAXRecords["SCHILY.xattr.security.capability"]
	if !ok {
		return nil
	}
	const most = 64 // bytes of the attribute, of which the kernel takes at most 24
	return []byte(caps[:min(len(caps), most)])
}

// head returns the first bytes of a file: those that tell what a program is, or all of a
// script, as long as not too many have been kept.
func (l *layers) head(name string, h *tar.Header, text io.Reader) ([]byte, error) {
	whole := l.whole[name]
	if h.Mode&0o111 == 0 && !whole {
		return nil, nil
	}
	size := min(h.Size, predict.HeadSize)
	if whole {
		size = min(h.Size, maxDocument)
	}
	head := make([]byte, size)
	if _, err := io.ReadFull(text, head); err != nil {
		return nil, err
	}
	if whole {
		return head, nil
	}
	const maxScript = 64 << 10
	switch {
	case strings.HasPrefix(string(head), "\x7fELF"):
		return head, nil
	case !strings.HasPrefix(string(head), "#!"):
		return head[:min(len(head), 64)], nil
	case h.Size <= maxScript:
		rest, err := io.ReadAll(io.LimitReader(text, h.Size-size))
		return append(head, rest...), err
	}
	return head[:min(len(head), 256)], nil
}
