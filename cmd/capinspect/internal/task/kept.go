// SPDX-License-Identifier: Apache-2.0

package task

import (
	"reflect"

	"github.com/capinspect/capinspect/capset"
)

// Keeper keeps list after list of the tasks of a node. Most tasks have all but their numbers
// in common with others: that is kept once.
type Keeper struct {
	alike, before map[alikeKey][]*Task
}

// alikeKey is what tells tasks apart at first sight.
type alikeKey struct {
	sets      [capset.NumKinds]Value[capset.Set]
	uid       Value[capset.IDs]
	container string
}

// Kept is a task that is kept.
type Kept struct {
	own   *ownOf // nil if some of that is unknown: alike has it then
	alike *Task
}

// ownOf is what a task seldom has in common with another one.
type ownOf struct {
	pid, tid, ppid, threads int
	name                    string
	state                   byte
	nsPid                   []int
	startTime               uint64
}

// Next begins the next list. What no task of the last one has is forgotten.
func (k *Keeper) Next() { k.alike, k.before = map[alikeKey][]*Task{}, k.alike }

// Keep keeps a task.
func (k *Keeper) Keep(t *Task) *Kept {
	rest := *t
	own := rest.takeOwn()
	key := alikeKey{sets: t.Sets, uid: t.UID}
	if c := t.Container.Zero(); c != nil {
		key.container = c.ID
	}
	if found := same(k.alike[key], &rest); found != nil {
		return &Kept{own, found}
	}
	found := same(k.before[key], &rest)
	if found == nil {
		found = &rest
	}
	k.alike[key] = append(k.alike[key], found)
	return &Kept{own, found}
}

// same returns the task of a list that equals t.
func same(list []*Task, t *Task) *Task {
	for _, one := range list {
		if reflect.DeepEqual(one, t) {
			return one
		}
	}
	return nil
}

// Alike reports whether two tasks are known to have all but their numbers, names and states
// in common.
func (k *Kept) Alike(other *Kept) bool {
	return k.alike == other.alike && k.own != nil && other.own != nil
}

// Task returns the task.
func (k *Kept) Task() *Task {
	t := *k.alike
	if own := k.own; own != nil {
		t.Pid, t.Tid, t.PPid, t.Threads = Known(own.pid), Known(own.tid), Known(own.ppid), Known(own.threads)
		t.Name, t.RunState, t.NSPid, t.StartTime = Known(own.name), Known(own.state), Known(own.nsPid), Known(own.startTime)
	}
	return &t
}

// takeOwn takes what is a task's own from it, if all of that is known.
func (t *Task) takeOwn() *ownOf {
	for _, known := range [...]bool{
		t.Pid.Known(), t.Tid.Known(), t.PPid.Known(), t.Threads.Known(), t.Name.Known(), t.RunState.Known(), t.NSPid.Known(), t.StartTime.Known(),
	} {
		if !known {
			return nil
		}
	}
	own := &ownOf{t.Pid.Zero(), t.Tid.Zero(), t.PPid.Zero(), t.Threads.Zero(), t.Name.Zero(), t.RunState.Zero(), t.NSPid.Zero(), t.StartTime.Zero()}
	t.Pid, t.Tid, t.PPid, t.Threads = Value[int]{}, Value[int]{}, Value[int]{}, Value[int]{}
	t.Name, t.RunState, t.NSPid, t.StartTime = Value[string]{}, Value[byte]{}, Value[[]int]{}, Value[uint64]{}
	return own
}

// Pid returns the id of the process.
func (k *Kept) Pid() int {
	if k.own != nil {
		return k.own.pid
	}
	return k.alike.Pid.Zero()
}

// Tid returns the thread id, or that of the process where it is unknown.
func (k *Kept) Tid() int {
	if k.own != nil {
		return k.own.tid
	}
	return k.alike.Tid.Or(k.alike.Pid.Zero())
}

// StartTime returns when it started.
func (k *Kept) StartTime() Value[uint64] {
	if k.own != nil {
		return Known(k.own.startTime)
	}
	return k.alike.StartTime
}
