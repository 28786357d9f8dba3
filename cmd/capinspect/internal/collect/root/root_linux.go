// SPDX-License-Identifier: Apache-2.0

// Package root reads files below the root directory of another task. That task may
// be hostile: it can plant links that lead elsewhere, devices that act when they are
// opened, and file systems whose server never answers. A process that waits for such
// a server cannot even be killed.
//
// The package therefore opens one directory at a time with O_PATH, which asks the file
// system nothing (open(2)), and enters a mount only if the mount tables show that its
// file system answers. It opens only regular files of a limited size for reading. It
// does not protect capinspect from its own root directory, nor from the node's.
package root

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/procstatus"
)

// Root is the root directory of a task.
type Root struct {
	proc   *procstatus.FS  // nil if there is none
	task   procstatus.Task // whose root directory it is, unless own
	own    bool            // it is capinspect's own, which is trusted
	top    place
	mounts table
}

// place is a file of any type that is open with O_PATH.
type place struct {
	fd    int
	path  string // from the root directory; "" for the root directory itself
	mount int
	stat  unix.Stat_t
}

// is reports whether the file has a type, such as S_IFDIR.
func (p *place) is(kind uint32) bool { return p.stat.Mode&unix.S_IFMT == kind }

// Open opens the root directory of a task of a live procfs. mounts is the mount table of
// the task, which must stay open while the Root is in use.
func Open(node *Node, task procstatus.Task, mounts []procstatus.Mount) (*Root, error) {
	r := &Root{proc: node.proc, task: task, mounts: table{mounts, node}}
	if err := node.refresh(); err != nil {
		return nil, err
	}
	if err := r.mounts.check("/"); err != nil {
		return nil, err
	}
	var err error
	if r.top.fd, err = task.OpenPath("root"); err != nil {
		return nil, err
	}
	if err = r.pin(&r.top, "/"); err == nil {
		err = unix.Fstat(r.top.fd, &r.top.stat)
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// OpenOwn opens capinspect's own root directory, where every file system is trusted to
// answer. proc is nil if there is no procfs.
func OpenOwn(proc *procstatus.FS) (*Root, error) {
	r := &Root{proc: proc, own: true}
	var err error
	r.top.fd, err = retry(func() (int, error) {
		return unix.Open("/", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: "/", Err: err}
	}
	if err := unix.Fstat(r.top.fd, &r.top.stat); err != nil {
		r.Close()
		return nil, &fs.PathError{Op: "fstat", Path: "/", Err: err}
	}
	return r, nil
}

// pin finds the mount of an open file at a path, and returns an error if that mount may
// never answer.
func (r *Root) pin(at *place, path string) (err error) {
	if at.mount, err = r.proc.MountID(at.fd); err != nil {
		return err
	}
	return r.judge(at.mount, path, func(m *procstatus.Mount) bool { return m.Point == path })
}

// judge returns an error if the mount of an open file may never answer, or is not the
// expected one. It reads the mount tables again: while a file is open its mount stays, and
// no other mount or file system gets the same numbers.
func (r *Root) judge(id int, path string, expected func(*procstatus.Mount) bool) error {
	now, err := r.task.Mounts()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(now, func(m procstatus.Mount) bool { return m.ID == id && expected(&m) })
	if i < 0 {
		return fmt.Errorf("%s is not a mount in its mount table", path)
	}
	if !slices.Contains(inMemory[:], now[i].Type) {
		if err := r.mounts.node.refresh(); err != nil {
			return err
		}
	}
	return r.mounts.answers(&now[i])
}

// Close closes the directory.
func (r *Root) Close() { unix.Close(r.top.fd) }

// Read returns a regular file of at most limit bytes.
func (r *Root) Read(path string, limit int) ([]byte, error) {
	at, err := r.find(path)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: "/" + path, Err: err}
	}
	defer unix.Close(at.fd)
	text, err := answer(r, &at, func(at place) ([]byte, error) {
		fd, err := r.reopen(&at)
		if err != nil {
			return nil, err
		}
		defer unix.Close(fd)
		return mapped(fd, "/"+path, limit)
	})
	if _, told := errors.AsType[*fs.PathError](err); err != nil && !told {
		err = &fs.PathError{Op: "open", Path: "/" + path, Err: err}
	}
	return text, err
}

// reopen opens a file for reading that is open with O_PATH.
func (r *Root) reopen(at *place) (int, error) {
	if r.proc == nil {
		return retry(func() (int, error) { return unix.Open("/"+at.path, readFlags|unix.O_NOFOLLOW, 0) })
	}
	own, err := r.proc.Self().OpenPath("fd")
	if err != nil {
		return -1, err
	}
	defer unix.Close(own)
	// The link leads to the open file, wherever that has been moved.
	return retry(func() (int, error) { return unix.Openat(own, strconv.Itoa(at.fd), readFlags, 0) })
}

// Exists reports whether there is a regular file at a path.
func (r *Root) Exists(path string) bool {
	at, err := r.find(path)
	if err == nil {
		unix.Close(at.fd)
	}
	return err == nil
}

// find opens a regular file with O_PATH.
func (r *Root) find(path string) (place, error) {
	w := walk{root: r}
	at, err := w.to(r.top, path)
	if err == nil && !at.is(unix.S_IFREG) {
		err = ErrNotRegular
		r.leave(at)
	}
	return at, err
}

// leave closes a file, unless it is the root directory.
func (r *Root) leave(at place) {
	if at.fd != r.top.fd {
		unix.Close(at.fd)
	}
}

// step opens an entry of a directory. It enters a mount only if the mount table has that
// mount and its file system answers.
func (r *Root) step(at place, name string) (place, error) {
	next, err := r.enter(at, name)
	if err == nil {
		if err = unix.Fstat(next.fd, &next.stat); err != nil {
			unix.Close(next.fd)
		}
	}
	return next, err
}

// enter is step without reading the attributes.
func (r *Root) enter(at place, name string) (place, error) {
	next := place{path: at.path + "/" + name, mount: at.mount}
	var err error
	if r.own {
		next.fd, err = retry(func() (int, error) {
			return unix.Openat(at.fd, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		})
		return next, err
	}
	how := unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_NOFOLLOW | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_BENEATH,
	}
	mounted := r.mounts.at(next.path)
	if !mounted {
		how.Resolve |= unix.RESOLVE_NO_XDEV
	} else if err := r.mounts.check(next.path); err != nil {
		return next, err
	}
	next.fd, err = retry(func() (int, error) { return unix.Openat2(at.fd, name, &how) })
	switch err {
	case nil:
	case unix.EXDEV:
		return next, fmt.Errorf("%s is a mount that is not in its mount table", next.path)
	case unix.ENOSYS, unix.EPERM:
		return next, fmt.Errorf("openat2: %w", err)
	default:
		return next, err
	}
	if !mounted {
		return next, nil
	}
	// The mount in the table may be covered by another one, or be gone.
	next.mount, err = r.proc.MountID(next.fd)
	if err == nil && next.mount != at.mount {
		err = r.pin(&next, next.path)
	}
	if err != nil {
		unix.Close(next.fd)
	}
	return next, err
}

// retry repeats a system call that a signal has interrupted.
func retry(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if err != unix.EINTR {
			return n, err
		}
	}
}
