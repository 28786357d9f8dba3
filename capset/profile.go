// SPDX-License-Identifier: Apache-2.0

package capset

// Profile is a named reference: what a runtime gives to a container by
// default, in Permitted, Effective and Bounding.
type Profile struct {
	Name   string
	Title  string // who grants it
	Set    Set
	Source string // where it is written down
}

// profiles is the table of known profiles.
var profiles = [...]Profile{
	{"docker", "Docker", 0xa80425fb, "moby daemon/pkg/oci/caps/defaults.go"},
	{"containerd", "containerd", 0xa80425fb, "containerd pkg/oci/spec.go, defaultUnixCaps"},
	{"crio", "CRI-O since 1.18", 0x5fb, "cri-o internal/config/capabilities/capabilities_linux.go"},
	{"crio-1.17", "CRI-O up to 1.17", 0x425fb, "cri-o pull request 3119"},
	{"podman", "Podman and Buildah", 0x800405fb, "containers/container-libs common/pkg/config/default.go"},
	{"podman-old", "older Podman and Buildah", 0xa80425fb, "containers/common pkg/config/default.go"},
}

// Profiles returns the known profiles.
func Profiles() []Profile { return append([]Profile(nil), profiles[:]...) }

// GrantedBy returns the profiles that hold the capability.
func (c Cap) GrantedBy() []Profile {
	var found []Profile
	for _, p := range profiles {
		if p.Set.Has(c) {
			found = append(found, p)
		}
	}
	return found
}

// ProfileOf returns the name of the first profile that is exactly the set, ""
// if none is.
func ProfileOf(s Set) string {
	for i := range profiles {
		if profiles[i].Set == s {
			return profiles[i].Name
		}
	}
	return ""
}
