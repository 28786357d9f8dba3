// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect/place"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect/root"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/predict"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// finder is a predict.Finder below the root directory of a subject.
type finder struct{ *subject }

// Find returns a program as the task finds it.
func (f finder) Find(path string, by *predict.Subject) (*predict.Found, error) {
	from, err := f.workingDir(path)
	if err != nil {
		return nil, err
	}
	if from.Fd >= 0 {
		defer unix.Close(from.Fd)
	}
	program, err := f.root.Program(from, path, visitor{f.subject, by})
	if denied, ok := errors.AsType[*root.Denied](err); ok {
		return nil, &predict.Denied{Errno: errnoName(denied.Errno), Path: denied.Path, Why: denied.Why}
	}
	if errors.Is(err, fs.ErrPermission) {
		err = fmt.Errorf("capinspect itself may not look there: %w", err)
	}
	if err != nil {
		return nil, err
	}
	return f.found(program), nil
}

// OwnPath returns PATH of capinspect's own environment.
func (finder) OwnPath() string { return os.Getenv("PATH") }

// ProtectedSymlinks tells the sysctl fs.protected_symlinks.
func (f finder) ProtectedSymlinks() task.Value[bool] {
	if f.from.proc == nil {
		return task.Unknown[bool](place.ErrNoProc.Error())
	}
	value, err := f.from.proc.Sysctl("fs/protected_symlinks")
	if err != nil {
		return task.Unknown[bool](place.Reason(err))
	}
	return task.Known(strings.TrimSpace(value) != "0")
}

// errnoName returns the name of an errno, as "EACCES".
func errnoName(errno unix.Errno) string {
	if name := unix.ErrnoName(errno); name != "" {
		return name
	}
	return strconv.Itoa(int(errno))
}

// visitor is a root.Visitor that goes by what a subject may do.
type visitor struct {
	of *subject
	by *predict.Subject
}

// Search says why names may not be looked up in a directory.
func (v visitor) Search(dir *unix.Stat_t) string { return v.by.Search(v.of.inode(dir)) }

// Follow says why a link in a directory may not be followed.
func (v visitor) Follow(link, dir *unix.Stat_t) string {
	return v.by.Follow(v.of.inode(link), v.of.inode(dir))
}

// inode returns what predictions go by of a file's attributes.
func (s *subject) inode(st *unix.Stat_t) predict.Inode {
	return inode(s.from.place, st, s.mayMapIDs(st.Dev))
}

// inode returns what predictions go by of a file's attributes. The owner of a file may be
// none in capinspect's own user namespace, and then it is none in one below it. idmapped says
// that the file may be on a mount that maps ids.
func inode(from *place.Finder, st *unix.Stat_t, idmapped bool) predict.Inode {
	i := predict.Inode{Mode: st.Mode & 0o7777, UID: st.Uid, GID: st.Gid}
	user, group := from.DoubtsOfOwner(st.Uid, st.Gid, idmapped)
	i.NoUID, i.NoGID = user != nil, group != nil
	for _, err := range [...]error{user, group} {
		if err != nil && !errors.Is(err, place.ErrUnmapped) {
			i.Doubts = append(i.Doubts, err.Error())
		}
	}
	return i
}

// found returns what predictions go by of a program.
func (s *subject) found(p *root.Program) *predict.Found {
	f := &predict.Found{Inode: s.inode(&p.Stat), Path: p.Path, ACL: p.ACL, Regular: p.Regular(), CapsForeign: p.CapsErr == unix.EOVERFLOW}
	f.Mount = known(predict.MountOptions{NoSuid: p.NoSuid, NoExec: p.NoExec}, p.MountError)
	f.Head = known(p.Head, p.HeadError)
	switch {
	case p.CapsErr == unix.EINVAL:
		f.Caps = task.Unknown[[]byte]("the kernel does not show it: it is malformed, or of version 1")
	case p.CapsErr != nil:
		f.Caps = task.Unknown[[]byte](p.CapsErr.Error())
	default:
		f.Caps = task.Known(p.Caps)
	}
	return f
}

// known returns a value, or that it is unknown because of an error.
func known[T any](v T, err error) task.Value[T] {
	if err != nil {
		return task.Unknown[T](place.Reason(err))
	}
	return task.Known(v)
}

// workingDir opens the task's working directory, if a path begins there. Its Fd is negative
// otherwise.
func (s *subject) workingDir(path string) (root.Dir, error) {
	dir := root.Dir{Fd: -1}
	if path == "" || path[0] == '/' {
		return dir, nil
	}
	if s.task.Self {
		at, err := unix.Getwd() // that of os asks the file system
		if err == nil {
			dir.Path = at
			dir.Fd, err = unix.Open(".", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		}
		return dir, err
	}
	below, ok, err := s.below("cwd")
	if err != nil {
		return dir, err
	}
	if !ok || strings.HasSuffix(below, " (deleted)") {
		return dir, fmt.Errorf("its working directory, %s, is not below its root directory", below)
	}
	dir.Path = below
	dir.Fd, err = s.handle.OpenPath("cwd")
	return dir, err
}

// absolute returns a path from the task's root directory of one from its working directory.
func (s *subject) absolute(path string) (string, error) {
	from, err := s.workingDir(path)
	if err != nil || from.Fd < 0 {
		return path, err
	}
	unix.Close(from.Fd)
	return from.Path + "/" + path, nil
}

// below returns where a link of the task leads to, as "cwd", from its root directory. ok is
// false if it leads elsewhere.
func (s *subject) below(link string) (path string, ok bool, err error) {
	top, err := s.handle.Readlink("root")
	if err == nil {
		path, err = s.handle.Readlink(link)
	}
	rest, ok := strings.CutPrefix(path, strings.TrimSuffix(top, "/"))
	if err != nil || !ok || rest != "" && rest[0] != '/' {
		return path, false, err
	}
	return rest, true, nil
}
