// SPDX-License-Identifier: Apache-2.0

package root

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"
)

// Denied is what the kernel tells whoever looks a file up, and not only capinspect.
type Denied struct {
	Errno unix.Errno
	Path  string // at which it stopped, from the root directory
	Why   string // "" if the errno says all
}

// Error says the errno, and why.
func (d *Denied) Error() string {
	if d.Why == "" {
		return d.Errno.Error()
	}
	return d.Errno.Error() + ": " + d.Why
}

// Unwrap returns the errno.
func (d *Denied) Unwrap() error { return d.Errno }

// Visitor judges the way to a file as the kernel does for whoever looks it up
// (path_resolution(7)). An answer that is not "" says why it is EACCES.
type Visitor interface {
	// Search judges looking up a name in a directory.
	Search(dir *unix.Stat_t) string
	// Follow judges following a symbolic link at the end of a path.
	Follow(link, dir *unix.Stat_t) string
}

// The number of names that are looked up on the way to a file, for those of symbolic
// links too, and of the links, which is the kernel's (fs/namei.c, MAXSYMLINKS).
const (
	maxSteps = 1000
	maxLinks = 40
)

var errFar = errors.New("more than 1000 names on the way")

// walk is one way to a file.
type walk struct {
	root         *Root
	by           Visitor // nil if everything may be looked up
	steps, links int
}

// to opens what a path leads to from a directory, which it closes. It goes from name
// to name, as the kernel does, and never above the root directory, but knows of each
// directory where it is, so that its mount can be looked at before it is entered.
func (w *walk) to(at place, path string) (place, error) {
	for {
		path = strings.TrimLeft(path, "/")
		if path == "" {
			return at, nil
		}
		name, rest, more := strings.Cut(path, "/")
		// The kernel too takes a name for the last one that has slashes behind it.
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

// name opens what a directory has under a name; last says that the path ends there.
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
	case "..": // from the root again, which keeps one directory open instead of all
		up := walk{root: w.root, steps: w.steps}
		next, err := up.to(w.root.top, parent(at.path))
		w.steps = up.steps
		return next, err
	}
	next, err := w.root.step(at, name)
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

// link returns why a symbolic link in a directory is not followed.
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
		return err // of its own root, a sandbox keeps it
	}
	if w.by != nil && on.Flags&noSymFollow != 0 {
		return &Denied{unix.ELOOP, link.path, "its mount has the option nosymfollow"}
	}
	if on.Type == unix.PROC_SUPER_MAGIC && isMagic(link, dir) {
		return fmt.Errorf("%s is a magic link, which leads to no path", link.path)
	}
	return nil
}

// isMagic reports whether a link of a procfs in a directory leads to what it stands
// for, as a process's root directory, and not to what it reads (openat2(2)).
func isMagic(link, dir *place) bool {
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_NO_MAGICLINKS}
	fd, err := retry(func() (int, error) { return unix.Openat2(dir.fd, link.path[len(dir.path)+1:], &how) })
	if err == nil {
		unix.Close(fd)
	}
	return err != nil // even if that is another reason
}

// name returns the path, "/" for that of the root directory.
func (p *place) name() string {
	if p.path == "" {
		return "/"
	}
	return p.path
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
