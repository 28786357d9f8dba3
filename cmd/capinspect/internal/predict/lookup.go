// SPDX-License-Identifier: Apache-2.0

package predict

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/capinspect/capinspect/capset"
)

// runcPath is where runc looks for a program if the container says nothing else, as
// execvp(3) of most libraries does.
const runcPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// lookFor finds the program of a prediction as execvp(3) does: in the directories of PATH
// if its name has no slash. With an error it returns a program that the task may not
// execute.
func (s *Subject) lookFor(p *Prediction) (*Found, error) {
	if strings.Contains(p.File, "/") || p.File == "" {
		return s.find(p.File)
	}
	path := s.searchPath()
	var refused *Found
	err := error(&Denied{Errno: "ENOENT", Why: "it is in no directory of PATH, " + path})
	for dir := range strings.SplitSeq(path, ":") {
		if dir == "" {
			dir = "."
		}
		f, wrong := s.find(dir + "/" + p.File)
		switch {
		case wrong == nil:
			p.step("path", "found by PATH in "+dir)
			return f, nil
		case isErrno(wrong, "EACCES") || errors.Is(wrong, fs.ErrPermission):
			refused, err = f, wrong
		case !isErrno(wrong, "ENOENT") && !isErrno(wrong, "ENOTDIR") && !errors.Is(wrong, fs.ErrNotExist):
			return nil, wrong
		}
	}
	return refused, err
}

func isErrno(err error, name string) bool {
	denied, ok := errors.AsType[*Denied](err)
	return ok && denied.Errno == name
}

// searchPath returns PATH.
func (s *Subject) searchPath() string {
	if s.Path != "" {
		return s.Path
	}
	if s.Task.Self {
		if own := s.Finder.OwnPath(); own != "" {
			return own
		}
	}
	s.Assume("path", "its PATH is "+runcPath+", as runc's is")
	return runcPath
}

// find returns a program that the task may execute, as far as modes decide. With an error
// it returns one that the task may not execute.
func (s *Subject) find(path string) (*Found, error) {
	f, err := s.Finder.Find(path, s)
	if err != nil {
		return nil, err
	}
	if why := s.refuses(f); why != "" {
		return f, &Denied{Errno: "EACCES", Path: f.Path, Why: why}
	}
	return f, nil
}

// refuses says why the task may not execute a file, "" if it may.
func (s *Subject) refuses(f *Found) string {
	switch s.way = ""; {
	case !f.Regular:
		s.way = "name a program instead of "
		return "it is not a regular file"
	case f.Mount.Zero().NoExec:
		s.way = "have it on a mount without noexec: "
		return "its mount has the option noexec"
	case s.all(f.Inode, s.Credentials.MayExecute):
		return ""
	}
	s.way = s.executable(s.mayBe(f.Inode)[0])
	if f.Mode&0o111 == 0 {
		return f.Inode.text() + " lets nobody execute it"
	}
	why := fmt.Sprintf("%s does not let uid %d execute it", f.Inode.text(), s.Users.Out(s.Credentials.UID.Filesystem))
	if f.ACL {
		why += "; its ACL may, and is not examined"
	}
	return why
}

// Search says why the task may not look up names in a directory, "" if it may.
func (s *Subject) Search(dir Inode) string {
	if s.all(dir, s.Credentials.MaySearch) {
		return ""
	}
	s.way = s.executable(s.mayBe(dir)[0])
	return dir.text() + " does not let it look up names there"
}

// Follow says why the task may not follow a symbolic link in a directory at the end of a
// path, "" if it may (proc_sys_fs(5), protected_symlinks; fs/namei.c, may_follow_link).
func (s *Subject) Follow(link, dir Inode) string {
	const sticky, others = 0o1000, 0o002
	mine := func(link capset.File) bool { return link.UID == s.Credentials.UID.Filesystem }
	if dir.Mode&(sticky|others) != sticky|others || s.all(link, mine) {
		return ""
	}
	if link.UID == dir.UID {
		if link.NoUID && s.Finder.ProtectedSymlinks().Or(true) {
			s.depends(link)
		}
		return ""
	}
	on := s.Finder.ProtectedSymlinks()
	if !on.Known() {
		s.Assume("protected-symlinks", "fs.protected_symlinks is on: "+on.Why())
	}
	if !on.Or(true) {
		return ""
	}
	s.way = "name its target instead of "
	return "a link of another user in a directory that everybody may write to (fs.protected_symlinks)"
}

// text says what the mode and the owner are.
func (i Inode) text() string { return fmt.Sprintf("mode %#o of uid %d, gid %d", i.Mode, i.UID, i.GID) }
