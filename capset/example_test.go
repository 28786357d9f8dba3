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

// Later clauses change what earlier ones say.
func ExampleParseText() {
	s, err := capset.ParseText("all=p cap_sys_admin-p cap_net_raw+e", capset.LastKnown)
	fmt.Println(s[capset.Permitted].Len(), s[capset.Effective], err)
	_, err = capset.ParseText("cap_net_row=ep", capset.LastKnown)
	fmt.Println(err)
	// Output:
	// 40 cap_net_raw <nil>
	// "cap_net_row=ep": unknown capability "cap_net_row", did you mean cap_net_raw?
}

// What capsh --print calls "Current IAB".
func ExampleParseIAB() {
	s, err := capset.ParseIAB("!cap_sys_admin,^cap_net_raw,%cap_chown", capset.LastKnown)
	fmt.Println(s[capset.Bounding].Has(capset.SysAdmin), s[capset.Ambient], s[capset.Inheritable], err)
	// Output: false cap_net_raw cap_chown,cap_net_raw <nil>
}

func ExampleExec() {
	// A container that runs as uid 1000 and was given NET_BIND_SERVICE.
	task := capset.Credentials{
		Sets: capset.State{capset.Bounding: capset.Of(capset.NetBindService)},
		UID:  capset.IDs{Real: 1000, Effective: 1000, Saved: 1000, Filesystem: 1000},
	}
	program := capset.File{Caps: &capset.FileCaps{Permitted: capset.Of(capset.NetBindService), Effective: true}}
	after, steps, err := capset.Exec(task, program, capset.Circumstances{Last: capset.LastKnown})
	fmt.Println(after.Sets[capset.Effective], err)
	for _, step := range steps {
		fmt.Println(step.Code)
	}
	task.Sets[capset.Bounding] = 0
	_, _, err = capset.Exec(task, program, capset.Circumstances{Last: capset.LastKnown})
	fmt.Println(err)
	// Output:
	// cap_net_bind_service <nil>
	// file-capabilities
	// effective
	// secure-execution
	// the file is marked effective, and has permitted capabilities that it would not get
}
