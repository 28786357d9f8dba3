// SPDX-License-Identifier: Apache-2.0

package procstatus

import (
	"bytes"
	"errors"
	"io/fs"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
)

// MaxStatus is the size in bytes of the longest status file that is read. One
// of 65,536 groups, the most that a task can have, stays below it.
const MaxStatus = 1 << 20

// ErrTooLong says that a file is longer than is read of its kind.
var ErrTooLong = errors.New("file too long")

// FS is an open procfs, live or saved. It may be used by several goroutines.
type FS struct {
	dir  string
	fd   int
	live bool
}

// OpenFS opens the procfs at dir, as "/proc".
func OpenFS(dir string) (*FS, error) {
	fd, err := retry(func() (int, error) {
		return unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: dir, Err: err}
	}
	var st unix.Statfs_t
	p := &FS{dir: dir, fd: fd}
	if unix.Fstatfs(fd, &st) == nil {
		p.live = st.Type == unix.PROC_SUPER_MAGIC
	} else { // refused by a sandbox: only a live one has a link to the caller
		_, err := p.Self()
		p.live = err == nil
	}
	return p, nil
}

// Close closes the directory.
func (p *FS) Close() error { return unix.Close(p.fd) }

// Dir returns the path that the procfs was opened with.
func (p *FS) Dir() string { return p.dir }

// Live reports whether it is a procfs of the running kernel, and not a copy of
// one (statfs(2), PROC_SUPER_MAGIC).
func (p *FS) Live() bool { return p.live }

// Self returns the pid that this procfs gives to the calling process
// (proc(5), /proc/self). It differs from getpid(2) where the procfs is of
// another pid namespace, and is an error where the namespace does not have the
// caller.
func (p *FS) Self() (int, error) {
	target, err := p.Readlink("self")
	if err != nil {
		return 0, err
	}
	pid, err := strconv.Atoi(target)
	if err != nil {
		return 0, &fs.PathError{Op: "readlink", Path: p.path("self"), Err: ErrSyntax}
	}
	return pid, nil
}

// Fd returns the open directory, which is good for calls as openat(2) alone
// (open(2), O_PATH), and only until Close.
func (p *FS) Fd() int { return p.fd }

// MountID returns the id of the mount that an open file of the calling process
// is on, as in the first column of mountinfo (proc_pid_fdinfo(5), mnt_id; since
// Linux 3.15). Unlike fstat(2), it asks no file system.
func (p *FS) MountID(fd int) (int, error) {
	name := "self/fdinfo/" + strconv.Itoa(fd)
	text, err := p.read(name, "", nil, MaxStatus, true)
	if err != nil {
		return 0, err
	}
	for line := range bytes.Lines(text) {
		if value, ok := bytes.CutPrefix(line, []byte("mnt_id:\t")); ok {
			return strconv.Atoi(string(bytes.TrimSuffix(value, []byte("\n"))))
		}
	}
	return 0, &fs.PathError{Op: "read", Path: p.path(name), Err: ErrSyntax}
}

// Readlink returns where a symbolic link of the procfs points to, as
// "pid:[4026531836]" for "1/ns/pid".
func (p *FS) Readlink(name string) (string, error) {
	var space [256]byte
	buf := space[:]
	n, err := retry(func() (int, error) { return unix.Readlinkat(p.fd, name, buf) })
	if n == len(buf) { // it was cut short: a path, as that of cwd
		buf = make([]byte, unix.PathMax)
		n, err = retry(func() (int, error) { return unix.Readlinkat(p.fd, name, buf) })
	}
	if err != nil {
		return "", &fs.PathError{Op: "readlink", Path: p.path(name), Err: gone(err)}
	}
	return string(buf[:n]), nil
}

// ReadStatus reads the status file of a task, to its end and from one open, so
// that all of it is of one moment. task is a pid or "self". The text is in the
// memory of buf, or, if that is too small, in new memory that can be the next
// call's buf. A task that does not exist or has ended gives fs.ErrNotExist, a
// file of more than [MaxStatus] bytes [ErrTooLong].
func (p *FS) ReadStatus(task string, buf []byte) ([]byte, error) {
	return p.read(task, "/status", buf, MaxStatus, true)
}

// LastCap returns the last capability of the kernel that the procfs belongs to
// (proc_sys_kernel(5), cap_last_cap; since Linux 3.2).
func (p *FS) LastCap() (capset.Cap, error) {
	const name = "sys/kernel/cap_last_cap"
	text, err := p.read(name, "", make([]byte, 16), 16, true)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(string(bytes.TrimSuffix(text, []byte("\n"))), 10, 8)
	if err != nil || n > uint64(capset.Max) {
		return 0, &fs.PathError{Op: "read", Path: p.path(name), Err: ErrSyntax}
	}
	return capset.Cap(n), nil
}

func (p *FS) path(name string) string { return p.dir + "/" + name }

// read returns a whole file of at most limit bytes; one says that it is one
// record, as status, and not one a line, as mountinfo. Its name comes in two parts,
// because putting them together costs memory for each task of a node.
func (p *FS) read(name, end string, buf []byte, limit int, one bool) ([]byte, error) {
	f, err := p.open(name, end)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: p.path(name + end), Err: gone(err)}
	}
	defer f.close()
	buf = buf[:0]
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, make([]byte, max(8192, cap(buf)))...)[:len(buf)]
		}
		n, err := f.read(buf[len(buf):cap(buf)])
		if err != nil {
			return nil, &fs.PathError{Op: "read", Path: p.path(name + end), Err: gone(err)}
		}
		buf = buf[:len(buf)+n]
		if len(buf) > limit {
			return nil, &fs.PathError{Op: "read", Path: p.path(name + end), Err: ErrTooLong}
		}
		// The kernel gives as much of a record as fits (fs/seq_file.c, seq_read_iter):
		// less than that, and whole lines, is the end of a file of one.
		if n == 0 || one && len(buf) < cap(buf) && buf[len(buf)-1] == '\n' {
			return buf, nil
		}
	}
}

// gone makes one error of the two that the kernel has for a task that is not
// there: ESRCH if it ended after the file was opened.
func gone(err error) error {
	if errors.Is(err, unix.ESRCH) {
		return unix.ENOENT
	}
	return err
}

// retry calls a system call again as long as a signal interrupts it.
func retry(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if err != unix.EINTR {
			return n, err
		}
	}
}
