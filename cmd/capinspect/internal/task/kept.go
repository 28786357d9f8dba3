// SPDX-License-Identifier: Apache-2.0

package task

import (
	"fmt"
	"reflect"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/procstatus"
)

// Keeper keeps list after list of the tasks of a node. Most tasks have all but their numbers
// in common with others: that is kept once. What a process can make different for each of
// tens of thousands of threads is kept apart from the rest, which takes more memory.
type Keeper struct {
	rights pool[rightsKey, rights]
	rest   pool[restKey, Task]
}

// pool has each of some values once: those of this list, and those of the one before.
type pool[K comparable, T any] struct{ now, before map[K][]*T }

// rights are what a task is and may do.
type rights struct {
	Status
	users Names
}

// rightsKey is what tells rights apart at first sight, and restKey the rest.
type (
	rightsKey struct {
		sets     [capset.NumKinds]Value[capset.Set]
		uid, gid Value[capset.IDs]
		groups   string
	}
	restKey struct {
		container     string
		userNamespace uint64
		namespaces    [procstatus.NumNamespaces]uint64
		label         Value[procstatus.Label]
	}
)

// Kept is a task that is kept.
type Kept struct {
	own    *ownOf // nil if some of that is unknown: the rest has it then
	rights *rights
	rest   *Task
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
func (k *Keeper) Next() {
	k.rights.next()
	k.rest.next()
}

func (p *pool[K, T]) next() { p.now, p.before = map[K][]*T{}, p.now }

// maxGroups is how many groups of a task are kept at most.
const maxGroups = 128

// Keep keeps a task.
func (k *Keeper) Keep(t *Task) *Kept {
	rest := *t
	own := rest.takeOwn()
	r := rights{rest.Status, rest.UserNames}
	rest.Status, rest.UserNames = Status{}, nil
	if len(r.Groups.Zero()) > maxGroups {
		r.Groups = Unknown[[]uint32](fmt.Sprintf("the task has more than %d groups, and they are not kept from one list to the next", maxGroups))
	}
	groups := fmt.Sprint(r.Groups.Zero())
	in := restKey{userNamespace: t.UserNamespace.Zero().ID.Zero(), label: t.Label}
	for i, ns := range t.Namespaces.Zero() {
		in.namespaces[i] = ns.ID.Zero()
	}
	if c := t.Container.Zero(); c != nil {
		in.container = c.ID
	}
	return &Kept{own, k.rights.keep(rightsKey{r.Sets, r.UID, r.GID, groups}, &r), k.rest.keep(in, &rest)}
}

// keep returns the value that equals v, which is v if there is none yet.
func (p *pool[K, T]) keep(key K, v *T) *T {
	if found := same(p.now[key], v); found != nil {
		return found
	}
	found := same(p.before[key], v)
	if found == nil {
		found = v
	}
	p.now[key] = append(p.now[key], found)
	return found
}

// same returns the value of a list that equals v.
func same[T any](list []*T, v *T) *T {
	for _, one := range list {
		if reflect.DeepEqual(one, v) {
			return one
		}
	}
	return nil
}

// Alike reports whether two tasks are known to have all but their numbers, names and states
// in common.
func (k *Kept) Alike(other *Kept) bool {
	return k.rights == other.rights && k.rest == other.rest && k.own != nil && other.own != nil
}

// Task returns the task.
func (k *Kept) Task() *Task {
	t := *k.rest
	t.Status, t.UserNames = k.rights.Status, k.rights.users
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
	return k.rights.Pid.Zero()
}

// Tid returns the thread id, or that of the process where it is unknown.
func (k *Kept) Tid() int {
	if k.own != nil {
		return k.own.tid
	}
	return k.rights.Tid.Or(k.rights.Pid.Zero())
}

// StartTime returns when it started.
func (k *Kept) StartTime() Value[uint64] {
	if k.own != nil {
		return Known(k.own.startTime)
	}
	return k.rest.StartTime
}
