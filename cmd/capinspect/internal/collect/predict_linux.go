// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"errors"
	"strconv"

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
	if p.Program == nil && program != nil { // it was found, and refused
		p.Program = found(program)
		if caps, err := capset.ParseFileCaps(program.Caps); err == nil {
			p.Program.Caps = &caps
		}
	}
	return p, p.denied(err)
}

// found returns a program without its capabilities, of which nobody knows yet whether
// they count.
func found(f *root.Program) *Program {
	st := &f.Stat
	return &Program{Path: f.Path, Mode: st.Mode & 0o7777, UID: st.Uid, GID: st.Gid, NoSuid: f.NoSuid}
}

func (p *Prediction) step(code, text string) { addNote(&p.Steps, code, text) }

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
