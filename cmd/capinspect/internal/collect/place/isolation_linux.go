// SPDX-License-Identifier: Apache-2.0

package place

import (
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
	"github.com/capinspect/capinspect/procstatus/container"
)

// Isolation finds out which namespaces the task shares with its node, also where they are
// hidden from capinspect.
func (f *Finder) Isolation(t *task.Task) {
	own, to := f.ownNetwork(), &t.Isolation
	to.HostNetwork = f.hostNetwork(t, own)
	if !f.live {
		return
	}
	// Containers of a pod that share one which is not the node's are of one
	// pod, and have one ipc, network and user namespace.
	if in := t.Container.Zero(); !task.Is(to.HostPID, false) || in == nil || !in.InPod() {
		return
	}
	to.HostIPC = f.InInitial(procstatus.NamespaceIPC)
	to.HostNetwork = task.First(to.HostNetwork, own)
	to.ChildUserNamespace = task.Map(f.InInitial(procstatus.NamespaceUser), func(initial bool) bool { return !initial })
}

// hostPID reports whether the task is in the node's pid namespace, as far as its numbers
// tell: one that a procfs of the node shows with one number is in that namespace.
func (f *Finder) hostPID(t *task.Task) task.Value[bool] {
	if len(t.NSPid.Zero()) != 1 {
		return task.Value[bool]{}
	}
	return f.hostPIDs()
}

// hostPIDs reports whether all tasks with one number are in the node's pid namespace.
func (f *Finder) hostPIDs() task.Value[bool] {
	if f.SharesNumbers() {
		return f.InInitial(procstatus.NamespacePID)
	}
	return f.reader().nodes
}

// showsNode reports whether the procfs is of the node's pid namespace. The thread of the
// kernel that starts all the others is in no other one (init/main.c, rest_init). A copy that
// was made without it is the node's if systemd is the first process: one in a container has
// mounts that tell so, or a cgroup below that of the container.
func (f *Finder) showsNode(first inode) task.Value[bool] {
	if f.proc == nil {
		return task.Value[bool]{}
	}
	if second, err := f.proc.Task(2).Status(); err == nil && second.KernelThread() {
		return task.Known(true)
	}
	if text, err := f.proc.Task(1).Cgroup(); err == nil && !f.live && isInitScope(text) {
		mounts, _ := f.proc.Task(1).Mounts()
		if _, told := container.OfMounts(mounts); told == nil {
			return task.Known(true)
		}
	}
	return IsInitial(procstatus.NamespacePID, first)
}

// isInitScope reports whether a cgroup file is that of systemd as the first process.
func isInitScope(text []byte) bool {
	for line, err := range procstatus.Cgroups(text) {
		if err == nil && line.Path == "/init.scope" {
			return true
		}
	}
	return false
}

// initIsFirst reports whether PID 1 is known to be the node's init.
func (f *Finder) initIsFirst() bool {
	return task.Is(IsInitial(procstatus.NamespacePID, f.First(procstatus.NamespacePID)), true)
}

// hostNetwork reports whether the task is in the node's network namespace. own tells it of
// capinspect itself.
func (f *Finder) hostNetwork(t *task.Task, own task.Value[bool]) task.Value[bool] {
	net := t.Namespace(procstatus.NamespaceNet)
	switch {
	case t.Self || task.Is(net.WithSelf, true):
		return own
	case task.Is(own, true) && task.Is(net.WithSelf, false), net.ID.Known() && f.fixedNetwork():
		return task.Known(false)
	case f.initIsFirst():
		return net.WithPID1
	}
	return task.Value[bool]{}
}

// ownNetwork reports whether capinspect itself is in the node's network namespace. A procfs
// shows the sysctls of the reader's, and some there are in the initial one only
// (net/core/sysctl_net_core.c, net_core_table).
func (f *Finder) ownNetwork() task.Value[bool] {
	if _, err := f.proc.Sysctl("net/core/netdev_max_backlog"); err == nil {
		return task.Known(true)
	}
	if _, err := f.proc.Sysctl("net/core/somaxconn"); err != nil {
		return task.Unknown[bool](Reason(err))
	}
	return task.Known(false)
}

// fixedNetwork reports whether the kernel is one on which the initial network namespace has
// a fixed inode.
func (f *Finder) fixedNetwork() bool {
	release, err := f.proc.Sysctl("kernel/osrelease")
	return err == nil && !OlderThan(release, 6, 18)
}

// Beside finds out what PID 1 of capinspect's container is, if a runtime has started
// capinspect beside it.
func (f *Finder) Beside(t *task.Task) {
	// A task with several numbers is seen in a procfs of a pid namespace around its own.
	if f.OwnPid() < 2 || !task.Is(t.Initial(procstatus.NamespacePID), false) || len(t.NSPid.Zero()) > 1 {
		return
	}
	if first, err := f.proc.Task(1).Status(); err == nil {
		t.PID1 = &task.PID1{Name: first.Name, Sets: first.CapState()}
	}
}
