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

// Containers finds out the containers of many tasks, one after the other, as far as their
// cgroups tell.
type Containers struct {
	from    *Finder
	private bool // capinspect has a cgroup namespace of its own
	// hostPIDs reports whether tasks with one number are in the node's pid namespace.
	hostPIDs task.Value[bool]
	pods     map[string]podMounts // by the id of a container of a pod
}

// Containers returns what finds out containers. Several may be used at the same time.
func (f *Finder) Containers() *Containers {
	return &Containers{from: f, private: f.privateCgroups(), hostPIDs: f.hostPIDs(), pods: map[string]podMounts{}}
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
	in, ok := container.OfCgroup(text)
	switch {
	case ok:
		found := task.FromCgroup(in)
		c.sandbox(handle, t, found)
		return task.Known(found)
	case c.private && isBlank(text):
		return task.Unknown[*task.Container](blankCgroup)
	case len(t.NSPid.Zero()) > 1:
		return task.Unknown[*task.Container]("it is in another pid namespace, and its cgroup names no container")
	case task.Is(c.hostPIDs, false):
		return task.Unknown[*task.Container]("it is in capinspect's pid namespace, which is not the node's, and its cgroup names no container")
	case c.from.live && hasCgroups(handle):
		return task.Unknown[*task.Container](apartCgroup)
	}
	return task.Known[*task.Container](nil)
}

// hasCgroups reports whether a process is seen to be in another cgroup namespace than the
// node's, as containers are that have the node's pid namespace and no cgroup of their own.
func hasCgroups(handle procstatus.Task) bool {
	id, err := handle.Namespace(procstatus.NamespaceCgroup)
	return err == nil && task.Is(IsInitial(procstatus.NamespaceCgroup, task.Known(id)), false)
}

// podMounts is what the mounts of one process of a pod say about the container.
type podMounts struct {
	container.Container
	runtime container.Evidence
}

// sandbox finds out whether a container is the sandbox of its pod, and its runtime if the
// cgroup does not name it. One process tells it of all that are in there.
func (c *Containers) sandbox(handle procstatus.Task, t *task.Task, found *task.Container) {
	switch {
	case found.OtherPodUID != "":
		found.Sandbox = task.Unknown[bool](found.Why.PodUID)
		return
	case found.PodUID == "":
		found.Sandbox = task.Known(false)
		return
	case found.ID == "":
		found.Sandbox = task.Unknown[bool](found.Why.ID)
		return
	}
	of, asked := c.pods[found.ID]
	if !asked {
		mounts, err := handle.Mounts()
		if err != nil {
			found.Sandbox = task.Unknown[bool]("mountinfo: " + c.from.Hidden(err, t))
			return
		}
		in, from := container.OfMounts(mounts)
		of.Container = in
		if at := slices.IndexFunc(from, func(e container.Evidence) bool { return e.What == "runtime" }); at >= 0 {
			of.runtime = from[at]
		}
		c.pods[found.ID] = of
	}
	found.Sandbox = task.Known(of.SandboxID == found.ID)
	if of.PodUID == "" || of.PodUID == found.PodUID {
		found.Conclude(&found.Runtime, of.Runtime, of.runtime)
	}
}
