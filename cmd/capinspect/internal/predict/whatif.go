// SPDX-License-Identifier: Apache-2.0

package predict

import (
	"fmt"
	"slices"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// WhatIf changes what is known of a task before execve(2) is predicted for it.
type WhatIf struct {
	Start      *Start             // what it holds instead of its own; nil for its own
	Securebits *capset.Securebits // nil as they are, or 0 where they are unknown
	NoNewPrivs bool               // true for a task that has it set
	UID, GID   *uint32            // all four of them, as the reader sees them; nil as they are
	// Entrypoint gives the task all of its Bounding set in Permitted and Effective, with
	// which containerd executes the program of a container, whatever its user.
	Entrypoint bool
	// Drop is taken from all sets, and then Add is added to those that a runtime adds to:
	// Permitted, Effective and Bounding.
	Drop, Add capset.Set
	Path      string // where a bare name is looked for; "" for the usual
}

// Start is what a container has when it starts.
type Start struct {
	Who         string             // as "container app"
	Credentials capset.Credentials // with the ids of its own user namespace
	Assumed     []task.Note        // what was asked for, and what is not known of it
}

// AllCaps stands in a WhatIf for all capabilities, as many as there are.
const AllCaps = ^capset.Set(0)

// Change makes of the task what is asked for. It is called once, before Predict, also if
// nothing is asked for: it lists the securebits as assumed if they are unknown.
func (s *Subject) Change(what *WhatIf) error {
	c, known := &s.Credentials, capset.UpTo(s.How.Last)
	if !what.Add.Within(known) && what.Add != AllCaps {
		return fmt.Errorf("its kernel does not have capability %d", what.Add.Last())
	}
	if what.Start != nil {
		s.become(what.Start)
	}
	switch {
	case what.Securebits != nil:
		c.Securebits = *what.Securebits
	case what.Start == nil && !s.Task.Securebits.Known():
		c.Securebits = 0
		s.Assume("securebits", "its securebits are 0: only the task itself can read them")
	}
	c.NoNewPrivs = c.NoNewPrivs || what.NoNewPrivs
	if what.UID != nil {
		id, _ := s.Users.In(*what.UID)
		c.UID = task.AllIDs(id)
	}
	if what.GID != nil {
		id, _ := s.Groups.In(*what.GID)
		c.GID = task.AllIDs(id)
	}
	if what.Entrypoint {
		c.Sets[capset.Permitted], c.Sets[capset.Effective] = c.Sets[capset.Bounding], c.Sets[capset.Bounding]
	}
	for k := range c.Sets {
		c.Sets[k] &^= what.Drop
	}
	for _, k := range [...]capset.Kind{capset.Permitted, capset.Effective, capset.Bounding} {
		c.Sets[k] |= what.Add & known
	}
	if what.Path != "" {
		s.Path = what.Path
	}
	for _, n := range what.asked() {
		s.Assume(n.Code, n.Text)
	}
	s.changed = nil
	return nil
}

// become gives the task what a container has when it starts.
func (s *Subject) become(start *Start) {
	c := start.Credentials
	c.Groups = slices.Clone(c.Groups)
	for k := range c.Sets {
		c.Sets[k] &= capset.UpTo(s.How.Last)
	}
	s.Credentials, s.who = c, start.Who
	for _, n := range start.Assumed {
		s.Assume(n.Code, n.Text)
	}
}

// asked lists what is asked for.
func (w *WhatIf) asked() (list []task.Note) {
	add := func(code, text string) { list = append(list, task.Note{Code: code, Text: text + ", as you asked"}) }
	if w.Securebits != nil {
		add("securebits", "its securebits are "+task.Decimal(uint32(*w.Securebits)))
	}
	if w.NoNewPrivs {
		add("no-new-privs", "no_new_privs is set")
	}
	if w.UID != nil {
		add("uid", "all its user ids are "+task.Decimal(*w.UID))
	}
	if w.GID != nil {
		add("gid", "all its group ids are "+task.Decimal(*w.GID))
	}
	if w.Entrypoint {
		add("entrypoint", "its Permitted and Effective sets are its Bounding set")
	}
	if w.Drop != 0 {
		add("drop", "it lacks "+namesOf(w.Drop))
	}
	if w.Add != 0 {
		add("add", "its Permitted, Effective and Bounding sets have "+namesOf(w.Add))
	}
	return list
}

// namesOf names the capabilities of a set of a WhatIf.
func namesOf(set capset.Set) string {
	if set == AllCaps {
		return "all capabilities"
	}
	return set.String()
}
