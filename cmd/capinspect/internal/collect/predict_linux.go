// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect/place"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect/root"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect/userdb"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/predict"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/why"
	"github.com/capinspect/capinspect/procstatus"
)

// Predict tells what execve(2) of a file would give a task, a pid or "self", with what is
// asked for. A file without a slash is looked for in PATH.
func (c *Collector) Predict(target, file string, what *predict.WhatIf) (*predict.Prediction, error) {
	s, err := c.changed(target, what)
	if err != nil {
		return nil, err
	}
	defer s.close()
	p, err := s.Predict(file)
	if err == nil && p.After != nil {
		c.place.Names(p.After, s.files)
	}
	return p, err
}

// changed returns a task whose root directory is open, changed by what is asked for.
func (c *Collector) changed(target string, what *predict.WhatIf) (*subject, error) {
	s, err := c.subject(target)
	if err != nil {
		return nil, err
	}
	if err = s.hidden; err == nil {
		err = s.start()
	}
	if err == nil {
		err = s.Change(what)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// UserID returns the id of a user whom the passwd below a task's root names. inside is for
// the id of the task's user namespace: otherwise it is the one that the reader sees.
func (c *Collector) UserID(target, name string, inside bool) (uint32, error) {
	s, err := c.subject(target)
	if err != nil {
		return 0, err
	}
	defer s.close()
	if s.hidden != nil {
		return 0, s.hidden
	}
	if err := s.start(); err != nil {
		return 0, err
	}
	id, err := userdb.UserID(s.root, name)
	if err == nil && !inside {
		id = s.Users.Out(id)
	}
	return id, err
}

// Scan looks below a directory for the programs that give something to whoever executes them,
// and tells what each would give a task. The path of the directory goes from the root
// directory of the task, or from its working directory. all is for the file systems mounted
// there too, and step is called now and then.
func (c *Collector) Scan(target, dir string, all bool, what *predict.WhatIf, step func()) (*predict.Scan, error) {
	if dir == "" {
		return nil, errors.New("want the path of a directory, and it is empty")
	}
	s, err := c.changed(target, what)
	if err != nil {
		return nil, err
	}
	defer s.close()
	path, err := s.absolute(dir)
	if err != nil {
		return nil, err
	}
	scan := s.Scan(dir)
	failed := func(path string, err error) { scan.Fail(fmt.Errorf("%s: %s", path, place.Reason(err))) }
	tree := root.Tree{
		All: all, Step: step, By: visitor{s, s.Subject}, Failed: failed,
		Found: func(p *root.Program) {
			if err := scan.Add(s.found(p)); err != nil {
				failed(p.Path, err)
			}
		},
	}
	if err := s.root.Search(path, &tree); err != nil {
		return nil, err
	}
	scan.Files, scan.Dirs, scan.Closed, scan.Others = tree.Files, tree.Dirs, tree.Closed, tree.Others
	scan.Finish()
	return scan, nil
}

// Why says why capabilities of a task, a pid or "self", are effective or are not.
func (c *Collector) Why(target string, about why.Asked) (*why.Answers, error) {
	s, err := c.subject(target)
	if err != nil {
		return nil, err
	}
	defer s.close()
	switch err := s.start(); {
	case err != nil && !c.live: // a copy of /proc that lacks files
		return why.Of(s.task, about)
	case err != nil:
		return nil, err
	}
	asked := why.Subject{Task: s.task, Credentials: s.Credentials, How: s.How, Sysctls: s.sysctls(about.Settings()), Outside: s.outside()}
	if s.from.proc != nil && s.from.live {
		asked.NodeRoot = known(s.from.proc.NodeRoot())
	}
	if !s.task.Self { // whose program is capinspect
		hidden := s.hidden
		if hidden == nil {
			hidden = s.running(&asked)
		}
		if hidden != nil {
			s.Assume("program", "its program has no file capabilities: "+hidden.Error())
		}
	}
	asked.Files = s.executed(about.Operations)
	asked.Assumed = s.Assumed()
	return asked.Answers(about), nil
}

// executed finds out what the files of programs would come to that operations are about. What
// is not there, or depends on something that is unknown, is left out.
func (s *subject) executed(operations []why.Operation) map[string]*why.Executed {
	found := map[string]*why.Executed{}
	for i := range operations {
		name := operations[i].File()
		if name == "" || s.hidden != nil {
			continue
		}
		p, err := s.Predict(name)
		if err != nil || p.Program == nil {
			continue
		}
		of := &why.Executed{Path: p.Program.Path, Bit: p.Program.Mode&0o4000 != 0 && p.Program.UID == 0}
		if p.Result != predict.OK {
			of.Fails = p.Result
		} else {
			of.Has = p.After.Sets[capset.Effective].Zero()
		}
		found[name] = of
	}
	return found
}

// outside reports whether the task is known to be in no container. Where its namespaces are
// hidden, it has its number in that of the node alone.
func (s *subject) outside() bool {
	initial := s.task.Initial(procstatus.NamespacePID)
	if s.task.InContainer() || !s.opened {
		return false
	}
	return initial.Or(task.Is(s.from.place.InInitial(procstatus.NamespacePID), true) && len(s.task.NSPid.Zero()) == 1)
}

// running finds out what the program gives that the task executed last.
func (s *subject) running(asked *why.Subject) error {
	path, _, err := s.below("exe")
	if err != nil {
		return err
	}
	fd, err := s.handle.OpenPath("exe")
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	program, err := s.root.Open(fd, path)
	if err != nil {
		return err
	}
	file, err := s.File(s.found(program))
	if err != nil {
		return err
	}
	if file.Caps != nil {
		if counts := s.Counts(file.Caps); !counts.Known() {
			s.Assume("file-capabilities", "those of its program do not count: "+counts.Why())
		}
	}
	asked.Program, asked.Path = &file, path
	return nil
}

// sysctls reads those of the machine that are asked for, and those of the namespaces that
// the task shares with capinspect: a procfs has those of who reads it.
func (s *subject) sysctls(others []string) (found why.Sysctls) {
	c := s.from
	if c.proc == nil || !c.live {
		return found
	}
	shares := func(k procstatus.NamespaceKind) bool {
		return s.task.Self || task.Is(s.task.Namespace(k).WithSelf, true)
	}
	read := func(name string) task.Value[string] {
		text, err := c.proc.Sysctl(strings.ReplaceAll(name, ".", "/"))
		if errors.Is(err, fs.ErrNotExist) {
			return task.Unknown[string](why.NotInKernel)
		}
		return known(strings.Join(strings.Fields(text), " "), err)
	}
	if shares(procstatus.NamespaceNet) {
		found.UnprivilegedPorts, found.PingGroups = read("net.ipv4.ip_unprivileged_port_start"), read("net.ipv4.ping_group_range")
	}
	found.Others = map[string]task.Value[string]{}
	for _, name := range others {
		if !strings.HasPrefix(name, "user.") || shares(procstatus.NamespaceUser) {
			found.Others[name] = read(name)
		}
	}
	return found
}
