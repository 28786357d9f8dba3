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

// Task fills r with what is known of a task: a pid, or "self". The memory that
// r holds is used again.
func (c *Collector) Task(task string, r *Record) error {
	own := task == self && c.opts.Detail == Named
	if c.proc == nil || c.opts.Detail == Credentials || own {
		return c.alone(c.proc, task, r, nil)
	}
	// More than one file: all through one open directory.
	dir, err := c.proc.Sub(task)
	if err != nil {
		if err = plain(err); task == self && c.opts.Proc == "" {
			return c.alone(nil, task, r, err)
		}
		return err
	}
	defer dir.Close()
	return c.whole(dir, ".", r)
}

// alone fills r with what its status file tells, or, without a procfs, system
// calls. Names are those of capinspect's own files. hidden is why there are no
// other files of the task in a procfs that there is.
func (c *Collector) alone(proc *procstatus.FS, task string, r *Record, hidden error) error {
	if err := c.credentials(proc, task, r); err != nil {
		return err
	}
	switch {
	case c.opts.Detail < Named:
	case r.Self:
		c.names(r, root.Own(c.buf), nil, nil, nil)
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

// whole fills r with all that is asked for of a task, through the open
// directory of its process. If the task has other credentials afterwards than
// before, as one that has executed a set-user-ID program, it is read again, so
// that a record is not of two moments.
func (c *Collector) whole(dir *procstatus.FS, name string, r *Record) error {
	defer r.ownSecurebits()
	for try := 1; ; try++ {
		if err := c.credentials(dir, name, r); err != nil || c.opts.Detail == Credentials {
			return err
		}
		c.look(dir, name, r)
		steady := c.steady(dir, name, r)
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
func (c *Collector) steady(dir *procstatus.FS, name string, r *Record) bool {
	var now procstatus.Status
	text, err := dir.ReadStatus(name, nil)
	if err != nil || now.UnmarshalText(text) != nil {
		return true // it has ended
	}
	return r.Status.Name == now.Name && !differs(&r.Status, &now)
}

// look finds out what other files than status tell.
func (c *Collector) look(dir *procstatus.FS, name string, r *Record) {
	if c.opts.Detail >= Surrounded {
		c.around(dir, name, r)
	}
	mounts, unread := dir.Mounts(name)
	from, users, groups, err := c.filesOf(dir, name, r, mounts)
	c.names(r, from, err, users, groups)
	if c.opts.Detail >= Surrounded {
		if r.Mounted = mounted(mounts); unread != nil {
			r.Mounted.Hidden = c.hidden(unread, r)
		}
		c.container(dir, name, r, mounts, unread, from)
	}
	if c.opts.Detail == Isolated {
		c.isolation(r)
	}
	if under, ok := from.(*root.Root); ok {
		under.Close()
	}
}

// credentials fills r with what the status file of a task tells. dir is nil if
// there is no procfs.
func (c *Collector) credentials(dir *procstatus.FS, name string, r *Record) error {
	*r = Record{Status: r.Status, Source: procSource, unsupported: true}
	if err := c.status(dir, name, r); err != nil {
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

// status reads the status file of a task, or asks the kernel by system call
// if the task is capinspect itself and has none.
func (c *Collector) status(dir *procstatus.FS, name string, r *Record) error {
	err := c.procErr
	if dir != nil {
		var text []byte
		if text, err = dir.ReadStatus(name, c.buf); err == nil {
			c.buf = text[:cap(text)]
			if err := r.Status.UnmarshalText(text); err != nil {
				return err
			}
			r.Self = c.live && (name == self || r.Status.Has(procstatus.FieldPid) && r.Status.Pid == c.ownPid())
			return nil
		}
		err = plain(err)
	}
	if name == self && c.opts.Proc == "" {
		r.Status, r.Self, r.noProc = *procstatus.Own(), true, true
		return nil
	}
	return err
}

// Threads returns a task and the other threads of its process: those that
// differ from it, or all. All are read through one open directory. A thread
// that ends meanwhile is none.
func (c *Collector) Threads(task string, which Threads) ([]*Record, error) {
	if c.proc == nil {
		r := new(Record)
		err := c.Task(task, r)
		return []*Record{r}, err
	}
	dir, err := c.proc.Sub(task)
	if err != nil {
		return nil, plain(err)
	}
	defer dir.Close()
	leader := new(Record)
	if err := c.whole(dir, ".", leader); err != nil {
		return nil, err
	}
	list := []*Record{leader}
	tids, err := dir.Tids(".")
	if err != nil {
		return list, plain(err)
	}
	for _, tid := range tids {
		if tid == leader.Status.Pid {
			continue
		}
		r, err := c.thread(dir, "task/"+strconv.Itoa(tid), which, leader)
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
// such are asked for.
func (c *Collector) thread(dir *procstatus.FS, name string, which Threads, leader *Record) (*Record, error) {
	r := new(Record)
	if which != AllThreads {
		if err := c.credentials(dir, name, r); err != nil || !differs(&leader.Status, &r.Status) {
			return nil, err
		}
	}
	return r, c.whole(dir, name, r)
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
