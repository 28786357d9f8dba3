// SPDX-License-Identifier: Apache-2.0

package runtime

import (
	"slices"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
)

// TestGrant checks what each runtime makes of the lists, in the order containerd,
// CRI-O, Docker, Podman. The expected sets follow from their sources; those of
// Docker were also seen in containers.
func TestGrant(t *testing.T) {
	const (
		docker capset.Set = 0xa80425fb
		crio   capset.Set = 0x5fb
		podman capset.Set = 0x800405fb
		all               = capset.Set(1)<<41 - 1
	)
	raw, admin := capset.Of(capset.NetRaw), capset.Of(capset.NetAdmin)
	for _, test := range []struct {
		add, drop string
		want      [4]capset.Set
		conflict  bool // Podman's
	}{
		{"", "", [4]capset.Set{docker, crio, docker, podman}, false},
		{"NET_ADMIN", "", [4]capset.Set{docker | admin, crio | admin, docker | admin, podman | admin}, false},
		{"net_admin", "", [4]capset.Set{docker | admin, crio | admin, docker | admin, podman | admin}, false},
		{"", "KILL", [4]capset.Set{docker &^ capset.Of(capset.Kill), crio &^ capset.Of(capset.Kill), docker &^ capset.Of(capset.Kill), podman &^ capset.Of(capset.Kill)}, false},
		{"", "ALL", [4]capset.Set{}, false},
		{"", "all", [4]capset.Set{}, false},
		{"NET_RAW", "ALL", [4]capset.Set{raw, raw, raw, raw}, false},
		{"NET_RAW NET_ADMIN", "all MKNOD", [4]capset.Set{raw | admin, raw | admin, raw | admin, raw | admin}, false},
		{"ALL", "", [4]capset.Set{all, all, all, all}, false},
		{"ALL", "NET_RAW", [4]capset.Set{all &^ raw, all &^ raw, all &^ raw, all &^ raw}, false},
		{"ALL NET_RAW", "NET_RAW", [4]capset.Set{all &^ raw, all &^ raw, all &^ raw, all &^ raw}, false},
		{"NET_ADMIN", "NET_ADMIN", [4]capset.Set{docker, crio, docker | admin, podman | admin}, true},
		{"NET_RAW", "ALL NET_RAW", [4]capset.Set{0, 0, raw, raw}, false},
		{"ALL", "ALL", [4]capset.Set{0, 0, all, all}, true},
		{"ALL NET_RAW", "ALL", [4]capset.Set{raw, raw, all, all}, true},
		{"CAP_NET_ADMIN", "", [4]capset.Set{docker, crio | admin, docker | admin, podman | admin}, false},
		{"cap_net_admin", "Cap_Kill", [4]capset.Set{docker, (crio | admin) &^ capset.Of(capset.Kill), (docker | admin) &^ capset.Of(capset.Kill), (podman | admin) &^ capset.Of(capset.Kill)}, false},
		{"CAP_ALL", "CAP_ALL", [4]capset.Set{docker, crio, docker, podman}, false},
		{"NET_ADMN", "13", [4]capset.Set{docker, crio, docker, podman}, false},
		{"CAP_", "", [4]capset.Set{docker, crio, docker, podman}, false},
	} {
		for i, name := range []string{"containerd", "cri-o", "docker", "podman"} {
			g := Named(name).Grant(strings.Fields(test.add), strings.Fields(test.drop), capset.CheckpointRestore)
			if g.Bounding != test.want[i] || g.Conflict != (test.conflict && name == "podman") {
				t.Errorf("%s: add %q, drop %q: %v, %v, want %v", name, test.add, test.drop, g.Bounding, g.Conflict, test.want[i])
			}
		}
	}
}

// TestGrantLast checks that a runtime gives nothing that the kernel does not know.
func TestGrantLast(t *testing.T) {
	for _, name := range []string{"containerd", "crio", "docker", "podman"} {
		for _, add := range []string{"ALL", "BPF", "SYSLOG"} {
			g := Named(name).Grant([]string{add}, nil, capset.AuditRead)
			if add == "ALL" && g.Bounding != capset.UpTo(capset.AuditRead) || !g.Bounding.Within(capset.UpTo(capset.AuditRead)) {
				t.Errorf("%s, add %s: %v", name, add, g.Bounding)
			}
			if e := g.Entries[0]; (e.Set == 0 && !e.All) != (add == "BPF") || e.Meant == 0 && !e.All {
				t.Errorf("%s, add %s: %+v", name, add, e)
			}
		}
	}
}

func TestGrantEntries(t *testing.T) {
	raw := capset.Of(capset.NetRaw)
	for _, test := range []struct {
		name   string
		strict bool
		want   Entry
	}{
		{"NET_RAW", false, Entry{Text: "NET_RAW", Meant: raw, Set: raw}},
		{"CAP_NET_RAW", false, Entry{Text: "CAP_NET_RAW", Prefixed: true, Meant: raw}},
		{"CAP_NET_RAW", true, Entry{Text: "CAP_NET_RAW", Prefixed: true, Meant: raw, Set: raw}},
		{"All", true, Entry{Text: "All", All: true}},
		{"cap_all", true, Entry{Text: "cap_all", Prefixed: true, Meant: capset.UpTo(40)}},
		{"CAP_CAP_NET_RAW", true, Entry{Text: "CAP_CAP_NET_RAW", Prefixed: true}},
		{"", false, Entry{}},
		{"\x1b", false, Entry{Text: "\x1b"}},
	} {
		runtime := Named("containerd")
		if test.strict {
			runtime = Named("docker")
		}
		if got := runtime.Grant([]string{test.name}, nil, 40).Entries[0]; *got != test.want {
			t.Errorf("%q, strict %v: %+v, want %+v", test.name, test.strict, *got, test.want)
		}
	}
	if Named("") != nil || Named("kata") != nil {
		t.Error("Named knows a runtime whose rule is unknown")
	}
}

// TestNames checks that the names are sorted, and that each leads to its runtime and
// to a profile of the same name that is its default.
func TestNames(t *testing.T) {
	if got, want := Names(), []string{"containerd", "crio", "docker", "podman"}; !slices.Equal(got, want) {
		t.Errorf("names %v, want %v", got, want)
	}
	for _, name := range Names() {
		r := Named(name)
		if r == nil || r.Name != name {
			t.Errorf("Named(%q) = %+v", name, r)
			continue
		}
		if p, ok := ProfileNamed(name, 40); !ok || p.Runtime != name || p.Set != r.Default() || p.Set == 0 {
			t.Errorf("%s: the default is %v, its profile %+v", name, r.Default(), p)
		}
	}
	if r := Named("cri-o"); r == nil || r.Name != "crio" {
		t.Errorf("cri-o is %+v", r)
	}
	Named("docker").Strict = false
	if !Named("docker").Strict {
		t.Error("a caller changed the table")
	}
}

// TestNoPanic calls every function with values outside their usual range.
func TestNoPanic(t *testing.T) {
	for _, c := range []capset.Cap{0, 40, 63, 64, 200, 255} {
		for _, name := range append(Names(), "", "kata", "\xff") {
			r := Named(name)
			for _, list := range [][]string{nil, {}, {""}, {"CAP_"}, {"cap_ALL", "ALL"}, {"\xff"}} {
				if r.Grant(list, list, c) == nil {
					t.Errorf("%q.Grant(%q, %q, %d) is nil", name, list, list, c)
				}
			}
			if r == nil && r.Default() != 0 {
				t.Errorf("%q has a default", name)
			}
			ProfileNamed(name, c)
		}
		for _, s := range []capset.Set{0, ^capset.Set(0)} {
			ProfilesOf(s, c)
			ProfileOf(s)
		}
		if got := GrantedBy(c); c > capset.LastKnown && got != nil {
			t.Errorf("GrantedBy(%d) = %v", c, got)
		}
		if len(Profiles(c)) != len(Profiles(40)) {
			t.Errorf("Profiles(%d) has %d profiles", c, len(Profiles(c)))
		}
	}
}
