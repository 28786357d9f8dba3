// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"cmp"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/containers"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	cgroup "github.com/capinspect/capinspect/procstatus/container"
)

// List is what a report says about a node: its tasks, or its containers summed up. Of the
// tasks it keeps what those of one name in one container have together.
type List struct {
	Label    string // as it was asked for
	Reported task.Stamp
	Sums     []*containers.Sum // of a report by container

	gathered   []*gathered // in the order of the report
	found      map[gatheredKey]*gathered
	containers map[containerKey]*task.Container
	leaders    map[int]string // the names of processes, by pid
	told       *told          // of the last task: the next one often has the same
}

// gathered is what the tasks of one name and uid have together, in one container or in none.
type gathered struct {
	gatheredKey
	group
}

// gatheredKey tells the processes of a list apart.
type gatheredKey struct {
	in   *task.Container // nil if they are in none
	out  bool            // they are in none, and not perhaps in one
	name string
	uid  task.Value[uint32] // the effective one
}

// containerKey is what tells the containers of a list apart.
type containerKey struct {
	cgroup.Container
	podName, podNamespace, hostname string
	sandbox                         task.Value[bool]
}

// Add adds a task. A thread is counted among the processes of the name of its leader, which
// comes first. The sandboxes of pods are left out, and capinspect itself.
func (l *List) Add(t *task.Task) {
	if l.found == nil {
		l.found, l.containers, l.leaders = map[gatheredKey]*gathered{}, map[containerKey]*task.Container{}, map[int]string{}
	}
	l.StampedBy(t.Reported)
	if t.Pid == t.Tid {
		l.leaders[t.Pid.Zero()] = t.Name.Zero()
	}
	in := l.container(t.Container.Zero())
	if t.Self || in != nil && task.Is(in.Sandbox, true) {
		return
	}
	key := gatheredKey{in, in == nil && t.Container.Known(), cmp.Or(l.leaders[t.Pid.Zero()], t.Name.Zero()), effective(t)}
	sum := containers.Of(t)
	if in != nil {
		sum.Container = task.Known(in)
	}
	if now := of(t); l.told == nil || !now.equal(l.told) {
		l.told = &now
	}
	if p := l.found[key]; p != nil {
		p.add(sum, l.told)
		return
	}
	p := &gathered{key, group{sum: sum, told: l.told}}
	l.found[key] = p
	l.gathered = append(l.gathered, p)
}

// StampedBy takes when and where the list was made, unless that is known.
func (l *List) StampedBy(s task.Stamp) {
	if l.Reported == (task.Stamp{}) {
		l.Reported = s
	}
}

// container returns the container that is equal to c and that all tasks in it have.
func (l *List) container(c *task.Container) *task.Container {
	if c == nil {
		return nil
	}
	key := containerKey{c.Container, c.PodName, c.PodNamespace, c.Hostname, c.Sandbox}
	if l.containers[key] == nil {
		l.containers[key] = c
	}
	return l.containers[key]
}

// tellsContainers reports whether any task of the list is in a container. A report that does
// not tell containers looks as if there were none.
func (l *List) tellsContainers() bool { return len(l.containers) > 0 }

// nothing reports whether there is neither a task nor a container.
func (l *List) nothing() bool { return l.found == nil && l.Sums == nil }

func effective(t *task.Task) task.Value[uint32] {
	ids, ok := t.UID.Get()
	if !ok {
		return task.Unknown[uint32](t.UID.Why())
	}
	return task.Known(ids.Effective)
}
