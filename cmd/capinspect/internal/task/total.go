// SPDX-License-Identifier: Apache-2.0

package task

import (
	"strconv"

	"github.com/capinspect/capinspect/capset"
)

// Total counts tasks by what they hold, and says it in a line.
type Total struct {
	Processes, Kernel, Threads int // kernel threads are no processes, and Threads are no leaders
	Privileged                 int // that hold anything in any set but Bounding
	Children                   int // of these, in a child user namespace
	Everything                 int // that hold all that their kernel knows, and are in none
	Open                       int // that hold less, and the node is open to them
	Unknown                    int // whose sets are not known
}

// Count counts a task.
func (n *Total) Count(t *Task) {
	switch {
	case t.KernelThread:
		n.Kernel++
	case t.Tid.Known() && t.Pid != t.Tid:
		n.Threads++
	default:
		n.Processes++
	}
	held := t.Held()
	switch {
	case held|t.Sets[capset.Inheritable].Zero()|t.Sets[capset.Ambient].Zero() != 0:
		n.Privileged++
	case !t.Sets[capset.Effective].Known() || !t.Sets[capset.Permitted].Known():
		n.Unknown++
	}
	switch {
	case held == 0:
	case t.InChildUserNamespace():
		n.Children++
	case t.InSandbox():
	case t.holdsAll():
		n.Everything++
	case Is(t.UserNamespace.Zero().Initial, true) && t.worst(held) > 0:
		n.Open++
	}
}

// Add adds what another total has counted.
func (n *Total) Add(more Total) {
	n.Processes += more.Processes
	n.Kernel += more.Kernel
	n.Threads += more.Threads
	n.Privileged += more.Privileged
	n.Children += more.Children
	n.Everything += more.Everything
	n.Open += more.Open
	n.Unknown += more.Unknown
}

// String returns the line.
func (n *Total) String() string {
	var who []string
	for _, part := range [...]struct {
		n          int
		one, other string
	}{
		{n.Processes, "process", "processes"}, {n.Threads, "thread", "threads"}, {n.Kernel, "kernel thread", "kernel threads"},
	} {
		if part.n > 0 {
			who = append(who, Counted(part.n, part.one, part.other))
		}
	}
	if who == nil {
		return "nothing"
	}
	return And(who) + n.Held("privileged")
}

// Held returns the part of the line that says what is held, with a word for those that hold
// anything.
func (n *Total) Held(holding string) string {
	text := ", " + number(n.Privileged) + " " + holding
	if n.Children > 0 {
		text += " (" + number(n.Children) + " in a child user namespace)"
	}
	if n.Everything > 0 {
		text += ", " + number(n.Everything) + " with everything"
	}
	more := ""
	if n.Everything > 0 {
		more = " more"
	}
	if n.Open > 0 {
		text += ", " + number(n.Open) + more + " to which the node is open"
	}
	if n.Unknown > 0 {
		text += ", " + number(n.Unknown) + " unknown"
	}
	return text
}

// number writes how many there are.
func number(n int) string {
	if n == 0 {
		return "none"
	}
	return strconv.Itoa(n)
}

// Counted returns how many things there are, and what they are called.
func Counted(n int, one, other string) string {
	if n != 1 {
		one = other
	}
	return strconv.Itoa(n) + " " + one
}
