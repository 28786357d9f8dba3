// SPDX-License-Identifier: Apache-2.0

// Package containers sums up what the processes of each container have together.
package containers

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus/container"
)

// Containers sums up the processes of each container.
type Containers struct {
	Sandboxes bool // the sandboxes of pods too
	sums      sums
}

// Sum is what the processes of one container have together. A value is unknown if it is
// unknown of one of them, unless the others decide it.
type Sum struct {
	Container                      task.Value[*task.Container] // nil for the processes that are in none
	Processes                      int
	Total                          task.Total
	Risk                           task.Risk              // that of the most dangerous process
	Effective, Permitted, Bounding task.Value[capset.Set] // what any process has
	UIDs                           task.Value[[]uint32]   // the effective ones, ascending
	LastCap                        capset.Cap             // the highest of any process
	// WithoutNoNewPrivs and WithoutSeccomp report whether any process runs without.
	WithoutNoNewPrivs, WithoutSeccomp task.Value[bool]
}

// Set returns what any process has in the set k, one of those that a Sum has.
func (sum *Sum) Set(k capset.Kind) task.Value[capset.Set] {
	switch k {
	case capset.Effective:
		return sum.Effective
	case capset.Permitted:
		return sum.Permitted
	}
	return sum.Bounding
}

// InChildren reports whether all that the processes hold is held in child user namespaces.
func (sum *Sum) InChildren() bool {
	return sum.Total.Children > 0 && sum.Total.Children == sum.Total.Privileged
}

// Chunk has what some processes add.
type Chunk struct{ sums sums }

type sums map[key]*Sum

// key tells containers apart. The zero value stands for no container.
type key struct {
	container container.Container
	unknown   bool
}

// Begin returns an empty chunk.
func (c *Containers) Begin() *Chunk { return &Chunk{sums{}} }

// Visit adds a process to a chunk.
func (c *Containers) Visit(chunk *Chunk, t *task.Task) {
	in, known := t.Container.Get()
	at := key{unknown: !known}
	if in != nil {
		at.container = in.Container
	}
	chunk.sums.add(at, Of(t))
}

// Done adds what the processes of a chunk add.
func (c *Containers) Done(chunk *Chunk) error {
	if c.sums == nil {
		c.sums = sums{}
	}
	for at, sum := range chunk.sums {
		c.sums.add(at, sum)
	}
	return nil
}

// Of returns the sum of one process.
func Of(t *task.Task) *Sum {
	var total task.Total
	total.Count(t)
	return &Sum{
		Container: t.Container,
		Total:     total, Risk: t.Risk(),
		Processes: 1,
		Effective: t.Sets[capset.Effective], Permitted: t.Sets[capset.Permitted], Bounding: t.Sets[capset.Bounding],
		UIDs:              task.Map(t.UID, func(ids capset.IDs) []uint32 { return []uint32{ids.Effective} }),
		WithoutNoNewPrivs: task.Map(t.NoNewPrivs, func(set bool) bool { return !set }),
		WithoutSeccomp:    task.Map(t.Seccomp, func(s task.Seccomp) bool { return s.Mode == 0 }),
		LastCap:           t.LastCap.Value,
	}
}

func (s sums) add(at key, more *Sum) {
	if sum := s[at]; sum != nil {
		sum.Add(more)
	} else {
		s[at] = more
	}
}

// Add adds the processes of another sum.
func (sum *Sum) Add(more *Sum) {
	sum.Processes += more.Processes
	sum.Total.Add(more.Total)
	sum.Risk = max(sum.Risk, more.Risk)
	sum.Effective = both(sum.Effective, more.Effective, union)
	sum.Permitted = both(sum.Permitted, more.Permitted, union)
	sum.Bounding = both(sum.Bounding, more.Bounding, union)
	sum.UIDs = both(sum.UIDs, more.UIDs, merge)
	sum.WithoutNoNewPrivs = either(sum.WithoutNoNewPrivs, more.WithoutNoNewPrivs)
	sum.WithoutSeccomp = either(sum.WithoutSeccomp, more.WithoutSeccomp)
	sum.LastCap = max(sum.LastCap, more.LastCap)
}

// both returns f of two values. It is unknown, for the first reason, if one of them is.
func both[T any](a, b task.Value[T], f func(a, b T) T) task.Value[T] {
	if !a.Known() || !b.Known() {
		return task.Unknown[T](cmp.Or(a.Why(), b.Why()))
	}
	return task.Known(f(a.Zero(), b.Zero()))
}

// either reports whether one of two values is true. One that is decides it, even if the
// other is unknown.
func either(a, b task.Value[bool]) task.Value[bool] {
	if task.Is(a, true) || task.Is(b, true) {
		return task.Known(true)
	}
	return both(a, b, func(a, b bool) bool { return a || b })
}

func union(a, b capset.Set) capset.Set { return a | b }

// merge adds some ids to a list that is ascending and has each once. It leaves the memory of
// the list alone, which a copy of a sum shares.
func merge(list, more []uint32) []uint32 {
	for _, id := range more {
		if at, found := slices.BinarySearch(list, id); !found {
			list = slices.Insert(slices.Clip(list), at, id)
		}
	}
	return list
}

// LeftOut returns how many sandboxes of pods are not shown.
func (c *Containers) LeftOut() (n int) {
	for _, sum := range c.sums {
		if !c.shows(sum) {
			n++
		}
	}
	return n
}

// shows reports whether a sum is shown. A sandbox runs nothing but a program of the
// runtime that waits.
func (c *Containers) shows(sum *Sum) bool {
	in := sum.Container.Zero()
	return c.Sandboxes || in == nil || !task.Is(in.Sandbox, true)
}

// Sums returns what is shown, by the names of namespace, pod and container, then by pod,
// runtime and id. What is in no container comes after them, and what may be in one is the
// last.
func (c *Containers) Sums() []*Sum {
	list := slices.SortedFunc(maps.Values(c.sums), func(a, b *Sum) int { return slices.Compare(a.order(), b.order()) })
	return slices.DeleteFunc(list, func(sum *Sum) bool { return !c.shows(sum) })
}

// order returns what a sum is sorted by.
func (sum *Sum) order() []string {
	in, known := sum.Container.Get()
	switch {
	case !known:
		return []string{"2"}
	case in == nil || in.Container == container.Container{}:
		return []string{"1"}
	}
	return []string{"0", in.PodNamespace, in.PodName, in.Name, in.PodUID, in.Runtime, in.ID}
}

// Summary says in a line how many containers there are, and what their processes hold.
func Summary(list []*Sum) string {
	var all task.Total
	in, outside, perhaps := 0, 0, 0
	for _, sum := range list {
		switch c, known := sum.Container.Get(); {
		case !known:
			perhaps += sum.Processes
			continue
		case c == nil:
			outside += sum.Processes
			continue
		}
		in++
		one := sum.Total
		all.Add(task.Total{
			Privileged: min(one.Privileged, 1), Everything: min(one.Everything, 1), Unknown: min(one.Unknown, 1),
		})
		if one.Everything == 0 {
			all.Open += min(one.Open, 1)
		}
		if sum.InChildren() {
			all.Children++
		}
	}
	var parts []string
	if in > 0 {
		parts = append(parts, task.Counted(in, "container", "containers")+all.Held("with capabilities"))
	}
	if outside > 0 {
		parts = append(parts, task.Counted(outside, "process", "processes")+" in no container")
	}
	if perhaps > 0 {
		parts = append(parts, task.Counted(perhaps, "process", "processes")+" perhaps in one")
	}
	if parts == nil {
		return "nothing"
	}
	return strings.Join(parts, "; ")
}
