// SPDX-License-Identifier: Apache-2.0

package root

import (
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/procstatus"
)

// Program is a file with the attributes that execve(2) uses.
type Program struct {
	Path       string // from the root directory, without symbolic links
	Stat       unix.Stat_t
	NoSuid     bool  // its mount has the option nosuid
	NoExec     bool  // its mount has the option noexec
	MountError error // why these two are not known, where a sandbox refuses to tell
	Caps       []byte
	CapsErr    error  // why Caps, security.capability, are not known
	Head       []byte // its first bytes, at most HeadSize
	HeadError  error  // why these are not known
	ACL        bool   // it has an access control list (acl(5))
}

// Regular reports whether the file is a regular one. Only regular files can be executed.
func (p *Program) Regular() bool { return p.Stat.Mode&unix.S_IFMT == unix.S_IFREG }

// HeadSize is how many bytes of a program are read, a page: the kernel finds its format there
// (binfmt_script.c, binfmt_elf.c).
const HeadSize = 4096

// Mount options as statfs(2) returns them.
const (
	noSuid      = 0x0002
	noExec      = 0x0008
	noSymFollow = 0x2000
)

// Dir is an open directory, and its path from the root directory.
type Dir struct {
	Fd   int
	Path string
}

// Program looks up a program with the rights of a Visitor. A path without a leading slash
// starts at from. The error is a [*Denied] if the kernel would refuse the Visitor too.
func (r *Root) Program(from Dir, path string, by Visitor) (*Program, error) {
	switch {
	case path == "":
		return nil, &Denied{Errno: unix.ENOENT}
	case len(path) >= unix.PathMax:
		return nil, &Denied{Errno: unix.ENAMETOOLONG}
	}
	at := r.top
	if !strings.HasPrefix(path, "/") {
		var err error
		if at, err = r.place(from); err != nil {
			return nil, err
		}
	}
	w := walk{root: r, by: by}
	at, err := w.to(at, path)
	if err != nil {
		return nil, err
	}
	defer r.leave(at)
	return r.program(&at)
}

// Open returns a program that is open already, if it is on a mount of the task that
// answers. path is where it was found, and only used in messages.
func (r *Root) Open(fd int, path string) (*Program, error) {
	at := place{fd: fd, path: path}
	if !r.own {
		var err error
		if at.mount, err = r.proc.MountID(fd); err == nil {
			err = r.judge(at.mount, path, func(*procstatus.Mount) bool { return true })
		}
		if err != nil {
			return nil, err
		}
	}
	if err := unix.Fstat(fd, &at.stat); err != nil {
		return nil, err
	}
	return r.program(&at)
}

// program reads the attributes of an open file.
func (r *Root) program(at *place) (*Program, error) {
	p := &Program{Path: at.name(), Stat: at.stat}
	if !p.Regular() {
		return p, nil
	}
	flags, err := mountFlags(at.fd)
	p.MountError = err
	p.NoSuid, p.NoExec = flags&noSuid != 0, flags&noExec != 0
	p.Caps, p.CapsErr = r.attribute(at)
	_, err = unix.Getxattr(r.byPath(at), "system.posix_acl_access", nil)
	p.ACL = err == nil
	p.Head, p.HeadError = r.head(at)
	return p, nil
}

// place returns a copy of an open directory, for the caller to close.
func (r *Root) place(dir Dir) (at place, err error) {
	at.path = strings.TrimSuffix(dir.Path, "/")
	if !r.own { // the directory may be on any mount: ask nothing before that is known to answer
		if at.mount, err = r.proc.MountID(dir.Fd); err == nil {
			err = r.judge(at.mount, dir.Path, func(m *procstatus.Mount) bool { return within(dir.Path, m.Point) })
		}
	}
	if err == nil {
		err = unix.Fstat(dir.Fd, &at.stat)
	}
	if err == nil {
		at.fd, err = unix.FcntlInt(uintptr(dir.Fd), unix.F_DUPFD_CLOEXEC, 0)
	}
	return at, err
}

// within reports whether a path is a directory or below it.
func within(path, dir string) bool {
	dir = strings.TrimSuffix(dir, "/")
	return path == dir || strings.HasPrefix(path, dir+"/")
}

// mountFlags returns the mount options of an open file.
func mountFlags(fd int) (uint64, error) {
	var st unix.Statfs_t
	_, err := retry(func() (int, error) { return 0, unix.Fstatfs(fd, &st) })
	return uint64(st.Flags), err
}

// byPath returns a path that leads to an open file: getxattr(2) wants one.
func (r *Root) byPath(at *place) string {
	if r.proc == nil {
		return at.path
	}
	return r.proc.Dir() + "/self/fd/" + strconv.Itoa(at.fd)
}

// attribute returns the capabilities of a file, nil if it has none.
func (r *Root) attribute(at *place) ([]byte, error) {
	buf := make([]byte, 64) // more than any version has
	n, err := retry(func() (int, error) { return unix.Getxattr(r.byPath(at), "security.capability", buf) })
	switch err {
	case nil:
		return buf[:n], nil
	case unix.ENODATA, unix.EOPNOTSUPP:
		return nil, nil
	}
	return nil, err
}

// head returns the first bytes of a file.
func (r *Root) head(at *place) ([]byte, error) {
	return answer(r, at, func(at place) ([]byte, error) {
		fd, err := r.reopen(&at)
		if err != nil {
			return nil, err
		}
		defer unix.Close(fd)
		if at.stat.Size == 0 {
			return nil, nil
		}
		return mappedBytes(fd, int(min(at.stat.Size, HeadSize)))
	})
}
