// SPDX-License-Identifier: Apache-2.0

package runtime

import (
	"slices"
	"testing"

	"github.com/capinspect/capinspect/capset"
)

// TestFilters holds that the tables are in order, and that what needs no capability is
// among what is opened.
func TestFilters(t *testing.T) {
	for _, name := range Names() {
		r := Named(name)
		if len(r.filter) == 0 {
			t.Errorf("%s has no filter", name)
		}
		var last capset.Cap
		for i, g := range r.filter {
			if i > 0 && g.Cap <= last || !slices.IsSorted(g.Calls) || len(g.Calls) == 0 {
				t.Errorf("%s, %v: out of order", name, g.Cap)
			}
			last = g.Cap
			for _, call := range g.Free {
				if !slices.Contains(g.Calls, call) {
					t.Errorf("%s, %v: %s is not opened", name, g.Cap, call)
				}
			}
		}
	}
}

func TestSeccompGate(t *testing.T) {
	const memory = "get_mempolicy, mbind, set_mempolicy and set_mempolicy_home_node need no capability"
	for _, row := range []struct {
		runtime string
		cap     capset.Cap
		opens   string // one of the calls, "" if there is no gate
		text    string
	}{
		{"docker", capset.SysNice, "mbind", memory},
		{"containerd", capset.SysNice, "mbind", memory},
		{"podman", capset.SysNice, "", ""},
		{"podman", capset.SysAdmin, "sethostname", "setdomainname and sethostname need no capability in a user namespace that it makes for itself, where the node lets users make them"},
		{"crio", capset.SysAdmin, "unshare", "setdomainname, sethostname and unshare need no capability in a user namespace that it makes for itself, where the node lets users make them"},
		{"docker", capset.SysTime, "clock_settime", ""},
		{"docker", capset.Bpf, "bpf", "bpf needs no capability where kernel.unprivileged_bpf_disabled is 0"},
		{"docker", capset.Chown, "", ""},
		{"docker", 63, "", ""},
	} {
		g, ok := Named(row.runtime).SeccompGate(row.cap)
		if ok != (row.opens != "") || ok && !slices.Contains(g.Calls, row.opens) || g.Text() != row.text {
			t.Errorf("%s, %v: %v, %+v, %q", row.runtime, row.cap, ok, g, g.Text())
		}
	}
	// The table is nobody else's.
	g, _ := Named("docker").SeccompGate(capset.SysNice)
	g.Calls[0], g.Free[0] = "x", "x"
	if again, _ := Named("docker").SeccompGate(capset.SysNice); again.Calls[0] == "x" || again.Free[0] == "x" {
		t.Error("the table can be changed")
	}
	var none *Runtime
	if _, ok := none.SeccompGate(capset.SysNice); ok {
		t.Error("a nil Runtime has a gate")
	}
}
