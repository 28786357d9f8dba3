// SPDX-License-Identifier: Apache-2.0

package predict

import (
	"errors"
	"slices"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// Subject is a task as execve(2) goes by it. [New] makes one; the caller fills in what the
// task alone does not tell.
type Subject struct {
	Task        *task.Task
	Credentials capset.Credentials // with the ids of its own user namespace
	How         capset.Circumstances
	Users       InsideIDs // between the ids that the reader sees and those in there
	Groups      InsideIDs
	// Between returns the uids that are root in the user namespaces between the task's and the
	// reader's, as the reader sees them; nil if there are no such namespaces.
	Between func() task.Value[[]uint32]
	// HowTraced says what decides whether How.Traced or its opposite holds, and why that is
	// unknown; "" if it is known.
	HowTraced string
	// OwnUsers is the map of the reader's own user namespace, to the ids of the one above
	// it; nil if it is unknown.
	OwnUsers procstatus.IDMap
	Path     string // where a bare name is looked for, directories separated by colons; "" for the usual
	Finder   Finder
	// Architecture is whose programs the kernel executes; nil if it is not known, and then
	// the formats of programs are not looked at.
	Architecture *Architecture
	Outside      bool   // it is known to be in no container
	who          string // who it is instead of the task; "" for the task itself
	way          string // what opens the file or directory that was refused last, before its path
	unknown      string // what the prediction depends on and nobody can tell; "" if there is nothing

	changed *task.Task  // the task with Credentials
	assumed []task.Note // what is not known, and taken for granted
}

// New returns a task as execve(2) goes by it, as far as the task itself tells. The error
// says what is unknown that execve(2) goes by.
func New(t *task.Task) (*Subject, error) {
	c, err := t.Credentials(true)
	if err != nil {
		return nil, err
	}
	s := &Subject{Task: t, Credentials: c, How: capset.Circumstances{Last: t.LastCap.Value}}
	if s.Users.Map, s.Groups.Map, err = idMaps(t); err != nil {
		return nil, err
	}
	in := &s.Credentials
	in.UID, in.GID = s.Users.AllIn(c.UID), s.Groups.AllIn(c.GID)
	for i, g := range in.Groups {
		in.Groups[i], _ = s.Groups.In(g)
	}
	if !t.NoNewPrivs.Known() {
		s.Assume("no-new-privs", "no_new_privs is not set: "+t.NoNewPrivs.Why())
	}
	if t.Overflow != "" {
		s.Assume("overflow-id", t.Overflow)
	}
	return s, nil
}

// idMaps returns the maps between the ids that the reader sees and those of the task's
// user namespace. They are nil if the ids are the same.
func idMaps(t *task.Task) (users, groups procstatus.IDMap, err error) {
	ns, known := t.UserNamespace.Get()
	if t.Self || known && ns.Own {
		return nil, nil, nil
	}
	users, hasUsers := ns.UIDMap.Get()
	groups, hasGroups := ns.GIDMap.Get()
	switch {
	case !hasUsers || !hasGroups:
		return nil, nil, errors.New("its id maps are hidden")
	case !ns.ID.Known() && users.Whole() && users[0].Outside == 0: // whichever namespace it is
		return nil, nil, nil
	}
	return users, groups, nil
}

// Assume lists something that is not known and is taken for granted, once.
func (s *Subject) Assume(code, text string) {
	if n := (task.Note{Code: code, Text: text}); !slices.Contains(s.assumed, n) {
		s.assumed = append(s.assumed, n)
	}
}

// Assumed returns what was taken for granted so far.
func (s *Subject) Assumed() []task.Note { return slices.Clone(s.assumed) }

// asChanged returns the task with the credentials that the prediction is for.
func (s *Subject) asChanged() *task.Task {
	if s.changed == nil {
		s.changed = s.with(&s.Credentials)
	}
	return s.changed
}

// with returns the task with other credentials, which are those of its own user
// namespace. What the kernel does not say about the task stays unknown, but for the
// securebits.
func (s *Subject) with(c *capset.Credentials) *task.Task {
	t := *s.Task
	t.Notes = nil
	for k, v := range t.Sets {
		t.Sets[k] = task.Map(v, func(capset.Set) capset.Set { return c.Sets[k] })
	}
	uid, gid := s.Users.AllOut(c.UID), s.Groups.AllOut(c.GID)
	t.UID, t.GID = task.Known(uid), task.Known(gid)
	t.Host = task.Map(t.Host, func(task.HostIDs) task.HostIDs { return task.HostIDs{UID: uid, GID: gid} })
	t.Securebits = task.Known(c.Securebits)
	t.NoNewPrivs = task.Map(t.NoNewPrivs, func(bool) bool { return c.NoNewPrivs })
	return &t
}
