// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"errors"
	"io/fs"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// inode is the inode of a namespace, or why it is unknown.
type inode = task.Value[uint64]

// reader is what capinspect itself is, as other tasks are compared with it.
type reader struct {
	namespaces [procstatus.NumNamespaces]inode
	first      [procstatus.NumNamespaces]inode // of PID 1
	root       string                          // where its root is, as the kernel names it; "" if hidden
	rootMount  int                             // the mount that it is on
}

// reader returns what capinspect is in the procfs.
func (c *Collector) reader() *reader {
	if c.me != nil {
		return c.me
	}
	c.me = new(reader)
	for k := range procstatus.NamespaceKind(procstatus.NumNamespaces) {
		c.me.namespaces[k] = task.Unknown[uint64](errNotLive.Error())
		if c.live {
			c.me.namespaces[k] = task.Unknown[uint64]("capinspect's own are hidden")
			if id, err := c.proc.Self().Namespace(k); err == nil {
				c.me.namespaces[k] = task.Known(id)
			}
		}
		c.me.first[k] = c.first(k)
	}
	if c.live {
		c.me.findRoot(c.proc)
	}
	return c.me
}

// first returns the inode of a namespace of PID 1.
func (c *Collector) first(k procstatus.NamespaceKind) inode {
	if c.proc == nil {
		return task.Unknown[uint64](errNoProc.Error())
	}
	id, err := c.proc.Task(1).Namespace(k)
	if err != nil {
		return task.Unknown[uint64]("PID 1: " + reasonOf(err))
	}
	return task.Known(id)
}

// findRoot finds out where capinspect's root directory is. The path does not tell it alone:
// a task that changed its root directory to one in another mount namespace has "/" too.
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

// inInitialUserNS reports whether capinspect is known to be in the initial user namespace,
// in which the ids that the kernel tells it are the host's.
func (me *reader) inInitialUserNS() bool {
	return task.Is(isInitial(procstatus.NamespaceUser, me.namespaces[procstatus.NamespaceUser]), true)
}

// isInitial reports whether an inode is that of the initial namespace of a kind.
func isInitial(k procstatus.NamespaceKind, id inode) task.Value[bool] {
	initial, _ := k.Initial()
	return task.Map(id, func(id uint64) bool { return id == initial })
}

// namespaces finds out which namespaces the task is in.
func (c *Collector) namespaces(handle procstatus.Task, t *task.Task) {
	me, all := c.reader(), task.Namespaces{}
	for k := range procstatus.NamespaceKind(procstatus.NumNamespaces) {
		ns := &all[k]
		id, err := handle.Namespace(k)
		switch {
		case errors.Is(err, fs.ErrNotExist) && c.live && !task.Is(t.RunState, 'Z'):
			*ns = task.HiddenNamespace("Linux has it since " + k.Since())
		case err != nil:
			*ns = task.HiddenNamespace(c.hidden(err, t))
		default:
			ns.ID = task.Known(id)
		}
		ns.WithSelf = task.SameInode(ns.ID, me.namespaces[k])
		ns.WithPID1 = task.SameInode(ns.ID, me.first[k])
	}
	if t.Namespaces = task.Known(all); !all.Any() {
		t.Namespaces = task.Unknown[task.Namespaces](all[procstatus.NamespaceUser].ID.Why())
		return
	}
	for k := range procstatus.NamespaceKind(procstatus.NumNamespaces) {
		all[k].Node = c.nodes(k, t)
	}
	t.Namespaces = task.Known(all)
}

// isOwnMap reports whether the map of a user namespace that is hidden is that of
// capinspect's own, which is shown with the ids of the one above it, as one below cannot
// have. The map of all ids may be any namespace's.
func (c *Collector) isOwnMap(m procstatus.IDMap) bool {
	if !c.live || m == nil || m.Whole() {
		return false
	}
	own, err := c.proc.Self().UIDMap()
	return err == nil && slices.Equal(own, m)
}

// userNamespace finds out what the task's user namespace is like, and which ids the task
// has in the initial one.
func (c *Collector) userNamespace(handle procstatus.Task, t *task.Task) {
	t.Host = c.hostIDs(t)
	id := t.Namespace(procstatus.NamespaceUser)
	users, usersErr := handle.UIDMap()
	groups, groupsErr := handle.GIDMap()
	setgroups, setgroupsErr := handle.Setgroups()
	_, malformed := errors.AsType[*procstatus.LineError](usersErr)
	if !id.ID.Known() && usersErr != nil && groupsErr != nil && setgroupsErr != nil && !malformed {
		t.UserNamespace = task.Unknown[task.UserNamespace](c.hidden(usersErr, t))
		return
	}
	ns := task.UserNamespace{
		ID: id.ID, UIDMap: read(c, t, users, usersErr), GIDMap: read(c, t, groups, groupsErr), Setgroups: read(c, t, setgroups, setgroupsErr),
		Own: task.Is(id.WithSelf, true) || !id.ID.Known() && c.isOwnMap(users),
	}
	// The map of all ids may be that of the initial namespace, or of one below it. Another
	// one is not.
	unproven := usersErr != nil || users.Whole()
	ns.Initial = t.Initial(procstatus.NamespaceUser)
	switch {
	case !unproven && !task.Is(ns.Initial, true):
		ns.Initial = task.Known(false)
	case unproven && !id.ID.Known():
		ns.Initial = task.Unknown[bool]("its inode is not known, and a map of all ids proves nothing")
	case unproven && t.InSandbox():
		ns.Initial = task.Unknown[bool]("its inode is not one of Linux, and a map of all ids proves nothing")
	}
	t.UserNamespace = task.Known(ns)
}

// read returns a value that was read of a task, or why it could not be.
func read[T any](c *Collector, t *task.Task, value T, err error) task.Value[T] {
	if err != nil {
		return task.Unknown[T](c.hidden(err, t))
	}
	return task.Known(value)
}

// hostIDs returns the ids of the initial user namespace that the task has: the kernel tells
// ids as the reader's namespace has them.
func (c *Collector) hostIDs(t *task.Task) task.Value[task.HostIDs] {
	switch {
	case !c.live:
		return task.Unknown[task.HostIDs](errNotLive.Error())
	case !c.reader().inInitialUserNS():
		return task.Unknown[task.HostIDs]("capinspect is not in the initial user namespace, and sees ids as its own has them")
	}
	return task.Known(task.HostIDs{UID: t.UID.Zero(), GID: t.GID.Zero()})
}

// label reads what the security module calls the task.
func (c *Collector) label(handle procstatus.Task, t *task.Task) {
	switch label, err := handle.Label(); {
	case err == nil:
		t.Label = task.Known(label)
	case errors.Is(err, unix.EINVAL):
		t.Label = task.Unknown[procstatus.Label](task.NoLabels)
	case errors.Is(err, fs.ErrNotExist) && c.live && !task.Is(t.RunState, 'Z'):
		t.Label = task.Unknown[procstatus.Label]("there is no attr/current")
	default:
		t.Label = task.Unknown[procstatus.Label](c.hidden(err, t))
	}
}

// hidden returns the reason for which a file of a task cannot be read and, if the kernel
// refuses it, what that depends on: ns, root and the like need the right to trace the task
// (ptrace(2), ptrace access mode checking, PTRACE_MODE_READ_FSCREDS). Yama has no say in
// that mode.
func (c *Collector) hidden(err error, t *task.Task) string {
	gone := errors.Is(err, fs.ErrNotExist)
	switch {
	case gone && !c.live:
		return task.NotSaved
	case (gone || errors.Is(err, unix.EINVAL)) && task.Is(t.RunState, 'Z'):
		return "it has ended"
	}
	reason := reasonOf(err)
	if !errors.Is(err, unix.EACCES) || t.Self || !c.live {
		return reason
	}
	own, err := c.proc.Self().Status()
	if err != nil {
		return reason
	}
	mine, theirs := own.CapState(), t.State()
	switch {
	case mine[capset.Effective].Has(capset.SysPtrace):
		return reason + ": cap_sys_ptrace does not reach into its user namespace, or a security module refuses it"
	case !sameIDs(own.UID.Filesystem, t.UID.Zero()) || !sameIDs(own.GID.Filesystem, t.GID.Zero()):
		return reason + ": it has other ids than capinspect, which has no cap_sys_ptrace"
	case !theirs[capset.Permitted].Within(mine[capset.Effective]):
		return reason + ": it has capabilities that capinspect lacks, and capinspect has no cap_sys_ptrace"
	}
	return reason + ": it is not dumpable, or a security module refuses it"
}

// sameIDs reports whether the ids of a task by which the right to trace it is judged are
// all the same as one of the tracer's.
func sameIDs(mine uint32, theirs capset.IDs) bool {
	return mine == theirs.Real && mine == theirs.Effective && mine == theirs.Saved
}

// reasonOf returns an error without the path that it is about, but with the call if that
// was refused as such, which a sandbox does and not a procfs.
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
