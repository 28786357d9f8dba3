// SPDX-License-Identifier: Apache-2.0

package runtime_test

import (
	"fmt"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
)

// containerd ignores CAP_NET_ADMIN, because the name has the prefix; CRI-O takes it.
func ExampleRuntime_Grant() {
	add, drop := []string{"NET_BIND_SERVICE", "CAP_NET_ADMIN"}, []string{"ALL"}
	for _, name := range []string{"containerd", "crio"} {
		grant := runtime.Named(name).Grant(add, drop, capset.LastKnown)
		fmt.Printf("%s: %v\n", name, grant.Bounding)
	}
	// Output:
	// containerd: cap_net_bind_service
	// crio: cap_net_bind_service,cap_net_admin
}

// How does a set differ from what Docker gives by default?
func ExampleProfileNamed() {
	docker, ok := runtime.ProfileNamed("docker", capset.LastKnown)
	if !ok {
		return
	}
	set, err := capset.ParseHex("00000000a00435fb")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("more:", set&^docker.Set)
	fmt.Println("less:", docker.Set&^set)
	// Output:
	// more: cap_net_admin
	// less: cap_mknod
}

// Which default is nearest? That is how a set is short enough for a table.
func ExampleRelative() {
	text, ok := runtime.Relative(0xa00435fb)
	fmt.Println(text, ok)
	// Output: docker+net_admin-mknod true
}

// Who gives MKNOD to a container that does not ask for it?
func ExampleGrantedBy() {
	for _, p := range runtime.GrantedBy(capset.Mknod) {
		fmt.Println(p.Title)
	}
	// Output:
	// Docker
	// containerd
	// older Podman and Buildah
}

func ExampleNearest() {
	near := runtime.Nearest(0xa80435fb &^ capset.Of(capset.Mknod))
	fmt.Println(near.Name, "with", near.More, "and without", near.Less)
	fmt.Println(near)
	// Output:
	// docker with cap_net_admin and without cap_mknod
	// docker+net_admin-mknod
}
