// SPDX-License-Identifier: Apache-2.0

package runtime

import (
	"iter"
	"math"

	"github.com/capinspect/capinspect/capset"
)

// Profile is a set of capabilities that has a name. Of a runtime it is what a
// container has by default in Permitted, Effective and Bounding. Of the Pod
// Security Standards it is what a level lets a pod add. Of kubectl debug it is
// what the debug container has.
type Profile struct {
	Name    string
	Title   string // who grants it, such as "CRI-O since 1.18"
	Runtime string // the name of the runtime whose default it is; "" if it is no runtime's
	Set     capset.Set
	Source  string // the file or the page that defines it
	Like    string // of kubectl debug: the same set by what it adds to a default, such as "docker+sys_ptrace"
	Since   string // the first release with exactly this set, such as "Docker 1.2"; "" if it is not known
}

const (
	debugProfiles = "kubernetes kubectl/pkg/cmd/debug/profiles.go"
	podSecurity   = "kubernetes pod-security-admission policy/"
)

// others is the table of the profiles that are no runtime's default. NET_RAW is
// in kubectl's netadmin since 1.29; only on CRI-O does that make a difference.
var others = [...]Profile{
	{
		Name: "baseline", Title: "Pod Security baseline", Set: 0xa80405fb,
		Source: podSecurity + "check_capabilities_baseline.go", Since: "Pod Security 1.0",
	},
	{
		Name: "restricted", Title: "Pod Security restricted", Set: 0x400,
		Source: podSecurity + "check_capabilities_restricted.go", Since: "Pod Security 1.22",
	},
	{
		Name: "containerd-reduced", Title: "containerd, the proposed profile reduced", Set: 0x405fb,
		Source: "containerd pull request 12588",
	},
	{
		Name: "debug-general", Title: "kubectl debug, profile general, on Docker or containerd", Set: 0xa80c25fb, Like: "docker+sys_ptrace",
		Source: debugProfiles, Since: "kubectl 1.27",
	},
	{
		Name: "debug-general-crio", Title: "kubectl debug, profile general, on CRI-O", Set: 0x805fb, Like: "crio+sys_ptrace",
		Source: debugProfiles, Since: "kubectl 1.27",
	},
	{
		Name: "debug-netadmin", Title: "kubectl debug, profile netadmin, on Docker or containerd", Set: 0xa80435fb, Like: "docker+net_admin+net_raw",
		Source: debugProfiles, Since: "kubectl 1.27",
	},
	{
		Name: "debug-netadmin-crio", Title: "kubectl debug, profile netadmin, on CRI-O", Set: 0x35fb, Like: "crio+net_admin+net_raw",
		Source: debugProfiles, Since: "kubectl 1.29",
	},
	{
		Name: "debug-restricted", Title: "kubectl debug, profile restricted", Set: 0,
		Source: debugProfiles, Since: "kubectl 1.27",
	},
}

// privileged returns the profile of a privileged container: all that the kernel
// knows. kubectl debug with the profile sysadmin makes such a container too.
func privileged(last capset.Cap) Profile {
	return Profile{
		Name: "privileged", Title: "a privileged container", Set: capset.UpTo(last),
		Source: "Kubernetes API, SecurityContext.privileged",
	}
}

// runtimeProfiles ranges over the profiles of the runtimes, in their order.
func runtimeProfiles() iter.Seq[Profile] {
	return func(yield func(Profile) bool) {
		for i := range runtimes {
			for _, p := range runtimes[i].defaults {
				p.Runtime = runtimes[i].Name
				if !yield(p) {
					return
				}
			}
		}
	}
}

// Profiles returns the known profiles, for a kernel whose last capability is
// last: those of the runtimes first, privileged last.
func Profiles(last capset.Cap) []Profile {
	var all []Profile
	for p := range runtimeProfiles() {
		all = append(all, p)
	}
	return append(append(all, others[:]...), privileged(last))
}

// ProfileNamed returns the profile of a name, for a kernel whose last capability
// is last. ok is false if no profile has that name.
func ProfileNamed(name string, last capset.Cap) (p Profile, ok bool) {
	for _, p := range Profiles(last) {
		if p.Name == name {
			return p, true
		}
	}
	return Profile{}, false
}

// ProfileOf returns the name of the first default of a runtime that is exactly s;
// "" if there is none.
func ProfileOf(s capset.Set) string {
	for p := range runtimeProfiles() {
		if p.Set == s {
			return p.Name
		}
	}
	return ""
}

// Difference is what a set has more and less than a profile.
type Difference struct {
	Profile
	More, Less capset.Set
}

// Len returns in how many capabilities they differ.
func (d Difference) Len() int { return d.More.Len() + d.Less.Len() }

// String returns the name of the profile and the names of the capabilities, as
// "docker+net_admin-mknod".
func (d Difference) String() string { return string(d.Append(nil)) }

// Append appends what String returns.
func (d Difference) Append(dst []byte) []byte {
	dst = append(dst, d.Name...)
	for c := range d.More.Caps() {
		dst = append(append(dst, '+'), c.Short()...)
	}
	for c := range d.Less.Caps() {
		dst = append(append(dst, '-'), c.Short()...)
	}
	return dst
}

// Nearest compares s with the defaults of runtimes, and returns how it differs from the first
// of those from which it differs in the fewest capabilities.
func Nearest(s capset.Set) Difference {
	nearest, best := Profile{}, math.MaxInt
	for p := range runtimeProfiles() {
		if n := (s ^ p.Set).Len(); n < best {
			nearest, best = p, n
		}
	}
	return Difference{nearest, s &^ nearest.Set, nearest.Set &^ s}
}

// ProfilesOf returns every profile that is exactly s, on a kernel whose last
// capability is last. The empty set has no profile.
func ProfilesOf(s capset.Set, last capset.Cap) []Profile {
	if s == 0 {
		return nil
	}
	var found []Profile
	for _, p := range Profiles(last) {
		if p.Set == s {
			found = append(found, p)
		}
	}
	return found
}

// GrantedBy returns the defaults of runtimes that hold the capability.
func GrantedBy(c capset.Cap) []Profile {
	var found []Profile
	for p := range runtimeProfiles() {
		if p.Set.Has(c) {
			found = append(found, p)
		}
	}
	return found
}

// fewest is how many capabilities a set may differ in from a profile that it is compared
// with.
const fewest = 4

// Relative returns a set as what it has more and less than the nearest default of a
// runtime, such as "docker+net_admin-mknod". ok is false if it is such a default itself, or if
// it differs in more capabilities than it holds, or in more than a few.
func Relative(s capset.Set) (text string, ok bool) {
	nearest := Nearest(s)
	if n := nearest.Len(); n == 0 || n >= s.Len() || n > fewest {
		return "", false
	}
	return nearest.String(), true
}
