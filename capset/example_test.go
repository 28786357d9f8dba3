// SPDX-License-Identifier: Apache-2.0

package capset_test

import (
	"fmt"

	"github.com/capinspect/capinspect/capset"
)

// What a container gets from Docker by default.
func ExampleParseHex() {
	set, err := capset.ParseHex("00000000a80425fb")
	fmt.Println(set.Len(), set.Has(capset.NetRaw), set.Has(capset.SysAdmin), err)
	// Output: 14 true false <nil>
}

func ExampleParse() {
	for _, spelling := range []string{"cap_net_raw", "NET_RAW", "13"} {
		c, _ := capset.Parse(spelling)
		fmt.Println(c)
	}
	_, err := capset.Parse("NET_ROW")
	fmt.Println(err)
	// Output:
	// cap_net_raw
	// cap_net_raw
	// cap_net_raw
	// unknown capability "NET_ROW", did you mean cap_net_raw?
}

// The same bits mean "all" on one kernel and "all but three" on another.
func ExampleState_Text() {
	s := capset.State{capset.Permitted: 0x3fffffffff, capset.Effective: 0x3fffffffff}
	fmt.Println(s.Text(37))
	fmt.Println(s.Text(40))
	// Output:
	// =ep
	// =ep cap_perfmon,cap_bpf,cap_checkpoint_restore-ep
}
