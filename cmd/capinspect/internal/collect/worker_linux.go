// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect/place"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// worker reads tasks, one after the other, into the same memory.
type worker struct {
	from       *Collector
	own        int // capinspect's own pid, 0 if it has none there
	q          *Query
	status     procstatus.Status
	task       task.Task // what is known of the task that was read last
	capget     bool      // capget(2) has the same pids
	users      users
	found      Walked
	containers *place.Containers
}

func (c *Collector) worker(q *Query) *worker {
	w := &worker{from: c, q: q, own: c.place.OwnPid()}
	w.capget = q.selective() && q.Threads == Leaders && c.opts.Proc == "" && c.place.SharesNumbers()
	if q.UserNames {
		w.users = c.users()
	}
	if q.Container {
		w.containers = c.place.Containers()
	}
	return w
}

// process visits a process, and those of its threads that the query asks for.
func (w *worker) process(handle procstatus.Task, visit func(*task.Task)) {
	pid := handle.Pid()
	if w.capget && w.skip(pid) {
		w.count(pid != w.own)
		return
	}
	marks := w.q.MarkChildren && w.q.selective()
	whole := w.q.Container || w.q.UserNames || w.q.Surroundings || w.q.UserNamespace || w.q.StartTime || w.q.Threads != Leaders || marks
	if whole {
		// There is more than one file to read: all of them through one open directory.
		var err error
		if handle, err = handle.Open(); err != nil {
			w.fail(pid, err)
			return
		}
		defer handle.Close()
	}
	if err := w.read(handle); err != nil {
		w.fail(pid, err)
		return
	}
	w.count(!w.task.Self)
	if !whole && w.q.MarkChildren && w.signOfChild() {
		// Read again through one open directory, so that all of it is of one process.
		open, err := handle.Open()
		if err == nil {
			defer open.Close()
			handle, err = open, w.read(open)
		}
		if err != nil {
			w.fail(pid, err)
			return
		}
		marks = true
	}
	if w.q.UserNamespace || marks && w.holds() || w.q.MarkChildren && w.signOfChild() {
		w.userNamespace(handle)
	}
	if w.q.Pids != nil && w.status.Pid != w.status.Tgid {
		w.found.Failures = append(w.found.Failures, &Failure{pid, fmt.Errorf("a thread of process %d: see -t and -T", w.status.Tgid)})
		return
	}
	w.around(handle)
	w.visit(visit)
	if w.q.Threads != Leaders && (w.status.Threads > 1 || !w.status.Has(procstatus.FieldThreads)) {
		w.threads(handle, visit)
	}
}

// count counts a process that was read, if it is another than capinspect's own.
func (w *worker) count(other bool) {
	if other {
		w.found.Others++
	}
}

// skip reports whether a process holds nothing that the query asks for, as far as capget(2)
// tells. It does not tell Bounding; Ambient is within Permitted and Inheritable.
func (w *worker) skip(pid int) bool {
	s, err := procstatus.Capget(pid)
	if err != nil {
		return false
	}
	for i := range w.q.Holding {
		h := &w.q.Holding[i]
		if h.onlyBounding() || held(&s)&h.Caps != 0 {
			return false
		}
	}
	return held(&s) == 0 || len(w.q.Holding) > 0
}

// read reads a status file. What a walk does not find out stays unknown.
func (w *worker) read(handle procstatus.Task) error {
	if err := handle.ReadStatus(&w.status); err != nil {
		return err
	}
	t := &w.task
	*t = task.Task{Source: task.SourceProc, Status: task.StatusOf(&w.status, task.WholeFile), LastCap: w.from.last}
	t.Guess()
	t.Self = w.own != 0 && w.status.Pid == w.own
	return nil
}

// holds reports whether the task that was read last holds anything.
func (w *worker) holds() bool {
	state := w.status.CapState()
	return state[capset.Permitted]|state[capset.Effective] != 0
}

// signOfChild reports whether the status file of a task that holds something gives a sign
// that it is in a child user namespace: it is not uid 0 in capinspect's, or it is in
// another pid namespace.
func (w *worker) signOfChild() bool {
	return w.holds() && (w.status.UID.Effective != 0 || len(w.status.NSpid) > 1)
}

// userNamespace finds out the user namespace, as far as its inode or its map tells. Another
// map than that of all ids is one of a child.
func (w *worker) userNamespace(handle procstatus.Task) {
	ns := task.UserNamespace{}
	if id, err := handle.Namespace(procstatus.NamespaceUser); err == nil {
		ns.ID = task.Known(id)
		ns.Initial = place.IsInitial(procstatus.NamespaceUser, ns.ID)
	} else {
		ns.ID = task.Unknown[uint64](plain(err).Error())
		ns.Initial = task.Unknown[bool](ns.ID.Why())
		if users, err := handle.UIDMap(); err == nil && !users.Whole() {
			ns.Initial = task.Known(false)
		}
	}
	w.task.UserNamespace = task.Known(ns)
}

// around finds out what other files than status tell.
func (w *worker) around(handle procstatus.Task) {
	if w.q.Container {
		w.task.Container = w.containers.Of(handle, &w.task)
		w.name(w.task.Container.Zero())
	}
	if w.q.Surroundings {
		w.from.place.Listed(handle, &w.task)
	}
	if w.q.UserNames {
		w.task.UserNames = w.users.of(handle, &w.task)
	}
	w.startTime(handle)
}

// errNoStat is the reason where a procfs, as a saved one, has no stat file.
var errNoStat = errors.New("there is no stat file")

// startTime finds out when the task started.
func (w *worker) startTime(handle procstatus.Task) {
	if !w.q.StartTime {
		return
	}
	ticks, err := handle.StartTime()
	if err != nil {
		reason := plain(err)
		if errors.Is(reason, ErrNoProcess) {
			reason = errNoStat
		}
		w.task.StartTime = task.Unknown[uint64](reason.Error())
		return
	}
	w.task.StartTime = task.Known(ticks)
}

// name names a container and its pod, as far as somebody has told their names.
func (w *worker) name(c *task.Container) {
	if c == nil {
		return
	}
	if w.q.NameContainer != nil {
		w.q.NameContainer(c)
		c.Unnamed("--pods does not have it")
	} else {
		c.Unnamed("see --pods")
	}
	if c.Why.Hostname != "" {
		c.Why.Hostname = "a list does not say"
	}
}

// visit passes the task on if it is one that the query asks for.
func (w *worker) visit(visit func(*task.Task)) {
	t, q := &w.task, w.q
	if !q.Matches(t) {
		return
	}
	if q.Pids == nil && !q.KernelToo && w.status.KernelThread() {
		w.found.Kernel++
		return
	}
	w.found.Visited++
	visit(t)
}

// threads visits the threads of the process that was just read. They are in its container
// and of its namespaces.
func (w *worker) threads(handle procstatus.Task, visit func(*task.Task)) {
	pid, leader := w.status.Pid, rightsOf(&w.status)
	in, names, ns := w.task.Container, w.task.UserNames, w.task.UserNamespace
	tids, err := handle.Tids()
	if err != nil {
		w.fail(pid, err)
		return
	}
	for _, tid := range tids {
		if tid == pid {
			continue
		}
		if err := w.read(handle.Thread(tid)); err != nil {
			w.fail(pid, err)
			continue
		}
		w.task.Container, w.task.UserNames, w.task.UserNamespace = in, names, ns
		if w.q.Surroundings {
			w.from.place.Listed(handle.Thread(tid), &w.task)
		}
		w.startTime(handle.Thread(tid))
		if w.q.Threads == AllThreads || rightsOf(&w.status) != leader {
			w.visit(visit)
		}
	}
}

// fail counts a task that could not be read. One that has ended is none, unless it was
// asked for.
func (w *worker) fail(pid int, err error) {
	asked := w.q.Pids != nil
	switch {
	case errors.Is(err, fs.ErrNotExist) && !asked:
	case !asked && (errors.Is(err, fs.ErrPermission) || errors.Is(err, unix.EPERM)):
		w.found.Refused++
	default:
		w.found.Failures = append(w.found.Failures, &Failure{pid, plain(err)})
	}
}
