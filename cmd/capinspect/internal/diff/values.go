// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"slices"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// value is a value that is compared, beside the sets.
type value struct {
	key string // in JSON
	of  func(*task.Task) task.Value[any]

	// onlyTasks is set if no manifest asks for the value.
	onlyTasks bool
	// ofNode is set if true stands for a namespace of the node. A manifest that asks for
	// the node's gets that of kubelet, which need not be the initial one.
	ofNode bool

	// ofBoot is set if the value is the number of a namespace, which says nothing elsewhere or
	// later unless it is that of the initial one.
	ofBoot bool

	// equal tells whether two values are the same, enough whether a task has what a
	// manifest asks for. Where they are nil, == does.
	equal  func(a, b any) bool
	enough func(asked, has any) bool
}

// values is the table of what is compared, in the order in which it is listed.
var values = [...]value{
	{key: "uid", of: func(t *task.Task) task.Value[any] { return boxed(fourIDs(t, t.UID)) }},
	{key: "gid", of: func(t *task.Task) task.Value[any] { return boxed(fourIDs(t, t.GID)) }},
	{key: "groups", of: func(t *task.Task) task.Value[any] { return boxed(t.Groups) }, equal: equalGroups, enough: enoughGroups},
	{key: "noNewPrivs", of: func(t *task.Task) task.Value[any] { return boxed(t.NoNewPrivs) }},
	{key: "seccomp", of: func(t *task.Task) task.Value[any] {
		return task.Map(t.Seccomp, func(s task.Seccomp) any { return task.SeccompName(s.Mode) })
	}},
	{key: "securebits", of: func(t *task.Task) task.Value[any] { return boxed(t.Securebits) }, onlyTasks: true},
	{key: "userNamespace", of: userNamespace, onlyTasks: true, ofBoot: true},
	{key: "lsm", of: label, onlyTasks: true},
	{key: "readOnlyRootFilesystem", of: func(t *task.Task) task.Value[any] { return boxed(t.Mounts.ReadOnlyRoot) }},
	{key: "hostPID", of: ofNode((*task.Task).HostPID), ofNode: true},
	{key: "hostIPC", of: ofNode((*task.Task).HostIPC), ofNode: true},
	{key: "hostNetwork", of: ofNode((*task.Task).HostNetwork), ofNode: true},
	{key: "hostUsers", of: ofNode(hostUsers), ofNode: true},
}

// child reports whether a number is that of a user namespace below the initial one.
func child(inode any) bool {
	initial, _ := procstatus.NamespaceUser.Initial()
	return inode != any(initial)
}

// fourIDs returns ids, which are unknown if some of them are.
func fourIDs(t *task.Task, ids task.Value[capset.IDs]) task.Value[capset.IDs] {
	if t.Partly != "" {
		return task.Unknown[capset.IDs](t.Partly)
	}
	return ids
}

// boxed returns a value as one of any type.
func boxed[T any](v task.Value[T]) task.Value[any] {
	return task.Map(v, func(v T) any { return v })
}

// label returns the label that a security module gives a task.
func label(t *task.Task) task.Value[any] {
	if t.Label.Why() == task.NoLabels {
		return task.Known[any]("")
	}
	return task.Map(t.Label, func(l procstatus.Label) any {
		if l.Mode != "" {
			return l.Label + " (" + l.Mode + ")"
		}
		return l.Label
	})
}

func userNamespace(t *task.Task) task.Value[any] {
	ns, ok := t.UserNamespace.Get()
	if !ok {
		return task.Unknown[any](t.UserNamespace.Why())
	}
	return boxed(ns.ID)
}

func hostUsers(t *task.Task) task.Value[bool] {
	return task.Map(t.ChildUserNamespace(), func(child bool) bool { return !child })
}

// ofNode returns whether a task is in a namespace of the node. Where that is unknown, it is
// mostly so because all of its namespaces are.
func ofNode(is func(*task.Task) task.Value[bool]) func(*task.Task) task.Value[any] {
	return func(t *task.Task) task.Value[any] {
		if v, ok := is(t).Get(); ok {
			return task.Known[any](v)
		}
		if t.Asked != nil {
			return boxed(is(t))
		}
		return task.Unknown[any](t.Namespaces.Why())
	}
}

// same reports whether two tasks, or two manifests, have the same.
func (v *value) same(a, b any) bool {
	if v.equal == nil {
		return a == b
	}
	return v.equal(a, b)
}

// meets reports whether a task has what a manifest asks for.
func (v *value) meets(asked, has any) bool {
	if v.enough == nil {
		return v.same(asked, has)
	}
	return v.enough(asked, has)
}

func equalGroups(a, b any) bool { return slices.Equal(a.([]uint32), b.([]uint32)) }

// enoughGroups lets a task have more groups than its manifest asks for: those of the image.
func enoughGroups(asked, has any) bool {
	for _, g := range asked.([]uint32) {
		if !slices.Contains(has.([]uint32), g) {
			return false
		}
	}
	return true
}
