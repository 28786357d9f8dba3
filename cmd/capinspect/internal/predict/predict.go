// SPDX-License-Identifier: Apache-2.0

// Package predict tells what execve(2) of a file would give a task, by the rules of the
// kernel. It executes nothing, and opens nothing itself: a [Finder] looks files up.
package predict

import (
	"cmp"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Finder finds programs as the task itself would: below its root directory, through
// symbolic links, as far as the task may search directories.
type Finder interface {
	// Find returns the program of a path, absolute or from the task's working directory.
	// It asks [Subject.Search] and [Subject.Follow] about each directory and link on the
	// way. The error is a [*Denied] if the task would get it too.
	Find(path string, by *Subject) (*Found, error)
	// OwnPath returns PATH of the reader's own environment; "" if there is none.
	OwnPath() string
	// ProtectedSymlinks tells the sysctl fs.protected_symlinks (proc_sys_fs(5); since
	// Linux 3.6).
	ProtectedSymlinks() task.Value[bool]
}

// Inode is what decides who may use a file or a directory (inode(7)).
type Inode struct {
	Mode     uint32 // the permission bits of stat(2)
	UID, GID uint32 // of its owner, as the reader sees them
	// NoUID and NoGID are set if the reader's user namespace, or the mount, has no id for its
	// owner or its group, or may have none. Then no namespace below that has one either.
	NoUID, NoGID bool
	Doubts       []string // why the two ids may stand for others; none if they do
}

// Found is a program that was found.
type Found struct {
	Inode
	Path    string // from the task's root directory, through no symbolic link
	ACL     bool   // it has an access control list (acl(5)), which is not examined
	Regular bool   // it is a regular file; nothing below is known of others
	Mount   task.Value[MountOptions]
	Head    task.Value[[]byte] // its first bytes, at most HeadSize
	Caps    task.Value[[]byte] // the attribute security.capability; nil if it has none
	// CapsForeign is set if the kernel hides the attribute because it is for a user
	// namespace that the reader cannot see (EOVERFLOW).
	CapsForeign bool
}

// MountOptions are the options of a mount that decide what its programs can do.
type MountOptions struct {
	NoSuid bool // its programs give no privilege: see [capset.File]
	NoExec bool // nobody executes its programs
}

// HeadSize is how many of its first bytes tell what a program is: the headers of an ELF file
// lie there, and the name of its loader.
const HeadSize = 4096

// scriptSize is how many bytes of a program the kernel looks at for "#!"
// (include/uapi/linux/binfmts.h, BINPRM_BUF_SIZE; 256 since Linux 5.1).
const scriptSize = 256

// Prediction is what execve(2) of a file would give a task.
type Prediction struct {
	Task    *task.Task
	Image   string      // the image that starts so; "" if a task executes the file
	File    string      // as it was asked for
	Script  string      // the path of the script that was found for it; "" if it is none
	Program *Program    // the file whose attributes count; nil if none was found
	Result  string      // OK, or the errno's name, as "EPERM"
	Why     string      // of another result than OK
	Before  *task.Task  // the task, with what was asked for
	After   *task.Task  // the task afterwards; nil if there is another result than OK
	Steps   []task.Note // the rules that led to it, in the kernel's order
	Notes   []task.Note // what is remarkable about it
	Changes []Change    // what would make it another, or a failure none, least privilege first
	Assumed []task.Note // what it depends on and is not known

	file  capset.File        // what execve(2) goes by of Program, and
	after capset.Credentials // what it gives, if it does not fail
}

// Secure reports whether the program finds AT_SECURE set (getauxval(3)).
func (p *Prediction) Secure() bool {
	return p.After != nil && slices.ContainsFunc(p.Steps, func(n task.Note) bool { return n.Code == "secure-execution" })
}

// Program is a file that would be executed.
type Program struct {
	Path     string           // from the task's root directory, through no symbolic link
	Mode     uint32           // its permission bits
	UID, GID uint32           // of its owner, as the reader sees them
	Caps     *capset.FileCaps // nil if it has none, or none are known because they do not count
	None     bool             // it is known to have no capabilities
	NoSuid   bool             // it gives nothing where it is
}

// OK is the result of an execve(2) that would succeed.
const OK = "ok"

// NotExamined is what else an execve(2) may fail for, or depend on.
const NotExamined = "ACLs, security modules, writers (ETXTBSY), binfmt_misc, shared libraries, a root directory shared by CLONE_FS"

// Predict tells what execve(2) of a file would give the task. A file without a slash is
// looked for in PATH. The error says why nobody can tell; an execve(2) that fails is a
// prediction too.
func (s *Subject) Predict(file string) (*Prediction, error) {
	p, err := s.predict(file)
	if err != nil {
		return nil, err
	}
	if p.After != nil {
		p.Notes = append(p.Notes, p.After.ScopeNotes()...)
	}
	p.Assumed = s.Assumed()
	return p, nil
}

// predict is Predict without what was assumed, which is common to many predictions.
func (s *Subject) predict(file string) (*Prediction, error) {
	s.unknown = ""
	p := &Prediction{Task: s.Task, File: file, Before: s.asChanged()}
	err := s.execute(p)
	if unknown := s.known(file); unknown != nil {
		return nil, unknown
	}
	denied := deniedOf(err)
	if err == nil || denied != nil {
		s.advise(p, denied)
	}
	if denied != nil {
		p.Result, p.Why = denied.Errno, denied.Error()
		if denied.Path != "" {
			p.Why = denied.Path + ": " + p.Why
		}
		return p, nil
	}
	return p, err
}

// execute looks for the program, follows its "#!" and applies what it gives. The error is
// a *Denied if execve(2) fails.
func (s *Subject) execute(p *Prediction) error {
	f, err := s.lookFor(p)
	if err != nil {
		if f != nil { // it was found, and refused
			p.Program = programOf(f)
			p.Program.showCaps(f)
		}
		return err
	}
	for scripts := 0; ; scripts++ {
		p.Program = programOf(f)
		name, is, err := s.interpreterOf(f)
		switch {
		case err != nil:
			return err
		case !is:
			if err := s.load(f); err != nil {
				return err
			}
			return s.apply(f, p)
		}
		p.Script = cmp.Or(p.Script, f.Path)
		p.step("script", f.Path+" is a script: "+name+" is executed, and its attributes count")
		of := f
		if f, err = s.find(name); err != nil {
			if isErrno(err, "ENOENT") {
				s.noInterpreter(deniedOf(err), name, of)
			}
			return err
		}
		if scripts == maxScripts {
			return &Denied{"ELOOP", f.Path, "the script's interpreter is a script, and so on for too long", nameInterpreter}
		}
	}
}

// interpreterOf returns what a script names as its interpreter. is reports whether the
// file is a script; one whose head is unknown is taken for none.
func (s *Subject) interpreterOf(f *Found) (name string, is bool, err error) {
	head, ok := f.Head.Get()
	if !ok {
		s.Assume("script", f.Path+" is not a script: "+f.Head.Why())
		return "", false, nil
	}
	name, what := interpreter(head[:min(len(head), scriptSize)], scriptSize)
	switch {
	case what == badScript:
		return "", true, &Denied{"ENOEXEC", f.Path, "its first line names no interpreter, or one too long", nameInterpreter}
	case what == goodScript && name == "": // which is the working directory
		return "", true, &Denied{"EACCES", f.Path, "its first line names an empty interpreter", nameInterpreter}
	}
	return name, what == goodScript, nil
}

// noInterpreter adds to an error that it is about the interpreter of a script.
func (s *Subject) noInterpreter(denied *Denied, name string, of *Found) {
	why := "it is the interpreter that " + of.Path + " names"
	if strings.HasSuffix(name, "\r") {
		why += ", with a carriage return at its end"
		denied.Changes = []Change{{s.choose("file", "image"), "end the lines of the script as Unix does: sed -i 's/[[:cntrl:]]$//' " + of.Path}}
	}
	denied.Why = why
}

// nameInterpreter changes what is wrong with a script.
var nameInterpreter = []Change{{"program", "begin the script with #! and the path of a program that is not a script, within 255 bytes"}}

// apply fills in what the program gives.
func (s *Subject) apply(f *Found, p *Prediction) error {
	if !f.Mount.Known() {
		s.Assume("mount", "the mount of "+f.Path+" has neither nosuid nor noexec: "+f.Mount.Why())
	}
	file, err := s.File(f)
	if err != nil {
		return err
	}
	if f.Caps.Zero() != nil {
		p.Program.Caps = file.Caps
	}
	after, steps, err := s.exec(f, file)
	for _, step := range steps {
		p.step(step.Code, step.Text)
	}
	if err != nil {
		missing := s.missing(file.Caps)
		return &Denied{
			"EPERM", f.Path, "the file is marked effective, and the Bounding set lacks its " + missing.String(),
			s.forced(f, file.Caps, missing),
		}
	}
	p.file, p.after = file, after
	p.Result, p.After = OK, s.with(&after)
	return nil
}

func (p *Prediction) step(code, text string) {
	p.Steps = append(p.Steps, task.Note{Code: code, Text: text})
}

// programOf returns a program without its capabilities: whether they count is not known
// yet.
func programOf(f *Found) *Program {
	caps, known := f.Caps.Get()
	return &Program{Path: f.Path, Mode: f.Mode, UID: f.UID, GID: f.GID, NoSuid: f.Mount.Zero().NoSuid, None: known && caps == nil && f.Regular}
}

// showCaps gives a program the capabilities that it has, whether they count or not.
func (p *Program) showCaps(f *Found) {
	if caps, err := capset.ParseFileCaps(f.Caps.Zero()); err == nil {
		p.Caps = &caps
	}
}
