// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
)

// TestVoidInUserNamespace holds which capabilities are of no use in a pod that has a user
// namespace of its own.
func TestVoidInUserNamespace(t *testing.T) {
	const rest = ": no help there, even if effective: the kernel checks it against the node's user namespace"
	for _, test := range []struct{ spec, container, want string }{
		{`"hostUsers":false`, `{}`, ""},
		{`"hostUsers":true`, `{"capabilities":{"add":["SYS_TIME"]}}`, ""},
		{`"hostNetwork":true`, `{"capabilities":{"add":["SYS_TIME"]}}`, ""},
		{`"hostUsers":false`, `{"capabilities":{"add":["SYS_TIME","NET_ADMIN","SYS_ADMIN","PERFMON"]}}`, "hostUsers: false: SYS_TIME,PERFMON" + rest},
		{`"hostUsers":false`, `{"capabilities":{"add":["NET_ADMIN","SYS_CHROOT","SYS_BOOT","IPC_LOCK"]}}`, ""},
		{`"hostUsers":false,"hostNetwork":true`, `{}`, "hostUsers: false with hostNetwork: true: NET_BIND_SERVICE,NET_RAW" + rest},
		{`"hostUsers":false,"hostNetwork":true`, `{"capabilities":{"add":["NET_ADMIN","SYSLOG"]}}`, "hostUsers: false with hostNetwork: true: NET_BIND_SERVICE,NET_ADMIN,NET_RAW,SYSLOG" + rest},
		{`"hostUsers":false,"hostNetwork":true`, `{"capabilities":{"drop":["ALL"],"add":["SETUID"]}}`, ""},
		{`"hostUsers":false,"hostPID":true`, `{"capabilities":{"add":["SYS_BOOT","NET_ADMIN"]}}`, "hostUsers: false with hostPID: true: SYS_BOOT" + rest},
		{`"hostUsers":false,"hostPID":true,"hostNetwork":true`, `{"capabilities":{"drop":["ALL"],"add":["SYS_TIME"]}}`, "hostUsers: false: SYS_TIME" + rest},
		{
			`"hostUsers":false,"hostPID":true,"hostIPC":true,"hostNetwork":true`, `{"capabilities":{"drop":["ALL"],"add":["SYS_BOOT","IPC_OWNER","NET_RAW"]}}`,
			"hostUsers: false with hostNetwork: true, hostPID: true and hostIPC: true: NET_RAW,IPC_OWNER,SYS_BOOT" + rest,
		},
		{`"hostUsers":false`, `{"privileged":true}`, "hostUsers: false: LINUX_IMMUTABLE,SYS_MODULE,SYS_RAWIO,SYS_PACCT,SYS_TIME,SYS_TTY_CONFIG,MKNOD,LEASE,AUDIT_WRITE,AUDIT_CONTROL,MAC_OVERRIDE,SYSLOG,WAKE_ALARM,BLOCK_SUSPEND,AUDIT_READ,PERFMON,BPF" + rest},
	} {
		m, err := Choose(strings.NewReader(`{"spec":{`+test.spec+`,"containers":[{"name":"c","securityContext":`+test.container+`}]}}`), "", nil)
		if err != nil {
			t.Fatal(err)
		}
		m.Through(nil, nil)
		m.Expected(capset.LastKnown)
		got := ""
		for _, trap := range m.Traps {
			if trap.Code == "void-in-user-namespace" {
				got = trap.Text
			}
		}
		if got != test.want {
			t.Errorf("%s, %s: %q\nwant %q", test.spec, test.container, got, test.want)
		}
	}
}
