// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"fmt"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// at returns a task of a walk, of which nothing but these is known.
func at(pid int, start uint64, effective capset.Set, change func(*task.Task)) *task.Task {
	t := &task.Task{Source: task.SourceProc, StartTime: task.Known(start)}
	t.Pid, t.Tid = task.Known(pid), task.Known(pid)
	for k := range t.Sets {
		t.Sets[k] = task.Known(capset.Set(0))
	}
	t.Sets[capset.Effective] = task.Known(effective)
	t.UID = task.Known(task.AllIDs(7))
	if change != nil {
		change(t)
	}
	return t
}

// kept returns two lists that one Keeper keeps.
func kept(before, after []*task.Task) (was, is []*task.Kept) {
	var k task.Keeper
	k.Next()
	for _, t := range before {
		was = append(was, k.Keep(t))
	}
	k.Next()
	for _, t := range after {
		is = append(is, k.Keep(t))
	}
	return was, is
}

// TestChanges holds what is told of two lists.
func TestChanges(t *testing.T) {
	chown, kill := capset.Of(capset.Chown), capset.Of(capset.Kill)
	root := func(x *task.Task) { x.UID = task.Known(task.AllIDs(0)) }
	thread := func(tid int) func(*task.Task) { return func(x *task.Task) { x.Tid = task.Known(tid) } }
	list := func(all ...*task.Task) []*task.Task { return all }
	for _, test := range []struct {
		name          string
		before, after []*task.Task
		want          string
	}{
		{"nothing", nil, nil, ""},
		{"the same", list(at(1, 5, chown, nil)), list(at(1, 5, chown, nil)), ""},
		{"appeared", nil, list(at(2, 5, 0, nil), at(1, 5, 0, nil)), "1 appeared, 2 appeared"},
		{"gone", list(at(1, 5, chown, nil), at(2, 5, 0, nil)), list(at(2, 5, 0, nil)), "1 gone"},
		{"gained", list(at(1, 5, chown, nil)), list(at(1, 5, chown|kill, nil)), "1 changed gains Effective +cap_kill -"},
		{"lost", list(at(1, 5, chown, nil)), list(at(1, 5, 0, nil)), "1 changed loses Effective + -cap_chown"},
		{"both, and another user", list(at(1, 5, chown, nil)), list(at(1, 5, kill, root)), "1 changed gains loses Effective +cap_kill -cap_chown uid {7 7 7 7} {0 0 0 0}"},
		{"the pid used again", list(at(1, 5, chown, nil)), list(at(1, 6, chown, nil)), "1 gone, 1 appeared"},
		{"a start time that is unknown", list(at(1, 5, chown, nil)), list(at(1, 0, chown, func(x *task.Task) { x.StartTime = task.Unknown[uint64]("") })), ""},
		{"a set that is not known any more", list(at(1, 5, chown, nil)), list(at(1, 5, 0, func(x *task.Task) { x.Sets[capset.Effective] = task.Unknown[capset.Set]("") })), ""},
		{"threads", list(at(1, 5, chown, nil), at(1, 6, chown, thread(3))), list(at(1, 5, chown, nil), at(1, 6, 0, thread(3)), at(1, 7, 0, thread(2))), "1 appeared, 1 changed loses Effective + -cap_chown"},
		{"another name, state and parent", list(at(1, 5, chown, nil)), list(at(1, 5, chown, func(x *task.Task) {
			x.Name, x.RunState, x.PPid = task.Known("other"), task.Known(byte('R')), task.Known(9)
		})), ""},
	} {
		var got []string
		for _, c := range Changes(kept(test.before, test.after)) {
			text := fmt.Sprint(c.Task.Pid(), " ", c.Kind)
			if c.Gains() {
				text += " gains"
			}
			if c.Loses() {
				text += " loses"
			}
			for _, s := range c.Sets {
				text += fmt.Sprintf(" %v +%v -%v", s.Kind, s.More, s.Less)
			}
			for _, v := range c.Values {
				text += fmt.Sprint(" ", v.Key, " ", v.A, " ", v.B)
			}
			if (c.Kind == Changed) != (c.Before != nil) {
				text += " before?"
			}
			got = append(got, text)
		}
		if text := strings.Join(got, ", "); text != test.want {
			t.Errorf("%s: %s\nwant %s", test.name, text, test.want)
		}
	}
}
