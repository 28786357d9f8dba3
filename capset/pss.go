// SPDX-License-Identifier: Apache-2.0

package capset

import (
	"strconv"
	"strings"
)

// PodLevel is a level of the Pod Security Standards.
type PodLevel uint8

// The levels that ask for something. All that baseline asks restricted asks too,
// unless it has a stricter rule for it.
const (
	Baseline PodLevel = iota
	Restricted
)

// LatestPodVersion is the N of the latest version 1.N of the Pod Security Standards
// that is known here.
const LatestPodVersion = 37

// ParsePodVersion returns the N of a version, as "1.25", "v1.25" or "latest"; ok is
// false if it is none, or a later one than is known here.
func ParsePodVersion(text string) (minor uint8, ok bool) {
	if text == "latest" {
		return LatestPodVersion, true
	}
	text, ok = strings.CutPrefix(strings.TrimPrefix(text, "v"), "1.")
	n, err := strconv.ParseUint(text, 10, 8)
	return uint8(n), ok && err == nil && n <= LatestPodVersion && (text[0] != '0' || text == "0")
}

// PodRule is a rule of the Pod Security Standards. Of the versions 1.N it has the N.
type PodRule struct {
	ID     string // of the check in k8s.io/pod-security-admission/policy
	Level  PodLevel
	Since  uint8    // the first version that has it
	Anew   [4]uint8 // those that changed it, 0 is none
	Until  uint8    // that in which restricted has a stricter one in its place, or never
	Breaks PodFact  // what no pod looks like that keeps to it; 0 if the run time shows nothing of it
	// Lenient says that it looks the same to leave something out, which the rule
	// allows, and to ask for what it refuses.
	Lenient bool
}

// never is later than any version.
const never = 255

// relaxes is the version 1.N in which some rules were given up for pods with
// hostUsers: false.
const relaxes = 35

// podRules is the table of rules, in the order in which Kubernetes applies them (the
// check_*.go of k8s.io/pod-security-admission/policy, 0.37.2). What the versions after
// the first changed, other than names of types and sysctls: since 1.19 the field
// counts for seccomp and no annotation, since 1.25 what restricted asks is not asked of
// Windows, and since 1.35 a pod with hostUsers: false may run as root, and at baseline
// without masks over /proc. A privileged container breaks the rules on capabilities
// too, whatever its manifest says of them.
var podRules = [...]PodRule{
	{"appArmorProfile", Baseline, 0, [4]uint8{}, never, 0, false},
	{"capabilities_baseline", Baseline, 0, [4]uint8{}, 22, PodAdded, false},
	{"hostNamespaces", Baseline, 0, [4]uint8{}, never, PodHostPID | PodHostIPC | PodHostNetwork, false},
	{"hostPathVolumes", Baseline, 0, [4]uint8{}, 0, 0, false},
	{"hostPorts", Baseline, 0, [4]uint8{}, never, 0, false},
	{"hostProbesAndHostLifecycle", Baseline, 34, [4]uint8{}, never, 0, false},
	{"privileged", Baseline, 0, [4]uint8{}, never, PodPrivileged, false},
	{"procMount", Baseline, 0, [4]uint8{relaxes}, relaxes, PodUnmasked, false},
	{"seLinuxOptions", Baseline, 0, [4]uint8{31}, never, 0, false},
	{"seccompProfile_baseline", Baseline, 0, [4]uint8{19}, 19, PodUnfiltered, true},
	{"sysctls", Baseline, 0, [4]uint8{27, 29, 32, 37}, never, 0, false},
	{"windowsHostProcess", Baseline, 0, [4]uint8{}, never, 0, false},
	{"allowPrivilegeEscalation", Restricted, 8, [4]uint8{25}, never, PodEscalates, false},
	{"capabilities_restricted", Restricted, 22, [4]uint8{25}, never, PodUndropped, false},
	{"procMount_restricted", Restricted, relaxes, [4]uint8{}, never, PodUnmasked, false},
	{"restrictedVolumes", Restricted, 0, [4]uint8{}, never, 0, false},
	{"runAsNonRoot", Restricted, 0, [4]uint8{relaxes}, never, PodRoot, false},
	{"runAsUser", Restricted, 23, [4]uint8{relaxes}, never, PodRoot, true}, // the image may say so too
	{"seccompProfile_restricted", Restricted, 19, [4]uint8{25}, never, PodUnfiltered, false},
}

// PodRules returns the rules of all levels and versions. The caller must not change them.
func PodRules() []PodRule { return podRules[:] }

// In reports whether the rule is one of a level in its version 1.minor.
func (r *PodRule) In(level PodLevel, minor uint8) bool {
	return r.Level <= level && r.Since <= minor && (level == Baseline || minor < r.Until)
}

// PodVerdict is what the run time says on a rule.
type PodVerdict uint8

// The verdicts.
const (
	PodUnseen   PodVerdict = iota // the run time does not show it
	PodUnknown                    // it would show it, but a fact is not known
	PodViolates                   // no pod that keeps to the rule looks like this
	PodFits                       // a pod that keeps to the rule may look like this
)

// Judge holds the facts against the rule in version 1.minor. why is the facts that
// violate it, or those that are not known.
func (r *PodRule) Judge(f *PodFacts, minor uint8) (v PodVerdict, why PodFact) {
	relaxed := minor >= relaxes && r.Anew[0] == relaxes
	bad, hidden := r.Breaks&f.True, r.Breaks&^f.Known
	switch {
	case r.Breaks == 0:
		return PodUnseen, 0
	case bad|hidden == 0 || relaxed && f.True&PodUserNamespace != 0:
		return PodFits, 0
	case r.Lenient:
		return PodUnseen, 0
	case bad != 0 && relaxed && f.Known&PodUserNamespace == 0:
		return PodUnknown, PodUserNamespace
	case bad != 0:
		return PodViolates, bad
	}
	return PodUnknown, hidden
}
