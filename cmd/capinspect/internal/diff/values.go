// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// value is a value that is compared, beside the sets.
type value struct {
	key string // in JSON
	of  func(*task.Task) task.Value[any]

	// onlyTasks is set if it is no news that a manifest or a task beside one does not tell the
	// value.
	onlyTasks bool
	// ofNode is set if true stands for a namespace of the node. A manifest that asks for
	// the node's gets that of kubelet, which need not be the initial one.
	ofNode bool

	// ofBoot is set if the value is the number of a namespace, which says nothing elsewhere or
	// later unless it is that of the initial one.
	ofBoot bool

	// under is the key that the value is a part of. It is not listed as not compared for the
	// reason for which that one is, nor where void says something and that one differs.
	under string

	// void says why it tells nothing that two tasks differ in the value; "" if it does tell.
	void func(a, b *task.Task) string

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
	{key: "seccompProfile", of: ofProfiles(seccompProfile), onlyTasks: true, under: "seccomp", void: modesDiffer},
	{key: "appArmorProfile", of: ofProfiles(appArmorProfile), onlyTasks: true},
	{key: "seLinuxOptions", of: ofProfiles(seLinuxOptions), onlyTasks: true},
	{key: "securebits", of: func(t *task.Task) task.Value[any] { return boxed(t.Securebits) }, onlyTasks: true},
	{key: "tracerPid", of: func(t *task.Task) task.Value[any] { return boxed(t.TracerPid) }, onlyTasks: true},
	{key: "otherCaps", of: otherCaps, onlyTasks: true},
	{key: "lastCap", of: lastCap, onlyTasks: true, void: guessed},
	{key: "userNamespace", of: userNamespace, onlyTasks: true, ofBoot: true},
	{key: "userNamespace.uidMap", of: ofUserNamespace(uidMap), onlyTasks: true, under: "userNamespace", void: mapsDiffer},
	{key: "userNamespace.gidMap", of: ofUserNamespace(gidMap), onlyTasks: true, under: "userNamespace", void: mapsDiffer},
	{key: "userNamespace.setgroups", of: ofUserNamespace(setgroups), onlyTasks: true, under: "userNamespace"},
	{key: "lsm", of: label, onlyTasks: true, enough: enoughLabel},
	{key: "container", of: container, onlyTasks: true},
	{key: "readOnlyRootFilesystem", of: func(t *task.Task) task.Value[any] { return boxed(t.Mounts.ReadOnlyRoot) }},
	{key: "procMasked", of: func(t *task.Task) task.Value[any] { return boxed(t.Mounts.ProcMasked) }, onlyTasks: true, under: "readOnlyRootFilesystem", void: sandboxed},
	{key: "sysReadOnly", of: func(t *task.Task) task.Value[any] { return boxed(t.Mounts.SysReadOnly) }, onlyTasks: true, under: "readOnlyRootFilesystem"},
	{key: "hostPID", of: ofNode((*task.Task).HostPID), ofNode: true},
	{key: "hostIPC", of: ofNode((*task.Task).HostIPC), ofNode: true},
	{key: "hostNetwork", of: ofNode(hostNetwork), ofNode: true},
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

// ofProfiles returns what Kubernetes is asked to confine a container with.
func ofProfiles(of func(*task.Profiles) task.Value[string]) func(*task.Task) task.Value[any] {
	return func(t *task.Task) task.Value[any] {
		if t.Asked == nil || t.Asked.Profiles == nil {
			return task.Unknown[any]("")
		}
		return boxed(of(t.Asked.Profiles))
	}
}

func appArmorProfile(p *task.Profiles) task.Value[string] { return task.Known(p.AppArmor) }

func seLinuxOptions(p *task.Profiles) task.Value[string] { return task.Known(p.SELinux) }

func seccompProfile(p *task.Profiles) task.Value[string] {
	if p.Seccomp == "" {
		return task.Unknown[string]("") // the mode says why
	}
	return task.Known(p.Seccomp)
}

// modesDiffer says that one of two tasks has no filter of seccomp, which no profile adds to.
func modesDiffer(a, b *task.Task) string {
	if a.Seccomp.Zero().Mode != b.Seccomp.Zero().Mode {
		return "one has no filter"
	}
	return ""
}

// sandboxed says that a kernel of its own masks nothing, whatever a manifest asks for.
func sandboxed(a, b *task.Task) string {
	if (a.Asked == nil) != (b.Asked == nil) && (a.InSandbox() || b.InSandbox()) {
		return "it is in a sandbox with a kernel of its own, which masks nothing"
	}
	return ""
}

// label returns the label that a security module gives a task.
func label(t *task.Task) task.Value[any] {
	if t.Label.Why() == task.NoLabels {
		return task.Known[any]("")
	}
	return task.Map(t.Label, func(l procstatus.Label) any {
		name := l.Label
		if l.Module != "" {
			name = l.Module + " " + name
		}
		if l.Mode != "" {
			name += " (" + l.Mode + ")"
		}
		return name
	})
}

// otherCaps returns the lines of sets that are not known here.
func otherCaps(t *task.Task) task.Value[any] {
	lines := make([]string, len(t.OtherCaps))
	for i, l := range t.OtherCaps {
		lines[i] = l.Name + " " + l.Value
	}
	return task.Known[any](strings.Join(lines, ", "))
}

func lastCap(t *task.Task) task.Value[any] {
	if t.LastCap.From == "" {
		return task.Unknown[any]("")
	}
	return task.Known[any](int(t.LastCap.Value))
}

func guessed(a, b *task.Task) string {
	if a.LastCap.From == task.FromGuess || b.LastCap.From == task.FromGuess {
		return "it is a guess"
	}
	return ""
}

// container returns the runtime of the container that a task is in.
func container(t *task.Task) task.Value[any] {
	c, known := t.Container.Get()
	switch {
	case !known:
		return task.Unknown[any](t.Container.Why())
	case c == nil:
		return task.Known[any]("")
	case c.Runtime == "":
		return task.Unknown[any](cmp.Or(c.Why.Runtime, "its runtime is unknown"))
	}
	return task.Known[any](c.Runtime)
}

func userNamespace(t *task.Task) task.Value[any] {
	ns, ok := t.UserNamespace.Get()
	if !ok {
		return task.Unknown[any](t.UserNamespace.Why())
	}
	return boxed(ns.ID)
}

// ofUserNamespace returns a value of a task's user namespace.
func ofUserNamespace(of func(*task.UserNamespace) task.Value[any]) func(*task.Task) task.Value[any] {
	return func(t *task.Task) task.Value[any] {
		ns, ok := t.UserNamespace.Get()
		if !ok {
			return task.Unknown[any](t.UserNamespace.Why())
		}
		return of(&ns)
	}
}

func uidMap(ns *task.UserNamespace) task.Value[any] { return task.Map(ns.UIDMap, idMap) }

func gidMap(ns *task.UserNamespace) task.Value[any] { return task.Map(ns.GIDMap, idMap) }

func setgroups(ns *task.UserNamespace) task.Value[any] { return boxed(ns.Setgroups) }

// idMap returns the lines of a map of ids, as the kernel has them.
func idMap(m procstatus.IDMap) any {
	lines := make([]string, len(m))
	for i, e := range m {
		lines[i] = fmt.Sprintf("%d %d %d", e.Inside, e.Outside, e.Length)
	}
	return strings.Join(lines, ", ")
}

// mapsDiffer says that the maps of two user namespaces lead to different ones: that of
// capinspect leads to the one above it, and all others to that of capinspect.
func mapsDiffer(a, b *task.Task) string {
	if a.UserNamespace.Zero().Own != b.UserNamespace.Zero().Own {
		return "one leads above the user namespace of capinspect, and the other to it"
	}
	return ""
}

func hostUsers(t *task.Task) task.Value[bool] {
	return task.Map(t.ChildUserNamespace(), func(child bool) bool { return !child })
}

// hostNetwork goes also by the number of the namespace, which tells less before Linux 6.18.
func hostNetwork(t *task.Task) task.Value[bool] {
	return task.First(t.HostNetwork(), t.Namespace(procstatus.NamespaceNet).Node)
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
		return task.Unknown[any](cmp.Or(t.Namespaces.Why(), is(t).Why()))
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

// enoughLabel lets a task that is to be left alone by AppArmor run where there is none.
func enoughLabel(asked, has any) bool {
	return asked == has || asked == "apparmor unconfined" && !strings.HasPrefix(has.(string), "apparmor ")
}

// enoughGroups lets a task have more groups than its manifest asks for: those of the image.
func enoughGroups(asked, has any) bool {
	for _, g := range asked.([]uint32) {
		if !slices.Contains(has.([]uint32), g) {
			return false
		}
	}
	return true
}
