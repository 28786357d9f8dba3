// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"errors"
	"io/fs"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect/root"
	"github.com/capinspect/capinspect/procstatus"
)

// Task fills r with what is known of a task: a pid, or "self". It uses the memory
// that r holds again.
func (c *Collector) Task(target string, r *Record) error {
	task, err := c.handle(target)
	if err != nil {
		return err
	}
	own := target == self
	if c.proc == nil || c.opts.Detail == Credentials || own && c.opts.Detail == Named {
		return c.alone(task, own, r, nil)
	}
	// More than one file: all of them through one open directory.
	open, err := task.Open()
	if err != nil {
		if err = plain(err); own && c.opts.Proc == "" {
			return c.alone(task, own, r, err)
		}
		return err
	}
	defer open.Close()
	return c.whole(open, r)
}

// handle returns a target, a pid or "self", as a task of the procfs. Without a
// procfs, the task is the zero value.
func (c *Collector) handle(target string) (task procstatus.Task, err error) {
	if c.proc == nil {
		return task, nil
	}
	if target == self {
		return c.proc.Self(), nil
	}
	pid, err := strconv.Atoi(target)
	if err != nil { // more digits than any pid has
		return task, ErrNoProcess
	}
	return c.proc.Task(pid), nil
}

// alone fills r with what the status file tells, or, of capinspect's own process
// without a procfs, system calls. It looks up names in capinspect's own files.
// hidden is why the other files of the task cannot be read; nil without a procfs.
func (c *Collector) alone(task procstatus.Task, own bool, r *Record, hidden error) error {
	if err := c.credentials(task, own, r); err != nil {
		return err
	}
	switch {
	case c.opts.Detail < Named:
	case r.Self:
		c.names(r, root.Own(nil), nil, nil, nil)
	default:
		c.names(r, nil, errNotLive, nil, nil)
	}
	if c.opts.Detail >= Surrounded {
		reason := "there is no /proc"
		if hidden != nil {
			reason = hidden.Error()
		}
		r.nowhere(reason)
		c.conclusions(r)
	}
	r.ownSecurebits()
	return nil
}

// maxTries is how often a task is read if it changes meanwhile.
const maxTries = 3

// whole fills r with all that is asked for of a task, which is open or a thread of
// one that is open. If the credentials of the task change meanwhile, as those of
// one that executes a set-user-ID program, it reads the task again: a record does
// not mix two moments.
func (c *Collector) whole(task procstatus.Task, r *Record) error {
	defer r.ownSecurebits()
	for try := 1; ; try++ {
		if err := c.credentials(task, false, r); err != nil || c.opts.Detail == Credentials {
			return err
		}
		c.look(task, r)
		steady := steady(task, r)
		if !steady && try < maxTries {
			continue
		}
		if c.opts.Detail >= Surrounded {
			c.conclusions(r)
		}
		if !steady {
			r.note("changing", "it changed while it was read: not all of this is of one moment")
		}
		return nil
	}
}

// steady reports whether a task still has the credentials that r has.
func steady(task procstatus.Task, r *Record) bool {
	now, err := task.Status()
	if err != nil {
		return true // it has ended
	}
	return r.Status.Name == now.Name && !differs(&r.Status, now)
}

// look reads the files of a task other than status.
func (c *Collector) look(task procstatus.Task, r *Record) {
	if c.opts.Detail >= Surrounded {
		c.around(task, r)
	}
	mounts, unread := task.Mounts()
	from, users, groups, err := c.filesOf(task, r, mounts)
	c.names(r, from, err, users, groups)
	if c.opts.Detail >= Surrounded {
		if r.Mounted = mounted(mounts); unread != nil {
			r.Mounted.Hidden = c.hidden(unread, r)
		}
		c.container(task, r, mounts, unread, from)
	}
	if c.opts.Detail == Isolated {
		c.isolation(r)
	}
	if under, ok := from.(*root.Root); ok {
		under.Close()
	}
}

// credentials fills r with what the status file of a task tells. own is true if
// the task was asked for as capinspect's own.
func (c *Collector) credentials(task procstatus.Task, own bool, r *Record) error {
	*r = Record{Status: r.Status, Source: procSource, unsupported: true}
	if err := c.status(task, own, r); err != nil {
		return err
	}
	if r.LastCap = c.last; r.LastCap.From == "" {
		r.LastCap = LastCap{capset.GuessLastCap(r.Status.CapState()), "guess"}
	}
	if r.Self && !r.Status.Has(procstatus.FieldNoNewPrivs) {
		if on, err := procstatus.OwnNoNewPrivs(); err == nil {
			r.Status.NoNewPrivs = on
			r.Status.Mark(procstatus.FieldNoNewPrivs)
		}
	}
	r.absent()
	return nil
}

// status reads the status file of a task, or asks the kernel by system call if
// the task is capinspect's own and there is no such file.
func (c *Collector) status(task procstatus.Task, own bool, r *Record) error {
	err := c.procErr
	if c.proc != nil {
		err = task.ReadStatus(&r.Status)
		if _, unread := errors.AsType[*fs.PathError](err); err != nil && !unread {
			return err // it is malformed
		}
		if err == nil {
			r.Self = c.live && (own || r.Status.Has(procstatus.FieldPid) && r.Status.Pid == c.ownPid())
			return nil
		}
		err = plain(err)
	}
	if own && c.opts.Proc == "" {
		r.Status, r.Self, r.noProc = *procstatus.Own(), true, true
		return nil
	}
	return err
}

// Threads returns a task and the other threads of its process: those that differ
// from it, or all. It reads them through one open directory, and leaves out a
// thread that ends meanwhile.
func (c *Collector) Threads(target string, which Threads) ([]*Record, error) {
	if c.proc == nil {
		r := new(Record)
		err := c.Task(target, r)
		return []*Record{r}, err
	}
	task, err := c.handle(target)
	if err != nil {
		return nil, err
	}
	if task, err = task.Open(); err != nil {
		return nil, plain(err)
	}
	defer task.Close()
	leader := new(Record)
	if err := c.whole(task, leader); err != nil {
		return nil, err
	}
	list := []*Record{leader}
	tids, err := task.Tids()
	if err != nil {
		return list, plain(err)
	}
	for _, tid := range tids {
		if tid == leader.Status.Pid {
			continue
		}
		r, err := c.thread(task.Thread(tid), which, leader)
		switch {
		case errors.Is(err, ErrNoProcess):
		case err != nil:
			return list, err
		case r != nil:
			list = append(list, r)
		}
	}
	return list, nil
}

// thread returns a thread, or nil if it does not differ from its leader and only
// those that differ are asked for.
func (c *Collector) thread(task procstatus.Task, which Threads, leader *Record) (*Record, error) {
	r := new(Record)
	if which != AllThreads {
		if err := c.credentials(task, false, r); err != nil || !differs(&leader.Status, &r.Status) {
			return nil, err
		}
	}
	return r, c.whole(task, r)
}

// plain gives the usual words to the usual reasons for which a task cannot be
// read; the message has its pid already.
func plain(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ErrNoProcess
	case errors.Is(err, fs.ErrPermission):
		return unix.EACCES
	}
	return err
}

// ownSecurebits fills in what only the task itself can know.
func (r *Record) ownSecurebits() {
	reason := "only the task itself can read them"
	if r.Self {
		b, err := procstatus.OwnSecurebits()
		if err == nil {
			r.Securebits = b
			if _, ok := r.Mode(); !ok {
				r.unknown("mode", "needs all five sets")
			}
			return
		}
		reason = err.Error()
	}
	r.unknown("securebits", reason)
	r.unknown("mode", "needs securebits")
}
