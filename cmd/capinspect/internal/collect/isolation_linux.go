// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"github.com/capinspect/capinspect/capset/podsecurity"
	"github.com/capinspect/capinspect/procstatus"
)

// isolation finds out what keeps the task apart from the node, also where its
// namespaces are hidden from capinspect.
func (c *Collector) isolation(r *Record) {
	f, me := &r.Isolation, c.reader()
	own, net := c.ownNetwork(), &r.Namespaces[procstatus.NamespaceNet]
	is := Unsure
	switch {
	case r.Self || net.WithSelf == Yes:
		is = own
	case own == Yes && net.WithSelf == No, net.ID != 0 && c.fixedNetwork():
		is = No
	case isInitial(procstatus.NamespacePID, me.first[procstatus.NamespacePID]) == Yes: // PID 1 is the node's init
		is = net.WithPID1
	}
	learn(f, podsecurity.HostNetwork, is)
	if !c.live {
		return
	}
	// What is seen in a procfs of capinspect's own pid namespace is in that, or in one
	// below. Containers of a pod that share one which is not the node's are of one pod,
	// and have one ipc, network and user namespace.
	mine, err := c.proc.Self().Status()
	if err != nil || len(mine.NSpid) != 1 || len(r.Status.NSpid) != 1 {
		return
	}
	pid := isInitial(procstatus.NamespacePID, me.namespaces[procstatus.NamespacePID])
	learn(f, podsecurity.HostPID, pid)
	if pid == No && r.Container != nil && r.Container.inPod() {
		learn(f, podsecurity.HostIPC, isInitial(procstatus.NamespaceIPC, me.namespaces[procstatus.NamespaceIPC]))
		learn(f, podsecurity.HostNetwork, own)
		learn(f, podsecurity.UserNamespace, answer(!me.inInitialUserNS(), me.namespaces[procstatus.NamespaceUser] != 0))
	}
}

// ownNetwork answers whether capinspect itself has the node's network namespace. A
// procfs shows the sysctls of the reader's, and some there are in the initial one only
// (net/core/sysctl_net_core.c, net_core_table).
func (c *Collector) ownNetwork() Answer {
	_, err := c.proc.Sysctl("net/core/netdev_max_backlog")
	_, other := c.proc.Sysctl("net/core/somaxconn")
	return answer(err == nil, err == nil || other == nil)
}

// fixedNetwork reports whether the kernel is one on which the initial network
// namespace has a fixed inode.
func (c *Collector) fixedNetwork() bool {
	release, err := c.proc.Sysctl("kernel/osrelease")
	return err == nil && !olderThan(release, 6, 18)
}
