// SPDX-License-Identifier: Apache-2.0

package capset

// Profile is a named reference: what a runtime gives to a container by
// default, in Permitted, Effective and Bounding, or what a level of the Pod
// Security Standards lets it add.
type Profile struct {
	Name    string
	Title   string // who grants it
	Runtime string // the runtime whose default it is; "" of a level
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
}

// Profiles returns the known profiles.
func Profiles() []Profile { return append([]Profile(nil), profiles[:]...) }

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

// ProfilesOf returns every profile that is exactly the set, on a kernel with
// the given last capability: what a privileged container has, which is all that
// its kernel knows, is one of them.
func ProfilesOf(s Set, last Cap) []Profile {
	var found []Profile
	if s == UpTo(last) {
		found = append(found, Profile{
			Name: "privileged", Title: "a privileged container", Set: s,
			Source: "Kubernetes API, SecurityContext.privileged",
		})
	}
	for _, p := range profiles {
		if p.Set == s {
			found = append(found, p)
		}
	}
	return found
}
