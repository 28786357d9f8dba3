// SPDX-License-Identifier: Apache-2.0

package task

import (
	"reflect"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/procstatus"
	"github.com/capinspect/capinspect/procstatus/container"
)

// TestKeeper holds that a task is kept as it is, and that what several have alike is kept
// once, in one list and in the next.
func TestKeeper(t *testing.T) {
	made := func(pid int, change func(*Task)) *Task {
		x := &Task{Source: SourceProc, StartTime: Known(uint64(pid * 10)), LastCap: LastCap{Value: capset.LastKnown, From: FromKernel}}
		x.Pid, x.Tid, x.PPid, x.Threads = Known(pid), Known(pid), Known(1), Known(2)
		x.Name, x.RunState, x.NSPid = Known("a"), Known(byte('S')), Known([]int{pid, 1})
		x.Sets[capset.Effective] = Known(capset.Of(capset.Chown))
		x.UID, x.Groups = Known(AllIDs(7)), Known([]uint32{1, 2})
		x.Container = Known(&Container{Container: container.Container{Runtime: "docker", ID: "1"}})
		if change != nil {
			change(x)
		}
		return x
	}
	var k Keeper
	k.Next()
	first := k.Keep(made(1, nil))
	for _, test := range []struct {
		name   string
		change func(*Task)
		alike  bool
	}{
		{"its numbers", nil, true},
		{"its name and state", func(x *Task) { x.Name, x.RunState = Known("b"), Known(byte('R')) }, true},
		{"its start time is unknown", func(x *Task) { x.StartTime = Unknown[uint64]("why") }, false},
		{"its name is unknown", func(x *Task) { x.Name = Unknown[string]("why") }, false},
		{"its groups", func(x *Task) { x.Groups = Known([]uint32{1}) }, false},
		{"its gid", func(x *Task) { x.GID = Known(AllIDs(9)) }, false},
		{"the names of its ids", func(x *Task) { x.UserNames = Names{7: Known("x")} }, false},
		{"its sets", func(x *Task) { x.Sets[capset.Ambient] = Known(capset.Set(0)) }, false},
		{"its container", func(x *Task) {
			x.Container = Known(&Container{Container: container.Container{Runtime: "docker", ID: "2"}})
		}, false},
		{"the name of its pod", func(x *Task) {
			x.Container = Known(&Container{Container: container.Container{Runtime: "docker", ID: "1"}, PodName: "p"})
		}, false},
		{"a namespace", func(x *Task) { x.Namespaces = Known(Namespaces{{ID: Known(uint64(3))}}) }, false},
	} {
		x := made(2, test.change)
		kept := k.Keep(x)
		if got := kept.Task(); !reflect.DeepEqual(got, x) || kept.Pid() != 2 || kept.Tid() != 2 || kept.StartTime() != x.StartTime {
			t.Errorf("%s: %+v, want %+v", test.name, got, x)
		}
		if first.Alike(kept) != test.alike || kept.Alike(first) != test.alike {
			t.Errorf("%s: alike is not %v", test.name, test.alike)
		}
	}
	k.Next()
	if again := k.Keep(made(3, nil)); !first.Alike(again) {
		t.Error("not alike in the next list")
	}
	k.Next()
	k.Next()
	if again := k.Keep(made(3, nil)); first.Alike(again) {
		t.Error("not forgotten")
	}
	if !reflect.DeepEqual(first.Task(), made(1, nil)) {
		t.Error("the first is another one now")
	}
}

// TestKeeperOfMany holds that of many tasks, each with other rights, each is told apart at
// first sight, and that a long list of groups is not kept.
func TestKeeperOfMany(t *testing.T) {
	const count = 1000
	for name, change := range map[string]func(x *Task, i uint32){
		"uid":    func(x *Task, i uint32) { x.UID = Known(AllIDs(i)) },
		"gid":    func(x *Task, i uint32) { x.GID = Known(AllIDs(i)) },
		"groups": func(x *Task, i uint32) { x.Groups = Known([]uint32{1, i}) },
		"user namespace": func(x *Task, i uint32) {
			x.UserNamespace = Known(UserNamespace{ID: Known(uint64(i) + 1)})
		},
		"another namespace": func(x *Task, i uint32) {
			x.Namespaces = Known(Namespaces{procstatus.NamespaceUTS: {ID: Known(uint64(i) + 1)}})
		},
		"label": func(x *Task, i uint32) { x.Label = Known(procstatus.Label{Label: Decimal(i)}) },
	} {
		var k Keeper
		k.Next()
		for i := range uint32(count) {
			x := &Task{Source: SourceProc}
			change(x, i)
			k.Keep(x)
		}
		if len(k.rights.now)*len(k.rest.now) != count {
			t.Errorf("%s: %d and %d at first sight", name, len(k.rights.now), len(k.rest.now))
		}
	}
	var k Keeper
	k.Next()
	for count, want := range map[int]bool{maxGroups: true, maxGroups + 1: false} {
		x := &Task{Source: SourceProc}
		x.Groups = Known(make([]uint32, count))
		if got := k.Keep(x).Task().Groups; got.Known() != want || got.Why() == "" != want {
			t.Errorf("%d groups: %v", count, got)
		}
	}
}
