// SPDX-License-Identifier: Apache-2.0

package place

import (
	"errors"
	"io/fs"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
	"github.com/capinspect/capinspect/procstatus/container"
)

// Containers finds out the containers of many tasks, one after the other, by their cgroups
// and, where these name none, by their mounts.
type Containers struct {
	from    *Finder
	private bool // capinspect has a cgroup namespace of its own
	// hostPIDs reports whether tasks with one number are in the node's pid namespace.
	hostPIDs task.Value[bool]
	ids      map[string]mounted // by the id of a container
	spaces   map[uint64]mounted // by the inode of a mount namespace
}

// Containers returns what finds out containers. Several may be used at the same time.
func (f *Finder) Containers() *Containers {
	f.hasNodesRoot(nil) // which reads the node's for all of them
	return &Containers{from: f, private: f.privateCgroups(), hostPIDs: f.hostPIDs(), ids: map[string]mounted{}, spaces: map[uint64]mounted{}}
}

// Of finds out the container of a task. Of one in a pod, it does not tell the names.
func (c *Containers) Of(handle procstatus.Task, t *task.Task) task.Value[*task.Container] {
	text, err := handle.Cgroup()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return task.Unknown[*task.Container]("there is no cgroup file")
	case errors.Is(err, fs.ErrPermission):
		return task.Unknown[*task.Container](unix.EACCES.Error())
	case err != nil:
		return task.Unknown[*task.Container](err.Error())
	}
	if in, ok := container.OfCgroup(text); ok {
		found := task.FromCgroup(in)
		c.sandbox(handle, t, found)
		return task.Known(found)
	}
	if t.KernelThread {
		return task.Known[*task.Container](nil)
	}
	found, mounts := new(task.Container), c.mounts(handle)
	if found.Add(mounts.Container, mounts.evidence); found.Evidence != nil || found.Conflicts != nil {
		c.from.untold(found, t, nil, mounts.unread)
		return task.Known(found)
	}
	if why := c.unsaid(handle, t, text, mounts.apart); why != "" {
		return task.Unknown[*task.Container](why)
	}
	return task.Known[*task.Container](nil)
}

// unsaid says why a task may be in a container that neither its cgroup nor its mounts name;
// "" if it is in none.
func (c *Containers) unsaid(handle procstatus.Task, t *task.Task, cgroup []byte, apart bool) string {
	numbers := len(t.NSPid.Zero())
	switch {
	case c.private && isBlank(cgroup):
		return blankCgroup
	case numbers > 1:
		return "it is in another pid namespace, and its cgroup names no container"
	case task.Is(t.RunState, 'Z') && isBlank(cgroup):
		return endedCgroup
	case numbers == 0 && !isIn(handle, procstatus.NamespacePID, true):
		return "its pid namespace is not known, and its cgroup names no container"
	case task.Is(c.hostPIDs, false):
		return "it is in capinspect's pid namespace, which is not the node's, and its cgroup names no container"
	case numbers == 1 && !c.hostPIDs.Known():
		return "nothing tells whether this procfs is the node's, and its cgroup names no container"
	case isIn(handle, procstatus.NamespaceCgroup, false):
		return apartCgroup
	case apart:
		return apartRoot
	}
	return ""
}

// isIn reports whether a process is seen to be in the node's namespace of a kind, or seen
// not to be. Containers that have the node's pid namespace and no cgroup of their own are in
// another cgroup namespace.
func isIn(handle procstatus.Task, k procstatus.NamespaceKind, node bool) bool {
	id, err := handle.Namespace(k)
	return err == nil && task.Is(IsInitial(k, task.Known(id)), node)
}

// mounted is what the mounts of one process say about its container.
type mounted struct {
	container.Container
	evidence []container.Evidence
	apart    bool  // another root directory than the node's is mounted
	unread   error // why they are not known
}

func (f *Finder) mountedOf(handle procstatus.Task) (m mounted) {
	mounts, err := handle.Mounts()
	m.unread = err
	m.Container, m.evidence = container.OfMounts(mounts)
	m.apart = task.Is(f.hasNodesRoot(mounts), false)
	return m
}

// mounts returns what the mounts of a process say. One process of the running kernel tells
// it of all that are in its mount namespace.
func (c *Containers) mounts(handle procstatus.Task) mounted {
	id, err := handle.Namespace(procstatus.NamespaceMnt)
	if err != nil {
		return c.from.mountedOf(handle)
	}
	m, asked := c.spaces[id]
	if !asked || !c.from.live {
		m = c.from.mountedOf(handle)
		// What changed its root directory alone is in no container.
		m.apart = m.apart && !task.Is(c.from.First(procstatus.NamespaceMnt), id)
		c.spaces[id] = m
	}
	return m
}

// inside returns what the mounts of a process say. One process tells it of all that are in a
// container with that id.
func (c *Containers) inside(handle procstatus.Task, id string) mounted {
	of, asked := c.ids[id]
	if !asked {
		if of = c.from.mountedOf(handle); of.unread == nil {
			c.ids[id] = of
		}
	}
	return of
}

// sandbox finds out whether a container is the sandbox of its pod, the pod if the cgroup
// does not name it, as from inside a cgroup namespace, and so the runtime.
func (c *Containers) sandbox(handle procstatus.Task, t *task.Task, found *task.Container) {
	switch {
	case found.OtherPodUID != "":
		found.Sandbox = task.Unknown[bool](found.Why.PodUID)
		return
	case found.ID == "" && found.PodUID == "":
		found.Sandbox = task.Known(false)
		return
	case found.ID == "":
		found.Sandbox = task.Unknown[bool](found.Why.ID)
		return
	}
	of := c.inside(handle, found.ID)
	if found.PodUID == "" {
		found.Add(of.Container, of.evidence)
		found.Sandbox = task.Known(found.SandboxID == found.ID)
		return
	}
	if of.unread != nil {
		found.Sandbox = task.Unknown[bool]("mountinfo: " + c.from.Hidden(of.unread, t))
		return
	}
	found.Sandbox = task.Known(of.SandboxID == found.ID)
	if at := slices.IndexFunc(of.evidence, func(e container.Evidence) bool { return e.What == "runtime" }); at >= 0 && (of.PodUID == "" || of.PodUID == found.PodUID) {
		found.Conclude(&found.Runtime, of.Runtime, of.evidence[at])
	}
}
