// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect/root"
	"github.com/capinspect/capinspect/procstatus"
)

// subject is a task as execve(2) goes by it. Its credentials have the ids of its own
// user namespace.
type subject struct {
	collector *Collector
	handle    procstatus.Task // its process, if opened
	opened    bool            // there is a procfs that has it
	record    *Record
	root      *root.Root
	files     files // those of root, by which ids have names, and their id maps
	maps      [2]procstatus.IDMap
	users     insideIDs
	groups    insideIDs
	nested    bool // its user namespace is neither capinspect's nor right below that
	task      capset.Credentials
	before    *Record // the task with these
	how       capset.Circumstances
	path      string // PATH
	assumed   []Note
}

// subject returns a task, changed by what was asked for.
func (c *Collector) subject(task string, what *WhatIf) (*subject, error) {
	s := &subject{collector: c, record: new(Record), path: what.Path}
	err := s.read(task)
	for _, step := range [...]func() error{
		s.openRoot, s.credentials, s.circumstances, func() error { return s.change(what) },
	} {
		if err == nil {
			err = step()
		}
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *subject) close() {
	if s.root != nil {
		s.root.Close()
	}
	s.handle.Close()
}

// assume lists something that is not known, once.
func (s *subject) assume(code, text string) {
	if n := (Note{code, text}); !slices.Contains(s.assumed, n) {
		s.assumed = append(s.assumed, n)
	}
}

// read reads the task.
func (s *subject) read(target string) error {
	c, own, hidden := s.collector, target == self, error(nil)
	task, err := c.handle(target)
	if err != nil {
		return err
	}
	if c.proc != nil {
		s.handle, err = task.Open()
		s.opened, hidden = err == nil, plain(err)
		if err != nil && (!own || c.opts.Proc != "") {
			return hidden
		}
	}
	if !s.opened {
		return c.alone(task, own, s.record, hidden)
	}
	return c.whole(s.handle, s.record)
}

// openRoot opens the root directory of the task.
func (s *subject) openRoot() error {
	c := s.collector
	var mounts []procstatus.Mount
	if s.opened {
		mounts, _ = s.handle.Mounts() // without it, the root directory cannot be opened
	}
	from, users, groups, err := c.filesOf(s.handle, s.record, mounts)
	if err != nil {
		return err
	}
	s.files, s.maps = from, [2]procstatus.IDMap{users, groups}
	if under, ok := from.(*root.Root); ok {
		s.root = under
		return nil
	}
	s.root, err = root.OpenOwn(c.proc)
	return err
}

// execNeeds are the lines of the status file that execve(2) goes by.
var execNeeds = [...]procstatus.Field{
	procstatus.FieldUID, procstatus.FieldGID, procstatus.FieldGroups, procstatus.FieldCapInh,
	procstatus.FieldCapPrm, procstatus.FieldCapEff, procstatus.FieldCapBnd,
}

// credentials finds out those of the task.
func (s *subject) credentials() (err error) {
	r := s.record
	if s.task, err = r.credentials(execNeeds[:]...); err != nil {
		return err
	}
	if err := s.translate(); err != nil {
		return err
	}
	s.task.UID, s.task.GID = s.users.all(s.task.UID), s.groups.all(s.task.GID)
	for i, g := range s.task.Groups {
		s.task.Groups[i], _ = s.groups.in(g)
	}
	if !r.Status.Has(procstatus.FieldNoNewPrivs) {
		s.assume("no-new-privs", "no_new_privs is not set: "+r.Why("noNewPrivs"))
	}
	for _, n := range r.Notes {
		if n.Code == "overflow-id" {
			s.assume(n.Code, n.Text)
		}
	}
	return nil
}

// translate finds out how ids are translated into those of the task's user
// namespace.
func (s *subject) translate() error {
	r, ns := s.record, s.record.UserNamespace
	if r.Self || ns != nil && ns.Own {
		return nil
	}
	if ns == nil || ns.UIDMap == nil || ns.GIDMap == nil {
		return errors.New("its id maps are hidden")
	}
	if ns.ID == 0 && ns.UIDMap.Whole() && ns.UIDMap[0].Outside == 0 { // of whichever namespace
		return nil
	}
	s.users.m, s.groups.m = ns.UIDMap, ns.GIDMap
	above, err := s.handle.ParentUserNamespace()
	s.nested = err != nil || above != s.collector.reader().namespaces[procstatus.NamespaceUser]
	return nil
}

// circumstances finds out what else execve(2) goes by.
func (s *subject) circumstances() error {
	c, r := s.collector, s.record
	s.how.Last = r.LastCap.Value
	s.how.ComparesReal = olderThan(Kernel().Release, 6, 16)
	if s.opened {
		s.foreignMounts()
	}
	tracer := r.Status.TracerPid
	if tracer == 0 {
		return nil
	}
	pid := strconv.Itoa(tracer)
	status, err := c.proc.Task(tracer).Status()
	if err != nil {
		return fmt.Errorf("PID %s, which traces it: %w", pid, plain(err))
	}
	state := status.CapState()
	user, err := c.proc.Task(tracer).Namespace(procstatus.NamespaceUser)
	own := &r.Namespaces[procstatus.NamespaceUser]
	s.how.Traced = !state[capset.Effective].Has(capset.SysPtrace) ||
		err == nil && user != own.ID && isInitial(procstatus.NamespaceUser, user) != Yes
	s.assume("tracer", "PID "+pid+", which traces it, "+
		[...]string{"has", "lacks"}[b2i(s.how.Traced)]+" cap_sys_ptrace over it, as now")
	return nil
}

// foreignMounts says so if its mounts belong to a user namespace that is neither its
// own nor capinspect's: one below these can mount what gives nothing above it
// (fs/namespace.c, mnt_may_suid).
func (s *subject) foreignMounts() {
	owner, err := s.handle.OwnerOf(procstatus.NamespaceMnt)
	r := s.record
	own := r.Namespaces[procstatus.NamespaceUser].ID
	if err == nil && own != 0 && owner != own && owner != s.collector.reader().namespaces[procstatus.NamespaceUser] {
		s.assume("mounts", "its file systems were mounted in its user namespace, or in one above that")
	}
}

// change makes of the task what was asked for.
func (s *subject) change(what *WhatIf) error {
	t, known := &s.task, capset.UpTo(s.how.Last)
	if !what.Add.Within(known) && what.Add != AllCaps {
		return fmt.Errorf("its kernel does not have capability %d", what.Add.Last())
	}
	if what.Securebits != nil {
		t.Securebits = *what.Securebits
	} else if !s.record.Known("securebits") {
		t.Securebits = 0
		s.assume("securebits", "its securebits are 0: only the task itself can read them")
	}
	t.NoNewPrivs = t.NoNewPrivs || what.NoNewPrivs
	if what.UID != nil {
		id, _ := s.users.in(*what.UID)
		t.UID = capset.IDs{Real: id, Effective: id, Saved: id, Filesystem: id}
	}
	if what.GID != nil {
		id, _ := s.groups.in(*what.GID)
		t.GID = capset.IDs{Real: id, Effective: id, Saved: id, Filesystem: id}
	}
	if what.Entrypoint {
		t.Sets[capset.Permitted], t.Sets[capset.Effective] = t.Sets[capset.Bounding], t.Sets[capset.Bounding]
	}
	for k := range t.Sets {
		t.Sets[k] &^= what.Drop
	}
	for _, k := range [...]capset.Kind{capset.Permitted, capset.Effective, capset.Bounding} {
		t.Sets[k] |= what.Add & known
	}
	s.assumed = append(s.assumed, what.asked()...)
	s.before = s.with(t)
	return nil
}
