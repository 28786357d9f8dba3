// SPDX-License-Identifier: Apache-2.0

package place

import (
	"errors"
	"io/fs"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// Namespaces finds out which namespaces a task is in, whose they are, and what its user
// namespace is like.
func (f *Finder) Namespaces(handle procstatus.Task, t *task.Task) {
	t.Isolation.HostPID = f.hostPID(t)
	f.namespaces(handle, t)
	f.owners(handle, t)
	f.userNamespace(handle, t)
}

// Listed finds out of a task of a list which namespaces it is in, and its label. It does not
// ask whose the namespaces are.
func (f *Finder) Listed(handle procstatus.Task, t *task.Task) {
	const untold = "a list does not say"
	f.namespaces(handle, t)
	if all, ok := t.Namespaces.Get(); ok {
		for k := range all {
			if all[k].ID.Known() {
				all[k].Owner, all[k].Owned, all[k].ByUID = task.Unknown[uint64](untold), task.Unknown[bool](untold), task.Unknown[bool](untold)
			}
		}
		t.Namespaces = task.Known(all)
	}
	t.Host = f.hostIDs(t)
	f.Label(handle, t)
}

// namespaces finds out which namespaces the task is in.
func (f *Finder) namespaces(handle procstatus.Task, t *task.Task) {
	me, all, refused := f.reader(), task.Namespaces{}, ""
	for k := range procstatus.NamespaceKind(procstatus.NumNamespaces) {
		ns := &all[k]
		id, err := handle.Namespace(k)
		switch {
		case errors.Is(err, fs.ErrNotExist) && f.live && !task.Is(t.RunState, 'Z'):
			*ns = task.HiddenNamespace("Linux has it since " + k.Since())
		case errors.Is(err, unix.EACCES):
			if refused == "" {
				refused = f.Hidden(err, t) // of all of them
			}
			*ns = task.HiddenNamespace(refused)
		case err != nil:
			*ns = task.HiddenNamespace(f.Hidden(err, t))
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
		all[k].Node = f.nodes(k, t)
	}
	t.Namespaces = task.Known(all)
}

// isOwnMap reports whether the map of a user namespace that is hidden is that of
// capinspect's own, which is shown with the ids of the one above it, as one below cannot
// have. The map of all ids may be any namespace's.
func (f *Finder) isOwnMap(m procstatus.IDMap) bool {
	if !f.live || m == nil || m.Whole() {
		return false
	}
	own, err := f.proc.Self().UIDMap()
	return err == nil && slices.Equal(own, m)
}

// userNamespace finds out what the task's user namespace is like, and which ids the task
// has in the initial one.
func (f *Finder) userNamespace(handle procstatus.Task, t *task.Task) {
	t.Host = f.hostIDs(t)
	id := t.Namespace(procstatus.NamespaceUser)
	users, usersErr := handle.UIDMap()
	groups, groupsErr := handle.GIDMap()
	setgroups, setgroupsErr := handle.Setgroups()
	_, malformed := errors.AsType[*procstatus.LineError](usersErr)
	if !id.ID.Known() && usersErr != nil && groupsErr != nil && setgroupsErr != nil && !malformed {
		t.UserNamespace = task.Unknown[task.UserNamespace](f.Hidden(usersErr, t))
		return
	}
	ns := task.UserNamespace{
		ID: id.ID, UIDMap: read(f, t, users, usersErr), GIDMap: read(f, t, groups, groupsErr), Setgroups: read(f, t, setgroups, setgroupsErr),
		Own: task.Is(id.WithSelf, true) || !id.ID.Known() && f.isOwnMap(users),
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
func read[T any](f *Finder, t *task.Task, value T, err error) task.Value[T] {
	if err != nil {
		return task.Unknown[T](f.Hidden(err, t))
	}
	return task.Known(value)
}

// hostIDs returns the ids of the initial user namespace that the task has: the kernel tells
// ids as the reader's namespace has them.
func (f *Finder) hostIDs(t *task.Task) task.Value[task.HostIDs] {
	switch {
	case !f.live:
		return task.Unknown[task.HostIDs](ErrNotLive.Error())
	case !f.inInitialUser():
		return task.Unknown[task.HostIDs]("capinspect is not in the initial user namespace, and sees ids as its own has them")
	}
	return task.Known(task.HostIDs{UID: t.UID.Zero(), GID: t.GID.Zero()})
}

// Label reads what the security module calls the task.
func (f *Finder) Label(handle procstatus.Task, t *task.Task) {
	switch label, err := handle.Label(); {
	case err == nil:
		t.Label = task.Known(label)
	case errors.Is(err, unix.EINVAL):
		t.Label = task.Unknown[procstatus.Label](task.NoLabels)
	case errors.Is(err, fs.ErrNotExist) && f.live && !task.Is(t.RunState, 'Z'):
		t.Label = task.Unknown[procstatus.Label]("there is no attr/current")
	default:
		t.Label = task.Unknown[procstatus.Label](f.Hidden(err, t))
	}
}
