// SPDX-License-Identifier: Apache-2.0

// Package root reads files under the root directory of another task, which may
// be laid out to do harm: links to elsewhere, devices whose opening does
// something, file systems whose server never answers, so that whoever asks them
// cannot even be killed.
//
// So each directory on the way is opened by itself, without asking it for
// anything (open(2), O_PATH), and it is known from the mount table which file
// system answers. Only a regular file of a limited size is opened for reading.
package root

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/procstatus"
)

// Root is the root directory of a task.
type Root struct {
	proc, dir *procstatus.FS
	name      string // of the task in dir
	top       place
	mounts    table
}

// place is a directory or a file that is open with O_PATH.
type place struct {
	fd    int
	path  string // from the root directory, "" for that itself
	mount int
}

// Open opens the root directory of a task of a live procfs. name is the task in
// its open directory dir, which is open as long as the Root is, and mounts its
// mount table. bound says that it cannot have made its mounts itself, as far as
// its capabilities go.
func Open(proc, dir *procstatus.FS, name string, mounts []procstatus.Mount, bound bool) (*Root, error) {
	r := &Root{proc: proc, dir: dir, name: name, mounts: table{of: mounts}}
	if err := r.mounts.meet(proc, dir, name, bound); err != nil {
		return nil, err
	}
	if err := r.mounts.check("/"); err != nil {
		return nil, err
	}
	sub, err := dir.Sub(name + "/root")
	if err != nil {
		return nil, err
	}
	r.top.fd = sub.Fd()
	if err := r.pin(&r.top, "/"); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// pin finds out which mount an open file at a path is on, and whether that
// answers. The mount table is read again for it: what is open keeps its mount, and
// the id of that from being another one's, so that the row of that id is its own.
func (r *Root) pin(at *place, path string) (err error) {
	if at.mount, err = r.proc.MountID(at.fd); err != nil {
		return err
	}
	now, err := r.dir.Mounts(r.name)
	if err != nil {
		return err
	}
	for i := range now {
		if m := &now[i]; m.ID == at.mount && m.Point == path {
			return r.mounts.answers(m)
		}
	}
	return fmt.Errorf("%s is no mount of its mount table", path)
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
	// The link leads to what is open, and not to where it was found.
	fd, err := retry(func() (int, error) {
		return unix.Openat(r.proc.Fd(), "self/fd/"+strconv.Itoa(at.fd), readFlags, 0)
	})
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: "/" + path, Err: err}
	}
	defer unix.Close(fd)
	return mapped(fd, "/"+path, limit)
}

// Exists reports whether there is a regular file.
func (r *Root) Exists(path string) bool {
	at, err := r.find(path)
	if err == nil {
		unix.Close(at.fd)
	}
	return err == nil
}

// maxSteps is the number of names that are looked up on the way to a file, for
// those of symbolic links too.
const maxSteps = 256

// find opens a regular file. It goes from name to name, as the kernel does, and
// never above the root directory, but knows of each directory where it is, so
// that its mount can be looked at before it is entered.
func (r *Root) find(path string) (place, error) {
	at := r.top
	for range maxSteps {
		var name string
		name, path, _ = strings.Cut(path, "/")
		if name == "" || name == "." {
			if path == "" {
				return r.leave(at, ErrNotRegular)
			}
			continue
		}
		if name == ".." { // from the root again, which keeps one directory open instead of all
			path = parent(at.path) + "/" + path
			at, _ = r.leave(at, nil)
			continue
		}
		next, err := r.step(at, name)
		if err != nil {
			return r.leave(at, err)
		}
		var st unix.Stat_t
		err = unix.Fstat(next.fd, &st)
		switch kind := st.Mode & unix.S_IFMT; {
		case err != nil:
		case kind == unix.S_IFDIR:
			r.leave(at, nil)
			at = next
			continue
		case kind == unix.S_IFLNK:
			var link string
			if link, err = readlink(next.fd); err != nil {
				break
			}
			unix.Close(next.fd)
			path = link + "/" + path
			if link[0] == '/' {
				at, _ = r.leave(at, nil)
			}
			continue
		case kind == unix.S_IFREG && strings.Trim(path, "/") != "":
			err = unix.ENOTDIR
		case kind == unix.S_IFREG:
			r.leave(at, nil)
			return next, nil
		default:
			err = ErrNotRegular
		}
		unix.Close(next.fd)
		return r.leave(at, err)
	}
	return r.leave(at, unix.ELOOP)
}

// leave closes a directory, and returns the root directory.
func (r *Root) leave(at place, err error) (place, error) {
	if at.fd != r.top.fd {
		unix.Close(at.fd)
	}
	return r.top, err
}

// step opens what a directory has under a name. It enters a mount only if that
// is in the mount table with a file system that answers.
func (r *Root) step(at place, name string) (place, error) {
	next := place{path: at.path + "/" + name, mount: at.mount}
	how := unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_NOFOLLOW | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_MAGICLINKS,
	}
	mounted := r.mounts.at(next.path)
	if !mounted {
		how.Resolve |= unix.RESOLVE_NO_XDEV
	} else if err := r.mounts.check(next.path); err != nil {
		return next, err
	}
	var err error
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
	// It may be one below another one, and not be there.
	next.mount, err = r.proc.MountID(next.fd)
	if err == nil && next.mount != at.mount {
		err = r.pin(&next, next.path)
	}
	if err != nil {
		unix.Close(next.fd)
	}
	return next, err
}

// parent returns a path without its last name.
func parent(path string) string { return path[:max(strings.LastIndexByte(path, '/'), 0)] }

// readlink returns where an open symbolic link points to.
func readlink(fd int) (string, error) {
	buf := make([]byte, unix.PathMax)
	n, err := retry(func() (int, error) { return unix.Readlinkat(fd, "", buf) })
	if err == nil && n == 0 {
		err = unix.ENOENT
	}
	return string(buf[:max(n, 0)]), err
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
