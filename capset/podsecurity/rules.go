// SPDX-License-Identifier: Apache-2.0

package podsecurity

// Rule is one rule of the Pod Security Standards. Of each version 1.N it has the N.
type Rule struct {
	ID    string // of the check in k8s.io/pod-security-admission/policy
	Level Level
	Since uint8 // the first version with the rule

	// Changed lists the versions after the first that changed the rule, in
	// ascending order.
	Changed []uint8

	// Until is the first version in which restricted has a stricter rule instead
	// of this one; [Never] if there is none.
	Until uint8

	// Breaks are the facts that break the rule, each by itself; 0 if a running task
	// shows nothing about it.
	Breaks Fact

	// Ambiguous means that a broken rule looks the same in a running task as a
	// field that the manifest leaves out, which the rule allows.
	Ambiguous bool

	// SparesUserNamespaces means that since version 1.35 the rule does not apply to
	// a pod with hostUsers: false.
	SparesUserNamespaces bool

	// SparesWindows means that since version 1.25 the rule does not apply to a pod
	// whose manifest says that it is for Windows.
	SparesWindows bool

	asks func(*finder) // finds what breaks the rule in a manifest
}

// Never is later than any version.
const Never = 255

// sparing is the first version 1.N in which some rules spare pods that have a user
// namespace of their own.
const sparing = 35

// sparingWindows is the first version 1.N in which some rules spare pods for Windows.
const sparingWindows = 25

// Rules returns the rules of all levels and versions, in the order in which
// Kubernetes applies them (k8s.io/pod-security-admission 0.37.2, policy/check_*.go).
//
// Besides names of types and sysctls, the later versions change this: since 1.19
// the field for seccomp counts and its annotation does not; since 1.25 the rules
// of restricted do not apply to Windows; since 1.35 a pod with hostUsers: false
// may run as root, and at baseline it may have an unmasked /proc.
//
// A privileged container breaks the rules on capabilities too, whatever its
// manifest says about them.
func Rules() []Rule {
	return []Rule{
		{ID: "appArmorProfile", Level: Baseline, Until: Never, asks: appArmorProfile},
		{ID: "capabilities_baseline", Level: Baseline, Until: 22, Breaks: Added, asks: capabilitiesBaseline},
		{ID: "hostNamespaces", Level: Baseline, Until: Never, Breaks: HostPID | HostIPC | HostNetwork, asks: hostNamespaces},
		{ID: "hostPathVolumes", Level: Baseline, Until: 0, asks: hostPathVolumes},
		{ID: "hostPorts", Level: Baseline, Until: Never, asks: hostPorts},
		{ID: "hostProbesAndHostLifecycle", Level: Baseline, Since: 34, Until: Never, asks: hostProbesAndHostLifecycle},
		{ID: "privileged", Level: Baseline, Until: Never, Breaks: Privileged, asks: privileged},
		{
			ID: "procMount", Level: Baseline, Changed: []uint8{sparing}, Until: sparing,
			Breaks: Unmasked, SparesUserNamespaces: true, asks: procMount,
		},
		{ID: "seLinuxOptions", Level: Baseline, Changed: []uint8{31}, Until: Never, asks: seLinuxOptions},
		{
			ID: "seccompProfile_baseline", Level: Baseline, Changed: []uint8{seccompFields}, Until: seccompFields,
			Breaks: Unfiltered, Ambiguous: true, asks: seccompBaseline,
		},
		{ID: "sysctls", Level: Baseline, Changed: []uint8{27, 29, 32, 37}, Until: Never, asks: sysctls},
		{ID: "windowsHostProcess", Level: Baseline, Until: Never, asks: windowsHostProcess},
		{
			ID: "allowPrivilegeEscalation", Level: Restricted, Since: 8, Changed: []uint8{sparingWindows}, Until: Never,
			Breaks: Escalates, SparesWindows: true, asks: allowPrivilegeEscalation,
		},
		{
			ID: "capabilities_restricted", Level: Restricted, Since: 22, Changed: []uint8{sparingWindows}, Until: Never,
			Breaks: Undropped, SparesWindows: true, asks: capabilitiesRestricted,
		},
		{ID: "procMount_restricted", Level: Restricted, Since: 35, Until: Never, Breaks: Unmasked, asks: procMount},
		{ID: "restrictedVolumes", Level: Restricted, Until: Never, asks: restrictedVolumes},
		{
			ID: "runAsNonRoot", Level: Restricted, Changed: []uint8{sparing}, Until: Never,
			Breaks: Root, SparesUserNamespaces: true, asks: runAsNonRoot,
		},
		{ // Ambiguous because the image may ask for uid 0 too.
			ID: "runAsUser", Level: Restricted, Since: 23, Changed: []uint8{sparing}, Until: Never,
			Breaks: Root, Ambiguous: true, SparesUserNamespaces: true, asks: runAsUser,
		},
		{
			ID: "seccompProfile_restricted", Level: Restricted, Since: seccompFields, Changed: []uint8{sparingWindows}, Until: Never,
			Breaks: Unfiltered, SparesWindows: true, asks: seccompRestricted,
		},
	}
}

// In reports whether the rule belongs to the level in version 1.minor.
func (r Rule) In(level Level, minor uint8) bool {
	return r.Level <= level && r.Since <= minor && (level == Baseline || minor < r.Until)
}

// Verdict is what a running task tells about a rule.
type Verdict uint8

// The verdicts.
const (
	Unseen   Verdict = iota // a running task does not show whether the pod keeps to the rule
	Unknown                 // it shows that, but a fact is not known
	Violates                // no pod that keeps to the rule looks like this
	Fits                    // a pod that keeps to the rule may look like this
)

// Judge tells what the facts say about the rule in version 1.minor. why are the
// facts that violate the rule, or those that would have to be known.
func (r Rule) Judge(f Facts, minor uint8) (v Verdict, why Fact) {
	spares := r.SparesUserNamespaces && minor >= sparing
	broken, hidden := r.Breaks&f.True, r.Breaks&^f.Known
	switch {
	case r.Breaks == 0:
		return Unseen, 0
	case broken|hidden == 0 || spares && f.True&UserNamespace != 0:
		return Fits, 0
	case r.Ambiguous:
		return Unseen, 0
	case broken == 0:
		return Unknown, hidden
	case spares && f.Known&UserNamespace == 0:
		return Unknown, UserNamespace
	}
	return Violates, broken
}
