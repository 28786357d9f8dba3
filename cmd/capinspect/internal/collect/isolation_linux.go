// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// isolation finds out which namespaces the task shares with its node, also where they are
// hidden from capinspect.
func (c *Collector) isolation(t *task.Task) {
	me, own := c.reader(), c.ownNetwork()
	to := &t.Isolation
	to.HostNetwork = c.hostNetwork(t, own)
	if !c.live {
		return
	}
	// Containers of a pod that share one which is not the node's are of one
	// pod, and have one ipc, network and user namespace.
	if in := t.Container.Zero(); !task.Is(to.HostPID, false) || in == nil || !in.InPod() {
		return
	}
	to.HostIPC = isInitial(procstatus.NamespaceIPC, me.namespaces[procstatus.NamespaceIPC])
	to.HostNetwork = task.First(to.HostNetwork, own)
	to.ChildUserNamespace = task.Map(me.namespaces[procstatus.NamespaceUser], func(uint64) bool { return !me.inInitialUserNS() })
}

// hostPID reports whether the task is in the node's pid namespace, as far as its numbers
// tell: one that a procfs of capinspect's own pid namespace shows with one number is in
// that namespace.
func (c *Collector) hostPID(t *task.Task) task.Value[bool] {
	if len(t.NSPid.Zero()) != 1 || !c.samePIDNamespace() {
		return task.Value[bool]{}
	}
	return isInitial(procstatus.NamespacePID, c.reader().namespaces[procstatus.NamespacePID])
}

// hostNetwork reports whether the task is in the node's network namespace. own tells it of
// capinspect itself.
func (c *Collector) hostNetwork(t *task.Task, own task.Value[bool]) task.Value[bool] {
	net, first := t.Namespace(procstatus.NamespaceNet), c.reader().first[procstatus.NamespacePID]
	switch {
	case t.Self || task.Is(net.WithSelf, true):
		return own
	case task.Is(own, true) && task.Is(net.WithSelf, false), net.ID.Known() && c.fixedNetwork():
		return task.Known(false)
	case task.Is(isInitial(procstatus.NamespacePID, first), true): // PID 1 is the node's init
		return net.WithPID1
	}
	return task.Value[bool]{}
}

// ownNetwork reports whether capinspect itself is in the node's network namespace. A procfs
// shows the sysctls of the reader's, and some there are in the initial one only
// (net/core/sysctl_net_core.c, net_core_table).
func (c *Collector) ownNetwork() task.Value[bool] {
	if _, err := c.proc.Sysctl("net/core/netdev_max_backlog"); err == nil {
		return task.Known(true)
	}
	if _, err := c.proc.Sysctl("net/core/somaxconn"); err != nil {
		return task.Unknown[bool](reasonOf(err))
	}
	return task.Known(false)
}

// fixedNetwork reports whether the kernel is one on which the initial network namespace has
// a fixed inode.
func (c *Collector) fixedNetwork() bool {
	release, err := c.proc.Sysctl("kernel/osrelease")
	return err == nil && !olderThan(release, 6, 18)
}

// besides finds out what PID 1 of capinspect's container is, if a runtime has started
// capinspect beside it.
func (c *Collector) besides(t *task.Task) {
	// A task with several numbers is seen in a procfs of a pid namespace around its own.
	if c.ownPid() < 2 || !task.Is(t.Initial(procstatus.NamespacePID), false) || len(t.NSPid.Zero()) > 1 {
		return
	}
	if first, err := c.proc.Task(1).Status(); err == nil {
		t.PID1 = &task.PID1{Name: first.Name, Sets: first.CapState()}
	}
}
