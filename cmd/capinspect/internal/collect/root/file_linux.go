// SPDX-License-Identifier: Apache-2.0

package root

import (
	"errors"
	"io"
	"io/fs"

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

// contents reads an open file, if it is a regular one of at most limit bytes,
// into buf if that is large enough.
func contents(fd int, path string, buf []byte, limit int) ([]byte, error) {
	var st unix.Stat_t
	err := unix.Fstat(fd, &st)
	switch {
	case err != nil:
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		err = ErrNotRegular
	case st.Size > int64(limit):
		err = ErrTooLarge
	}
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: path, Err: err}
	}
	if st.Size > int64(len(buf)) {
		buf = make([]byte, st.Size)
	}
	text := buf[:st.Size]
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
