// SPDX-License-Identifier: Apache-2.0

package procstatus_test

import (
	"fmt"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/procstatus"
)

// What `kubectl exec POD -- grep Cap /proc/1/status` printed: a set that has no
// line is not known, which is something else than empty.
func ExampleParse() {
	s, err := procstatus.Parse([]byte("CapPrm:\t0000000000000000\nCapBnd:\t0000000000000400\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	for k := range capset.Kind(capset.NumKinds) {
		set, ok := s.Caps(k)
		fmt.Printf("%v: %v %q\n", k, ok, set)
	}
	// Output:
	// Inheritable: false ""
	// Permitted: true ""
	// Effective: false ""
	// Bounding: true "cap_net_bind_service"
	// Ambient: false ""
}

func ExampleParse_malformed() {
	_, err := procstatus.Parse([]byte("Name:\tx\nCapEff:\tzz\n"))
	fmt.Println(err)
	// Output: line 2: CapEff: "zz": not a hexadecimal number
}

// The uid_map of a rootless container, as the host shows it.
func ExampleParseIDMap() {
	m, err := procstatus.ParseIDMap([]byte("         0       1000          1\n         1     100000      65536\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, id := range []uint32{0, 999, 70000} {
		outside, ok := m.Outside(id)
		fmt.Println(id, outside, ok)
	}
	// Output:
	// 0 1000 true
	// 999 100998 true
	// 70000 0 false
}

// A container of a pod, from the node.
func ExampleContainerOf() {
	c, ok := procstatus.ContainerOf([]byte("0::/kubepods.slice/kubepods-pod24aa9910_0532_4771_9706_4c0285292c2a.slice/" +
		"cri-containerd-acd4600b9b0d6980b1a388378854081473806006f5bba235f1aedb10ab236544.scope\n"))
	fmt.Println(ok, c.Runtime)
	fmt.Println(c.ID)
	fmt.Println(c.PodUID)
	// Output:
	// true containerd
	// acd4600b9b0d6980b1a388378854081473806006f5bba235f1aedb10ab236544
	// 24aa9910-0532-4771-9706-4c0285292c2a
}

// The same container as it sees itself, where the cgroup is only "/": the id is
// not told, that of /etc/hostname is the sandbox's.
func ExampleContainerOfMounts() {
	mounts, err := procstatus.ParseMounts([]byte(
		"497 196 8:1 /var/lib/kubelet/pods/24aa9910-0532-4771-9706-4c0285292c2a/etc-hosts /etc/hosts rw - ext4 /dev/sda1 rw\n" +
			"498 359 8:1 /var/lib/kubelet/pods/24aa9910-0532-4771-9706-4c0285292c2a/containers/web/d4a460db /dev/termination-log rw - ext4 /dev/sda1 rw\n" +
			"500 196 8:1 /var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/" +
			"b070351db2ec36c3c713de792ab158316fedce618dc0219a3c7d3ab01de4939c/hostname /etc/hostname rw - ext4 /dev/sda1 rw\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	c, evidence := procstatus.ContainerOfMounts(mounts)
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
