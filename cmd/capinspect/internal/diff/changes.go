// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"cmp"
	"slices"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Kind is what became of a task between two lists.
type Kind string

// The kinds.
const (
	Appeared Kind = "appeared"
	Gone     Kind = "gone"
	Changed  Kind = "changed"
)

// Change is a task that two lists do not have alike.
type Change struct {
	Kind   Kind
	Task   *task.Task // as it is, or as it was if it is gone
	Before *task.Task // of one that has changed
	Sets   []SetDifference
	Values []ValueDifference
}

// Changes compares two lists of tasks of one node and boot. A task is the same one if it has
// the same thread id and start time: a pid is used again. A start time that is unknown is
// taken for the same. Only what both lists say about a task can have changed; its name, its
// state and its parent are not looked at. The changes are in the order of pid and thread id,
// and of one number the task that is gone comes first.
func Changes(before, after []*task.Task) []Change {
	var list []Change
	was := make(map[int]*task.Task, len(before))
	for _, t := range before {
		was[number(t)] = t
	}
	for _, t := range after {
		old := was[number(t)]
		if old == nil || !sameStart(old, t) {
			list = append(list, Change{Kind: Appeared, Task: t})
			continue
		}
		delete(was, number(t))
		d := Compare(&Side{Task: old}, &Side{Task: t}, capset.Effective)
		if !d.Equal() {
			list = append(list, Change{Kind: Changed, Task: t, Before: old, Sets: d.Sets, Values: d.Values})
		}
	}
	for _, t := range was {
		list = append(list, Change{Kind: Gone, Task: t})
	}
	slices.SortFunc(list, func(a, b Change) int {
		return cmp.Or(
			cmp.Compare(a.Task.Pid.Zero(), b.Task.Pid.Zero()),
			cmp.Compare(number(a.Task), number(b.Task)),
			cmp.Compare(b.Kind, a.Kind), // gone before appeared
		)
	})
	return list
}

// number returns the number of a task, which another one may have later.
func number(t *task.Task) int { return t.Tid.Or(t.Pid.Zero()) }

func sameStart(a, b *task.Task) bool {
	return !a.StartTime.Known() || !b.StartTime.Known() || a.StartTime.Zero() == b.StartTime.Zero()
}

// Gains reports whether the task has a capability in any set that it had not.
func (c *Change) Gains() bool {
	return slices.ContainsFunc(c.Sets, func(d SetDifference) bool { return d.More != 0 })
}

// Loses reports whether the task lacks a capability in any set that it had.
func (c *Change) Loses() bool {
	return slices.ContainsFunc(c.Sets, func(d SetDifference) bool { return d.Less != 0 })
}
