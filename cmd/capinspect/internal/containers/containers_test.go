// SPDX-License-Identifier: Apache-2.0

package containers

import (
	"slices"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus/container"
)

// One process without no_new_privs decides, whatever is unknown of the others. A set needs
// all of them.
func TestTogether(t *testing.T) {
	unknown := func(why string) task.Value[bool] { return task.Unknown[bool](why) }
	for _, test := range []struct{ a, b, want task.Value[bool] }{
		{task.Known(true), unknown("x"), task.Known(true)},
		{unknown("x"), task.Known(true), task.Known(true)},
		{task.Known(false), unknown("x"), unknown("x")},
		{unknown(""), unknown("y"), unknown("y")},
		{unknown("x"), unknown("y"), unknown("x")},
		{task.Known(false), task.Known(false), task.Known(false)},
	} {
		if got := either(test.a, test.b); got != test.want {
			t.Errorf("%+v, %+v: got %+v, want %+v", test.a, test.b, got, test.want)
		}
	}
	set := both(task.Known(capset.Set(1)), task.Unknown[capset.Set]("x"), union)
	if set != task.Unknown[capset.Set]("x") {
		t.Errorf("%+v", set)
	}
	if got := merge([]uint32{1, 5}, []uint32{5, 3, 9}); !slices.Equal(got, []uint32{1, 3, 5, 9}) {
		t.Errorf("%v", got)
	}
}

// TestAddToCopy holds that the copy of a sum grows and the sum stays as it is.
func TestAddToCopy(t *testing.T) {
	of := func(uid uint32) *Sum {
		return &Sum{Processes: 1, UIDs: task.Known([]uint32{uid})}
	}
	sum := of(5)
	sum.Add(of(9))
	sum.Add(of(7))
	own := *sum
	own.Add(of(3))
	if got := sum.UIDs.Zero(); !slices.Equal(got, []uint32{5, 7, 9}) || len(own.UIDs.Zero()) != 4 {
		t.Errorf("%v, %v", got, own.UIDs.Zero())
	}
}

// TestSummary holds the line that sums up containers by what their processes hold.
func TestSummary(t *testing.T) {
	process := func(in task.Value[*task.Container], held capset.Set, initial bool) *task.Task {
		x := &task.Task{Container: in, LastCap: task.LastCap{Value: capset.LastKnown, From: task.FromKernel}}
		x.Sets[capset.Effective], x.Sets[capset.Permitted] = task.Known(held), task.Known(held)
		x.UserNamespace = task.Known(task.UserNamespace{Initial: task.Known(initial)})
		return x
	}
	of := func(id string) task.Value[*task.Container] {
		return task.Known(&task.Container{Container: container.Container{ID: id}})
	}
	none, hidden := task.Known[*task.Container](nil), task.Unknown[*task.Container]("permission denied")
	full, raw, admin := capset.UpTo(capset.LastKnown), capset.Of(capset.NetRaw), capset.Of(capset.SysAdmin)
	for want, tasks := range map[string][]*task.Task{
		"nothing":                             nil,
		"1 process in no container":           {process(none, full, true)},
		"1 container, none with capabilities": {process(of("a"), 0, true)},
		"1 container, 1 with capabilities":    {process(of("a"), 0, true), process(of("a"), raw, true), process(of("a"), raw, false)},
		"1 container, none with capabilities; 2 processes in no container; 1 process perhaps in one": {
			process(of("a"), 0, true), process(none, full, true), process(none, 0, true), process(hidden, full, true),
		},
		"3 containers, 3 with capabilities (1 in a child user namespace), 1 with everything, 1 more to which the node is open": {
			process(of("a"), full, true), process(of("a"), admin, true), process(of("a"), full, true),
			process(of("b"), admin, true), process(of("b"), 0, true), process(of("c"), full, false), process(of("c"), 0, false),
		},
	} {
		var all Containers
		chunk := all.Begin()
		for _, x := range tasks {
			all.Visit(chunk, x)
		}
		if err := all.Done(chunk); err != nil {
			t.Fatal(err)
		}
		sums := all.Sums()
		if got := Summary(sums); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		for _, sum := range sums {
			if in := sum.Container.Zero(); in != nil && sum.InChildren() != (in.ID == "c") {
				t.Errorf("%s: in children: %v", in.ID, sum.InChildren())
			}
		}
	}
}
