// SPDX-License-Identifier: Apache-2.0

package capset

import (
	"slices"
	"strings"
	"testing"
)

// podRuleIDs returns the rules of a level in a version.
func podRuleIDs(level PodLevel, minor uint8) (ids []string) {
	for _, r := range PodRules() {
		if r.In(level, minor) {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

func TestPodRules(t *testing.T) {
	const always = "appArmorProfile hostNamespaces hostPorts privileged seLinuxOptions sysctls windowsHostProcess"
	for _, test := range []struct {
		level PodLevel
		minor uint8
		want  string // besides those
	}{
		{Baseline, 0, "capabilities_baseline hostPathVolumes procMount seccompProfile_baseline"},
		{Baseline, 33, "capabilities_baseline hostPathVolumes procMount seccompProfile_baseline"},
		{Baseline, 34, "capabilities_baseline hostPathVolumes hostProbesAndHostLifecycle procMount seccompProfile_baseline"},
		{Restricted, 0, "capabilities_baseline procMount restrictedVolumes runAsNonRoot seccompProfile_baseline"},
		{Restricted, 8, "allowPrivilegeEscalation capabilities_baseline procMount restrictedVolumes runAsNonRoot seccompProfile_baseline"},
		{Restricted, 19, "allowPrivilegeEscalation capabilities_baseline procMount restrictedVolumes runAsNonRoot seccompProfile_restricted"},
		{Restricted, 22, "allowPrivilegeEscalation capabilities_restricted procMount restrictedVolumes runAsNonRoot seccompProfile_restricted"},
		{Restricted, 23, "allowPrivilegeEscalation capabilities_restricted procMount restrictedVolumes runAsNonRoot runAsUser seccompProfile_restricted"},
		{
			Restricted, 35,
			"allowPrivilegeEscalation capabilities_restricted hostProbesAndHostLifecycle procMount_restricted restrictedVolumes runAsNonRoot runAsUser seccompProfile_restricted",
		},
	} {
		want, got := strings.Fields(always+" "+test.want), podRuleIDs(test.level, test.minor)
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("level %d of 1.%d: %v, want %v", test.level, test.minor, got, want)
		}
	}
}

func TestParsePodVersion(t *testing.T) {
	for text, want := range map[string]int{
		"latest": 37, "1.0": 0, "v1.25": 25, "1.37": 37,
		"1.38": -1, "1": -1, "1.": -1, "2.0": -1, "1.025": -1, "1.-1": -1, "1.+1": -1, "vv1.1": -1, "1.256": -1, "": -1, "v": -1, "Latest": -1,
	} {
		got, ok := ParsePodVersion(text)
		if ok != (want >= 0) || ok && int(got) != want {
			t.Errorf("%q: %d, %v", text, got, ok)
		}
	}
}

// All that the run time shows of a container, a good one.
const allPodFacts = PodUserNamespace<<1 - 1

const dockerCaps Set = 0xa80425fb

// TestJudge holds states against the levels. Rules that are not named fit, or are not
// shown: those on what no run time shows.
func TestJudge(t *testing.T) {
	for _, test := range []struct {
		name       string
		known      PodFact // 0 is all
		is         PodFact // true, besides what the sets say
		bounding   Set
		runtime    string
		baseline   string // what decides at 1.37, as "no hostNamespaces"
		restricted string
	}{
		{"restricted", 0, 0, 0, "", "", ""},
		{"restricted with a port", 0, 0, Of(NetBindService), "", "", ""},
		{"default as root", 0, PodRoot | PodEscalates, dockerCaps, "", "", "no allowPrivilegeEscalation, no capabilities_restricted, no runAsNonRoot, unseen runAsUser"},
		{"default without seccomp", 0, PodUnfiltered, 0, "", "unseen seccompProfile_baseline", "no seccompProfile_restricted"},
		{"default of CRI-O", 0, 0, 0x5fb, "crio", "", "no capabilities_restricted"},
		{"NET_RAW on CRI-O", 0, 0, 0x5fb | Of(NetRaw), "crio", "no capabilities_baseline", "no capabilities_restricted"},
		{"NET_RAW on containerd", 0, 0, dockerCaps, "containerd", "", "no capabilities_restricted"},
		{"AUDIT_WRITE on CRI-O, which baseline allows", 0, 0, 0x5fb | Of(AuditWrite), "crio", "", "no capabilities_restricted"},
		{"SYS_ADMIN", 0, 0, Of(SysAdmin), "", "no capabilities_baseline", "no capabilities_restricted"},
		{
			"privileged", 0, PodPrivileged | PodRoot | PodEscalates | PodUnfiltered, UpTo(LastKnown), "containerd",
			"no capabilities_baseline, no privileged, unseen seccompProfile_baseline",
			"no privileged, no allowPrivilegeEscalation, no capabilities_restricted, no runAsNonRoot, unseen runAsUser, no seccompProfile_restricted",
		},
		{"hostPID", 0, PodHostPID, 0, "", "no hostNamespaces", "no hostNamespaces"},
		{"hostIPC", 0, PodHostIPC, 0, "", "no hostNamespaces", "no hostNamespaces"},
		{"hostNetwork", 0, PodHostNetwork, 0, "", "no hostNamespaces", "no hostNamespaces"},
		{"hostPID, and no more is known", allPodFacts &^ (PodHostIPC | PodHostNetwork), PodHostPID, 0, "", "no hostNamespaces", "no hostNamespaces"},
		{"network unknown", allPodFacts &^ PodHostNetwork, 0, 0, "", "unknown hostNamespaces", "unknown hostNamespaces"},
		{"procMount Unmasked", 0, PodUnmasked, 0, "", "no procMount", "no procMount_restricted"},
		{"procMount Unmasked, hostUsers: false", 0, PodUnmasked | PodUserNamespace, 0, "", "", "no procMount_restricted"},
		{"procMount Unmasked, user namespace unknown", allPodFacts &^ PodUserNamespace, PodUnmasked, 0, "", "unknown procMount", "no procMount_restricted"},
		{"mounts unknown", allPodFacts &^ (PodUnmasked | PodPrivileged), 0, 0, "", "unknown privileged, unknown procMount", "unknown privileged, unknown procMount_restricted"},
		{"root, hostUsers: false", 0, PodRoot | PodUserNamespace, 0, "", "", ""},
		{"root, user namespace unknown", allPodFacts &^ PodUserNamespace, PodRoot, 0, "", "", "unknown runAsNonRoot, unseen runAsUser"},
		{"not root, user namespace unknown", allPodFacts &^ PodUserNamespace, 0, 0, "", "", ""},
		{"uid unknown", allPodFacts &^ PodRoot, 0, 0, "", "", "unknown runAsNonRoot, unseen runAsUser"},
		{"seccomp and no_new_privs unknown", allPodFacts &^ (PodUnfiltered | PodEscalates), 0, 0, "", "unseen seccompProfile_baseline", "unknown allowPrivilegeEscalation, unknown seccompProfile_restricted"},
	} {
		f := PodFacts{Known: test.known, True: test.is}
		if test.known == 0 {
			f.Known = allPodFacts
		}
		f.Known &^= PodAdded | PodUndropped
		f.LearnSets(test.bounding, 0, test.runtime)
		for level, want := range [...]string{Baseline: test.baseline, Restricted: test.restricted} {
			if got := judged(&f, PodLevel(level), LatestPodVersion); got != want {
				t.Errorf("%s: level %d: %q, want %q", test.name, level, got, want)
			}
		}
	}
}

// judged returns the verdicts on a state, but for what fits, and what is never shown.
func judged(f *PodFacts, level PodLevel, minor uint8) string {
	var list []string
	for _, r := range PodRules() {
		v, _ := r.Judge(f, minor)
		if r.In(level, minor) && v != PodFits && (r.Breaks != 0 || v != PodUnseen) {
			list = append(list, [...]string{PodUnseen: "unseen", PodUnknown: "unknown", PodViolates: "no"}[v]+" "+r.ID)
		}
	}
	return strings.Join(list, ", ")
}

// TestJudgeVersions holds one state against the versions of restricted.
func TestJudgeVersions(t *testing.T) {
	f := PodFacts{Known: allPodFacts &^ (PodAdded | PodUndropped), True: PodRoot | PodEscalates | PodUnfiltered | PodUserNamespace | PodUnmasked}
	f.LearnSets(dockerCaps, 0, "")
	for minor, want := range map[uint8]string{
		0:  "no procMount, unseen seccompProfile_baseline, no runAsNonRoot",
		8:  "no procMount, unseen seccompProfile_baseline, no allowPrivilegeEscalation, no runAsNonRoot",
		19: "no procMount, no allowPrivilegeEscalation, no runAsNonRoot, no seccompProfile_restricted",
		22: "no procMount, no allowPrivilegeEscalation, no capabilities_restricted, no runAsNonRoot, no seccompProfile_restricted",
		34: "no procMount, no allowPrivilegeEscalation, no capabilities_restricted, no runAsNonRoot, unseen runAsUser, no seccompProfile_restricted",
		35: "no allowPrivilegeEscalation, no capabilities_restricted, no procMount_restricted, no seccompProfile_restricted",
	} {
		if got := judged(&f, Restricted, minor); got != want {
			t.Errorf("1.%d: %q, want %q", minor, got, want)
		}
	}
}

// TestPodText holds what is said of a violation and of what is not known.
func TestPodText(t *testing.T) {
	var f PodFacts
	if v, why := podRules[1].Judge(&f, 0); v != PodUnknown || why != PodAdded {
		t.Errorf("nothing is known: %d, %b", v, why)
	}
	f.LearnSets(Of(NetBindService), Of(SysAdmin, NetBindService), "")
	f.Learn(PodHostIPC|PodHostPID, Yes)
	f.Learn(PodHostPID, No) // it is known
	f.Learn(PodHostNetwork, Unsure)
	for facts, want := range map[PodFact]string{
		PodAdded: "permitted has cap_sys_admin", PodUndropped: "permitted has cap_sys_admin",
		f.True & (PodHostPID | PodHostIPC | PodHostNetwork): "the node's pid namespace, the node's ipc namespace",
	} {
		if got := f.Text(facts); f.True&facts == 0 || got != want {
			t.Errorf("%b: %q, want %q", facts, got, want)
		}
	}
	if f.Known&PodHostNetwork != 0 {
		t.Error("an answer that is not known was learnt")
	}
}
