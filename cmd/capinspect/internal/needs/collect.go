// SPDX-License-Identifier: Apache-2.0

package needs

import (
	"cmp"
	"slices"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/denial"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Bounds on what is kept of a log of any length.
const (
	maxGroups  = 4096
	maxWaiting = 1 << 16 // processes of which the end has to show whether they survived
	maxPaths   = 8
)

// class is where a finding belongs.
type class int

const (
	needed class = iota
	perhaps
	survived
	child
	other
	used
	numClasses
)

// Collector takes the events of logs. The zero Collector is ready to use.
type Collector struct {
	groups   map[key]*group
	order    []*group
	waiting  map[int][]*group // by process
	waits    int
	ended    map[string]bool // programs of which a process ended with an error
	checks   map[int]*checks // those of the last call of each process
	tellsUse bool
	dropped  int
}

// key is what events have in common that one finding stands for.
type key struct {
	class                     class
	operation, errno, program string
	caps                      capset.Set
	reason                    string // the code of the first
}

// group is what events of one program have in common.
type group struct {
	class   class
	finding Finding
	program string
	// alive are the processes that may still show that they went on; doomed says that one
	// did not, or that it can no longer be told.
	alive  map[int]attempt
	doomed bool
}

// verdict is what is to be said of an event.
type verdict struct {
	class     class
	caps, or  []capset.Cap
	operation string
	reasons   []task.Note
}

// Add takes an event.
func (c *Collector) Add(e *denial.Event) {
	if c.groups == nil {
		c.groups, c.waiting, c.ended, c.checks = map[key]*group{}, map[int][]*group{}, map[string]bool{}, map[int]*checks{}
	}
	switch e.Kind {
	case denial.Refused:
		checked := c.checks[e.PID] != nil
		c.settle(e.PID, e.Call, failed)
		if e.Format != denial.Tracing {
			c.note(judge(e), e)
		} else if !checked { // else the check tells it
			c.note(verdict{class: other, operation: e.Call, reasons: []task.Note{{Code: "not-asked", Text: "the kernel refused it without asking for a capability that is missing"}}}, e)
		}
	case denial.Checked:
		c.check(e)
	case denial.Done:
		c.settle(e.PID, e.Call, succeeded)
		c.succeeded(e)
	case denial.Exited:
		c.settle(e.PID, "", untold)
		c.exited(e)
	}
}

// note counts an event in its group.
func (c *Collector) note(v verdict, e *denial.Event) {
	k := key{class: v.class, operation: v.operation, errno: e.Errno, program: e.Program, caps: capset.Of(v.caps...)}
	if len(v.reasons) > 0 {
		k.reason = v.reasons[0].Code
	}
	g := c.groups[k]
	if g == nil {
		if len(c.groups) == maxGroups {
			c.dropped++
			return
		}
		g = &group{class: v.class, program: e.Program, alive: map[int]attempt{}, finding: Finding{
			Caps: v.caps, Or: v.or, Operation: v.operation, Errno: e.Errno, Reasons: v.reasons, First: place(e),
		}}
		c.groups[k] = g
		c.order = append(c.order, g)
	}
	g.finding.Count++
	if p := e.Path; p != "" && len(g.finding.Paths) < maxPaths && !slices.Contains(g.finding.Paths, p) {
		g.finding.Paths = append(g.finding.Paths, p)
	}
	if g.class == needed || g.class == perhaps {
		c.wait(g, e)
	}
}

// Answer returns what the events tell.
func (c *Collector) Answer() *Answer {
	for pid := range c.checks {
		c.settle(pid, "", untold)
	}
	a := &Answer{TellsUse: c.tellsUse, Dropped: c.dropped}
	lists := [numClasses]*[]Finding{needed: &a.Needed, perhaps: &a.Perhaps, survived: &a.Survived, child: &a.Child, other: &a.Other, used: &a.Used}
	for _, g := range c.order {
		in := g.class
		if c.wentOn(g) {
			in = survived
		}
		merge(lists[in], g)
	}
	return a
}

// merge adds what a program did to a finding that several may have.
func merge(list *[]Finding, g *group) {
	f := g.finding
	at := slices.IndexFunc(*list, func(o Finding) bool {
		return o.Operation == f.Operation && o.Errno == f.Errno && slices.Equal(o.Caps, f.Caps) && sameReason(o.Reasons, f.Reasons)
	})
	if at < 0 {
		*list = append(*list, f)
		at = len(*list) - 1
	} else {
		same := &(*list)[at]
		same.Count += f.Count
		for _, p := range f.Paths {
			if len(same.Paths) < maxPaths && !slices.Contains(same.Paths, p) {
				same.Paths = append(same.Paths, p)
			}
		}
	}
	(*list)[at].Programs = counted((*list)[at].Programs, Program{g.program, f.Count})
}

// sameReason reports whether findings are where they are for the same reason.
func sameReason(a, b []task.Note) bool {
	code := func(list []task.Note) string {
		if len(list) == 0 {
			return ""
		}
		return list[0].Code
	}
	return code(a) == code(b)
}

// leastFirst puts the capabilities of which any suffices in the order in which to propose
// them: as the kernel asks, which is the narrower one first, but SYS_ADMIN last.
func leastFirst(caps []capset.Cap) []capset.Cap {
	list := slices.Clone(caps)
	slices.SortStableFunc(list, func(a, b capset.Cap) int {
		return cmp.Compare(broad(a), broad(b))
	})
	return list
}

func broad(c capset.Cap) int {
	if c == capset.SysAdmin {
		return 1
	}
	return 0
}
