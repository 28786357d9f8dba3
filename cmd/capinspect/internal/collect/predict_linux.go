// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect/root"
	"github.com/capinspect/capinspect/procstatus"
)

// runcPath is where runc looks for a program if the container says nothing else
// (and execvp(3) of most libraries).
const runcPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Predict tells what execve(2) of a file would give a task, a pid or "self". A file
// without a slash is looked for in PATH.
func (c *Collector) Predict(task, file string, what *WhatIf) (*Prediction, error) {
	s, err := c.subject(task, what)
	if err != nil {
		return nil, err
	}
	defer s.close()
	p, err := s.predict(file)
	if err != nil {
		return nil, err
	}
	if p.Assumed = s.assumed; p.After != nil {
		c.names(p.After, s.files, nil, s.maps[0], s.maps[1])
	}
	return p, nil
}

// predict tells what execve(2) of a file would give.
func (s *subject) predict(file string) (*Prediction, error) {
	p := &Prediction{Task: s.record, File: file, Before: s.before}
	program, err := s.lookFor(file, p)
	for depth := 0; err == nil; depth++ {
		p.Program = found(program)
		name, is := s.interpreter(program)
		if is == noScript {
			return p, s.execute(program, p)
		}
		switch {
		case is == badScript:
			err = &root.Denied{Errno: unix.ENOEXEC, Path: program.Path, Why: "its first line names no interpreter, or one too long"}
			continue
		case name == "": // which is the working directory
			err = &root.Denied{Errno: unix.EACCES, Path: program.Path, Why: "its first line names an empty interpreter"}
			continue
		}
		p.step("script", program.Path+" is a script: "+name+" is executed, and its attributes count")
		if program, err = s.find(name); err == nil && depth == maxScripts {
			err = &root.Denied{Errno: unix.ELOOP, Path: program.Path, Why: "the script's interpreter is a script, and so on for too long"}
		}
	}
	if p.Program == nil && program != nil {
		p.Program = found(program) // and refused
	}
	return p, p.denied(err)
}

// found returns a program without its capabilities, of which nobody knows yet whether
// they count.
func found(f *root.Program) *Program {
	st := &f.Stat
	return &Program{Path: f.Path, Mode: st.Mode & 0o7777, UID: st.Uid, GID: st.Gid, NoSuid: f.NoSuid}
}

func (p *Prediction) step(code, text string) { p.Steps = append(p.Steps, Note{code, text}) }

// denied makes the result of an error that the task gets, and returns any other one.
func (p *Prediction) denied(err error) error {
	denied, ok := errors.AsType[*root.Denied](err)
	if !ok {
		return err
	}
	p.Result = errnoName(denied.Errno)
	p.Why = denied.Error()
	if denied.Path != "" {
		p.Why = denied.Path + ": " + p.Why
	}
	return nil
}

// errnoName returns the name of an errno of those that are predicted. The table of
// package unix has all of them.
func errnoName(errno unix.Errno) string {
	switch errno {
	case unix.EPERM:
		return "EPERM"
	case unix.ENOENT:
		return "ENOENT"
	case unix.ENOEXEC:
		return "ENOEXEC"
	case unix.EACCES:
		return "EACCES"
	case unix.ENOTDIR:
		return "ENOTDIR"
	case unix.EINVAL:
		return "EINVAL"
	case unix.ENAMETOOLONG:
		return "ENAMETOOLONG"
	case unix.ELOOP:
		return "ELOOP"
	}
	return strconv.Itoa(int(errno))
}

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
	top, err := s.dir.Readlink("root")
	if err != nil {
		return dir, err
	}
	at, err := s.dir.Readlink("cwd")
	if err != nil {
		return dir, err
	}
	below, ok := strings.CutPrefix(at, strings.TrimSuffix(top, "/"))
	if !ok || below != "" && below[0] != '/' || strings.HasSuffix(at, " (deleted)") {
		return dir, fmt.Errorf("its working directory, %s, is not below its root directory", at)
	}
	sub, err := s.dir.Sub("cwd")
	if err != nil {
		return dir, err
	}
	return root.Dir{Fd: sub.Fd(), Path: below}, nil
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
	f := s.file(dir)
	if s.task.MaySearch(&f) {
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
		var text []byte
		if text, err = proc.Read("sys/fs/protected_symlinks", nil, 32); err == nil {
			return strings.TrimSpace(string(text)) != "0"
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
	case s.task.MayExecute(&f):
		return ""
	case p.Stat.Mode&0o111 == 0:
		return modeOf(&p.Stat) + " lets nobody execute it"
	}
	return fmt.Sprintf("%s does not let uid %d execute it", modeOf(&p.Stat), s.users.out(s.task.UID.Filesystem))
}

// interpreter returns what the first line of a program makes of it.
func (s *subject) interpreter(p *root.Program) (name string, is script) {
	if p.HeadError != nil {
		s.assume("script", p.Path+" is no script: "+reasonOf(p.HeadError))
		return "", noScript
	}
	return interpreter(p.Head, root.HeadSize)
}

// execute fills in what the program gives.
func (s *subject) execute(program *root.Program, p *Prediction) error {
	f := s.file(&program.Stat)
	f.NoSuid = program.NoSuid
	if program.MountError != nil {
		s.assume("mount", "the mount of "+program.Path+" has neither nosuid nor noexec: "+reasonOf(program.MountError))
	}
	if err := s.fileCaps(program, &f); err != nil {
		return p.denied(err)
	}
	if p.Program.Caps = f.Caps; program.Caps == nil {
		p.Program.Caps = nil
	}
	after, steps, err := capset.Exec(s.task, f, s.how)
	for _, step := range steps {
		p.step(step.Code, step.Text)
	}
	if err != nil {
		return p.denied(&root.Denied{Errno: unix.EPERM, Path: program.Path, Why: err.Error()})
	}
	p.Result = OK
	p.After = s.with(&after)
	return nil
}

// fileCaps finds out what the capabilities of a program are for the task.
func (s *subject) fileCaps(program *root.Program, f *capset.File) error {
	const attribute = ": security.capability: "
	switch {
	case f.NoSuid: // nobody asks for them
		f.Caps = nil
		if program.Caps != nil || program.CapsErr != nil {
			f.Caps = new(capset.FileCaps)
		}
		return nil
	case program.CapsErr == unix.EOVERFLOW && s.users.m == nil:
		// They are for a user namespace beside or below this one.
		f.Caps, f.ForeignCaps = new(capset.FileCaps), true
		return nil
	case program.CapsErr == unix.EINVAL:
		return errors.New(program.Path + attribute + "the kernel does not show it: it is malformed, or of version 1")
	case program.CapsErr != nil:
		return fmt.Errorf("%s%s%w", program.Path, attribute, program.CapsErr)
	case program.Caps == nil:
		return nil
	}
	caps, err := capset.ParseFileCaps(program.Caps)
	if err != nil {
		return &root.Denied{Errno: unix.EINVAL, Path: program.Path, Why: err.Error()}
	}
	f.Caps, f.ForeignCaps = &caps, !s.counts(&caps)
	return nil
}

// counts reports whether the capabilities of a file count in the task's user
// namespace. The kernel shows those of a root of capinspect's own, or of one above
// it, without an id (security/commoncap.c, cap_inode_getsecurity).
func (s *subject) counts(caps *capset.FileCaps) bool {
	if caps.Version < 3 || caps.RootID == 0 {
		return true
	}
	if s.users.m != nil {
		if id, ok := s.users.m.Outside(0); ok && id == caps.RootID {
			return true
		}
		if s.nested {
			s.assume("file-capabilities", "uid "+decimal(caps.RootID)+" is root in no user namespace between its own and capinspect's")
		}
		return false
	}
	// The map of capinspect's own namespace leads to the ids of the one above it.
	if c := s.collector; c.proc != nil {
		if own, err := idMap(c.proc, self, "/uid_map"); err == nil {
			id, ok := own.Inside(0)
			return ok && id == caps.RootID
		}
	}
	return false
}

// with returns the task with other credentials.
func (s *subject) with(to *capset.Credentials) *Record {
	r := *s.record
	r.Unknown, r.Notes = nil, nil
	for k, set := range to.Sets {
		if r.Status.Has(procstatus.CapField(capset.Kind(k))) {
			r.Status.SetCaps(capset.Kind(k), set)
		}
	}
	r.Status.UID, r.Status.GID = s.users.allOut(to.UID), s.groups.allOut(to.GID)
	r.Securebits, r.Status.NoNewPrivs = to.Securebits, to.NoNewPrivs
	r.Host = nil
	if s.record.Host != nil {
		r.Host = &HostIDs{r.Status.UID, r.Status.GID}
	}
	return &r
}
