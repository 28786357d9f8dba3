// SPDX-License-Identifier: Apache-2.0

package capset_test

import (
	"errors"
	"fmt"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
)

// Decode a mask: what a container gets from Docker by default.
func ExampleParseHex() {
	set, err := capset.ParseHex("00000000a80425fb")
	fmt.Println(set.Len(), set.Has(capset.NetRaw), set.Has(capset.SysAdmin), err)
	fmt.Println(set)
	// Output:
	// 14 true false <nil>
	// cap_chown,cap_dac_override,cap_fowner,cap_fsetid,cap_kill,cap_setgid,cap_setuid,cap_setpcap,cap_net_bind_service,cap_net_raw,cap_sys_chroot,cap_mknod,cap_audit_write,cap_setfcap
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

// What a container that runs as uid 1000 gets from a program with a capability in its file.
func ExampleExec() {
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
	// Output:
	// cap_net_bind_service <nil>
	// file-capabilities
	// effective
	// secure-execution
}

// Why does "exec /usr/bin/caddy" fail with "operation not permitted"? Its file has a
// capability that the container was not given.
func ExampleExec_fails() {
	docker, _ := runtime.ProfileNamed("docker", capset.LastKnown)
	task := capset.Credentials{
		Sets: capset.State{capset.Bounding: docker.Set},
		UID:  capset.IDs{Real: 1000, Effective: 1000, Saved: 1000, Filesystem: 1000},
	}
	caddy := capset.FileCaps{Permitted: capset.Of(capset.NetBindService, capset.NetAdmin), Effective: true}
	_, _, err := capset.Exec(task, capset.File{Caps: &caddy}, capset.Circumstances{Last: capset.LastKnown})
	if errors.Is(err, capset.ErrForced) {
		fmt.Println("not in the bounding set:", caddy.Permitted&^task.Sets[capset.Bounding])
	}
	// Output: not in the bounding set: cap_net_admin
}
