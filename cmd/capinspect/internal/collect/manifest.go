// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/podsecurity"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/procstatus"
)

// Manifest is what a manifest asks for one container, and of which runtime.
type Manifest struct {
	Pod       *Pod
	Container *PodContainer
	Runtime   *runtime.Runtime
	Asks      SecurityContext // of both
	Assumed   []Note
	Traps     []Note // where it does not ask for what it seems to
}

// Through chooses the runtime: the one asked for, or that of the container's
// status, or that of the task, which may be nil.
func (m *Manifest) Through(asked *runtime.Runtime, task *Record) {
	if m.Runtime = asked; asked == nil {
		m.Runtime = runtime.Named(m.Container.Runtime)
	}
	if m.Runtime == nil && task != nil && task.Container != nil {
		m.Runtime = runtime.Named(task.Container.Runtime)
	}
	if m.Runtime == nil {
		m.Runtime = runtime.Named("containerd")
		addNote(&m.Assumed, "runtime", "containerd: neither the manifest nor the task tells it")
	}
}

// merge sets what is asked: what the pod asks for all, unless the container asks for
// something else. A pod has no capabilities and no privileged.
func (m *Manifest) merge() {
	asks, all := m.Container.Asks, &m.Pod.Asks
	if asks.RunAsUser == nil {
		asks.RunAsUser = all.RunAsUser
	}
	if asks.RunAsGroup == nil {
		asks.RunAsGroup = all.RunAsGroup
	}
	if asks.RunAsNonRoot == nil {
		asks.RunAsNonRoot = all.RunAsNonRoot
	}
	if asks.Seccomp == "" {
		asks.Seccomp = all.Seccomp
	}
	m.Asks = asks
}

// manifestSource is the source of a record of what a manifest asks for.
const manifestSource = "manifest"

// isRoot answers whether the container starts as uid 0.
func (s *SecurityContext) isRoot() Answer {
	switch {
	case s.RunAsUser != nil && *s.RunAsUser == 0:
		return Yes
	case s.RunAsUser != nil || isTrue(s.RunAsNonRoot):
		return No
	}
	return Unsure
}

func isTrue(b *bool) bool  { return b != nil && *b }
func isFalse(b *bool) bool { return b != nil && !*b }

// ofImage is why a manifest does not tell ids and what depends on them.
const ofImage = "left to the image"

// Expected returns the state in which the runtime starts the container, on a kernel
// with the given last capability, as if it were read of a task, and finds the traps.
// What the manifest does not tell is unknown.
func (m *Manifest) Expected(last capset.Cap) *Record {
	m.merge()
	asks := &m.Asks
	g := m.Runtime.Grant(asks.Add, asks.Drop, last)
	r := &Record{Source: manifestSource, LastCap: LastCap{last, "guess"}}
	if isTrue(asks.Privileged) {
		g.Bounding = capset.UpTo(last)
	}
	r.grant(g, asks.isRoot(), m.Runtime.RaisesAmbient)
	s := &r.Status
	r.startIDs(asks.RunAsUser, &s.UID, procstatus.FieldUID, "uid")
	r.startIDs(asks.RunAsGroup, &s.GID, procstatus.FieldGID, "gid")
	if s.Groups = m.Pod.Groups; s.Groups != nil {
		s.Mark(procstatus.FieldGroups)
	} else {
		r.unknown("groups", ofImage)
	}
	s.NoNewPrivs = isFalse(asks.AllowPrivilegeEscalation)
	s.Mark(procstatus.FieldNoNewPrivs)
	r.seccomp(asks)
	r.place(m.Pod, asks)
	m.traps(g)
	return r
}

// startIDs sets the ids of a user or a group.
func (r *Record) startIDs(id *int64, ids *procstatus.IDs, f procstatus.Field, key string) {
	if id == nil {
		r.unknown(key, ofImage)
		return
	}
	n := uint32(*id)
	*ids = procstatus.IDs{Real: n, Effective: n, Saved: n, Filesystem: n}
	r.Status.Mark(f)
}

// grant sets the five sets.
func (r *Record) grant(g *runtime.Grant, root Answer, ambient bool) {
	var added capset.Set
	if added = g.Added; g.AddAll {
		added = capset.UpTo(r.LastCap.Value)
	}
	if !ambient {
		added = 0
	}
	for k := range capset.Kind(capset.NumKinds) {
		set := added // what another user than root is permitted
		asRoot := capset.Set(0)
		switch k {
		case capset.Permitted, capset.Effective:
			asRoot = g.Bounding
		case capset.Bounding:
			set, asRoot = g.Bounding, g.Bounding
		}
		switch {
		case root == Yes:
			set = asRoot
		case root == Unsure && set != asRoot:
			r.unknown(capsPath(k), ofImage)
			continue
		}
		r.Status.SetCaps(k, set)
	}
}

// seccomp sets the mode of seccomp.
func (r *Record) seccomp(asks *SecurityContext) {
	switch {
	case isTrue(asks.Privileged) || asks.Seccomp == "Unconfined":
	case asks.Seccomp == "RuntimeDefault" || asks.Seccomp == "Localhost":
		r.Status.Seccomp = 2
	default:
		r.unknown("seccomp", "left to kubelet and the runtime")
		return
	}
	r.Status.Mark(procstatus.FieldSeccomp)
}

// place sets what the manifest tells of the root file system and of namespaces.
func (r *Record) place(p *Pod, asks *SecurityContext) {
	r.Mounted.ReadOnly = answer(isTrue(asks.ReadOnlyRootFilesystem), true)
	f := &r.Isolation
	f.Known = podsecurity.HostPID | podsecurity.HostIPC | podsecurity.HostNetwork | podsecurity.UserNamespace
	if f.True = p.Host; isFalse(p.HostUsers) {
		f.True |= podsecurity.UserNamespace
	}
}

// Inside gives the record the ids that the task has in its own user namespace, where
// the reader's are others. They are unknown if its maps are, and one that the
// namespace lacks is the overflow id in there.
func (r *Record) Inside() {
	users, groups, hidden := r.idMaps()
	if hidden != "" {
		for _, v := range values[:ofNoNewPrivs] {
			r.unknown(v.key, hidden)
		}
	}
	inside(users, &r.Status.UID)
	inside(groups, &r.Status.GID)
	for i, g := range r.Status.Groups {
		r.Status.Groups[i] = overflowing(groups, g)
	}
}

func inside(m procstatus.IDMap, ids *procstatus.IDs) {
	for _, id := range [...]*uint32{&ids.Real, &ids.Effective, &ids.Saved, &ids.Filesystem} {
		*id = overflowing(m, *id)
	}
}

func overflowing(m procstatus.IDMap, id uint32) uint32 {
	in, ok := within(m, id)
	if !ok {
		return usualOverflow
	}
	return in
}
