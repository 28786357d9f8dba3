// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect/place"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// Task returns what is known of a task: a pid, or "self".
func (c *Collector) Task(target string) (*task.Task, error) {
	handle, err := c.handle(target)
	if err != nil {
		return nil, err
	}
	own := target == self
	if c.proc == nil || c.opts.Detail == Credentials || own && c.opts.Detail == Named {
		return c.alone(handle, own, nil)
	}
	// There is more than one file to read: all of them through one open directory.
	open, err := handle.Open()
	if err != nil {
		if err = plain(err); own && c.opts.Proc == "" {
			return c.alone(handle, own, err)
		}
		return nil, err
	}
	defer open.Close()
	return c.whole(open)
}

// alone returns what the status file of a task tells or, of capinspect's own process where
// there is none, system calls. hidden is why its other files cannot be read, nil without a
// procfs.
func (c *Collector) alone(handle procstatus.Task, own bool, hidden error) (*task.Task, error) {
	t, _, err := c.credentials(handle, own)
	if err != nil {
		return nil, err
	}
	switch {
	case c.opts.Detail < Named:
	case t.Self:
		c.place.Names(t, place.OwnFiles())
	default:
		c.place.Names(t, place.Files{Err: place.ErrNotLive})
	}
	if c.opts.Detail >= Surrounded {
		if hidden == nil {
			hidden = place.ErrNoProc
		}
		t.Nowhere(hidden.Error())
		c.conclude(t)
	}
	return t, nil
}

// maxTries is how often a task is read if it changes meanwhile.
const maxTries = 3

// whole returns all that is asked for of a task, which is open or a thread of one that is.
// If its credentials change meanwhile, as those of one that executes a set-user-ID program,
// the task is read again: what is known of it is of one moment.
func (c *Collector) whole(handle procstatus.Task) (*task.Task, error) {
	t, err := settled(func() (*task.Task, error) {
		t, before, err := c.credentials(handle, false)
		if err == nil && c.opts.Detail > Credentials {
			c.look(handle, t)
			t.Changed = changed(handle, before)
		}
		return t, err
	})
	if err == nil && c.opts.Detail >= Surrounded {
		c.conclude(t)
	}
	return t, err
}

// settled reads a task until it does not change meanwhile, or too often.
func settled(read func() (*task.Task, error)) (t *task.Task, err error) {
	for range maxTries {
		if t, err = read(); err != nil || !t.Changed {
			break
		}
	}
	return t, err
}

// changed reports whether a task has other credentials than it had, or another name. One
// that has ended meanwhile has not.
func changed(handle procstatus.Task, before *procstatus.Status) bool {
	now, err := handle.Status()
	return err == nil && (now.Name != before.Name || rightsOf(before) != rightsOf(now))
}

// rights are what threads of a process, and a task at two moments, may have in different
// ways.
type rights struct {
	sets             capset.State
	uid, gid         capset.IDs
	noNewPrivs       bool
	seccomp, filters int
}

func rightsOf(s *procstatus.Status) rights {
	return rights{s.CapState(), s.UID, s.GID, s.NoNewPrivs, s.Seccomp, s.SeccompFilters}
}

// look reads the files of a task other than status.
func (c *Collector) look(handle procstatus.Task, t *task.Task) {
	if c.opts.Detail >= Surrounded {
		c.place.Namespaces(handle, t)
		c.place.Label(handle, t)
	}
	mounts, unread := handle.Mounts()
	files := c.place.FilesOf(handle, t, mounts)
	defer files.Close()
	c.place.Names(t, files)
	if c.opts.Detail >= Surrounded {
		if t.Mounts = task.MountsOf(mounts); unread != nil {
			t.Mounts = task.UnknownMounts(c.place.Hidden(unread, t))
		}
		c.place.Container(handle, t, mounts, unread, files)
	}
	if c.opts.Detail == Isolated {
		c.place.Isolation(t)
	}
}

// conclude adds what follows from all the rest.
func (c *Collector) conclude(t *task.Task) {
	t.FindProfile()
	c.place.Overflow(t)
	if t.Self {
		c.place.Beside(t)
	}
	t.Remark()
}

// credentials returns what the status file of a task tells, and what only the task itself
// can know. own says that the task was asked for as capinspect's own.
func (c *Collector) credentials(handle procstatus.Task, own bool) (*task.Task, *procstatus.Status, error) {
	status, origin, err := c.status(handle, own)
	if err != nil {
		return nil, nil, err
	}
	t := &task.Task{Source: task.SourceProc, Status: task.StatusOf(status, origin), LastCap: c.last}
	t.Self = origin == task.SystemCalls || c.live && (own || status.Has(procstatus.FieldPid) && status.Pid == c.place.OwnPid())
	t.Guess()
	t.Securebits = task.Unknown[capset.Securebits]("only the task itself can read them")
	if !t.Self {
		return t, status, nil
	}
	if on, err := procstatus.OwnNoNewPrivs(); err == nil && !t.NoNewPrivs.Known() {
		t.NoNewPrivs = task.Known(on)
	}
	bits, err := procstatus.OwnSecurebits()
	if t.Securebits = task.Known(bits); err != nil {
		t.Securebits = task.Unknown[capset.Securebits](err.Error())
	}
	return t, status, nil
}

// status reads the status file of a task. If the task is capinspect's own and has no such
// file, it asks the kernel by system call.
func (c *Collector) status(handle procstatus.Task, own bool) (*procstatus.Status, task.Origin, error) {
	err := c.procErr
	if c.proc != nil {
		var s *procstatus.Status
		if s, err = handle.Status(); err == nil {
			return s, task.WholeFile, nil
		}
		if _, unread := errors.AsType[*fs.PathError](err); !unread {
			return nil, 0, err // it is malformed
		}
		err = plain(err)
	}
	if own && c.opts.Proc == "" {
		return procstatus.Own(), task.SystemCalls, nil
	}
	return nil, 0, err
}

// Threads yields a task and the other threads of its process that are asked for, until
// yield returns false. It reads them through one open directory, and leaves out one that
// ends meanwhile.
func (c *Collector) Threads(target string, which Threads, yield func(*task.Task) bool) error {
	if which == Leaders || c.proc == nil {
		t, err := c.Task(target)
		if err == nil {
			yield(t)
		}
		return err
	}
	handle, err := c.handle(target)
	if err != nil {
		return err
	}
	if handle, err = handle.Open(); err != nil {
		return plain(err)
	}
	defer handle.Close()
	defer c.place.KeepOwners()()
	leader, err := c.whole(handle)
	if err != nil || !yield(leader) {
		return err
	}
	status, err := handle.Status()
	if err != nil {
		return plain(err)
	}
	tids, err := handle.Tids()
	if err != nil {
		return plain(err)
	}
	for _, tid := range tids {
		if task.Is(leader.Tid, tid) {
			continue
		}
		t, err := c.thread(handle.Thread(tid), which, rightsOf(status))
		switch {
		case errors.Is(err, ErrNoProcess):
		case err != nil:
			return err
		case t != nil && !yield(t):
			return nil
		}
	}
	return nil
}

// thread returns a thread, or nil if it has the rights of its leader and only those that
// have others are asked for.
func (c *Collector) thread(handle procstatus.Task, which Threads, leader rights) (*task.Task, error) {
	if which != AllThreads {
		s, err := handle.Status()
		if err != nil || rightsOf(s) == leader {
			return nil, plain(err)
		}
	}
	return c.whole(handle)
}

// plain gives the usual words to the usual reasons for which a task cannot be read; the
// message has its pid already.
func plain(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ErrNoProcess
	case errors.Is(err, fs.ErrPermission):
		return unix.EACCES
	}
	return err
}
