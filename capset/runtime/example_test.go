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

func ExampleGrantedBy() {
	for _, p := range runtime.GrantedBy(capset.Mknod) {
		fmt.Println(p.Title)
	}
	// Output:
	// Docker
	// containerd
	// older Podman and Buildah
}
