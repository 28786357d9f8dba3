// SPDX-License-Identifier: Apache-2.0

package runtime

import (
	"slices"

	"github.com/capinspect/capinspect/capset"
)

// Runtime is a container runtime: its default capabilities, and its rule for the
// lists in a manifest that add and drop capabilities.
type Runtime struct {
	Name string // such as "crio"

	// Strict means that the runtime takes a name that begins with CAP_, and makes
	// no container if it does not know a name. A runtime that is not strict
	// ignores both kinds of names.
	Strict bool

	// RaisesAmbient means that a user other than root gets what is added, as the
	// runtime raises it in Ambient. With the others only root gets it.
	RaisesAmbient bool

	// PermitsAll means that a user other than root has all of the Bounding set in Permitted
	// and Effective while the runtime executes the program of the container, as the OCI
	// configuration says so. The others give such a user nothing before, or what they raise
	// in Ambient.
	PermitsAll bool

	aliases []string // other names that it goes by

	// defaults are the sets that it has given by default. The first is today's.
	// Their Runtime field is empty: runtimeProfiles sets it.
	defaults []Profile

	// addWins means that the runtime adds a capability that both lists name, and
	// adds all if both lists have ALL. Without it, drop wins in both cases. If
	// only add has ALL, every runtime drops what drop names.
	addWins bool

	// refusesOverlap means that the runtime makes no container if both lists name
	// the same capability, or both have ALL.
	refusesOverlap bool

	filter  filter   // its default seccomp filter
	refused []string // the system calls that this refuses to all, besides those that all filters do

	refusedSince map[string]string // the first release that refuses one of either, if it is not every one
}

// runtimes is the table of the known runtimes, in the order in which their
// profiles are listed. The rules are those of these functions:
//
//   - docker: moby, daemon/pkg/oci/caps/utils.go, TweakCapabilities
//   - containerd: internal/cri/opts/spec_opts.go, WithCapabilities; runc ignores
//     the names that it does not know, libcontainer/capabilities/capabilities.go,
//     capSlice
//   - crio: internal/factory/container/container.go, SpecSetupCapabilities
//   - podman: containers/common, pkg/capabilities, MergeCapabilities, and podman,
//     pkg/specgen/generate/security_linux.go
//
// The sources of each release and of the release before it tell Since; for CRI-O
// and containers/common their release notes do. Docker 1.2 added FSETID and
// AUDIT_WRITE. containers/common dropped four capabilities in 0.51.0 and took
// SYS_CHROOT back in 0.51.1.
var runtimes = [...]Runtime{
	{
		Name:    "docker",
		Strict:  true,
		addWins: true,
		filter:  mobyFilter,
		refused: []string{"keyctl", "pivot_root"},

		refusedSince: map[string]string{"io_uring_setup": "Docker 25.0"},
		defaults: []Profile{{
			Name: "docker", Title: "Docker", Set: 0xa80425fb,
			Source: "moby daemon/pkg/oci/caps/defaults.go", Since: "Docker 1.2",
		}},
	},
	{
		Name:       "containerd",
		PermitsAll: true,
		filter:     mobyFilter,
		refused:    []string{"keyctl", "pivot_root"},

		refusedSince: map[string]string{"io_uring_setup": "containerd 2.0"},
		defaults: []Profile{{
			Name: "containerd", Title: "containerd", Set: 0xa80425fb,
			Source: "containerd pkg/oci/spec.go, defaultUnixCaps", Since: "containerd 1.0",
		}},
	},
	{
		Name:       "crio",
		aliases:    []string{"cri-o"},
		Strict:     true,
		PermitsAll: true,
		filter:     crioFilter,
		defaults: []Profile{
			{
				Name: "crio", Title: "CRI-O since 1.18", Set: 0x5fb,
				Source: "cri-o internal/config/capabilities/capabilities_linux.go", Since: "CRI-O 1.18",
			},
			{
				Name: "crio-1.17", Title: "CRI-O up to 1.17", Set: 0x425fb,
				Source: "cri-o pull request 3119",
			},
		},
	},
	{
		Name:           "podman",
		Strict:         true,
		RaisesAmbient:  true,
		addWins:        true,
		refusesOverlap: true,
		filter:         podmanFilter,
		defaults: []Profile{
			{
				Name: "podman", Title: "Podman and Buildah", Set: 0x800405fb,
				Source: "containers/container-libs common/pkg/config/default.go", Since: "containers/common 0.51.1",
			},
			{
				Name: "podman-4.4", Title: "Podman 4.4.0 to 4.4.2", Set: 0x800005fb,
				Source: "containers/common pkg/config/default.go", Since: "containers/common 0.51.0",
			},
			{
				Name: "podman-old", Title: "older Podman and Buildah", Set: 0xa80425fb,
				Source: "containers/common pkg/config/default.go",
			},
		},
	},
}

// Named returns the runtime of a name, such as "crio" or "cri-o"; nil if it is not
// known.
func Named(name string) *Runtime {
	for i := range runtimes {
		if r := &runtimes[i]; r.Name == name || slices.Contains(r.aliases, name) {
			// The caller gets a copy, so that nobody can change the table.
			known := *r
			return &known
		}
	}
	return nil
}

// Names returns the names of the known runtimes, sorted, without aliases.
func Names() []string {
	var names []string
	for i := range runtimes {
		names = append(names, runtimes[i].Name)
	}
	slices.Sort(names)
	return names
}

// Default returns the capabilities that the runtime gives to a container by
// default. A nil Runtime gives none.
func (r *Runtime) Default() capset.Set {
	if r == nil || len(r.defaults) == 0 {
		return 0
	}
	return r.defaults[0].Set
}
