// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/procstatus"
	"github.com/capinspect/capinspect/procstatus/container"
)

// worker reads tasks, one after the other, into the same memory.
type worker struct {
	from    *Collector
	q       *Query
	r       Record
	capget  bool // capget(2) speaks of the same pids
	users   users
	found   Walked
	private bool // capinspect has a cgroup namespace of its own
}

func (c *Collector) worker(q *Query) *worker {
	w := &worker{from: c, q: q}
	w.r = Record{Source: procSource, LastCap: c.last, unsupported: true}
	w.capget = q.selective() && q.Threads == Leaders && c.opts.Proc == "" && c.samePidNS()
	if q.UserNames {
		w.users.open(c)
	}
	w.private = q.Container && c.privateCgroups()
	return w
}

// process visits a process, and those of its threads that the query asks for.
func (w *worker) process(task procstatus.Task, visit func(*Record)) {
	pid := task.Pid()
	if w.capget && w.skip(pid) {
		return
	}
	if w.q.Container || w.q.UserNames || w.q.Threads != Leaders {
		// More than one file: all of them through one open directory.
		var err error
		if task, err = task.Open(); err != nil {
			w.fail(pid, err)
			return
		}
		defer task.Close()
	}
	if err := w.read(task); err != nil {
		w.fail(pid, err)
		return
	}
	if s := &w.r.Status; w.q.Pids != nil && s.Pid != s.Tgid {
		w.found.Failures = append(w.found.Failures, &Failure{pid, fmt.Errorf("a thread of process %d: see -t and -T", s.Tgid)})
		return
	}
	w.around(task)
	w.visit(visit)
	if w.q.Threads != Leaders && (w.r.Status.Threads > 1 || !w.r.Status.Has(procstatus.FieldThreads)) {
		w.threads(task, visit)
	}
}

// samePidNS reports whether the procfs is of capinspect's own pid namespace, so
// that its numbers are those of system calls: seen from there, capinspect has
// one number only (proc_pid_status(5), NSpid; since Linux 4.1).
func (c *Collector) samePidNS() bool {
	if !c.live {
		return false
	}
	own, err := c.proc.Self().Status()
	return err == nil && own.Has(procstatus.FieldNSpid) && len(own.NSpid) == 1 && own.Tgid == os.Getpid()
}

// skip reports whether a process holds nothing that the query asks for, as far
// as capget(2) tells. Ambient is within Permitted and Inheritable.
func (w *worker) skip(pid int) bool {
	s, err := procstatus.Capget(pid)
	if err != nil {
		return false
	}
	held := union(&s)
	if held == 0 {
		return !w.bounding()
	}
	if len(w.q.Holding) == 0 {
		return false
	}
	for i := range w.q.Holding {
		h := &w.q.Holding[i]
		if h.Kind == capset.Bounding && !h.Any || held&h.Caps != 0 {
			return false
		}
	}
	return true
}

// bounding reports whether the query asks for what is in Bounding, which
// capget(2) does not tell.
func (w *worker) bounding() bool {
	for i := range w.q.Holding {
		if h := &w.q.Holding[i]; h.Kind == capset.Bounding && !h.Any {
			return true
		}
	}
	return false
}

// read reads a status file.
func (w *worker) read(task procstatus.Task) error {
	// What a walk does not fill stays as it was made.
	r := &w.r
	r.Unknown, r.Container, r.UserNames = r.Unknown[:0], nil, nil
	if err := task.ReadStatus(&r.Status); err != nil {
		return err
	}
	if w.from.last.From == "" {
		r.LastCap = LastCap{capset.GuessLastCap(r.Status.CapState()), "guess"}
	}
	r.Self = w.from.own != 0 && r.Status.Pid == w.from.own
	r.absent()
	return nil
}

// around finds out what other files than status tell.
func (w *worker) around(task procstatus.Task) {
	if w.q.Container {
		text, err := task.Cgroup()
		if err != nil {
			reason := plain(err)
			if errors.Is(reason, ErrNoProcess) {
				reason = errNoCgroup
			}
			w.r.unknown("container", reason.Error())
		} else if found, ok := container.OfCgroup(text); ok {
			w.r.Container = fromCgroup(found)
			w.q.Pods.name(w.r.Container)
		} else if w.private && isBlank(text) {
			w.r.unknown("container", blankCgroup)
		}
	}
	if w.q.UserNames {
		w.users.name(&w.r, task)
	}
}

// visit passes the task on if it is one that the query asks for.
func (w *worker) visit(visit func(*Record)) {
	r, q := &w.r, w.q
	switch {
	case !q.meets(&r.Status):
		return
	case q.UID != nil && (!r.Status.Has(procstatus.FieldUID) || r.Status.UID.Effective != *q.UID):
		return
	case q.ContainerID != "" && (r.Container == nil ||
		!strings.HasPrefix(r.Container.ID, q.ContainerID) && !strings.HasPrefix(r.Container.PodUID, q.ContainerID)):
		return
	}
	if q.Name != "" {
		if ok, _ := path.Match(flat(q.Name), flat(r.Status.Name)); !ok {
			return
		}
	}
	visit(r)
}

// flat makes a name, or a pattern of names, one that path.Match takes as one
// part of a path.
func flat(name string) string { return strings.ReplaceAll(name, "/", "\x01") }

// threads visits the threads of the process that was just read. They are in
// its container and of its namespaces.
func (w *worker) threads(task procstatus.Task, visit func(*Record)) {
	leader, container, users := w.r.Status, w.r.Container, w.r.UserNames
	leader.Groups, leader.NSpid = nil, nil // their memory is used again
	tids, err := task.Tids()
	if err != nil {
		w.fail(leader.Tgid, err)
		return
	}
	for _, tid := range tids {
		if tid == leader.Pid {
			continue
		}
		if err := w.read(task.Thread(tid)); err != nil {
			w.fail(leader.Pid, err)
			continue
		}
		w.r.Container, w.r.UserNames = container, users
		if w.q.Threads == AllThreads || differs(&leader, &w.r.Status) {
			w.visit(visit)
		}
	}
}

// differs reports whether a thread has other rights than its leader.
func differs(a, b *procstatus.Status) bool {
	return a.CapState() != b.CapState() || a.UID != b.UID || a.GID != b.GID || a.NoNewPrivs != b.NoNewPrivs ||
		a.Seccomp != b.Seccomp || a.SeccompFilters != b.SeccompFilters
}

// fail counts a task that could not be read. One that has ended is none, unless
// it was asked for.
func (w *worker) fail(pid int, err error) {
	asked := w.q.Pids != nil
	switch {
	case errors.Is(err, fs.ErrNotExist) && !asked:
	case errors.Is(err, fs.ErrPermission) && !asked, errors.Is(err, unix.EPERM) && !asked:
		w.found.Refused++
	default:
		w.found.Failures = append(w.found.Failures, &Failure{pid, plain(err)})
	}
}
