// SPDX-License-Identifier: Apache-2.0

package task

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/procstatus"
	"github.com/capinspect/capinspect/procstatus/container"
)

// Container is the container or the pod that a task is in. A member that is "" is unknown.
type Container struct {
	container.Container
	PodName, PodNamespace string
	Hostname              string               // of its UTS namespace, if it is in a pod and has one of its own
	Sandbox               Value[bool]          // it is the sandbox of its pod, which runs no program of the user's
	Evidence              []container.Evidence // what each of them was concluded from
	Conflicts             []string             // what other sources tell instead, as "id: mount of /etc/hosts: 0123"
	Why                   Reasons
}

// Reasons says why members of a [Container] are unknown. One is "" if the container may
// have no such thing, or if nobody has looked everywhere.
type Reasons struct{ Runtime, ID, Name, PodUID, PodName, PodNamespace, Hostname string }

// Conclude takes a value for a member of the container, unless it has one already.
func (c *Container) Conclude(member *string, value string, from container.Evidence) {
	if *member == "" && value != "" {
		*member = value
		c.Evidence = append(c.Evidence, from)
	}
}

// Unnamed says why the names in a pod that are not known are unknown: for a reason, unless
// it is unknown which pod it is.
func (c *Container) Unnamed(why string) {
	why = cmp.Or(c.Why.PodUID, why)
	if c.PodUID != "" || c.Why.PodUID != "" {
		c.Why.Name, c.Why.PodName, c.Why.PodNamespace, c.Why.Hostname = why, why, why, why
	}
}

// InPod reports whether the task is in a container of a pod, and not perhaps in one that
// something in a pod has made.
func (c *Container) InPod() bool {
	return slices.ContainsFunc(c.Evidence, func(e container.Evidence) bool { return e.What == "podUID" && !e.Volume })
}

// FromCgroup returns the container that a cgroup file names.
func FromCgroup(found container.Container) *Container {
	c := new(Container)
	c.contradict(&found, "its cgroups name")
	for _, what := range [...]string{"runtime", "id", "podUID", "podId"} {
		c.take(&found, container.Evidence{What: what, From: "cgroup"})
	}
	c.Why.Runtime = "its cgroup does not name it"
	if c.ID == "" && c.Why.ID == "" {
		c.Why.ID = noContainer
	}
	return c
}

// noContainer is why a task that is in a pod, as its monitor is, has no container's id.
const noContainer = "its cgroup names a pod and no container"

// Hidden reports whether the task is in a container whose id is unknown, and not in a pod
// alone.
func (c *Container) Hidden() bool { return c.ID == "" && c.Why.ID != "" && c.Why.ID != noContainer }

// Add takes over what the mounts of the task tell, unless they tell of another container
// or pod: that one is around it, or shares its files with it.
func (c *Container) Add(found container.Container, from []container.Evidence) {
	if other := c.others(&found, from); len(other) > 0 {
		c.Conflicts = append(c.Conflicts, other...)
		return
	}
	c.contradict(&found, "its mounts name")
	for _, e := range from {
		if e.What == "id" && c.ID == "" && e.Shared {
			c.Why.ID = fmt.Sprintf("by the %s it is %s, unless it shares the network of that container and so has its files", e.From, found.ID)
			continue
		}
		c.take(&found, e)
	}
	if c.ID != "" && c.ID == c.SandboxID {
		c.Sandbox = Known(true)
	}
}

// others returns what the mounts tell of another container or pod than the cgroup does.
func (c *Container) others(found *container.Container, from []container.Evidence) (list []string) {
	for _, e := range from {
		switch {
		case e.What == "id" && c.ID != "" && c.ID != found.ID:
			text := fmt.Sprintf("id: %s: %s", e.From, found.ID)
			if e.Shared {
				text += ", whose network it seems to share"
			}
			list = append(list, text)
		case e.What == "podUID" && c.PodUID != "" && c.PodUID != found.PodUID:
			list = append(list, fmt.Sprintf("podUID: %s: %s", e.From, found.PodUID))
		}
	}
	return list
}

// contradict leaves out of found what two of its sources tell differently, and says so.
func (c *Container) contradict(found *container.Container, sources string) {
	if found.OtherID != "" {
		c.Why.ID = fmt.Sprintf("%s two containers, %s and %s", sources, found.ID, found.OtherID)
		c.Conflicts = append(c.Conflicts, fmt.Sprintf("id: %s %s and %s", sources, found.ID, found.OtherID))
		c.OtherID, found.ID = found.OtherID, ""
	}
	if found.OtherPodUID != "" {
		c.Why.PodUID = fmt.Sprintf("%s two pods, %s and %s", sources, found.PodUID, found.OtherPodUID)
		c.Conflicts = append(c.Conflicts, fmt.Sprintf("podUID: %s %s and %s", sources, found.PodUID, found.OtherPodUID))
		c.OtherPodUID, found.PodUID = found.OtherPodUID, ""
	}
}

// take takes over the member of found that the evidence is of.
func (c *Container) take(found *container.Container, e container.Evidence) {
	switch e.What {
	case "runtime":
		c.Conclude(&c.Runtime, found.Runtime, e)
	case "id":
		c.Conclude(&c.ID, found.ID, e)
	case "sandboxId":
		c.Conclude(&c.SandboxID, found.SandboxID, e)
	case "name":
		c.Conclude(&c.Name, found.Name, e)
	case "podUID":
		c.Conclude(&c.PodUID, found.PodUID, e)
	case "podId":
		c.Conclude(&c.PodID, found.PodID, e)
	}
}

// PrivilegedBut returns what a task lacks of the capabilities of its kernel, though its
// mounts are those of a privileged container and no seccomp filter is on. newer reports
// whether these are the last ones, which a runtime older than the kernel does not know. ok
// is false if the container is not seen to be privileged, or it lacks nothing.
func (t *Task) PrivilegedBut() (lacks capset.Set, newer, ok bool) {
	bounding := t.Sets[capset.Bounding].Zero()
	lacks = capset.UpTo(t.LastCap.Value) &^ bounding
	if t.Container.Zero() == nil || t.LastCap.From == FromGuess || lacks == 0 || !bounding.Has(capset.SysAdmin) ||
		!Is(t.Mounts.ProcMasked, false) || !Is(t.Mounts.SysReadOnly, false) || !Is(Map(t.Seccomp, func(s Seccomp) int { return s.Mode }), 0) {
		return 0, false, false
	}
	first := capset.Cap(bits.TrailingZeros64(uint64(lacks)))
	return lacks, lacks == capset.UpTo(t.LastCap.Value)&^capset.UpTo(first-1), true
}

// Runtime returns the name of the runtime of the task's container, "" if it is unknown.
func (t *Task) Runtime() string {
	if c := t.Container.Zero(); c != nil {
		return c.Runtime
	}
	return ""
}

// InContainer reports whether the task is seen to be in a container, or at least in
// another pid namespace than the node's.
func (t *Task) InContainer() bool {
	return t.Container.Zero() != nil || Is(t.Initial(procstatus.NamespacePID), false)
}
