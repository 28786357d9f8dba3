// SPDX-License-Identifier: Apache-2.0

package capset

import (
	"strings"
	"testing"
)

// TestGrant holds what each runtime makes of the lists, in the order containerd,
// CRI-O, docker, Podman, as their sources have it; what docker does was also seen. "!"
// stands before what it refuses.
func TestGrant(t *testing.T) {
	const (
		docker Set = 0xa80425fb
		crio   Set = 0x5fb
		podman Set = 0x800405fb
	)
	raw, admin, all := Of(NetRaw), Of(NetAdmin), UpTo(LastKnown)
	for _, test := range []struct {
		add, drop string
		want      [4]Set
		conflict  bool // Podman's
	}{
		{"", "", [4]Set{docker, crio, docker, podman}, false},
		{"NET_ADMIN", "", [4]Set{docker | admin, crio | admin, docker | admin, podman | admin}, false},
		{"net_admin", "", [4]Set{docker | admin, crio | admin, docker | admin, podman | admin}, false},
		{"", "KILL", [4]Set{docker &^ Of(Kill), crio &^ Of(Kill), docker &^ Of(Kill), podman &^ Of(Kill)}, false},
		{"", "ALL", [4]Set{}, false},
		{"", "all", [4]Set{}, false},
		{"NET_RAW", "ALL", [4]Set{raw, raw, raw, raw}, false},
		{"NET_RAW NET_ADMIN", "all MKNOD", [4]Set{raw | admin, raw | admin, raw | admin, raw | admin}, false},
		{"ALL", "", [4]Set{all, all, all, all}, false},
		{"ALL", "NET_RAW", [4]Set{all &^ raw, all &^ raw, all &^ raw, all &^ raw}, false},
		{"ALL NET_RAW", "NET_RAW", [4]Set{all &^ raw, all &^ raw, all &^ raw, all &^ raw}, false},
		{"NET_ADMIN", "NET_ADMIN", [4]Set{docker, crio, docker | admin, podman | admin}, true},
		{"NET_RAW", "ALL NET_RAW", [4]Set{0, 0, raw, raw}, false},
		{"ALL", "ALL", [4]Set{0, 0, all, all}, true},
		{"ALL NET_RAW", "ALL", [4]Set{raw, raw, all, all}, true},
		{"CAP_NET_ADMIN", "", [4]Set{docker, crio | admin, docker | admin, podman | admin}, false},
		{"cap_net_admin", "Cap_Kill", [4]Set{docker, (crio | admin) &^ Of(Kill), (docker | admin) &^ Of(Kill), (podman | admin) &^ Of(Kill)}, false},
		{"CAP_ALL", "CAP_ALL", [4]Set{docker, crio, docker, podman}, false},
		{"NET_ADMN", "13", [4]Set{docker, crio, docker, podman}, false},
		{"CAP_", "", [4]Set{docker, crio, docker, podman}, false},
	} {
		for i, name := range []string{"containerd", "cri-o", "docker", "podman"} {
			g := RuntimeNamed(name).Grant(strings.Fields(test.add), strings.Fields(test.drop), LastKnown)
			if g.Bounding != test.want[i] || g.Conflict != (test.conflict && name == "podman") {
				t.Errorf("%s: add %q, drop %q: %v, %v, want %v", name, test.add, test.drop, g.Bounding, g.Conflict, test.want[i])
			}
		}
	}
}

// TestGrantLast holds that a runtime gives nothing that the kernel does not have.
func TestGrantLast(t *testing.T) {
	for _, name := range []string{"containerd", "crio", "docker", "podman"} {
		for _, add := range []string{"ALL", "BPF", "SYSLOG"} {
			g := RuntimeNamed(name).Grant([]string{add}, nil, AuditRead)
			if add == "ALL" && g.Bounding != UpTo(AuditRead) || !g.Bounding.Within(UpTo(AuditRead)) {
				t.Errorf("%s, add %s: %v", name, add, g.Bounding)
			}
			if e := g.Entries[0]; (e.Set == 0 && !e.All) != (add == "BPF") || e.Meant == 0 && !e.All {
				t.Errorf("%s, add %s: %+v", name, add, e)
			}
		}
	}
}

func TestGrantEntries(t *testing.T) {
	raw := Of(NetRaw)
	for _, test := range []struct {
		name   string
		strict bool
		want   Entry
	}{
		{"NET_RAW", false, Entry{Text: "NET_RAW", Meant: raw, Set: raw}},
		{"CAP_NET_RAW", false, Entry{Text: "CAP_NET_RAW", Prefixed: true, Meant: raw}},
		{"CAP_NET_RAW", true, Entry{Text: "CAP_NET_RAW", Prefixed: true, Meant: raw, Set: raw}},
		{"All", true, Entry{Text: "All", All: true}},
		{"cap_all", true, Entry{Text: "cap_all", Prefixed: true, Meant: UpTo(LastKnown)}},
		{"CAP_CAP_NET_RAW", true, Entry{Text: "CAP_CAP_NET_RAW", Prefixed: true}},
		{"", false, Entry{}},
		{"\x1b", false, Entry{Text: "\x1b"}},
	} {
		runtime := RuntimeNamed("containerd")
		if test.strict {
			runtime = RuntimeNamed("docker")
		}
		if got := runtime.Grant([]string{test.name}, nil, LastKnown).Entries[0]; *got != test.want {
			t.Errorf("%q, strict %v: %+v, want %+v", test.name, test.strict, *got, test.want)
		}
	}
	if RuntimeNamed("") != nil || RuntimeNamed("kata") != nil {
		t.Error("a runtime whose rule is unknown")
	}
	if got := Closest("NET_ADMN"); got != Of(NetAdmin) {
		t.Errorf("closest to NET_ADMN: %v", got)
	}
}
