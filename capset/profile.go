// SPDX-License-Identifier: Apache-2.0

package capset

// Profile is a named reference: what a runtime gives to a container by default, in
// Permitted, Effective and Bounding, what a level of the Pod Security Standards lets
// it add, or what kubectl debug asks for.
type Profile struct {
	Name    string
	Title   string // who grants it
	Runtime string // the runtime whose default it is; "" of the others
	Set     Set
	Source  string // where it is written down
	Since   string // the first release with exactly this set, as "Docker 1.2"; "" if that is not known
}

// profiles is the table of known profiles. Since is by the sources of that release and
// of the one before, for CRI-O and containers/common by their release notes: Docker
// added FSETID and AUDIT_WRITE in 1.2, containers/common gave up four in 0.51.0 and took
// SYS_CHROOT back in 0.51.1, and kubectl's netadmin adds NET_RAW since 1.29, which makes
// a difference on CRI-O alone.
var profiles = [...]Profile{
	{"docker", "Docker", "docker", 0xa80425fb, "moby daemon/pkg/oci/caps/defaults.go", "Docker 1.2"},
	{"containerd", "containerd", "containerd", 0xa80425fb, "containerd pkg/oci/spec.go, defaultUnixCaps", "containerd 1.0"},
	{"crio", "CRI-O since 1.18", "crio", 0x5fb, "cri-o internal/config/capabilities/capabilities_linux.go", "CRI-O 1.18"},
	{"crio-1.17", "CRI-O up to 1.17", "crio", 0x425fb, "cri-o pull request 3119", ""},
	{"podman", "Podman and Buildah", "podman", 0x800405fb, "containers/container-libs common/pkg/config/default.go", "containers/common 0.51.1"},
	{"podman-old", "older Podman and Buildah", "podman", 0xa80425fb, "containers/common pkg/config/default.go", ""},
	{"baseline", "Pod Security baseline", "", 0xa80405fb, "kubernetes pod-security-admission policy/check_capabilities_baseline.go", "Pod Security 1.0"},
	{"restricted", "Pod Security restricted", "", 0x400, "kubernetes pod-security-admission policy/check_capabilities_restricted.go", "Pod Security 1.22"},
	{"debug-general", "kubectl debug, profile general, on Docker or containerd", "", 0xa80c25fb, "kubernetes kubectl/pkg/cmd/debug/profiles.go", "kubectl 1.27"},
	{"debug-general-crio", "kubectl debug, profile general, on CRI-O", "", 0x805fb, "kubernetes kubectl/pkg/cmd/debug/profiles.go", "kubectl 1.27"},
	{"debug-netadmin", "kubectl debug, profile netadmin, on Docker or containerd", "", 0xa80435fb, "kubernetes kubectl/pkg/cmd/debug/profiles.go", "kubectl 1.27"},
	{"debug-netadmin-crio", "kubectl debug, profile netadmin, on CRI-O", "", 0x35fb, "kubernetes kubectl/pkg/cmd/debug/profiles.go", "kubectl 1.29"},
	{"debug-restricted", "kubectl debug, profile restricted", "", 0, "kubernetes kubectl/pkg/cmd/debug/profiles.go", "kubectl 1.27"},
}

// privileged returns the profile of a privileged container, which is all that its
// kernel knows, also of one of kubectl debug with the profile sysadmin.
func privileged(last Cap) Profile {
	return Profile{
		Name: "privileged", Title: "a privileged container", Set: UpTo(last),
		Source: "Kubernetes API, SecurityContext.privileged",
	}
}

// Profiles returns the known profiles, for a kernel with the given last capability.
func Profiles(last Cap) []Profile {
	return append(profiles[:len(profiles):len(profiles)], privileged(last))
}

// ProfileNamed returns the profile of a name, for a kernel with the given last
// capability.
func ProfileNamed(name string, last Cap) (p Profile, ok bool) {
	for _, p := range Profiles(last) {
		if p.Name == name {
			return p, true
		}
	}
	return Profile{}, false
}

// setOf returns the set of a profile, that of Docker if there is none of the name.
func setOf(name string) Set {
	for i := range profiles {
		if profiles[i].Name == name {
			return profiles[i].Set
		}
	}
	return profiles[0].Set
}

// GrantedBy returns the runtimes' profiles that hold the capability.
func (c Cap) GrantedBy() []Profile {
	var found []Profile
	for _, p := range profiles {
		if p.Runtime != "" && p.Set.Has(c) {
			found = append(found, p)
		}
	}
	return found
}

// ProfileOf returns the name of the first runtime's profile that is exactly the
// set, "" if none is.
func ProfileOf(s Set) string {
	for i := range profiles {
		if profiles[i].Set == s && profiles[i].Runtime != "" {
			return profiles[i].Name
		}
	}
	return ""
}

// ProfilesOf returns every profile that is exactly the set, on a kernel with the
// given last capability. The empty set is nobody's.
func ProfilesOf(s Set, last Cap) []Profile {
	var found []Profile
	for _, p := range Profiles(last) {
		if p.Set == s && s != 0 {
			found = append(found, p)
		}
	}
	return found
}
