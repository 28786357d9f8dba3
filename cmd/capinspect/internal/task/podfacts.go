// SPDX-License-Identifier: Apache-2.0

package task

import (
	"cmp"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/podsecurity"
	"github.com/capinspect/capinspect/procstatus"
)

// podFacts is the table of what the Pod Security Standards ask of a task: the fact, what
// it is known from, and whether it is so. A name in JSON stands for what has one there.
var podFacts = [...]struct {
	fact podsecurity.Fact
	from string
	is   func(*Task) Value[bool]
}{
	{podsecurity.HostPID, "namespaces.pid", (*Task).HostPID},
	{podsecurity.HostIPC, "namespaces.ipc", (*Task).HostIPC},
	{podsecurity.HostNetwork, "namespaces.net", (*Task).HostNetwork},
	{podsecurity.Privileged, "mounts", func(t *Task) Value[bool] {
		return t.unmasked(func() bool { return Is(t.Mounts.SysReadOnly, false) })
	}},
	{podsecurity.Unmasked, "mounts", func(t *Task) Value[bool] {
		return t.unmasked(func() bool { return !Is(t.Mounts.SysReadOnly, false) })
	}},
	{podsecurity.Escalates, "noNewPrivs", func(t *Task) Value[bool] {
		return Map(t.NoNewPrivs, func(set bool) bool { return !set })
	}},
	{podsecurity.Root, "userNamespace.uidMap", (*Task).isRoot},
	{podsecurity.Unfiltered, "seccomp", (*Task).isUnfiltered},
	{podsecurity.UserNamespace, "userNamespace.initial", (*Task).ChildUserNamespace},
}

// PodFacts returns what is known of what the Pod Security Standards ask for.
func (t *Task) PodFacts() (f podsecurity.Facts) {
	bounding, hasBounding := t.Sets[capset.Bounding].Get()
	permitted, hasPermitted := t.Sets[capset.Permitted].Get()
	if hasBounding && hasPermitted {
		f.LearnSets(bounding, permitted, t.Runtime())
	}
	for _, row := range podFacts {
		if is, ok := row.is(t).Get(); ok {
			f.Learn(row.fact, is)
		}
	}
	return f
}

// WhyPodFact says that one of some facts is unknown, and why.
func (t *Task) WhyPodFact(facts podsecurity.Fact) string {
	from, why := "capabilities.bounding", t.Sets[capset.Bounding].Why()
	if facts&(podsecurity.Added|podsecurity.Undropped) == 0 {
		for _, row := range podFacts {
			if facts&row.fact != 0 {
				from, why = row.from, row.is(t).Why()
				break
			}
		}
	}
	if why == "" {
		why = "nothing that was read says"
	}
	return from + " is unknown: " + why
}

// unmasked reports whether nothing in /proc is masked, and something else holds. The
// kernel of a sandbox masks nothing, whatever the container is.
func (t *Task) unmasked(and func() bool) Value[bool] {
	if t.InSandbox() {
		return Unknown[bool](cmp.Or(t.Mounts.ProcMasked.Why(), notMounted))
	}
	return Map(t.Mounts.ProcMasked, func(masked bool) bool { return !masked && and() })
}

// isUnfiltered reports whether no seccomp filter is on. What a later mode of seccomp means
// is not known (seccomp(2)). The kernel of a sandbox leaves filters to the one below it.
func (t *Task) isUnfiltered() Value[bool] {
	s, ok := t.Seccomp.Get()
	switch {
	case !ok:
		return Unknown[bool](t.Seccomp.Why())
	case s.Mode > SeccompFilter || s.Mode < SeccompFilter && t.InSandbox():
		return Value[bool]{}
	}
	return Known(s.Mode != SeccompFilter)
}

// isRoot reports whether one of the task's user ids is 0 in its own user namespace.
func (t *Task) isRoot() Value[bool] {
	ids, ok := t.UID.Get()
	if !ok {
		return Unknown[bool](t.UID.Why())
	}
	var m procstatus.IDMap // nil: the ids are those of its own namespace
	if !t.Self && t.Asked == nil && !Is(t.Namespace(procstatus.NamespaceUser).WithSelf, true) {
		ns, ok := t.UserNamespace.Get()
		if !ok {
			return Unknown[bool](t.UserNamespace.Why())
		}
		if m, ok = ns.UIDMap.Get(); !ok {
			return Unknown[bool](ns.UIDMap.Why())
		}
		if m == nil {
			m = procstatus.IDMap{}
		}
	}
	root := false
	for _, id := range [...]uint32{ids.Real, ids.Effective, ids.Saved, ids.Filesystem} {
		in, ok := Within(m, id)
		if !ok {
			return Value[bool]{}
		}
		root = root || in == 0
	}
	return Known(root)
}
