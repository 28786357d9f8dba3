// SPDX-License-Identifier: Apache-2.0

package place

import (
	"errors"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// nodes reports whether a namespace of the task is the node's.
func (f *Finder) nodes(k procstatus.NamespaceKind, t *task.Task) task.Value[bool] {
	const unnumbered = "before Linux 6.18 the initial one has a number like any other"
	ns := t.Namespace(k)
	if _, fixed := k.Initial(); fixed || !ns.ID.Known() {
		return t.Initial(k)
	}
	node := task.Unknown[bool](unnumbered)
	switch initial, _ := k.InitialSince618(); {
	case task.Is(ns.ID, initial):
		return task.Known(true)
	case f.proc == nil:
	case f.fixedNetwork():
		return task.Known(false)
	case k == procstatus.NamespaceNet:
		node = task.First(f.hostNetwork(t, f.ownNetwork()), node)
	case f.initIsFirst():
		node = task.First(ns.WithPID1, node)
	}
	return node
}

// owners finds out which user namespaces own the task's other namespaces.
func (f *Finder) owners(handle procstatus.Task, t *task.Task) {
	all, ok := t.Namespaces.Get()
	if !ok {
		return
	}
	for k := range procstatus.NamespaceKind(procstatus.NumNamespaces) {
		ns := &all[k]
		if !ns.ID.Known() {
			continue
		}
		if !f.live {
			ns.Owner, ns.Owned, ns.ByUID = task.Unknown[uint64](task.NotSaved), task.Unknown[bool](task.NotSaved), task.Unknown[bool](task.NotSaved)
			continue
		}
		owners, err := f.ownersOf(handle, k, ns.ID.Zero())
		ns.Owner = task.Known(uint64(0))
		switch {
		case errors.Is(err, unix.EPERM):
			ns.Owner = task.Unknown[uint64]("the kernel tells it only of one that is capinspect's own user namespace, or below that")
		case err != nil:
			ns.Owner = task.Unknown[uint64](f.Hidden(err, t))
		default:
			ns.Owner = task.Known(owners[0].Inode)
		}
		ns.Owned, ns.ByUID = f.owned(handle, t, owners, err)
	}
	t.Namespaces = task.Known(all)
}

// keptOwners is what is known of a namespace that several threads share. It is held open, so
// that the kernel does not give its inode to another one.
type keptOwners struct {
	held   int
	owners []procstatus.Owner
	err    error
}

// maxKept is how many namespaces are held open at most.
const maxKept = 64

// KeepOwners keeps what is known of the owners of namespaces, for the threads of one process,
// which mostly share them. The caller has to call the function that it returns when it has
// read the last one.
func (f *Finder) KeepOwners() (forget func()) {
	f.kept = map[uint64]keptOwners{}
	return func() {
		for _, k := range f.kept {
			unix.Close(k.held)
		}
		f.kept = nil
	}
}

// ownersOf returns the user namespaces that own a namespace of the task, whose inode is id.
func (f *Finder) ownersOf(handle procstatus.Task, k procstatus.NamespaceKind, id uint64) ([]procstatus.Owner, error) {
	if kept, ok := f.kept[id]; ok {
		return kept.owners, kept.err
	}
	if f.kept == nil || len(f.kept) == maxKept {
		return handle.OwnersOf(k)
	}
	held, err := handle.OpenPath("ns/" + k.String())
	if err != nil {
		return handle.OwnersOf(k)
	}
	owners, err := handle.OwnersOf(k)
	// The thread may have gone to another namespace meanwhile.
	now, gone := handle.Namespace(k)
	var st unix.Stat_t
	if unix.Fstat(held, &st) != nil || st.Ino != id || gone != nil || now != id || err != nil && !errors.Is(err, unix.EPERM) {
		unix.Close(held)
	} else {
		f.kept[id] = keptOwners{held, owners, err}
	}
	return owners, err
}

// owned reports whether the owners of a namespace have the task's user namespace among
// them, and whether the one below that was made by the task's effective uid. err says why
// the owners are unknown.
func (f *Finder) owned(handle procstatus.Task, t *task.Task, owners []procstatus.Owner, err error) (owned, byUID task.Value[bool]) {
	user := t.Namespace(procstatus.NamespaceUser).ID
	at := slices.IndexFunc(owners, func(o procstatus.Owner) bool { return task.Is(user, o.Inode) })
	switch {
	case errors.Is(err, unix.EPERM) && f.below(handle, t):
		return task.Known(false), task.Known(false) // a namespace outside of capinspect's user namespace is outside of the task's
	case err != nil:
		why := f.Hidden(err, t)
		return task.Unknown[bool](why), task.Unknown[bool](why)
	case !user.Known():
		return task.Unknown[bool](user.Why()), task.Unknown[bool](user.Why())
	case at < 1:
		return task.Known(at == 0), task.Known(false)
	}
	maker, uid := owners[at-1].UID, t.UID
	switch {
	case !uid.Known():
		return task.Known(true), task.Unknown[bool](uid.Why())
	case maker == task.OverflowID && !f.inInitialUser():
		return task.Known(true), task.Unknown[bool]("its maker has no uid in capinspect's user namespace")
	}
	return task.Known(true), task.Known(maker == uid.Zero().Effective)
}

// below reports whether the task's user namespace is capinspect's own or below it.
func (f *Finder) below(handle procstatus.Task, t *task.Task) bool {
	if task.Is(t.Namespace(procstatus.NamespaceUser).WithSelf, true) {
		return true
	}
	_, err := handle.ParentUserNamespace()
	return err == nil
}
