// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"errors"
	"io/fs"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/procstatus"
)

// reader is what capinspect itself is, as other tasks are compared with it.
type reader struct {
	namespaces [procstatus.NumNamespaces]uint64 // inodes, 0 if hidden
	first      [procstatus.NumNamespaces]uint64 // of PID 1
	firstErr   error                            // why one of PID 1 is hidden
	root       string                           // where its root is, as the kernel names it; "" if hidden
	rootMount  int                              // the mount that it is on
}

// reader returns what capinspect is in the procfs.
func (c *Collector) reader() *reader {
	if c.me != nil {
		return c.me
	}
	c.me = new(reader)
	me := c.me
	for k := range procstatus.NamespaceKind(procstatus.NumNamespaces) {
		if c.live {
			me.namespaces[k], _ = c.proc.Self().Namespace(k)
		}
		var err error
		if me.first[k], err = c.proc.Task(1).Namespace(k); err != nil {
			me.firstErr = err
		}
	}
	if c.live {
		me.findRoot(c.proc)
	}
	return me
}

// findRoot finds out where capinspect's root directory is. The path does not tell
// it alone: a task that changed its root directory to one in another mount
// namespace has "/" too.
func (me *reader) findRoot(proc *procstatus.FS) {
	root, err := proc.Self().OpenPath("root")
	if err != nil {
		return
	}
	defer unix.Close(root)
	if me.rootMount, err = proc.MountID(root); err == nil {
		me.root, _ = proc.Self().Readlink("root")
	}
}

// inInitialUserNS reports whether capinspect is known to be in the initial user
// namespace, in which the ids that the kernel tells it are the host's.
func (me *reader) inInitialUserNS() bool {
	return isInitial(procstatus.NamespaceUser, me.namespaces[procstatus.NamespaceUser]) == Yes
}

// around finds out where a task is.
func (c *Collector) around(task procstatus.Task, r *Record) {
	me := c.reader()
	c.namespaces(task, r, me)
	c.userNamespace(task, r, me)
	c.label(task, r)
}

// conclusions adds what follows from the rest.
func (c *Collector) conclusions(r *Record) {
	r.profile()
	r.remarks()
	c.remarkOverflow(r)
	if r.Self {
		c.remarkPID1(r)
	}
}

func (c *Collector) namespaces(task procstatus.Task, r *Record, me *reader) {
	var reasons [procstatus.NumNamespaces]string
	for k := range procstatus.NamespaceKind(procstatus.NumNamespaces) {
		id, err := task.Namespace(k)
		switch {
		case errors.Is(err, fs.ErrNotExist) && c.live && r.Status.State != 'Z':
			reasons[k] = "Linux has it since " + k.Since()
		case err != nil:
			reasons[k] = c.hidden(err, r)
		}
		r.Namespaces[k] = Namespace{id, same(id, me.namespaces[k]), same(id, me.first[k])}
	}
	if !r.Namespaces.Known() {
		r.unknown("namespaces", reasons[procstatus.NamespaceUser])
		return
	}
	for k, reason := range reasons {
		if reason != "" {
			r.unknown("namespaces."+procstatus.NamespaceKind(k).String(), reason)
		}
	}
	// What is known of one kind is known of all, as far as the kernel has them.
	var self, first bool
	for _, ns := range r.Namespaces {
		self = self || ns.ID != 0 && ns.WithSelf == Unsure
		first = first || ns.ID != 0 && ns.WithPID1 == Unsure
	}
	switch {
	case self && c.live:
		r.unknown("namespaces.*.sharedWithSelf", "capinspect's own are hidden")
	case self:
		r.unknown("namespaces.*.sharedWithSelf", errNotLive.Error())
	}
	if first && me.firstErr != nil {
		r.unknown("namespaces.*.sharedWithPid1", "PID 1: "+reasonOf(me.firstErr))
	}
}

// isOwnMap reports whether the map of a user namespace that is hidden is that of
// capinspect's own, which is shown with the ids of the one above it, as one below
// cannot have. The map of all ids may be any one's.
func (c *Collector) isOwnMap(m procstatus.IDMap) bool {
	if !c.live || m == nil || m.Whole() {
		return false
	}
	own, err := c.proc.Self().UIDMap()
	return err == nil && slices.Equal(own, m)
}

// label reads what the security module calls the task.
func (c *Collector) label(task procstatus.Task, r *Record) {
	switch label, err := task.Label(); {
	case err == nil:
		r.Label = &label
	case errors.Is(err, unix.EINVAL):
		r.unknown("lsm", noLabels)
	case errors.Is(err, fs.ErrNotExist) && c.live && r.Status.State != 'Z':
		r.unknown("lsm", "there is no attr/current")
	default:
		r.unknown("lsm", c.hidden(err, r))
	}
}

// hidden returns the reason for which a file of a task cannot be read, and, if
// the kernel refuses it, what that depends on: ns, root and the like need the
// right to trace the task (ptrace(2), ptrace access mode checking,
// PTRACE_MODE_READ_FSCREDS). Yama has no say in that mode.
func (c *Collector) hidden(err error, r *Record) string {
	if errors.Is(err, fs.ErrNotExist) && !c.live {
		return notSaved
	}
	if (errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.EINVAL)) && r.Status.State == 'Z' {
		return "it has ended"
	}
	reason := reasonOf(err)
	if !errors.Is(err, unix.EACCES) || r.Self || !c.live {
		return reason
	}
	own, err := c.proc.Self().Status()
	if err != nil {
		return reason
	}
	s := &r.Status
	mine, theirs := own.CapState(), s.CapState()
	switch {
	case mine[capset.Effective].Has(capset.SysPtrace):
		return reason + ": cap_sys_ptrace does not reach into its user namespace, or a security module refuses it"
	case own.UID.Filesystem != s.UID.Real || own.UID.Filesystem != s.UID.Effective || own.UID.Filesystem != s.UID.Saved ||
		own.GID.Filesystem != s.GID.Real || own.GID.Filesystem != s.GID.Effective || own.GID.Filesystem != s.GID.Saved:
		return reason + ": it has other ids than capinspect, which has no cap_sys_ptrace"
	case !theirs[capset.Permitted].Within(mine[capset.Effective]):
		return reason + ": it has capabilities that capinspect lacks, and capinspect has no cap_sys_ptrace"
	}
	return reason + ": it is not dumpable, or a security module refuses it"
}

// reasonOf returns an error without the path that it is about, but with the
// call if that was refused as such, which a sandbox does and not a procfs.
func reasonOf(err error) string {
	path, ok := errors.AsType[*fs.PathError](err)
	switch {
	case !ok:
		return err.Error()
	case path.Err == unix.EPERM || path.Err == unix.ENOSYS:
		return path.Op + ": " + path.Err.Error()
	}
	return path.Err.Error()
}

// remarkOverflow says that an id stands for others, or may.
func (c *Collector) remarkOverflow(r *Record) {
	s := &r.Status
	if !s.Has(procstatus.FieldUID) || !s.Has(procstatus.FieldGID) {
		return
	}
	for _, ids := range [...]struct {
		of procstatus.IDs
		o  *overflow
	}{{s.UID, &overflowUID}, {s.GID, &overflowGID}} {
		doubts := c.doubts(r, ids.o)
		for _, id := range [...]uint32{ids.of.Real, ids.of.Effective} {
			if err := doubts(id); err != nil {
				r.note("overflow-id", err.Error())
				return
			}
		}
	}
}
