// SPDX-License-Identifier: Apache-2.0

package root

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"
)

// Denied is an error that the kernel gives everybody who looks up the file with the rights
// of the Visitor, not just capinspect.
type Denied struct {
	Errno unix.Errno
	Path  string // where the lookup stopped, from the root directory
	Why   string // "" if the errno says it all
}

// Error returns the text of the errno, and the reason.
func (d *Denied) Error() string {
	if d.Why == "" {
		return d.Errno.Error()
	}
	return d.Errno.Error() + ": " + d.Why
}

// Unwrap returns the errno.
func (d *Denied) Unwrap() error { return d.Errno }

// Visitor decides as the kernel does what somebody may look up (path_resolution(7)). Its
// methods return "" for yes, and otherwise why the lookup fails with EACCES.
type Visitor interface {
	// Search decides whether a name may be looked up in a directory.
	Search(dir *unix.Stat_t) string
	// Follow decides whether a symbolic link at the end of a path may be followed.
	Follow(link, dir *unix.Stat_t) string
}

// A lookup ends after this many names, those in symbolic links included, and after this
// many links. The kernel has the same limit for links (fs/namei.c, MAXSYMLINKS). It ends after
// a few mounts as well: for each one the mount tables are read again, which may be long.
const (
	maxSteps  = 1000
	maxLinks  = 40
	maxMounts = 10
)

var (
	errFar    = errors.New("more than 1000 names on the way")
	errMounts = errors.New("more than 10 mounts on the way")
)

// walk is one lookup of a path.
type walk struct {
	root         *Root
	by           Visitor // nil if everything may be looked up
	steps, links int
	mounts       int // that were entered
}

// to opens the file at a path that starts in a directory, and closes the directory. Like
// the kernel it goes name by name and never above the root directory. It keeps the path of
// each directory, so that it can check a mount before it enters it.
func (w *walk) to(at place, path string) (place, error) {
	for {
		path = strings.TrimLeft(path, "/")
		if path == "" {
			return at, nil
		}
		name, rest, more := strings.Cut(path, "/")
		// As in the kernel, slashes behind a name do not stop it from being the last.
		next, err := w.name(at, name, strings.Trim(rest, "/") == "")
		if err != nil {
			w.root.leave(at)
			return place{}, err
		}
		switch {
		case next.is(unix.S_IFLNK):
			link, err := readlink(next.fd)
			unix.Close(next.fd)
			if err != nil {
				w.root.leave(at)
				return place{}, err
			}
			if path = link; more {
				path += "/" + rest
			}
			if link[0] == '/' {
				w.root.leave(at)
				at = w.root.top
			}
			continue
		case more && !next.is(unix.S_IFDIR):
			unix.Close(next.fd)
			w.root.leave(at)
			return place{}, &Denied{Errno: unix.ENOTDIR, Path: next.path}
		}
		if next.fd != at.fd {
			w.root.leave(at)
		}
		at, path = next, rest
	}
}

// name opens an entry of a directory; last is true at the end of the path.
func (w *walk) name(at place, name string, last bool) (place, error) {
	if w.steps++; w.steps > maxSteps {
		return place{}, errFar
	}
	if w.by != nil {
		if why := w.by.Search(&at.stat); why != "" {
			return place{}, &Denied{unix.EACCES, at.name(), why}
		}
	}
	switch name {
	case ".":
		return at, nil
	case "..": // start again at the root: only one directory is ever open
		up := walk{root: w.root, steps: w.steps, mounts: w.mounts}
		next, err := up.to(w.root.top, parent(at.path))
		w.steps, w.mounts = up.steps, up.mounts
		return next, err
	}
	next, err := w.root.step(at, name)
	if err == nil && next.mount != at.mount {
		if w.mounts++; w.mounts > maxMounts {
			unix.Close(next.fd)
			return place{}, errMounts
		}
	}
	switch {
	case err == unix.ENOENT || err == unix.ENOTDIR || err == unix.ENAMETOOLONG:
		return place{}, &Denied{Errno: err.(unix.Errno), Path: at.path + "/" + name}
	case err == nil && next.is(unix.S_IFLNK):
		if err = w.link(&next, &at, last); err != nil {
			unix.Close(next.fd)
		}
	}
	if errno, ok := err.(unix.Errno); ok && w.by != nil {
		err = &fs.PathError{Op: "open", Path: at.path + "/" + name, Err: errno}
	}
	return next, err
}

// link returns an error if a symbolic link in a directory may not be followed.
func (w *walk) link(link, dir *place, last bool) error {
	if w.links++; w.links > maxLinks {
		return &Denied{Errno: unix.ELOOP, Path: link.path}
	}
	if w.by != nil && last {
		if why := w.by.Follow(&link.stat, &dir.stat); why != "" {
			return &Denied{unix.EACCES, link.path, why}
		}
	}
	var on unix.Statfs_t
	if _, err := retry(func() (int, error) { return 0, unix.Fstatfs(link.fd, &on) }); err != nil && !w.root.own {
		return err // below its own root, a sandbox may forbid the question
	}
	if w.by != nil && on.Flags&noSymFollow != 0 {
		return &Denied{unix.ELOOP, link.path, "its mount has the option nosymfollow"}
	}
	if on.Type == unix.PROC_SUPER_MAGIC && isMagic(link, dir) {
		return fmt.Errorf("%s is a magic link, which leads to no path", link.path)
	}
	return nil
}

// isMagic reports whether a symbolic link of a procfs is a magic link: one that leads
// straight to an object, such as a process's root directory, and not along the path that
// readlink(2) returns (openat2(2)).
func isMagic(link, dir *place) bool {
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_NO_MAGICLINKS}
	fd, err := retry(func() (int, error) { return unix.Openat2(dir.fd, link.path[len(dir.path)+1:], &how) })
	if err == nil {
		unix.Close(fd)
	}
	return err != nil // for whatever reason: do not follow it
}

// name returns the path; "/" for the root directory.
func (p *place) name() string {
	if p.path == "" {
		return "/"
	}
	return p.path
}

// parent returns the path of the directory that has the last name of a path.
func parent(path string) string { return path[:max(strings.LastIndexByte(path, '/'), 0)] }

// readlink returns the target of an open symbolic link.
func readlink(fd int) (string, error) {
	buf := make([]byte, unix.PathMax)
	n, err := retry(func() (int, error) { return unix.Readlinkat(fd, "", buf) })
	if err == nil && n == 0 {
		err = unix.ENOENT
	}
	return string(buf[:max(n, 0)]), err
}
