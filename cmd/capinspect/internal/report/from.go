// SPDX-License-Identifier: Apache-2.0

package report

import (
	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
	"github.com/capinspect/capinspect/procstatus/container"
)

// FromTask returns the JSON form of a task.
func FromTask(t *task.Task) Task {
	r := Task{
		Stamp:     Stamp(t.Reported),
		Identity:  identity(t),
		Rights:    Rights{privileges(t), owner(t), groups(t, true), Restraint{t.NoNewPrivs}, seccomp(t)},
		Switches:  switches(t),
		Place:     place(t),
		Started:   Started{t.StartTime},
		Contained: contained(t),
		Summary:   t.Summary(),
		Profile:   task.Map(t.Profile, array),
		OtherCaps: each(t.OtherCaps, func(l procstatus.CapLine) CapLine { return CapLine(l) }),
		Notes:     notes(t.Notes),
	}
	r.Unknown = unknownOf(&r)
	return r
}

func identity(t *task.Task) Identity {
	return Identity{
		Process:   Process{t.Pid, t.Tid},
		PPid:      t.PPid,
		Name:      t.Name,
		State:     task.Map(t.RunState, func(letter byte) string { return string(rune(letter)) }),
		Threads:   t.Threads,
		NSPid:     task.Map(t.NSPid, func(list []int) []task.Value[int] { return each(list, task.Known) }),
		TracerPid: t.TracerPid,
		Self:      t.Self,
		Origin:    Origin{t.Source},
		LastCap:   lastCap(t.LastCap),
	}
}

func lastCap(l task.LastCap) LastCap {
	r := LastCap{Value: task.Known(int(l.Value)), From: l.From}
	if l.Limit.Why != "" {
		r.Limit = &Limit{int(l.Limit.Cap), l.Limit.Why}
	}
	return r
}

func privileges(t *task.Task) Privileges {
	var c Capabilities
	for k, set := range t.Sets {
		*c.of(capset.Kind(k)) = task.Map(set, setOf)
	}
	state, last := t.State(), t.LastCap.Value
	if _, missing := t.Missing(capset.Effective, capset.Permitted, capset.Inheritable); !missing {
		c.Text = text(state.Text(last))
	}
	// A kernel without Ambient has nothing there. One where Bounding is not a task's own
	// has something, and does not tell what.
	if _, missing := t.Missing(capset.Inheritable, capset.Ambient); !missing && t.Sets[capset.Bounding].Known() {
		iab := state.IAB(last)
		c.IAB = &iab
	}
	return Privileges{&c}
}

// owner returns the ids with all that is known of them.
func owner(t *task.Task) Owner {
	hostUIDs := task.Map(t.Host, func(h task.HostIDs) capset.IDs { return h.UID })
	hostGIDs := task.Map(t.Host, func(h task.HostIDs) capset.IDs { return h.GID })
	users, groups := namedIDs(t.UID, t.UserNames, hostUIDs), namedIDs(t.GID, t.GroupNames, hostGIDs)
	if why := t.Partly; why != "" {
		untold := task.Unknown[uint32](why)
		users = task.Map(users, func(ids IDs) IDs {
			ids.Saved, ids.Filesystem = untold, untold
			return ids
		})
		groups = task.Map(groups, func(ids IDs) IDs {
			ids.Effective, ids.Saved, ids.Filesystem = untold, untold, untold
			ids.EffectiveName = task.Unknown[string](why)
			return ids
		})
	}
	return Owner{users, groups}
}

// fourIDs returns ids without what other files than status tell.
func fourIDs(ids capset.IDs) IDs {
	return IDs{
		Real: task.Known(ids.Real), Effective: task.Known(ids.Effective),
		Saved: task.Known(ids.Saved), Filesystem: task.Known(ids.Filesystem),
	}
}

func namedIDs(v task.Value[capset.IDs], names task.Names, host task.Value[capset.IDs]) task.Value[IDs] {
	return task.Map(v, func(ids capset.IDs) IDs {
		four := fourIDs(ids)
		four.Elsewhere = &Elsewhere{
			RealName: names[ids.Real], EffectiveName: names[ids.Effective],
			HostReal:      task.Map(host, func(h capset.IDs) uint32 { return h.Real }),
			HostEffective: task.Map(host, func(h capset.IDs) uint32 { return h.Effective }),
		}
		return four
	})
}

func groups(t *task.Task, named bool) task.Value[[]Group] {
	return task.Map(t.Groups, func(list []uint32) []Group {
		return each(list, func(id uint32) Group {
			if named {
				return Group{task.Known(id), &GroupName{t.GroupNames[id]}}
			}
			return Group{ID: task.Known(id)}
		})
	})
}

func seccomp(t *task.Task) task.Value[Seccomp] {
	return task.Map(t.Seccomp, func(s task.Seccomp) Seccomp {
		return Seccomp{task.Known(task.SeccompName(s.Mode)), s.Filters}
	})
}

func switches(t *task.Task) Switches {
	return Switches{
		Securebits: task.Map(t.Securebits, func(b capset.Securebits) Securebits {
			return Securebits{task.Known(uint32(b)), each(b.Flags(), flag)}
		}),
		Mode: task.Map(t.Mode(), capset.Mode.String),
	}
}

func flag(b capset.Securebit) Flag {
	f := Flag{Name: b.Name, Set: b.Set}
	if b.Named {
		f.Locked = &b.Locked
	}
	return f
}

func place(t *task.Task) Place {
	return Place{
		UserNamespace: task.Map(t.UserNamespace, func(ns task.UserNamespace) UserNamespace {
			return UserNamespace{ns.ID, ns.Initial, task.Map(ns.UIDMap, extents), task.Map(ns.GIDMap, extents), ns.Setgroups}
		}),
		Within:   Within{namespaces(t.Namespaces)},
		Scopes:   scopes(t),
		Labelled: labelled(t),
	}
}

func labelled(t *task.Task) Labelled {
	return Labelled{task.Map(t.Label, func(l procstatus.Label) Label {
		return Label{text(l.Module), l.Label, text(l.Mode)}
	})}
}

func extents(m procstatus.IDMap) []Extent {
	return each(m, func(e procstatus.Extent) Extent { return Extent(e) })
}

func namespaces(v task.Value[task.Namespaces]) task.Value[Namespaces] {
	if all, ok := v.Get(); ok && !all.Any() {
		return task.Unknown[Namespaces](all[procstatus.NamespaceUser].ID.Why())
	}
	return task.Map(v, func(all task.Namespaces) (n Namespaces) {
		for k, to := range n.kinds() {
			ns := all[k]
			*to = task.Map(ns.ID, func(uint64) Namespace {
				return Namespace{ns.ID, ns.Node, ns.WithSelf, ns.WithPID1, ns.Owner, ns.Owned, ns.ByUID}
			})
		}
		return n
	})
}

// scopes returns where the capabilities count that the task holds.
func scopes(t *task.Task) task.Value[Object[Scope]] {
	list := Object[Scope]{}
	for c := range t.Held().Caps() {
		found := t.ScopesOf(c)
		in, ok := found.Get()
		if !ok && c <= capset.LastKnown {
			return task.Unknown[Object[Scope]](found.Why())
		}
		if ok {
			list = append(list, Member[Scope]{c.String(), Scope{each(in.For, capset.Scope.String), each(in.NotFor, capset.Scope.String), each(in.Unclear, capset.Scope.String)}})
		}
	}
	return task.Known(list)
}

// kinds returns the namespaces by kind.
func (n *Namespaces) kinds() [procstatus.NumNamespaces]*task.Value[Namespace] {
	return [...]*task.Value[Namespace]{
		procstatus.NamespaceCgroup: &n.Cgroup, procstatus.NamespaceIPC: &n.IPC, procstatus.NamespaceMnt: &n.Mnt,
		procstatus.NamespaceNet: &n.Net, procstatus.NamespacePID: &n.PID, procstatus.NamespaceTime: &n.Time,
		procstatus.NamespaceUser: &n.User, procstatus.NamespaceUTS: &n.UTS,
	}
}

// contained returns the container of a task. A task of which nobody has looked for the
// container is in none.
func contained(t *task.Task) Contained {
	if !t.Container.Known() && t.Container.Why() == "" {
		return Contained{task.Known[*Container](nil)}
	}
	return Contained{task.Map(t.Container, func(c *task.Container) *Container {
		if c == nil {
			return nil
		}
		return &Container{
			ContainerID:    containerID(c),
			SandboxID:      text(c.SandboxID),
			ContainerNames: containerNames(c),
			PodID:          text(c.PodID),
			Hostname:       told(c.Hostname, c.Why.Hostname),
			Sandbox:        c.Sandbox,
			Evidence:       each(c.Evidence, func(e container.Evidence) string { return e.What + ": " + e.From }),
			Conflicts:      array(c.Conflicts),
		}
	})}
}

func containerID(c *task.Container) ContainerID {
	return ContainerID{told(c.Runtime, c.Why.Runtime), told(c.ID, c.Why.ID)}
}

func containerNames(c *task.Container) ContainerNames {
	return ContainerNames{
		told(c.Name, c.Why.Name), told(c.PodUID, c.Why.PodUID), told(c.PodName, c.Why.PodName), told(c.PodNamespace, c.Why.PodNamespace),
	}
}

// told returns a text that is unknown if it is "", for a reason.
func told(s, why string) task.Value[string] {
	if s == "" {
		return task.Unknown[string](why)
	}
	return task.Known(s)
}
