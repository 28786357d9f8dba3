// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect/root"
)

// lookFor finds a program as execvp(3) does: in the directories of PATH if its name
// has no slash.
func (s *subject) lookFor(file string, p *Prediction) (*root.Program, error) {
	if strings.Contains(file, "/") || file == "" {
		return s.find(file)
	}
	path := s.path
	switch own := os.Getenv("PATH"); {
	case path != "":
	case s.record.Self && own != "":
		path = own
	default:
		path = runcPath
		s.assume("path", "its PATH is "+path+", as runc's is")
	}
	var refused *root.Program
	err := error(&root.Denied{Errno: unix.ENOENT, Why: "it is in no directory of PATH, " + path})
	for dir := range strings.SplitSeq(path, ":") {
		if dir == "" {
			dir = "."
		}
		program, wrong := s.find(dir + "/" + file)
		switch {
		case wrong == nil:
			p.step("path", "found by PATH in "+dir)
			return program, nil
		case errors.Is(wrong, unix.EACCES):
			refused, err = program, wrong
		case !errors.Is(wrong, unix.ENOENT) && !errors.Is(wrong, unix.ENOTDIR):
			return nil, wrong
		}
	}
	return refused, err
}

// find returns a program that the task may execute as far as modes decide; with an
// error, one that it may not.
func (s *subject) find(file string) (*root.Program, error) {
	from, err := s.workingDir(file)
	if err != nil {
		return nil, err
	}
	if from.Fd >= 0 {
		defer unix.Close(from.Fd)
	}
	program, err := s.root.Program(from, file, s)
	if err != nil {
		return nil, err
	}
	if why := s.refuses(program); why != "" {
		return program, &root.Denied{Errno: unix.EACCES, Path: program.Path, Why: why}
	}
	return program, nil
}

// workingDir opens the task's working directory, if a path begins there; its Fd is
// negative otherwise.
func (s *subject) workingDir(file string) (root.Dir, error) {
	dir := root.Dir{Fd: -1}
	if file == "" || file[0] == '/' {
		return dir, nil
	}
	if s.record.Self {
		path, err := unix.Getwd() // os has one that asks the file system
		if err == nil {
			dir.Path = path
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

// below returns where a link of the task leads to, as "cwd", from its root directory;
// ok is false if that is elsewhere.
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

// file returns what capset goes by of a file's attributes.
func (s *subject) file(st *unix.Stat_t) capset.File {
	uid, user := s.users.in(st.Uid)
	gid, group := s.groups.in(st.Gid)
	return capset.File{Mode: st.Mode & 0o7777, UID: uid, GID: gid, Unmapped: !user || !group || s.inexpressible(st)}
}

// inexpressible reports whether the owner of a file is none in capinspect's own user
// namespace, and then none in one below it. One that may be is taken for it: files of
// somebody outside are more frequent than those of the user nobody.
func (s *subject) inexpressible(st *unix.Stat_t) bool {
	none := false
	for _, id := range [...]struct {
		of uint32
		o  *overflow
	}{{st.Uid, &overflowUID}, {st.Gid, &overflowGID}} {
		err := s.collector.doubtsOfFile(id.of, id.o)
		if err != nil && !errors.Is(err, errUnmapped) {
			s.assume("overflow-id", err.Error())
		}
		none = none || err != nil
	}
	return none
}

// Search implements root.Visitor.
func (s *subject) Search(dir *unix.Stat_t) string {
	if s.task.MaySearch(s.file(dir)) {
		return ""
	}
	return modeOf(dir) + " does not let it look up names there"
}

// Follow implements root.Visitor (proc_sys_fs(5), protected_symlinks; since Linux
// 3.6; fs/namei.c, may_follow_link).
func (s *subject) Follow(link, dir *unix.Stat_t) string {
	const sticky, others = 0o1000, 0o002
	mine := s.file(link).UID == s.task.UID.Filesystem
	if mine || dir.Mode&(sticky|others) != sticky|others || link.Uid == dir.Uid || !s.protected() {
		return ""
	}
	return "a link of another user in a directory that everybody may write to (fs.protected_symlinks)"
}

func (s *subject) protected() bool {
	err := errNoProc
	if proc := s.collector.proc; proc != nil {
		var value string
		if value, err = proc.Sysctl("fs/protected_symlinks"); err == nil {
			return value != "0"
		}
	}
	s.assume("protected-symlinks", "fs.protected_symlinks is on: "+reasonOf(err))
	return true
}

// modeOf says what the mode and the owner of a file are.
func modeOf(st *unix.Stat_t) string {
	return fmt.Sprintf("mode %#o of uid %d, gid %d", st.Mode&0o7777, st.Uid, st.Gid)
}

// refuses says why the task may not execute a file, "" if it may.
func (s *subject) refuses(p *root.Program) string {
	f := s.file(&p.Stat)
	switch {
	case !p.Regular():
		return "it is no regular file"
	case p.NoExec:
		return "its mount has the option noexec"
	case s.task.MayExecute(f):
		return ""
	case p.Stat.Mode&0o111 == 0:
		return modeOf(&p.Stat) + " lets nobody execute it"
	}
	return fmt.Sprintf("%s does not let uid %d execute it", modeOf(&p.Stat), s.users.out(s.task.UID.Filesystem))
}
