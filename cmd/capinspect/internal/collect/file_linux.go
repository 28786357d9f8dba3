// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"errors"
	"io"
	"io/fs"

	"golang.org/x/sys/unix"
)

// maxFile is the size in bytes of the largest file that names are looked up in.
const maxFile = 4 << 20

var (
	errNotRegular = errors.New("not a regular file")
	errTooLarge   = errors.New("larger than 4 MiB")
)

// readFile reads a regular file of at most maxFile bytes, into buf if that is
// large enough. The system calls are made directly, because os.File starts a
// poller that this does not need.
func readFile(path string, buf []byte) ([]byte, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err = unix.Fstat(fd, &st); err == nil {
		switch {
		case st.Mode&unix.S_IFMT != unix.S_IFREG:
			err = errNotRegular
		case st.Size > maxFile:
			err = errTooLarge
		}
	}
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: path, Err: err}
	}
	text := buf
	if st.Size > int64(len(buf)) {
		text = make([]byte, st.Size)
	}
	text = text[:st.Size]
	for n := 0; n < len(text); {
		m, err := unix.Read(fd, text[n:])
		if err == unix.EINTR {
			continue
		}
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
