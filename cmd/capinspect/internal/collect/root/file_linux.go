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

// readFlags open a file for reading that may be of any type, and may have a lease whose
// holder does not give it up (fcntl(2)).
const readFlags = unix.O_RDONLY | unix.O_CLOEXEC | unix.O_NONBLOCK | unix.O_NOCTTY

// Own reads files as capinspect itself sees them. It is a buffer that Read uses if it is
// large enough.
type Own []byte

// Read returns a regular file of at most limit bytes.
func (buf Own) Read(path string, limit int) ([]byte, error) {
	fd, err := retry(func() (int, error) { return unix.Open("/"+path, readFlags, 0) })
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: "/" + path, Err: err}
	}
	defer unix.Close(fd)
	return contents(fd, "/"+path, buf, limit)
}

// Exists reports whether there is a regular file at a path.
func (buf Own) Exists(path string) bool {
	var st unix.Stat_t
	return unix.Stat("/"+path, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFREG
}

// sizeOf returns the size of an open file. It is an error if the file is not regular or
// has more than limit bytes.
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

// mapped does the same as contents through a mapping. On some file systems, such as XFS,
// read(2) waits until a write(2) to the file ends. A write may never end: the data may come
// from memory that a silent FUSE server has to fill.
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

// mappedBytes returns the first size bytes of an open file; size is at least 1.
func mappedBytes(fd, size int) ([]byte, error) {
	text, err := unix.Mmap(fd, 0, size, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	defer unix.Munmap(text)
	out := make([]byte, size)
	return out, copyMapped(out, text)
}

// copyMapped copies a mapping. If the file has become shorter, reading beyond its end is
// an error instead of a crash.
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
