// SPDX-License-Identifier: Apache-2.0

// Package pss compares the rules in podsecurity with the library that Kubernetes itself uses.
package pss

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/podsecurity"
)

var levels = [...]api.Level{podsecurity.Baseline: api.LevelBaseline, podsecurity.Restricted: api.LevelRestricted}

// library returns the checks of the library by their id.
func library() map[string]policy.Check {
	checks := map[string]policy.Check{}
	for _, c := range policy.DefaultChecks() {
		checks[string(c.ID)] = c
	}
	return checks
}

// TestTable holds the table: ids, levels, versions, and what overrides what since when.
func TestTable(t *testing.T) {
	checks := library()
	until := map[string]uint8{} // of a rule of baseline, by its id
	newest := 0
	for _, c := range checks {
		for _, v := range c.Versions {
			newest = max(newest, v.MinimumVersion.Minor())
			for _, id := range v.OverrideCheckIDs {
				if _, ok := until[string(id)]; !ok {
					until[string(id)] = uint8(v.MinimumVersion.Minor())
				}
			}
		}
	}
	if newest > podsecurity.LatestVersion {
		t.Errorf("the library has a rule of 1.%d, which is later than 1.%d", newest, podsecurity.LatestVersion)
	}
	rules := podsecurity.Rules()
	if len(rules) != len(checks) {
		t.Errorf("%d rules, the library has %d", len(rules), len(checks))
	}
	for _, r := range rules {
		c, ok := checks[r.ID]
		if !ok {
			t.Errorf("%s: the library has no such check", r.ID)
			continue
		}
		var want []uint8
		for _, v := range c.Versions {
			want = append(want, uint8(v.MinimumVersion.Minor()))
		}
		got := []uint8{r.Since}
		got = append(got, r.Changed...)
		if !slices.Equal(got, want) || levels[r.Level] != c.Level {
			t.Errorf("%s: %s, in %v, want %s, in %v", r.ID, levels[r.Level], got, c.Level, want)
		}
		if end, ok := until[r.ID]; ok && r.Until != end || !ok && r.Until <= podsecurity.LatestVersion {
			t.Errorf("%s: until 1.%d, want 1.%d, %v", r.ID, r.Until, end, ok)
		}
	}
}

// state is a pod, and what it looks like at run time.
type state struct {
	name     string
	change   func(*corev1.PodSpec, *corev1.SecurityContext)
	is       podsecurity.Fact
	bounding capset.Set
}

func to[T any](v T) *T { return &v }

const docker capset.Set = 0xa80425fb

// states start from a pod that keeps to restricted.
var states = []state{
	{"restricted", func(*corev1.PodSpec, *corev1.SecurityContext) {}, 0, 0},
	{"add NET_BIND_SERVICE", func(_ *corev1.PodSpec, c *corev1.SecurityContext) {
		c.Capabilities.Add = []corev1.Capability{"NET_BIND_SERVICE"}
	}, 0, 0x400},
	{"add SYS_ADMIN", func(_ *corev1.PodSpec, c *corev1.SecurityContext) {
		c.Capabilities.Add = []corev1.Capability{"SYS_ADMIN"}
	}, 0, capset.Of(capset.SysAdmin)},
	{"add KILL", func(_ *corev1.PodSpec, c *corev1.SecurityContext) {
		c.Capabilities.Add = []corev1.Capability{"KILL"}
	}, 0, capset.Of(capset.Kill)},
	{"drop nothing", func(_ *corev1.PodSpec, c *corev1.SecurityContext) { c.Capabilities = nil }, 0, docker},
	{"drop nothing, add NET_ADMIN", func(_ *corev1.PodSpec, c *corev1.SecurityContext) {
		c.Capabilities = &corev1.Capabilities{Add: []corev1.Capability{"NET_ADMIN"}}
	}, 0, docker | capset.Of(capset.NetAdmin)},
	{"hostPID", func(p *corev1.PodSpec, _ *corev1.SecurityContext) { p.HostPID = true }, podsecurity.HostPID, 0},
	{"hostIPC", func(p *corev1.PodSpec, _ *corev1.SecurityContext) { p.HostIPC = true }, podsecurity.HostIPC, 0},
	{"hostNetwork", func(p *corev1.PodSpec, _ *corev1.SecurityContext) { p.HostNetwork = true }, podsecurity.HostNetwork, 0},
	{"privileged", func(_ *corev1.PodSpec, c *corev1.SecurityContext) {
		*c = corev1.SecurityContext{Privileged: to(true), RunAsUser: to[int64](0)}
	}, podsecurity.Privileged | podsecurity.Escalates | podsecurity.Root | podsecurity.Unfiltered, capset.UpTo(capset.LastKnown)},
	{"allowPrivilegeEscalation", func(_ *corev1.PodSpec, c *corev1.SecurityContext) { c.AllowPrivilegeEscalation = nil }, podsecurity.Escalates, 0},
	{"root", func(_ *corev1.PodSpec, c *corev1.SecurityContext) { c.RunAsNonRoot, c.RunAsUser = nil, to[int64](0) }, podsecurity.Root, 0},
	{"root by the image", func(_ *corev1.PodSpec, c *corev1.SecurityContext) { c.RunAsNonRoot, c.RunAsUser = nil, nil }, podsecurity.Root, 0},
	{"root, hostUsers: false", func(p *corev1.PodSpec, c *corev1.SecurityContext) {
		p.HostUsers, c.RunAsNonRoot, c.RunAsUser = to(false), nil, to[int64](0)
	}, podsecurity.Root | podsecurity.UserNamespace, 0},
	{"no seccompProfile", func(_ *corev1.PodSpec, c *corev1.SecurityContext) { c.SeccompProfile = nil }, podsecurity.Unfiltered, 0},
	{"Unconfined", func(_ *corev1.PodSpec, c *corev1.SecurityContext) {
		c.SeccompProfile.Type = corev1.SeccompProfileTypeUnconfined
	}, podsecurity.Unfiltered, 0},
	{"Unmasked", func(_ *corev1.PodSpec, c *corev1.SecurityContext) { c.ProcMount = to(corev1.UnmaskedProcMount) }, podsecurity.Unmasked, 0},
	{"Unmasked, hostUsers: false", func(p *corev1.PodSpec, c *corev1.SecurityContext) {
		p.HostUsers, c.ProcMount = to(false), to(corev1.UnmaskedProcMount)
	}, podsecurity.Unmasked | podsecurity.UserNamespace, 0},
}

// pod returns the specification of a state.
func (s *state) pod() *corev1.PodSpec {
	c := corev1.Container{Name: "c", SecurityContext: &corev1.SecurityContext{
		AllowPrivilegeEscalation: to(false), RunAsNonRoot: to(true), RunAsUser: to[int64](1000),
		Capabilities:   &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
	}}
	p := &corev1.PodSpec{Containers: []corev1.Container{c}}
	s.change(p, p.Containers[0].SecurityContext)
	return p
}

// TestVerdicts holds the verdict on each state in each version against what the library
// says of the pod. A rule may fail to see what the library refuses, and must not
// refuse what the library allows, but that a privileged container has all capabilities,
// whatever its manifest says of them.
func TestVerdicts(t *testing.T) {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	checks, refused, missed := library(), 0, map[string]bool{}
	for _, s := range states {
		spec := s.pod()
		f := podsecurity.Facts{Known: podsecurity.UserNamespace<<1 - 1, True: s.is}
		f.LearnSets(s.bounding, 0, "docker")
		for minor := range uint8(podsecurity.LatestVersion + 1) {
			for level, name := range levels {
				allowed := true
				for _, r := range evaluator.EvaluatePod(api.LevelVersion{Level: name, Version: api.MajorMinorVersion(1, int(minor))}, &metav1.ObjectMeta{}, spec) {
					allowed = allowed && r.Allowed
				}
				fits := true
				for _, r := range podsecurity.Rules() {
					if !r.In(podsecurity.Level(level), minor) {
						continue
					}
					v, _ := r.Judge(f, minor)
					bad := !allows(checks[r.ID], minor, spec) || s.is&podsecurity.Privileged != 0 && r.Breaks&(podsecurity.Added|podsecurity.Undropped) != 0
					switch {
					case v == podsecurity.Violates && !bad || v == podsecurity.Fits && bad || v == podsecurity.Unknown:
						t.Errorf("%s: %s of 1.%d: verdict %d, the library refuses: %v", s.name, r.ID, minor, v, bad)
					case v == podsecurity.Unseen && bad:
						missed[r.ID] = true
					case v == podsecurity.Violates:
						fits = false
						refused++
					}
				}
				if allowed && !fits {
					t.Errorf("%s: level %s of 1.%d: the library allows it", s.name, name, minor)
				}
			}
		}
	}
	if refused == 0 || len(missed) != 2 || !missed["seccompProfile_baseline"] || !missed["runAsUser"] {
		t.Errorf("refused %d times; not seen: %v", refused, missed)
	}
}

// allows evaluates one check in a version.
func allows(c policy.Check, minor uint8, spec *corev1.PodSpec) bool {
	var check policy.CheckPodFn
	for _, v := range c.Versions {
		if v.MinimumVersion.Minor() <= int(minor) {
			check = v.CheckPod
		}
	}
	return check(&metav1.ObjectMeta{}, spec).Allowed
}
