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
}

// profiles is the table of known profiles.
var profiles = [...]Profile{
	{"docker", "Docker", "docker", 0xa80425fb, "moby daemon/pkg/oci/caps/defaults.go"},
	{"containerd", "containerd", "containerd", 0xa80425fb, "containerd pkg/oci/spec.go, defaultUnixCaps"},
	{"crio", "CRI-O since 1.18", "crio", 0x5fb, "cri-o internal/config/capabilities/capabilities_linux.go"},
	{"crio-1.17", "CRI-O up to 1.17", "crio", 0x425fb, "cri-o pull request 3119"},
	{"podman", "Podman and Buildah", "podman", 0x800405fb, "containers/container-libs common/pkg/config/default.go"},
	{"podman-old", "older Podman and Buildah", "podman", 0xa80425fb, "containers/common pkg/config/default.go"},
	{"baseline", "Pod Security baseline", "", 0xa80405fb, "kubernetes pod-security-admission policy/check_capabilities_baseline.go"},
	{"restricted", "Pod Security restricted", "", 0x400, "kubernetes pod-security-admission policy/check_capabilities_restricted.go"},
	{"debug-general", "kubectl debug, profile general, on Docker or containerd", "", 0xa80c25fb, "kubernetes kubectl/pkg/cmd/debug/profiles.go"},
	{"debug-general-crio", "kubectl debug, profile general, on CRI-O", "", 0x805fb, "kubernetes kubectl/pkg/cmd/debug/profiles.go"},
	{"debug-netadmin", "kubectl debug, profile netadmin, on Docker or containerd", "", 0xa80435fb, "kubernetes kubectl/pkg/cmd/debug/profiles.go"},
	{"debug-netadmin-crio", "kubectl debug, profile netadmin, on CRI-O", "", 0x35fb, "kubernetes kubectl/pkg/cmd/debug/profiles.go"},
	{"debug-restricted", "kubectl debug, profile restricted", "", 0, "kubernetes kubectl/pkg/cmd/debug/profiles.go"},
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
