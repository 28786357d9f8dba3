// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"fmt"

	"github.com/capinspect/capinspect/procstatus"
	"github.com/capinspect/capinspect/procstatus/container"
)

// A container of a pod, seen from the node.
func ExampleOfCgroup() {
	c, ok := container.OfCgroup([]byte("0::/kubepods.slice/kubepods-pod24aa9910_0532_4771_9706_4c0285292c2a.slice/" +
		"cri-containerd-acd4600b9b0d6980b1a388378854081473806006f5bba235f1aedb10ab236544.scope\n"))
	fmt.Println(ok, c.Runtime)
	fmt.Println(c.ID)
	fmt.Println(c.PodUID)
	// Output:
	// true containerd
	// acd4600b9b0d6980b1a388378854081473806006f5bba235f1aedb10ab236544
	// 24aa9910-0532-4771-9706-4c0285292c2a
}

// The same container from inside, where the cgroup is only "/". The mounts do not
// tell its id: the one in the path of /etc/hostname is the sandbox's.
func ExampleOfMounts() {
	mounts, err := procstatus.ParseMounts([]byte(
		"497 196 8:1 /var/lib/kubelet/pods/24aa9910-0532-4771-9706-4c0285292c2a/etc-hosts /etc/hosts rw - ext4 /dev/sda1 rw\n" +
			"498 359 8:1 /var/lib/kubelet/pods/24aa9910-0532-4771-9706-4c0285292c2a/containers/web/d4a460db /dev/termination-log rw - ext4 /dev/sda1 rw\n" +
			"500 196 8:1 /var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/" +
			"b070351db2ec36c3c713de792ab158316fedce618dc0219a3c7d3ab01de4939c/hostname /etc/hostname rw - ext4 /dev/sda1 rw\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	c, evidence := container.OfMounts(mounts)
	fmt.Printf("%s %q %s %s\n", c.Runtime, c.ID, c.Name, c.PodUID)
	for _, e := range evidence {
		fmt.Printf("%s: %s\n", e.What, e.From)
	}
	// Output:
	// containerd "" web 24aa9910-0532-4771-9706-4c0285292c2a
	// runtime: mount of /etc/hostname
	// sandboxId: mount of /etc/hostname
	// name: mount of /dev/termination-log
	// podUID: mount of /dev/termination-log
}
