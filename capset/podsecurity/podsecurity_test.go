// SPDX-License-Identifier: Apache-2.0

package podsecurity

import (
	"slices"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
)

// ruleIDs returns the ids of the rules of a level in a version.
func ruleIDs(level Level, minor uint8) (ids []string) {
	for _, r := range Rules() {
		if r.In(level, minor) {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

func TestRules(t *testing.T) {
	const always = "appArmorProfile hostNamespaces hostPorts privileged seLinuxOptions sysctls windowsHostProcess"
	for _, test := range []struct {
		level Level
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
		want, got := strings.Fields(always+" "+test.want), ruleIDs(test.level, test.minor)
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("level %d of 1.%d: %v, want %v", test.level, test.minor, got, want)
		}
	}
}

func TestParseVersion(t *testing.T) {
	for text, want := range map[string]int{
		"latest": 37, "1.0": 0, "v1.25": 25, "1.37": 37,
		"1.38": -1, "1": -1, "1.": -1, "2.0": -1, "1.025": -1, "1.-1": -1, "1.+1": -1, "vv1.1": -1, "1.256": -1, "": -1, "v": -1, "Latest": -1,
	} {
		got, ok := ParseVersion(text)
		if ok != (want >= 0) || ok && int(got) != want {
			t.Errorf("%q: %d, %v", text, got, ok)
		}
	}
}

// allFacts are all that a running task shows.
const allFacts = UserNamespace<<1 - 1

const dockerCaps capset.Set = 0xa80425fb

// TestJudge compares states with the levels. A rule that a row does not name fits,
// or no running task shows anything about it.
func TestJudge(t *testing.T) {
	for _, test := range []struct {
		name       string
		known      Fact // 0 is all
		is         Fact // true, besides what the sets say
		bounding   capset.Set
		runtime    string
		baseline   string // what decides at 1.37, as "no hostNamespaces"
		restricted string
	}{
		{"restricted", 0, 0, 0, "", "", ""},
		{"restricted with a port", 0, 0, capset.Of(capset.NetBindService), "", "", ""},
		{"default as root", 0, Root | Escalates, dockerCaps, "", "", "no allowPrivilegeEscalation, no capabilities_restricted, no runAsNonRoot, unseen runAsUser"},
		{"default without seccomp", 0, Unfiltered, 0, "", "unseen seccompProfile_baseline", "no seccompProfile_restricted"},
		{"default of CRI-O", 0, 0, 0x5fb, "crio", "", "no capabilities_restricted"},
		{"NET_RAW on CRI-O", 0, 0, 0x5fb | capset.Of(capset.NetRaw), "crio", "no capabilities_baseline", "no capabilities_restricted"},
		{"NET_RAW on containerd", 0, 0, dockerCaps, "containerd", "", "no capabilities_restricted"},
		{"AUDIT_WRITE on CRI-O, which baseline allows", 0, 0, 0x5fb | capset.Of(capset.AuditWrite), "crio", "", "no capabilities_restricted"},
		{"SYS_ADMIN", 0, 0, capset.Of(capset.SysAdmin), "", "no capabilities_baseline", "no capabilities_restricted"},
		{
			"privileged", 0, Privileged | Root | Escalates | Unfiltered, capset.UpTo(40), "containerd",
			"no capabilities_baseline, no privileged, unseen seccompProfile_baseline",
			"no privileged, no allowPrivilegeEscalation, no capabilities_restricted, no runAsNonRoot, unseen runAsUser, no seccompProfile_restricted",
		},
		{"hostPID", 0, HostPID, 0, "", "no hostNamespaces", "no hostNamespaces"},
		{"hostIPC", 0, HostIPC, 0, "", "no hostNamespaces", "no hostNamespaces"},
		{"hostNetwork", 0, HostNetwork, 0, "", "no hostNamespaces", "no hostNamespaces"},
		{"hostPID, and no more is known", allFacts &^ (HostIPC | HostNetwork), HostPID, 0, "", "no hostNamespaces", "no hostNamespaces"},
		{"network unknown", allFacts &^ HostNetwork, 0, 0, "", "unknown hostNamespaces", "unknown hostNamespaces"},
		{"procMount Unmasked", 0, Unmasked, 0, "", "no procMount", "no procMount_restricted"},
		{"procMount Unmasked, hostUsers: false", 0, Unmasked | UserNamespace, 0, "", "", "no procMount_restricted"},
		{"procMount Unmasked, user namespace unknown", allFacts &^ UserNamespace, Unmasked, 0, "", "unknown procMount", "no procMount_restricted"},
		{"mounts unknown", allFacts &^ (Unmasked | Privileged), 0, 0, "", "unknown privileged, unknown procMount", "unknown privileged, unknown procMount_restricted"},
		{"root, hostUsers: false", 0, Root | UserNamespace, 0, "", "", ""},
		{"root, user namespace unknown", allFacts &^ UserNamespace, Root, 0, "", "", "unknown runAsNonRoot, unseen runAsUser"},
		{"not root, user namespace unknown", allFacts &^ UserNamespace, 0, 0, "", "", ""},
		{"uid unknown", allFacts &^ Root, 0, 0, "", "", "unknown runAsNonRoot, unseen runAsUser"},
		{"seccomp and no_new_privs unknown", allFacts &^ (Unfiltered | Escalates), 0, 0, "", "unseen seccompProfile_baseline", "unknown allowPrivilegeEscalation, unknown seccompProfile_restricted"},
	} {
		f := Facts{Known: test.known, True: test.is}
		if test.known == 0 {
			f.Known = allFacts
		}
		f.Known &^= Added | Undropped
		f.LearnSets(test.bounding, 0, test.runtime)
		for level, want := range [...]string{Baseline: test.baseline, Restricted: test.restricted} {
			if got := judged(&f, Level(level), LatestVersion); got != want {
				t.Errorf("%s: level %d: %q, want %q", test.name, level, got, want)
			}
		}
	}
}

// judged returns the verdicts on a state, without the rules that fit and those
// that no running task shows.
func judged(f *Facts, level Level, minor uint8) string {
	var list []string
	for _, r := range Rules() {
		v, _ := r.Judge(*f, minor)
		if r.In(level, minor) && v != Fits && (r.Breaks != 0 || v != Unseen) {
			list = append(list, [...]string{Unseen: "unseen", Unknown: "unknown", Violates: "no"}[v]+" "+r.ID)
		}
	}
	return strings.Join(list, ", ")
}

// TestJudgeVersions compares one state with the versions of restricted.
func TestJudgeVersions(t *testing.T) {
	f := Facts{Known: allFacts &^ (Added | Undropped), True: Root | Escalates | Unfiltered | UserNamespace | Unmasked}
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

// TestText checks the words for a violation, and which facts are known.
func TestText(t *testing.T) {
	var f Facts
	if v, why := Rules()[1].Judge(f, 0); v != Unknown || why != Added {
		t.Errorf("nothing is known: %d, %b", v, why)
	}
	f.LearnSets(capset.Of(capset.NetBindService), capset.Of(capset.SysAdmin, capset.NetBindService), "")
	f.Learn(HostIPC|HostPID, true)
	f.Learn(HostPID, false) // it is known
	for facts, want := range map[Fact]string{
		Added: "permitted has cap_sys_admin", Undropped: "permitted has cap_sys_admin",
		f.True & (HostPID | HostIPC | HostNetwork): "the node's pid namespace, the node's ipc namespace",
	} {
		if got := f.Text(facts); f.True&facts == 0 || got != want {
			t.Errorf("%b: %q, want %q", facts, got, want)
		}
	}
	if want := Added | Undropped | HostIPC | HostPID; f.Known != want {
		t.Errorf("%b is known, want %b", f.Known, want)
	}
	if got := f.Text(0); got != "" {
		t.Errorf("no facts: %q", got)
	}
}

// TestFactWords checks that each fact has its row, so that Text can name it.
func TestFactWords(t *testing.T) {
	var all Fact
	for i, row := range factWords {
		if row.fact != 1<<i {
			t.Errorf("row %d has the fact %b", i, row.fact)
		}
		all |= row.fact
	}
	if all != allFacts {
		t.Errorf("the table has the facts %b, want %b", all, allFacts)
	}
}

// TestNoPanic calls every function with values outside their usual range.
func TestNoPanic(t *testing.T) {
	for _, fact := range []Fact{0, 1 << 15, UserNamespace << 1, ^Fact(0)} {
		var f Facts
		f.Text(fact)
		f.Learn(fact, true)
		f.Learn(fact, false)
		if f.True != fact {
			t.Errorf("learnt %b, got %b", fact, f.True)
		}
		f.LearnSets(^capset.Set(0), 0, "\xff")
		if text := f.Text(fact); (text == "") != (fact&allFacts == 0) {
			t.Errorf("Text(%b) = %q", fact, text)
		}
		for _, r := range append(Rules(), Rule{}, Rule{Level: 200, Since: 255, Breaks: fact, Ambiguous: true}) {
			for _, minor := range []uint8{0, 37, 200, 255} {
				r.Breaches(&Pod{Containers: make([]Container, 2)}, minor)
				if v, _ := r.Judge(f, minor); v > Fits {
					t.Errorf("%s: verdict %d", r.ID, v)
				}
				if r.In(Restricted, minor) != r.In(200, minor) && r.Level <= Restricted {
					t.Errorf("%s of 1.%d: a level above restricted has other rules", r.ID, minor)
				}
			}
		}
	}
}

func TestLevelNames(t *testing.T) {
	for _, level := range []Level{Baseline, Restricted} {
		if got, ok := ParseLevel(level.String()); !ok || got != level {
			t.Errorf("ParseLevel(%q) = %v, %v", level, got, ok)
		}
	}
	for _, name := range []string{"", "Baseline", "privileged", "2"} {
		if got, ok := ParseLevel(name); ok {
			t.Errorf("ParseLevel(%q) = %v", name, got)
		}
	}
	if got := Level(2).String(); got != "2" {
		t.Errorf("Level(2) = %q", got)
	}
}
