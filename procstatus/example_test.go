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
