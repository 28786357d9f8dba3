// SPDX-License-Identifier: Apache-2.0

package operation

import (
	"slices"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
)

// TestTable holds the form of each row: names that stand once, a sentence, an errno where
// something fails, and a scope in which the kernel asks for one of the capabilities.
func TestTable(t *testing.T) {
	all, seen := All(), map[string]string{}
	if len(all) < 250 {
		t.Errorf("%d operations", len(all))
	}
	for _, o := range all {
		for _, name := range o.Names {
			if other := seen[plain(name)]; other != "" || strings.TrimSpace(name) != name || name == "" {
				t.Errorf("%q of %s and of %q", name, o.Name(), other)
			}
			seen[plain(name)] = o.Name()
		}
		if !strings.HasSuffix(o.Why, ".") || strings.Contains(o.Why, "\n") {
			t.Errorf("%s: %q is no sentence", o.Name(), o.Why)
		}
		for _, n := range slices.Concat(o.Instead, o.Gates) {
			if n.Code == "" || n.Text == "" || strings.HasSuffix(n.Text, ".") || n.Code != strings.ToLower(n.Code) && n.Code != "set-user-ID" {
				t.Errorf("%s: %+v", o.Name(), n)
			}
		}
		if o.Errno != "" && !strings.HasPrefix(o.Errno, "E") || len(o.Caps) != o.Set().Len() {
			t.Errorf("%s: %q, %v", o.Name(), o.Errno, o.Caps)
		}
		asked := func(c capset.Cap) bool { return slices.Contains(c.Scopes(), o.ScopeOf(c)) }
		if len(o.Caps) > 0 && !o.Program && !slices.ContainsFunc(o.Caps, asked) {
			t.Errorf("%s: nothing of %s is asked for in %s", o.Name(), o.Set(), o.Scope)
		}
		for c := range o.Elsewhere {
			if !asked(c) {
				t.Errorf("%s: %s is asked for in %s", o.Name(), c, o.ScopeOf(c))
			}
		}
		if o.All && len(o.Caps) < 2 && !o.Program {
			t.Errorf("%s: all of one", o.Name())
		}
		if !o.Suffices(o.Set()) || len(o.Caps) > 0 && o.Suffices(0) {
			t.Errorf("%s: what suffices does not, or nothing does", o.Name())
		}
	}
}

func TestNamed(t *testing.T) {
	for name, want := range map[string]string{
		"mount":          "mount",
		"MOUNT(2)":       "mount",
		"so_mark":        "SO_MARK",
		"bind:80":        "bind :80",
		"Listen  on 443": "bind :80",
		"bind:25":        "bind :80",
		"listen on 9000": "bind :8080",
		"bind :0":        "bind :8080",
		"bind :70000":    "",
		"port":           "",
		"/proc/1/root":   "/proc/PID/root",
		"supervisord":    "supervisord",
		"nothing":        "",
		"":               "",
	} {
		var names []string
		for _, o := range Named(name) {
			names = append(names, o.Name())
		}
		got := strings.Join(names, ",")
		if got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func TestClose(t *testing.T) {
	for name, want := range map[string]string{
		"munt": "mount", "muont": "mount", "mountt": "mount", "mou": "mount,mount a block device,mount ext4", "so_mrk": "SO_MARK", "ab": "", "": "", "zzz": "",
	} {
		if got := strings.Join(Close(name), ","); !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
}

// TestSuffices holds what is taken for enough: any, all, one that stands in for another,
// and one that stands for all.
func TestSuffices(t *testing.T) {
	for _, test := range []struct {
		name string
		has  capset.Set
		want bool
	}{
		{"SO_MARK", capset.Of(capset.NetRaw), true},
		{"SO_MARK", capset.Of(capset.NetBindService), false},
		{"/proc/PID/environ", capset.Of(capset.SysPtrace), false},
		{"/proc/PID/environ", capset.Of(capset.DacOverride, capset.SysPtrace), true},
		{"/proc/PID/environ", capset.Of(capset.DacReadSearch, capset.Perfmon), true},
		{"BPF_PROG_TYPE_XDP", capset.Of(capset.Bpf), false},
		{"BPF_PROG_TYPE_XDP", capset.Of(capset.Bpf, capset.NetAdmin), true},
		{"BPF_PROG_TYPE_XDP", capset.Of(capset.SysAdmin), true},
		{"mkfifo", 0, true},
	} {
		if o := Named(test.name); len(o) != 1 || o[0].Suffices(test.has) != test.want {
			t.Errorf("%s with %s: %v", test.name, test.has, o)
		}
	}
}

// TestSeccompGates holds that the gates of a runtime's filter are found by system call.
func TestSeccompGates(t *testing.T) {
	docker := runtime.Named("docker")
	for call, want := range map[string]bool{"pivot_root": true, "swapon": true, "mount": false, "kill": false} {
		if docker.SeccompRefuses(call) != want {
			t.Errorf("%s: %v", call, !want)
		}
	}
	if since := docker.SeccompRefusesSince("io_uring_setup"); since != "Docker 25.0" || docker.SeccompRefusesSince("swapon") != "" || (*runtime.Runtime)(nil).SeccompRefusesSince("swapon") != "" {
		t.Errorf("io_uring: since %q", since)
	}
	for call, byPodman := range map[string]bool{"keyctl": false, "add_key": true, "request_key": true} {
		if !docker.SeccompRefuses(call) || runtime.Named("podman").SeccompRefuses(call) != byPodman {
			t.Error(call)
		}
	}
	if podman := runtime.Named("podman"); podman.SeccompRefuses("pivot_root") || !podman.SeccompRefuses("userfaultfd") || (*runtime.Runtime)(nil).SeccompRefuses("swapon") {
		t.Error("what podman and no runtime refuse")
	}
	for name, want := range map[string]capset.Set{
		"mount": capset.Of(capset.SysAdmin), "mbind": capset.Of(capset.SysNice), "perf_event_open": capset.Of(capset.SysAdmin, capset.Perfmon), "kill": 0,
	} {
		var got capset.Set
		for _, o := range Named(name) {
			for _, gate := range o.SeccompGates(docker) {
				got |= capset.Of(gate.Cap)
			}
		}
		if got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if !slices.ContainsFunc(Asking(capset.NetRaw), func(o Operation) bool { return o.Name() == "SO_MARK" }) {
		t.Error("SO_MARK does not ask for NET_RAW")
	}
}
