// SPDX-License-Identifier: Apache-2.0

package procstatus

import (
	"errors"
	"io/fs"
	"iter"
	"slices"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// ErrTooLong says that a file is longer than the longest of its kind that is
// read.
var ErrTooLong = errors.New("file too long")

// dir is a directory of a procfs that is open with O_PATH (open(2)).
type dir struct {
	fd   int
	path string // for messages; never empty
}

// errNotOpen is the error of a handle that no function of this package returned.
var errNotOpen = &fs.PathError{Op: "open", Path: "", Err: fs.ErrInvalid}

func openDir(path string) (dir, error) {
	fd, err := retry(func() (int, error) {
		return unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return dir{}, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return dir{fd, path}, nil
}

func (d dir) open(name string, flags int) (int, error) {
	if d.path == "" {
		return -1, errNotOpen
	}
	fd, err := retry(func() (int, error) { return unix.Openat(d.fd, name, flags|unix.O_CLOEXEC, 0) })
	if err != nil {
		return -1, d.failed("open", name, err)
	}
	return fd, nil
}

// reading opens files that may be anything in a copy of a procfs: a FIFO or a
// terminal, too.
const reading = unix.O_RDONLY | unix.O_NONBLOCK | unix.O_NOCTTY

// buffers holds the memory that files are read into.
var buffers = sync.Pool{New: func() any {
	buf := make([]byte, 0, 8<<10)
	return &buf
}}

// read reads a file of at most limit bytes, from one open and to its end, and
// passes it to use. The text is valid until use returns.
//
// single is for a file that the kernel prints as one record (fs/seq_file.c,
// single_open): a read that does not fill the buffer has reached its end. Of other
// files, as mountinfo, the kernel returns the lines that fit into a page.
func (d dir) read(name string, limit int, single bool, use func(text []byte) error) error {
	fd, err := d.open(name, reading)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	for *buf = (*buf)[:0]; ; {
		if len(*buf) == cap(*buf) {
			*buf = slices.Grow(*buf, len(*buf))
		}
		n, err := retry(func() (int, error) { return unix.Read(fd, (*buf)[len(*buf):cap(*buf)]) })
		if err != nil {
			return d.failed("read", name, err)
		}
		if *buf = (*buf)[:len(*buf)+n]; len(*buf) > limit {
			return d.failed("read", name, ErrTooLong)
		}
		if n == 0 || single && len(*buf) < cap(*buf) {
			return use(*buf)
		}
	}
}

// readlink returns where a symbolic link leads to.
func (d dir) readlink(name string) (string, error) {
	if d.path == "" {
		return "", errNotOpen
	}
	buf := make([]byte, 256)
	n, err := retry(func() (int, error) { return unix.Readlinkat(d.fd, name, buf) })
	if n == len(buf) { // truncated: a long path, as cwd may be
		buf = make([]byte, unix.PathMax)
		n, err = retry(func() (int, error) { return unix.Readlinkat(d.fd, name, buf) })
	}
	if err != nil {
		return "", d.failed("readlink", name, err)
	}
	return string(buf[:n]), nil
}

// numbers yields the names in a directory that are numbers, in the order in which
// the kernel lists them.
func (d dir) numbers(name string) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		fd, err := d.open(name, unix.O_RDONLY|unix.O_DIRECTORY)
		if err != nil {
			yield(0, err)
			return
		}
		defer unix.Close(fd)
		// Few names at a time: the kernel looks up each one, and who reads its files
		// soon after finds what it looked up in the processor's cache.
		buf := make([]byte, 2<<10)
		var names []string
		for {
			n, err := retry(func() (int, error) { return unix.Getdents(fd, buf) })
			if err != nil {
				yield(0, d.failed("readdir", name, err))
				return
			}
			if n == 0 {
				return
			}
			_, _, names = unix.ParseDirent(buf[:n], -1, names[:0])
			for _, name := range names {
				// A pid is less than 2^22 (proc_sys_kernel(5), pid_max).
				if n, err := strconv.ParseUint(name, 10, 31); err == nil && !yield(int(n), nil) {
					return
				}
			}
		}
	}
}

// sorted returns the names in a directory that are numbers, ascending.
func (d dir) sorted(name string) ([]int, error) {
	list := []int{}
	for n, err := range d.numbers(name) {
		if err != nil {
			return nil, err
		}
		list = append(list, n)
	}
	slices.Sort(list)
	return list, nil
}

// failed returns the error of a system call. The kernel has two errors for a task
// that is not there, ENOENT and, if it ended after its file was opened, ESRCH:
// both become fs.ErrNotExist.
func (d dir) failed(op, name string, err error) error {
	if err == unix.ESRCH {
		err = unix.ENOENT
	}
	return &fs.PathError{Op: op, Path: d.path + "/" + name, Err: err}
}

// retry repeats a system call that a signal interrupts.
func retry(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if err != unix.EINTR {
			return n, err
		}
	}
}
