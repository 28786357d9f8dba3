// SPDX-License-Identifier: Apache-2.0

package capset

import "strings"

// Runtime is a container runtime, which makes the capabilities of a container of
// its default and of two lists, of those that a manifest adds and of those that it
// drops.
type Runtime struct {
	Name string // also that of the [Profile] which is its default
	// Strict says that it takes a name with CAP_ before it, and makes no container of
	// an unknown one. With one that is not strict, both mean nothing.
	Strict  bool
	Ambient bool // it raises what is added as ambient, for another user than root
	tweaks  bool // of what both lists name, ALL in one of them decides, else add; with the others always drop
	exact   bool // it makes no container if both lists name the same
}

// runtimes is the table of runtimes whose rule is known:
//
//   - containerd, internal/cri/opts/spec_opts.go, WithCapabilities; what it does not
//     know runc ignores, libcontainer/capabilities/capabilities.go, capSlice
//   - cri-o, internal/factory/container/container.go, SpecSetupCapabilities
//   - moby, daemon/pkg/oci/caps/utils.go, TweakCapabilities
//   - containers/common, pkg/capabilities, MergeCapabilities, and podman,
//     pkg/specgen/generate/security_linux.go
var runtimes = [...]Runtime{
	{"containerd", false, false, false, false},
	{"crio", true, false, false, false},
	{"docker", true, false, true, false},
	{"podman", true, true, true, true},
}

// RuntimeNamed returns the runtime of a name, "cri-o" being another of "crio"; nil if
// its rule is not known.
func RuntimeNamed(name string) *Runtime {
	for i := range runtimes {
		if r := &runtimes[i]; r.Name == name || r.Name == "crio" && name == "cri-o" {
			return r
		}
	}
	return nil
}

// Grant is what a runtime makes of a manifest's lists.
type Grant struct {
	Bounding        Set // and what root is permitted
	AddAll, DropAll bool
	Added, Dropped  Set // what else the lists name
	Entries         []*Entry
	Conflict        bool // it makes no container, because both lists name the same
}

// Entry is a name in one of the lists.
type Entry struct {
	Text     string // as it is written
	Drop     bool   // it is in the list of those to drop
	All      bool   // it is ALL, and in none of the sets
	Prefixed bool   // it has CAP_ before it
	Meant    Set    // what it stands for without that, all of CAP_ALL; empty if it is unknown
	Set      Set    // what the runtime takes it for
}

// Grant returns what the runtime makes of the lists of capabilities that a manifest
// adds and drops, on a kernel with the given last capability: names in upper or
// lower case, without CAP_, or ALL, as in a securityContext of Kubernetes.
func (r *Runtime) Grant(add, drop []string, last Cap) *Grant {
	g := new(Grant)
	g.AddAll, g.Added = r.list(g, add, false, last)
	g.DropAll, g.Dropped = r.list(g, drop, true, last)
	var set Set
	switch all := UpTo(last); {
	case g.AddAll && (r.tweaks || !g.DropAll):
		set = all
	case !g.DropAll:
		p, _ := ProfileNamed(r.Name, last)
		set = p.Set & all
	}
	if g.Bounding = (set | g.Added) &^ g.Dropped; r.tweaks && !g.AddAll {
		g.Bounding = set&^g.Dropped | g.Added
	}
	g.Conflict = r.exact && (g.AddAll && g.DropAll || !g.AddAll && !g.DropAll && g.Added&g.Dropped != 0)
	return g
}

// list takes one of the lists.
func (r *Runtime) list(g *Grant, names []string, drop bool, last Cap) (all bool, set Set) {
	for _, name := range names {
		e := r.entry(name, last)
		e.Drop = drop
		g.Entries = append(g.Entries, e)
		all = all || e.All
		set |= e.Set
	}
	return all, set
}

// entry returns what the runtime makes of a name.
func (r *Runtime) entry(text string, last Cap) *Entry {
	e := &Entry{Text: text}
	if len(text) > len(prefix) && strings.EqualFold(text[:len(prefix)], prefix) {
		text, e.Prefixed = text[len(prefix):], true
	}
	for i := range table {
		if strings.EqualFold(text, table[i].name[len(prefix):]) {
			e.Meant = Of(Cap(i))
		}
	}
	switch all := strings.EqualFold(text, "ALL"); {
	case all && e.Prefixed: // which is unknown to all of them
		e.Meant = UpTo(last)
	case all:
		e.All = true
	case r.Strict || !e.Prefixed:
		e.Set = e.Meant & UpTo(last)
	}
	return e
}

// Closest returns the capabilities whose names are nearest to a misspelt one, at
// most three.
func Closest(name string) Set { return Of(closest(shorten(name))...) }
