// SPDX-License-Identifier: Apache-2.0

package root

import (
	"errors"
	"io"
	"io/fs"
	"runtime/debug"

	"golang.org/x/sys/unix"
)

// Why a file is not read.
var (
	ErrNotRegular = errors.New("not a regular file")
	ErrTooLarge   = errors.New("too large")
)

// readFlags open for reading what may be anything, and may be leased to somebody
// who does not give it back.
const readFlags = unix.O_RDONLY | unix.O_CLOEXEC | unix.O_NONBLOCK | unix.O_NOCTTY

// Own reads the files that capinspect sees itself. It is space for one.
type Own []byte

// Read returns a regular file of at most limit bytes. The system calls are made
// directly, because os.File starts a poller that this does not need.
func (buf Own) Read(path string, limit int) ([]byte, error) {
	fd, err := retry(func() (int, error) { return unix.Open("/"+path, readFlags, 0) })
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: "/" + path, Err: err}
	}
	defer unix.Close(fd)
	return contents(fd, "/"+path, buf, limit)
}

// Exists reports whether there is a regular file.
func (buf Own) Exists(path string) bool {
	var st unix.Stat_t
	return unix.Stat("/"+path, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFREG
}

// sizeOf returns the size of an open file, if it is a regular one of at most limit
// bytes.
func sizeOf(fd, limit int) (int, error) {
	var st unix.Stat_t
	switch err := unix.Fstat(fd, &st); {
	case err != nil:
		return 0, err
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		return 0, ErrNotRegular
	case st.Size > int64(limit):
		return 0, ErrTooLarge
	}
	return int(st.Size), nil
}

// contents reads an open file, into buf if that is large enough.
func contents(fd int, path string, buf []byte, limit int) ([]byte, error) {
	size, err := sizeOf(fd, limit)
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: path, Err: err}
	}
	if size > len(buf) {
		buf = make([]byte, size)
	}
	text := buf[:size]
	for n := 0; n < len(text); {
		m, err := retry(func() (int, error) { return unix.Read(fd, text[n:]) })
		if err == nil && m == 0 {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, &fs.PathError{Op: "read", Path: path, Err: err}
		}
		n += m
	}
	return text, nil
}

// mapped returns what contents does, but through a mapping. read(2) waits on some
// file systems, as XFS, for who writes, and that one may never end: what it writes
// may be in memory that a dead FUSE server is to fill.
func mapped(fd int, path string, limit int) ([]byte, error) {
	size, err := sizeOf(fd, limit)
	if err == nil && size > 0 {
		var out []byte
		if out, err = mappedBytes(fd, size); err == nil {
			return out, nil
		}
	}
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: path, Err: err}
	}
	return nil, nil
}

// mappedBytes returns the first bytes of an open file, which are at least one.
func mappedBytes(fd, size int) ([]byte, error) {
	text, err := unix.Mmap(fd, 0, size, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	defer unix.Munmap(text)
	out := make([]byte, size)
	return out, copyMapped(out, text)
}

// copyMapped copies a mapping, whose file may have been cut short meanwhile: what
// is beyond its end cannot be read.
func copyMapped(dst, src []byte) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if recover() != nil {
			err = io.ErrUnexpectedEOF
		}
	}()
	copy(dst, src)
	return nil
}
