// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"cmp"
	"slices"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Kind is what became of a task, or of a container, between two lists.
type Kind string

// The kinds.
const (
	Appeared Kind = "appeared"
	Gone     Kind = "gone"
	Changed  Kind = "changed"
)

// Delta is what became of something between two lists, and in what it has changed.
type Delta struct {
	Kind   Kind
	Sets   []SetDifference
	Values []ValueDifference
}

// Change is a task that two lists do not have alike.
type Change struct {
	Delta
	Task   *task.Kept // as it is, or as it was if it is gone
	Before *task.Kept // of one that has changed
}

// Changes compares two lists of tasks of one node and boot. A task is the same one if it has
// the same thread id and start time: a pid is used again. A start time that is unknown is
// taken for the same. Only what both lists say about a task can have changed; its name, its
// state and its parent are not looked at. The changes are in the order of pid and thread id,
// and of one number the task that is gone comes first.
func Changes(before, after []*task.Kept) []Change {
	var list []Change
	was := make(map[int]*task.Kept, len(before))
	for _, k := range before {
		was[k.Tid()] = k
	}
	for _, k := range after {
		old := was[k.Tid()]
		if old == nil || !sameStart(old.StartTime(), k.StartTime()) {
			list = append(list, Change{Delta: Delta{Kind: Appeared}, Task: k})
			continue
		}
		delete(was, k.Tid())
		if old.Alike(k) {
			continue
		}
		d := Compare(&Side{Task: old.Task()}, &Side{Task: k.Task()}, capset.Effective)
		if !d.Equal() {
			list = append(list, Change{Delta{Changed, d.Sets, d.Values}, k, old})
		}
	}
	for _, k := range was {
		list = append(list, Change{Delta: Delta{Kind: Gone}, Task: k})
	}
	slices.SortFunc(list, func(a, b Change) int {
		return cmp.Or(
			cmp.Compare(a.Task.Pid(), b.Task.Pid()),
			cmp.Compare(a.Task.Tid(), b.Task.Tid()),
			cmp.Compare(b.Kind, a.Kind), // gone before appeared
		)
	})
	return list
}

func sameStart(a, b task.Value[uint64]) bool {
	return !a.Known() || !b.Known() || a.Zero() == b.Zero()
}

// Gains reports whether it has a capability in any set that it had not, or something else
// that held it back is gone.
func (d *Delta) Gains() bool {
	return slices.ContainsFunc(d.Sets, func(d SetDifference) bool { return d.More != 0 }) ||
		slices.ContainsFunc(d.Values, func(v ValueDifference) bool { return v.freed() > 0 })
}

// Loses reports whether it lacks a capability in any set that it had, or something else
// holds it back.
func (d *Delta) Loses() bool {
	return slices.ContainsFunc(d.Sets, func(d SetDifference) bool { return d.Less != 0 }) ||
		slices.ContainsFunc(d.Values, func(v ValueDifference) bool { return v.freed() < 0 })
}

// Word returns in one word what became of it.
func (d *Delta) Word() string {
	switch {
	case d.Kind != Changed:
		return string(d.Kind)
	case d.Gains() && !d.Loses():
		return "gained"
	case d.Loses() && !d.Gains():
		return "lost"
	}
	return string(d.Kind)
}
