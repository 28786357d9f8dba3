// SPDX-License-Identifier: Apache-2.0

package root

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/procstatus"
)

// Tree searches for programs that give privileges: set-user-ID and set-group-ID programs,
// and those with file capabilities. It keeps one directory of each level open, and no
// record of the files that it has passed.
type Tree struct {
	All    bool                         // search the file systems mounted below it, and subvolumes, too
	Found  func(*Program)               // is called for each program, without its Head
	Failed func(path string, err error) // is called for each file that cannot be examined
	Step   func()                       // is called now and then, to show progress
	By     Visitor                      // whose rights count; nil for somebody who may search everywhere
	Files  int                          // how many files were looked at
	Closed int                          // directories that capinspect cannot read and By cannot search
	Dirs   int                          // how many directories were looked at
	Others int                          // directories that are no mounts and not on the device either, as subvolumes of btrfs

	root   *Root
	device uint64
}

// maxDepth is how deep the search goes: each directory on the way is open.
const maxDepth = 256

var errDepth = errors.New("more than 256 directories deep")

// empty lists the file systems that have no programs.
var empty = [...]string{
	"binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "efivarfs", "fusectl", "mqueue", "nsfs",
	"proc", "pstore", "securityfs", "selinuxfs", "sysfs", "tracefs",
}

// Search searches a directory, given by its path from the root directory. It returns an
// error only if it cannot open that directory.
func (r *Root) Search(path string, t *Tree) error {
	w := walk{root: r}
	at, err := w.to(r.top, path)
	if err == nil && !at.is(unix.S_IFDIR) {
		r.leave(at)
		err = unix.ENOTDIR
	}
	if err != nil {
		return &fs.PathError{Op: "open", Path: path, Err: err}
	}
	if r.own && r.proc != nil {
		r.mounts.of, _ = r.proc.Self().Mounts() // without them, only the device tells a mount
	}
	t.root, t.device = r, at.stat.Dev
	t.dir(at, 1)
	return nil
}

// dir searches an open directory, and closes it.
func (t *Tree) dir(at place, depth int) {
	t.Dirs++
	fd, err := answer(t.root, &at, func(at place) (int, error) {
		return retry(func() (int, error) {
			return unix.Openat(at.fd, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
		})
	})
	t.root.leave(at)
	if err == unix.EACCES && t.By != nil && t.By.Search(&at.stat) != "" {
		t.Dirs--
		t.Closed++
		return
	}
	if err != nil {
		t.Failed(at.name(), err)
		return
	}
	defer unix.Close(fd)
	at.fd = fd
	mounted := t.root.mounts.below(at.path)
	buf := make([]byte, 8<<10)
	for {
		n, err := answer(t.root, &at, func(at place) (int, error) {
			return retry(func() (int, error) { return unix.Getdents(at.fd, buf) })
		})
		if err != nil && err != unix.ENOENT { // ENOENT: the directory is gone
			t.Failed(at.name(), err)
		}
		if err != nil || n == 0 {
			return
		}
		t.Step()
		eachName(buf[:n], func(name string, kind byte) {
			if kind == unix.DT_DIR || kind == unix.DT_REG || kind == unix.DT_UNKNOWN {
				t.entry(at, name, mounted, depth)
			}
		})
	}
}

// entry examines an entry of a directory.
func (t *Tree) entry(at place, name string, mounted []procstatus.Mount, depth int) {
	path := at.path + "/" + name
	if t.skips(path, mounted) {
		return
	}
	next, err := t.root.step(at, name)
	switch {
	case err == unix.ENOENT: // it is gone by now
		return
	case err != nil:
		t.Failed(path, err)
		return
	case next.is(unix.S_IFDIR) && !t.All && next.stat.Dev != t.device:
		t.Others++
	case next.is(unix.S_IFDIR):
		if depth == maxDepth {
			unix.Close(next.fd)
			t.Failed(path, errDepth)
			return
		}
		t.dir(next, depth+1)
		return
	case next.is(unix.S_IFREG): // on an overlay its device may be that of a layer
		t.Files++
		if f := t.gives(&next); f != nil {
			defer t.Found(f) // when it is closed
		}
	}
	unix.Close(next.fd)
}

// skips reports whether the search passes over the mounts at a path: they are other file
// systems and All is false, or they have no programs.
func (t *Tree) skips(path string, mounted []procstatus.Mount) bool {
	here := false
	for i := range mounted {
		m := &mounted[i]
		switch {
		case m.Point != path:
		case !t.All && unix.Mkdev(m.Major, m.Minor) != t.device:
			return true
		case !slices.Contains(empty[:], m.Type): // which may cover the others
			return false
		default:
			here = true
		}
	}
	return here
}

// gives returns a file as a Program if it gives privileges, else nil.
func (t *Tree) gives(at *place) *Program {
	const anyExec, setUser, setGroup = 0o111, 0o4000, 0o2010
	mode := at.stat.Mode
	if mode&anyExec == 0 {
		return nil
	}
	f := &Program{Path: at.path, Stat: at.stat}
	f.Caps, f.CapsErr = t.root.attribute(at)
	switch {
	case f.Caps != nil || mode&setUser != 0 || mode&setGroup == setGroup:
		return f
	case f.CapsErr == unix.EOVERFLOW || f.CapsErr == unix.EINVAL: // of some that it has
		return f
	case f.CapsErr != nil:
		t.Failed(at.path, f.CapsErr)
	}
	return nil
}

// below returns the mounts right below a directory.
func (t *table) below(dir string) (list []procstatus.Mount) {
	for i := range t.of {
		rest, ok := strings.CutPrefix(t.of[i].Point, dir+"/")
		if ok && rest != "" && !strings.Contains(rest, "/") {
			list = append(list, t.of[i])
		}
	}
	return list
}

// eachName calls f for each record that getdents64(2) returned: inode (8 bytes),
// offset (8), length (2), type (1) and name.
func eachName(entries []byte, f func(name string, kind byte)) {
	const header = 19
	for len(entries) > header {
		length := int(binary.NativeEndian.Uint16(entries[16:]))
		if length <= header || length > len(entries) {
			return
		}
		name, _, _ := strings.Cut(string(entries[header:length]), "\x00")
		if name != "." && name != ".." {
			f(name, entries[18])
		}
		entries = entries[length:]
	}
}
