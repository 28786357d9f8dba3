// SPDX-License-Identifier: Apache-2.0

package procstatus

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// file is an open file of a procfs.
//
// Those of a live one are read by system calls that the Go scheduler does not
// know of: a status file takes microseconds and waits for nothing, but there
// are tens of thousands of them, and telling the scheduler makes its monitor
// wake all the time to look for threads that are stuck.
type file struct {
	fd  int
	raw bool
}

const openFlags = unix.O_RDONLY | unix.O_CLOEXEC | unix.O_NONBLOCK | unix.O_NOCTTY

// open opens a file, whose name comes in two parts, for reading.
func (p *FS) open(name, end string) (file, error) {
	var path [64]byte
	if !p.live || len(name)+len(end) >= len(path) {
		fd, err := retry(func() (int, error) { return unix.Openat(p.fd, name+end, openFlags, 0) })
		return file{fd: fd}, err
	}
	copy(path[copy(path[:], name):], end)
	fd, err := raw(unix.SYS_OPENAT, uintptr(p.fd), unsafe.Pointer(&path[0]), openFlags)
	return file{fd: fd, raw: true}, err
}

func (f file) read(buf []byte) (int, error) {
	if !f.raw {
		return retry(func() (int, error) { return unix.Read(f.fd, buf) })
	}
	return raw(unix.SYS_READ, uintptr(f.fd), unsafe.Pointer(unsafe.SliceData(buf)), uintptr(len(buf)))
}

func (f file) close() {
	if !f.raw {
		unix.Close(f.fd)
		return
	}
	unix.RawSyscall(unix.SYS_CLOSE, uintptr(f.fd), 0, 0)
}

// raw makes a system call that does not wait.
func raw(trap, a uintptr, b unsafe.Pointer, c uintptr) (int, error) {
	for {
		n, _, errno := unix.RawSyscall6(trap, a, uintptr(b), c, 0, 0, 0)
		switch errno {
		case 0:
			return int(n), nil
		case unix.EINTR:
			continue
		}
		return 0, errno
	}
}
