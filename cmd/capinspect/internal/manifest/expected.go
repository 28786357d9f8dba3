// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"cmp"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// merge returns what is asked for a container: what its pod asks for all containers, unless
// it asks for something else. Kubernetes lets a pod ask for no more than that.
func (s SecurityContext) merge(pod *SecurityContext) SecurityContext {
	s.RunAsUser = cmp.Or(s.RunAsUser, pod.RunAsUser)
	s.RunAsGroup = cmp.Or(s.RunAsGroup, pod.RunAsGroup)
	s.RunAsNonRoot = cmp.Or(s.RunAsNonRoot, pod.RunAsNonRoot)
	if s.seccomp() == "" {
		s.SeccompProfile = pod.SeccompProfile
	}
	return s
}

// seccomp returns the type of the seccompProfile, "" if there is none.
func (s *SecurityContext) seccomp() string {
	if s.SeccompProfile == nil {
		return ""
	}
	return s.SeccompProfile.Type
}

// lists returns the capabilities to add and to drop.
func (s *SecurityContext) lists() (add, drop []string) {
	if s.Capabilities == nil {
		return nil, nil
	}
	return s.Capabilities.Add, s.Capabilities.Drop
}

func (s *SecurityContext) privileged() bool { return isTrue(s.Privileged) }

func isTrue(b *bool) bool  { return b != nil && *b }
func isFalse(b *bool) bool { return b != nil && !*b }

// OfImage is why a manifest does not tell an id, and what depends on that.
const OfImage = "left to the image"

// isRoot reports whether the container starts as uid 0.
func (m *Manifest) isRoot() task.Value[bool] {
	switch uid, ok := m.uid().Get(); {
	case ok:
		return task.Known(uid.Real == 0)
	case isTrue(m.Asks.RunAsNonRoot):
		return task.Known(false)
	}
	return task.Unknown[bool](OfImage)
}

// uid returns the user ids with which the container starts: those that are asked for, or
// those of its status.
func (m *Manifest) uid() task.Value[capset.IDs] {
	if started := m.Container.User; started != nil && m.Asks.RunAsUser == nil {
		return task.Known(task.AllIDs(started.UID))
	}
	return ids(m.Asks.RunAsUser)
}

// gid returns the group ids with which the container starts.
func (m *Manifest) gid() task.Value[capset.IDs] {
	if started := m.Container.User; started != nil && m.Asks.RunAsGroup == nil {
		return task.Known(task.AllIDs(started.GID))
	}
	return ids(m.Asks.RunAsGroup)
}

// groups returns the supplementary groups with which the container starts, as far as they
// are known without its image.
func (m *Manifest) groups() task.Value[[]uint32] {
	switch {
	case m.Container.User != nil:
		return task.Known(m.Container.User.Groups)
	case m.Pod.Groups != nil:
		return task.Known(m.Pod.Groups)
	}
	return task.Unknown[[]uint32](OfImage)
}

// Through sets the runtime: the one that is asked for, or that of the container's status,
// or that of a task, which may be nil. Without any, containerd is assumed.
func (m *Manifest) Through(asked *runtime.Runtime, t *task.Task) {
	m.Runtime = cmp.Or(asked, runtime.Named(m.Container.Runtime))
	if m.Runtime == nil && t != nil {
		m.Runtime = runtime.Named(t.Runtime())
	}
	if m.Runtime == nil {
		m.Runtime = runtime.Named("containerd")
		m.Assumed = append(m.Assumed, task.Note{Code: "runtime", Text: "containerd: neither the manifest nor the task says"})
	}
}

// Expected returns the state in which the runtime starts the container, on a kernel with
// the given last capability. What the manifest does not tell is unknown. Expected also
// finds the traps. The runtime has to be set, with Through.
func (m *Manifest) Expected(last capset.Cap) *task.Task {
	g := m.grant(last)
	m.Traps = m.traps(g)
	return m.started(g, last)
}

// started returns the state in which the runtime starts the container.
func (m *Manifest) started(g *runtime.Grant, last capset.Cap) *task.Task {
	asks := &m.Asks
	t := &task.Task{
		Source:  task.SourceManifest,
		LastCap: task.LastCap{Value: last, From: task.FromGuess},
		Status: task.Status{
			Sets:       m.sets(g, last),
			UID:        m.uid(),
			GID:        m.gid(),
			Groups:     m.groups(),
			NoNewPrivs: task.Known(isFalse(asks.AllowPrivilegeEscalation)),
			Seccomp:    seccompMode(asks),
		},
		Isolation: task.Isolation{
			HostPID: task.Known(m.Pod.HostPID), HostIPC: task.Known(m.Pod.HostIPC), HostNetwork: task.Known(m.Pod.HostNetwork),
			ChildUserNamespace: task.Known(isFalse(m.Pod.HostUsers)),
		},
	}
	t.Mounts.ReadOnlyRoot = task.Known(isTrue(asks.ReadOnlyRootFilesystem))
	t.Mounts.ProcMasked = task.Known(!asks.privileged() && asks.ProcMount != "Unmasked")
	t.Asked = &task.Asked{Namespace: m.Pod.Namespace, Pod: m.Pod.Name, Name: m.Container.Name, Runtime: m.Runtime.Name, Traps: m.Traps, Assumed: m.Assumed, Profiles: m.profiles()}
	return t
}

// Possible returns the states in which the container may start: what Expected returns, or,
// if the image decides whether it runs as root, that of root and that of another user. It
// looks for no traps.
func (m *Manifest) Possible(last capset.Cap) []*task.Task {
	g := m.grant(last)
	if m.isRoot().Known() {
		return []*task.Task{m.started(g, last)}
	}
	asRoot, asUser := *m, *m
	asRoot.Asks.RunAsUser, asUser.Asks.RunAsNonRoot = new(int64(0)), new(true)
	return []*task.Task{asRoot.started(g, last), asUser.started(g, last)}
}

// grant returns what the runtime makes of the lists. A privileged container gets
// everything.
func (m *Manifest) grant(last capset.Cap) *runtime.Grant {
	add, drop := m.Asks.lists()
	g := m.Runtime.Grant(add, drop, last)
	if m.Asks.privileged() {
		g.Bounding = capset.UpTo(last)
	}
	return g
}

// sets returns the five sets with which the container starts. Permitted and Effective of
// root are its Bounding set. Another user has what the runtime raises in Ambient.
func (m *Manifest) sets(g *runtime.Grant, last capset.Cap) (sets [capset.NumKinds]task.Value[capset.Set]) {
	var raised capset.Set
	switch {
	case !m.Runtime.RaisesAmbient:
	case g.AddAll:
		raised = capset.UpTo(last)
	default:
		raised = g.Added
	}
	asRoot := capset.State{capset.Permitted: g.Bounding, capset.Effective: g.Bounding, capset.Bounding: g.Bounding}
	asUser := capset.State{raised, raised, raised, g.Bounding, raised}
	root := m.isRoot()
	for k := range sets {
		switch {
		case task.Is(root, true) || asRoot[k] == asUser[k]:
			sets[k] = task.Known(asRoot[k])
		case root.Known():
			sets[k] = task.Known(asUser[k])
		default:
			sets[k] = task.Unknown[capset.Set](root.Why())
		}
	}
	return sets
}

// ids returns the ids of a user or a group.
func ids(id *int64) task.Value[capset.IDs] {
	if id == nil {
		return task.Unknown[capset.IDs](OfImage)
	}
	return task.Known(task.AllIDs(uint32(*id)))
}

// seccompMode returns the mode of seccomp.
func seccompMode(asks *SecurityContext) task.Value[task.Seccomp] {
	if asks.privileged() {
		return task.Known(task.Seccomp{})
	}
	switch asks.seccomp() {
	case "Unconfined":
		return task.Known(task.Seccomp{})
	case "RuntimeDefault", "Localhost":
		return task.Known(task.Seccomp{Mode: task.SeccompFilter})
	}
	return task.Unknown[task.Seccomp]("left to kubelet and the runtime")
}
