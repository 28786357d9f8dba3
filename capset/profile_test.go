// SPDX-License-Identifier: Apache-2.0

package capset

import "testing"

// TestProfiles holds the masks against the names that the runtimes list.
func TestProfiles(t *testing.T) {
	docker := Of(Chown, DacOverride, Fsetid, Fowner, Mknod, NetRaw, Setgid, Setuid, Setfcap, Setpcap, NetBindService, SysChroot, Kill, AuditWrite)
	crio := Of(Chown, DacOverride, Fsetid, Fowner, Setgid, Setuid, Setpcap, NetBindService, Kill)
	podman := Of(Chown, DacOverride, Fowner, Fsetid, Kill, NetBindService, Setfcap, Setgid, Setpcap, Setuid, SysChroot)
	want := map[string]Set{
		"docker": docker, "containerd": docker, "podman-old": docker, "crio": crio,
		"crio-1.17": crio | Of(NetRaw, SysChroot), "podman": podman,
	}
	all := Profiles()
	if len(all) != len(want) {
		t.Errorf("%d profiles, want %d", len(all), len(want))
	}
	for _, p := range all {
		if p.Set != want[p.Name] || p.Title == "" || p.Source == "" {
			t.Errorf("%s: %v, want %v", p.Name, p.Set, want[p.Name])
		}
	}
	if got := len(NetRaw.GrantedBy()); got != 4 {
		t.Errorf("%d profiles grant net_raw", got)
	}
	if got := SysAdmin.GrantedBy(); got != nil {
		t.Errorf("sys_admin is granted by %v", got)
	}
}
