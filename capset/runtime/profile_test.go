// SPDX-License-Identifier: Apache-2.0

package runtime

import (
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
)

// TestProfiles compares the masks with the names that the runtimes list.
func TestProfiles(t *testing.T) {
	docker := capset.Of(capset.Chown, capset.DacOverride, capset.Fsetid, capset.Fowner, capset.Mknod, capset.NetRaw, capset.Setgid, capset.Setuid, capset.Setfcap, capset.Setpcap, capset.NetBindService, capset.SysChroot, capset.Kill, capset.AuditWrite)
	crio := capset.Of(capset.Chown, capset.DacOverride, capset.Fsetid, capset.Fowner, capset.Setgid, capset.Setuid, capset.Setpcap, capset.NetBindService, capset.Kill)
	podman := capset.Of(capset.Chown, capset.DacOverride, capset.Fowner, capset.Fsetid, capset.Kill, capset.NetBindService, capset.Setfcap, capset.Setgid, capset.Setpcap, capset.Setuid, capset.SysChroot)
	want := map[string]capset.Set{
		"docker": docker, "containerd": docker, "podman-old": docker, "crio": crio,
		"crio-1.17": crio | capset.Of(capset.NetRaw, capset.SysChroot), "podman": podman, "containerd-reduced": podman &^ capset.Of(capset.Setfcap), "podman-4.4": podman &^ capset.Of(capset.SysChroot),
		"baseline": docker &^ capset.Of(capset.NetRaw), "restricted": capset.Of(capset.NetBindService),
		"debug-general": docker | capset.Of(capset.SysPtrace), "debug-general-crio": crio | capset.Of(capset.SysPtrace),
		"debug-netadmin": docker | capset.Of(capset.NetAdmin, capset.NetRaw), "debug-netadmin-crio": crio | capset.Of(capset.NetAdmin, capset.NetRaw), "debug-restricted": 0,
		"privileged": capset.UpTo(capset.LastKnown),
	}
	since := map[string]string{
		"docker": "Docker 1.2", "containerd": "containerd 1.0", "crio": "CRI-O 1.18", "podman": "containers/common 0.51.1", "podman-4.4": "containers/common 0.51.0",
		"baseline": "Pod Security 1.0", "restricted": "Pod Security 1.22", "debug-general": "kubectl 1.27", "debug-general-crio": "kubectl 1.27",
		"debug-netadmin": "kubectl 1.27", "debug-netadmin-crio": "kubectl 1.29", "debug-restricted": "kubectl 1.27",
	}
	all := Profiles(capset.LastKnown)
	if len(all) != len(want) {
		t.Errorf("%d profiles, want %d", len(all), len(want))
	}
	for _, p := range all {
		if p.Set != want[p.Name] || p.Title == "" || p.Source == "" {
			t.Errorf("%s: %v, want %v", p.Name, p.Set, want[p.Name])
		}
		if p.Since != since[p.Name] {
			t.Errorf("%s: since %q, want %q", p.Name, p.Since, since[p.Name])
		}
	}
	if got := len(GrantedBy(capset.NetRaw)); got != 4 {
		t.Errorf("%d profiles grant net_raw", got)
	}
	if got := GrantedBy(capset.SysAdmin); got != nil {
		t.Errorf("sys_admin is granted by %v", got)
	}
}

func TestProfilesOf(t *testing.T) {
	for _, test := range []struct {
		set  capset.Set
		last capset.Cap
		want string
	}{
		{0xa80425fb, capset.LastKnown, "docker containerd podman-old"},
		{0x400, capset.LastKnown, "restricted"},
		{0xa80405fb, capset.LastKnown, "baseline"},
		{0xa80c25fb, capset.LastKnown, "debug-general"},
		{capset.UpTo(capset.LastKnown), capset.LastKnown, "privileged"},
		{1<<38 - 1, 37, "privileged"},
		{1<<38 - 1, capset.LastKnown, ""},
		{0, capset.LastKnown, ""},
	} {
		var names []string
		for _, p := range ProfilesOf(test.set, test.last) {
			names = append(names, p.Name)
		}
		if got := strings.Join(names, " "); got != test.want {
			t.Errorf("%v up to %v: %q, want %q", test.set, test.last, got, test.want)
		}
	}
	if got := ProfileOf(0x400); got != "" {
		t.Errorf("0x400 is no runtime's default, but %s", got)
	}
}

// TestLike holds that what a profile is like is the same set.
func TestLike(t *testing.T) {
	found := 0
	for _, p := range Profiles(capset.LastKnown) {
		if p.Like == "" {
			continue
		}
		found++
		names := strings.Split(p.Like, "+")
		base, ok := ProfileNamed(names[0], capset.LastKnown)
		set := base.Set
		for _, name := range names[1:] {
			c, err := capset.Parse(name)
			if err != nil {
				t.Fatal(err)
			}
			set |= capset.Of(c)
		}
		if !ok || set != p.Set {
			t.Errorf("%s is not like %s", p.Name, p.Like)
		}
	}
	if found != 4 {
		t.Errorf("%d profiles are like others", found)
	}
}

func TestRelative(t *testing.T) {
	for _, test := range []struct {
		set  capset.Set
		want string
	}{
		{0, ""},
		{0xa80425fb, ""}, // docker's own
		{0xa80435fb, "docker+net_admin"},
		{0xa80405fb, "docker-net_raw"},
		{0xa82435fb &^ 1, "docker+net_admin+sys_admin-chown"},
		{0x3000, ""},
		{0x1ff, "crio+dac_read_search-net_bind_service"},
		{capset.UpTo(capset.LastKnown), ""},
	} {
		got, ok := Relative(test.set)
		if got != test.want || ok != (got != "") {
			t.Errorf("%x: %q, %t, want %q", test.set, got, ok, test.want)
		}
	}
}
