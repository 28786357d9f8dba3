// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"path"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Threads says which threads of a process are looked at.
type Threads uint8

// The choices.
const (
	Leaders   Threads = iota // the leader of each process
	Differing                // and the threads that have other rights than it
	AllThreads
)

// Query says which tasks a walk visits, and what it finds out of each.
type Query struct {
	Pids        []int // these processes; nil is all
	Threads     Threads
	KernelToo   bool    // do not leave out kernel threads; those among Pids never are
	Privileged  bool    // only tasks that hold anything
	Holding     []Held  // only tasks that hold any of these
	Name        string  // only tasks whose comm matches the pattern, see path.Match
	UID         *uint32 // only tasks of this effective user id
	ContainerID string  // only tasks of the container or pod whose id starts so
	Container   bool    // find out the container
	// NameContainer names the container and its pod, as far as somebody has told their
	// names; nil if nobody has.
	NameContainer func(*task.Container)
	UserNamespace bool // find out the user namespace
	// MarkChildren finds out whether the user namespace is a child one of a task that holds
	// something: if the query is selective of each, else of those whose status file gives a
	// sign of it.
	MarkChildren bool
	UserNames    bool // find out the names of user ids
	Surroundings bool // find out the namespaces and the label of the security module
	StartTime    bool // find out when the task started
	Workers      int  // how many tasks are read at the same time; 0 is as many as processors
}

// Self among Pids is capinspect's own process.
const Self = -1

// Held is capabilities in one set, or in any but Bounding.
type Held struct {
	Kind capset.Kind
	Any  bool // in Permitted, Effective, Inheritable or Ambient
	Caps capset.Set
}

// in reports whether a state holds any of the capabilities.
func (h *Held) in(s *capset.State) bool {
	if !h.Any {
		return s[h.Kind]&h.Caps != 0
	}
	return held(s)&h.Caps != 0
}

// onlyBounding reports whether the capabilities are looked for in Bounding, which limits
// and gives nothing.
func (h *Held) onlyBounding() bool { return h.Kind == capset.Bounding && !h.Any }

// held is what makes a task privileged: what it has in any set but Bounding.
func held(s *capset.State) capset.Set {
	return s[capset.Inheritable] | s[capset.Permitted] | s[capset.Effective] | s[capset.Ambient]
}

// selective reports whether the query asks for what tasks hold.
func (q *Query) selective() bool { return q.Privileged || len(q.Holding) > 0 }

// Matches reports whether a task is one that the query asks for, by what it holds, its user,
// its container and its name.
func (q *Query) Matches(t *task.Task) bool {
	state := t.State()
	switch c := t.Container.Zero(); {
	case q.Privileged && held(&state) == 0 || len(q.Holding) > 0 && !q.holds(&state):
		return false
	case q.UID != nil && (!t.UID.Known() || t.UID.Zero().Effective != *q.UID):
		return false
	case q.ContainerID != "" && (c == nil || !slices.ContainsFunc([]string{c.ID, c.PodUID, c.PodID}, func(id string) bool { return strings.HasPrefix(id, q.ContainerID) })):
		return false
	case q.Name != "":
		ok, _ := path.Match(flat(q.Name), flat(t.Name.Zero()))
		return ok
	}
	return true
}

// flat makes a name, or a pattern of names, one that path.Match takes as one part of a
// path.
func flat(name string) string { return strings.ReplaceAll(name, "/", "\x01") }

// Unfiltered returns the query without what [Query.Matches] goes by.
func (q Query) Unfiltered() Query {
	q.Privileged, q.Holding, q.UID, q.ContainerID, q.Name = false, nil, nil, "", ""
	return q
}

func (q *Query) holds(state *capset.State) bool {
	for i := range q.Holding {
		if q.Holding[i].in(state) {
			return true
		}
	}
	return false
}

// Walked is what a walk came to besides the tasks.
type Walked struct {
	Visited  int // how many tasks met the query
	Others   int // how many processes were read besides capinspect's own
	Refused  int // how many may not be read
	Kernel   int // how many kernel threads were left out
	Failures []*Failure
}

func (w *Walked) add(more Walked) {
	w.Visited += more.Visited
	w.Others += more.Others
	w.Refused += more.Refused
	w.Kernel += more.Kernel
	w.Failures = append(w.Failures, more.Failures...)
}

// Failure is a task that could not be read.
type Failure struct {
	Pid int
	Err error
}
