// SPDX-License-Identifier: Apache-2.0

package procstatus

import (
	"encoding/binary"
	"io/fs"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
)

// Tids returns the threads of a process, a pid or "self", ascending; the first
// is not always its leader's.
func (p *FS) Tids(process string) ([]int, error) {
	l, err := p.list(process + "/task")
	if err != nil {
		return nil, err
	}
	defer l.Close()
	return l.rest()
}

// Pids returns a list of the processes that the procfs shows.
func (p *FS) Pids() (*Lister, error) { return p.list(".") }

// Lister lists the numbers among the names of a directory.
type Lister struct {
	fd    int
	path  string
	live  bool
	buf   []byte
	begun bool
}

func (p *FS) list(name string) (*Lister, error) {
	fd, err := retry(func() (int, error) {
		return unix.Openat(p.fd, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: p.path(name), Err: gone(err)}
	}
	// Room for some 64 names: what is listed is in the processor's cache when it
	// is read soon after.
	return &Lister{fd: fd, path: p.path(name), live: p.live, buf: make([]byte, 2<<10)}, nil
}

// Close closes the directory.
func (l *Lister) Close() error { return unix.Close(l.fd) }

// Next returns the next numbers, in ascending order from one call to the next,
// or none at the end. The kernel lists the processes of a live procfs in that
// order (fs/proc/base.c, proc_pid_readdir); those of a copy come all at once.
func (l *Lister) Next(list []int) ([]int, error) {
	if !l.live {
		if l.begun {
			return list, nil
		}
		l.begun = true
		more, err := l.rest()
		return append(list, more...), err
	}
	before := len(list)
	for len(list) == before {
		more, err := l.read(list)
		if err != nil || more == nil {
			return list, err
		}
		list = more
	}
	return list, nil
}

// rest returns all numbers that are left, ascending.
func (l *Lister) rest() ([]int, error) {
	list := []int{}
	for {
		more, err := l.read(list)
		if err != nil {
			return nil, err
		}
		if more == nil {
			slices.Sort(list)
			return list, nil
		}
		list = more
	}
}

// read appends the numbers of some names, and returns nil if there are no more
// names.
func (l *Lister) read(list []int) ([]int, error) {
	n, err := retry(func() (int, error) { return unix.Getdents(l.fd, l.buf) })
	if err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: l.path, Err: gone(err)}
	}
	if n == 0 {
		return nil, nil
	}
	return numbers(list, l.buf[:n]), nil
}

// numbers appends the names that are numbers in what getdents64(2) returned:
// records of inode (8 bytes), offset (8), length (2), type (1) and name.
func numbers(list []int, entries []byte) []int {
	const header = 19
	for len(entries) > header {
		length := int(binary.NativeEndian.Uint16(entries[16:]))
		if length <= header || length > len(entries) {
			break
		}
		n := 0
		for i := header; i < length; i++ {
			d := entries[i] - '0'
			if entries[i] == 0 && i > header {
				list = append(list, n)
			}
			if d > 9 || n > 1<<28 {
				break
			}
			n = n*10 + int(d)
		}
		entries = entries[length:]
	}
	return list
}

// Sub opens a directory of the procfs, as "4711". What is read through it is
// of one process: when that has ended, its pid is of no other one.
func (p *FS) Sub(name string) (*FS, error) {
	fd, err := retry(func() (int, error) {
		return unix.Openat(p.fd, name, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: p.path(name), Err: gone(err)}
	}
	return &FS{dir: p.path(name), fd: fd, live: p.live}, nil
}

// MaxCgroup is the size in bytes of the longest cgroup file that is read.
const MaxCgroup = 64 << 10

// Read reads a file of the procfs, of at most limit bytes, into buf or into
// new memory. A task that has ended gives fs.ErrNotExist.
func (p *FS) Read(name string, buf []byte, limit int) ([]byte, error) {
	return p.read(name, "", buf, limit, false)
}

// Mounts reads the mount table of a task, a pid or "self". An error is that of Read
// or of [ParseMounts].
func (p *FS) Mounts(task string) ([]Mount, error) {
	text, err := p.Read(task+"/mountinfo", nil, MaxMountinfo)
	if err != nil {
		return nil, err
	}
	return ParseMounts(text)
}

// Capget returns Effective, Permitted and Inheritable of a task, given as its
// number in the caller's own pid namespace; 0 is the calling thread. Bounding
// and Ambient are left empty: the call does not tell them. The error is that of
// the system call, unix.ESRCH if there is no such task (capget(2); with 64 bits
// since Linux 2.6.26). It costs a twentieth of reading the status file.
func Capget(tid int) (s capset.State, err error) {
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3, Pid: int32(tid)}
	var data [2]unix.CapUserData
	if err := unix.Capget(&head, &data[0]); err != nil {
		return s, err
	}
	s[capset.Inheritable] = capset.Set(data[1].Inheritable)<<32 | capset.Set(data[0].Inheritable)
	s[capset.Permitted] = capset.Set(data[1].Permitted)<<32 | capset.Set(data[0].Permitted)
	s[capset.Effective] = capset.Set(data[1].Effective)<<32 | capset.Set(data[0].Effective)
	return s, nil
}
