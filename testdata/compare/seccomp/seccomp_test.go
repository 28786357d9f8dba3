// SPDX-License-Identifier: Apache-2.0

// Package seccomp holds the seccomp gates of package runtime against the runtimes' own
// default filters.
package seccomp

import (
	"slices"
	"strings"
	"testing"

	containerd "github.com/containerd/containerd/v2/contrib/seccomp"
	moby "github.com/moby/profiles/seccomp"
	"github.com/opencontainers/runtime-spec/specs-go"
	podman "go.podman.io/common/pkg/seccomp"
	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/operation"
	"github.com/capinspect/capinspect/capset/runtime"
)

// profiles are the default profiles by the runtime's name: the rules for a container with
// these capabilities, in their order.
var profiles = map[string]func(t *testing.T, caps ...string) []specs.LinuxSyscall{
	"docker": ofDocker,
	"containerd": func(_ *testing.T, caps ...string) []specs.LinuxSyscall {
		return containerd.DefaultProfile(spec(caps)).Syscalls
	},
	"podman": func(_ *testing.T, caps ...string) []specs.LinuxSyscall {
		return ofCommon(podman.DefaultProfile(), caps)
	},
	"crio": ofCRIO,
}

// spec is what a profile looks at: the configured bounding set.
func spec(caps []string) *specs.Spec {
	return &specs.Spec{
		Process: &specs.Process{Capabilities: &specs.LinuxCapabilities{Bounding: caps}},
		Linux:   &specs.Linux{},
	}
}

func ofDocker(t *testing.T, caps ...string) []specs.LinuxSyscall {
	profile, err := moby.GetDefaultProfile(spec(caps))
	if err != nil {
		t.Fatal(err)
	}
	return profile.Syscalls
}

// ofCommon picks the rules of a profile of containers/common that hold with the
// capabilities. Its own function for that needs libseccomp. The rules of one architecture
// alone are no matter of capabilities.
func ofCommon(profile *podman.Seccomp, caps []string) (rules []specs.LinuxSyscall) {
	has := func(name string) bool { return slices.Contains(caps, name) }
	for _, s := range profile.Syscalls {
		if s.Includes.Arches != nil || slices.ContainsFunc(s.Excludes.Caps, has) ||
			slices.ContainsFunc(s.Includes.Caps, func(name string) bool { return !has(name) }) {
			continue
		}
		rule := specs.LinuxSyscall{Names: s.Names, Action: specs.LinuxSeccompAction(s.Action)}
		for _, a := range s.Args {
			rule.Args = append(rule.Args, specs.LinuxSeccompArg{
				Index: a.Index, Value: a.Value, ValueTwo: a.ValueTwo, Op: specs.LinuxSeccompOperator(a.Op),
			})
		}
		rules = append(rules, rule)
	}
	return rules
}

// ofCRIO is the profile of containers/common as CRI-O changes it: internal/config/seccomp,
// DefaultProfile, takes unshare out and lets SYS_ADMIN have it.
func ofCRIO(t *testing.T, caps ...string) []specs.LinuxSyscall {
	const name = "unshare"
	profile := podman.DefaultProfile()
	found := false
	for _, s := range profile.Syscalls {
		if i := slices.Index(s.Names, name); i >= 0 {
			s.Names, found = slices.Delete(s.Names, i, i+1), true
		}
	}
	if !found {
		t.Fatal("the profile has no rule for unshare")
	}
	profile.Syscalls = append(profile.Syscalls, &podman.Syscall{
		Names: []string{name}, Action: podman.ActAllow, Includes: podman.Filter{Caps: []string{"CAP_SYS_ADMIN"}},
	})
	return ofCommon(profile, caps)
}

// arguments are those for which a profile makes a difference.
var arguments = map[string][]uint64{
	"clone":  {unix.CLONE_NEWUSER},
	"socket": {unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_AUDIT},
}

// allows reports whether the rules let a system call through. Of several that fit, the
// first decides: libseccomp passes over a rule for a call that it has one for already.
func allows(t *testing.T, rules []specs.LinuxSyscall, call string) bool {
	for _, rule := range rules {
		if slices.Contains(rule.Names, call) && !slices.ContainsFunc(rule.Args, func(a specs.LinuxSeccompArg) bool { return !fits(t, a, call) }) {
			return rule.Action == specs.ActAllow
		}
	}
	return false
}

func fits(t *testing.T, a specs.LinuxSeccompArg, call string) bool {
	var value uint64
	if args := arguments[call]; int(a.Index) < len(args) {
		value = args[a.Index]
	}
	switch a.Op {
	case specs.OpEqualTo:
		return value == a.Value
	case specs.OpNotEqual:
		return value != a.Value
	case specs.OpLessThan:
		return value < a.Value
	case specs.OpLessEqual:
		return value <= a.Value
	case specs.OpGreaterThan:
		return value > a.Value
	case specs.OpMaskedEqual:
		return value&a.Value == a.ValueTwo
	}
	t.Fatalf("%s: operator %s", call, a.Op)
	return false
}

// dockerAlone are the calls that Docker's filter opens and containerd's does not know.
var dockerAlone = []string{"lsm_get_self_attr", "lsm_list_modules", "lsm_set_self_attr"}

// TestRefused holds that what a filter refuses with all capabilities is told, of the system
// calls that package operation knows.
func TestRefused(t *testing.T) {
	var all, calls []string
	for c := range capset.LastKnown + 1 {
		all = append(all, strings.ToUpper(c.String()))
	}
	for _, o := range operation.All() {
		calls = append(calls, o.Calls...)
	}
	slices.Sort(calls)
	calls = slices.Compact(calls)
	for _, name := range runtime.Names() {
		with, refused := profiles[name](t, all...), 0
		for _, call := range calls {
			told := runtime.Named(name).SeccompRefuses(call)
			if told == allows(t, with, call) && call != "set_mempolicy_home_node" { // which the filter of podman does not know
				t.Errorf("%s, %s: told %v", name, call, told)
			}
			if told {
				refused++
			}
		}
		if refused < 8 {
			t.Errorf("%s: only %d calls are refused", name, refused)
		}
	}
}

// TestGates holds that the tables have each system call that a filter allows for a
// capability, and no other.
func TestGates(t *testing.T) {
	for _, name := range runtime.Names() {
		profile := profiles[name]
		if profile == nil {
			t.Errorf("no profile of %s", name)
			continue
		}
		without := profile(t)
		gates := 0
		for c := range capset.LastKnown + 1 {
			with := profile(t, strings.ToUpper(c.String()))
			var want []string
			for _, rule := range with {
				for _, call := range rule.Names {
					if allows(t, with, call) && !allows(t, without, call) && !slices.Contains(dockerAlone, call) {
						want = append(want, call)
					}
				}
			}
			slices.Sort(want)
			want = slices.Compact(want)
			gate, ok := runtime.Named(name).SeccompGate(c)
			if ok != (want != nil) || !slices.Equal(gate.Calls, want) {
				t.Errorf("%s, %v: %s\nwant %s", name, c, strings.Join(gate.Calls, " "), strings.Join(want, " "))
			}
			if ok {
				gates++
			}
		}
		if gates < 10 {
			t.Errorf("%s: only %d capabilities open something", name, gates)
		}
	}
}
