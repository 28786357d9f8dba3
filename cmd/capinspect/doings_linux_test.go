// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/unix"
)

// world is what an operation is done in: a directory with files of another user and of the
// one who does it, a process and a segment of the other.
type world struct {
	dir     string
	other   int // the other user, and group
	target  int
	segment int // of System V shared memory
	handed  int // a file that root has opened for it
}

func (w world) path(name string) string { return filepath.Join(w.dir, name) }

// proc returns a file of the process of the other user.
func (w world) proc(name string) string { return fmt.Sprintf("/proc/%d/%s", w.target, name) }

// invoke does a system call of up to four arguments.
func invoke(number uintptr, args ...uintptr) error {
	var a [6]uintptr
	copy(a[:], args)
	if _, _, errno := unix.RawSyscall6(number, a[0], a[1], a[2], a[3], a[4], a[5]); errno != 0 {
		return errno
	}
	return nil
}

// cstring returns a pointer to a text as C has it.
func cstring(s string) uintptr {
	b, _ := unix.BytePtrFromString(s)
	return uintptr(unsafe.Pointer(b))
}

func open(path string, flags int) error {
	fd, err := unix.Open(path, flags|unix.O_CLOEXEC, 0)
	if err == nil {
		unix.Close(fd)
	}
	return err
}

func readlink(path string) error {
	_, err := unix.Readlink(path, make([]byte, 100))
	return err
}

// socket makes a socket and uses it.
func socket(family, kind, protocol int, use func(fd int) error) error {
	fd, err := unix.Socket(family, kind, protocol)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if use == nil {
		return nil
	}
	return use(fd)
}

// setsOption sets an option of a TCP socket to a number.
func setsOption(level, name, value int) func(world) error {
	return func(world) error {
		return socket(unix.AF_INET, unix.SOCK_STREAM, 0, func(fd int) error { return unix.SetsockoptInt(fd, level, name, value) })
	}
}

// unshares makes a namespace.
func unshares(flag int) func(world) error {
	return func(world) error { return unix.Unshare(flag) }
}

// enters enters a namespace of its own.
func enters(name string, kind int) func(world) error {
	return func(world) error {
		fd, err := unix.Open("/proc/self/ns/"+name, unix.O_RDONLY, 0)
		if err != nil {
			return err
		}
		return unix.Setns(fd, kind)
	}
}

// interfaceRequest asks something of the interface lo.
func interfaceRequest(request uint, value uint16) func(world) error {
	return func(world) error {
		return socket(unix.AF_INET, unix.SOCK_DGRAM, 0, func(fd int) error {
			r, err := unix.NewIfreq("lo")
			if err == nil {
				r.SetUint16(value)
				err = unix.IoctlIfreq(fd, request, r)
			}
			return err
		})
	}
}

// doings are what does an operation of the table, by its name. With the capabilities each
// does nothing that outlives its namespaces and its directory.
var doings = union(onMounts, onFiles, onProcesses, onMemory, onMachine, onNetwork)

func union(parts ...map[string]func(world) error) map[string]func(world) error {
	all := map[string]func(world) error{}
	for _, part := range parts {
		maps.Copy(all, part)
	}
	return all
}

// ioctl does an ioctl with a number or an address.
func ioctl(fd int, request, arg uintptr) error {
	return invoke(unix.SYS_IOCTL, uintptr(fd), request, arg)
}

// opened opens a file and uses it.
func opened(path string, flags int, use func(fd int) error) error {
	fd, err := unix.Open(path, flags|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return use(fd)
}

// writes writes a text to a file of /proc.
func writes(path, text string) error {
	return opened(path, unix.O_WRONLY, func(fd int) error {
		_, err := unix.Write(fd, []byte(text))
		return err
	})
}

// reads reads from the beginning of a file of /proc.
func reads(path string) error {
	return opened(path, unix.O_RDONLY, func(fd int) error {
		_, err := unix.Read(fd, make([]byte, 64))
		return err
	})
}

// hasText reads from a file. One in whose place a runtime has put an empty file counts as
// refused.
func hasText(path string) error {
	return opened(path, unix.O_RDONLY, func(fd int) error {
		n, err := unix.Read(fd, make([]byte, 64))
		if err == nil && n == 0 {
			return unix.EACCES
		}
		return err
	})
}

// rewrites writes to a file what is in it.
func rewrites(path string) func(world) error { return func(world) error { return rewrite(path) } }

// onOwn does an ioctl on a file of the user.
func onOwn(request, arg uintptr) func(world) error {
	return func(w world) error {
		return opened(w.path("own"), unix.O_RDONLY, func(fd int) error { return ioctl(fd, request, arg) })
	}
}
