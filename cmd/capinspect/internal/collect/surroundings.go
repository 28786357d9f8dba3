// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"slices"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/podsecurity"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/procstatus"
	"github.com/capinspect/capinspect/procstatus/container"
)

// Surroundings is where a task is: what its capabilities count for.
type Surroundings struct {
	UserNamespace *UserNamespace // nil if nothing is known of it
	Namespaces    Namespaces
	Label         *procstatus.Label // nil if no security module gave it one, or none is known
	Container     *Container        // nil if none was found, or not looked for
	Profile       []string          // the names of the profiles that Bounding equals
	Host          *HostIDs          // nil if they are not known
	Mounted       Mounted
	Isolation     podsecurity.Facts // what its own status and namespaces do not tell
}

// UserNamespace is the user namespace of a task. What is not known of it is
// listed as unknown under userNamespace.
type UserNamespace struct {
	ID      uint64 // inode; 0 if it is not known
	Initial bool   // means something if Known("userNamespace.initial")
	// The maps as the kernel shows them to capinspect: of the ids in the
	// namespace to those in capinspect's own, or, where that is the same one, in
	// the one above it. They are nil if not known.
	UIDMap, GIDMap procstatus.IDMap
	Own            bool   // it is known to be capinspect's own, so that the maps lead above it
	Setgroups      string // "allow" or "deny"; "" if it is not known
}

// Namespaces are those of a task, by kind.
type Namespaces [procstatus.NumNamespaces]Namespace

// Namespace is one namespace of a task.
type Namespace struct {
	ID       uint64 // inode; 0 if it is not known
	WithSelf Answer // capinspect is in the same one
	WithPID1 Answer // PID 1 is in the same one
}

// Answer is yes, no, or not known.
type Answer uint8

// The answers.
const (
	Unsure Answer = iota
	No
	Yes
)

// same answers whether two inodes are of one namespace.
func same(a, b uint64) Answer {
	switch {
	case a == 0 || b == 0:
		return Unsure
	case a == b:
		return Yes
	}
	return No
}

// id returns the inode of a namespace, 0 if it is not known.
func (n *Namespaces) id(k procstatus.NamespaceKind) uint64 { return n[k].ID }

// initial answers whether the namespace of a kind is the initial one, the node's.
func (n *Namespaces) initial(k procstatus.NamespaceKind) Answer { return isInitial(k, n.id(k)) }

// isInitial answers whether an inode is that of the initial namespace of a kind.
func isInitial(k procstatus.NamespaceKind, inode uint64) Answer {
	initial, _ := k.Initial()
	return same(inode, initial)
}

// Known reports whether the namespace of any kind is known.
func (n *Namespaces) Known() bool {
	return slices.ContainsFunc(n[:], func(ns Namespace) bool { return ns.ID != 0 })
}

// ofSandbox reports whether the kernel is not Linux, but one that serves a sandbox
// alone, as gVisor's.
func (n *Namespaces) ofSandbox() bool {
	return slices.ContainsFunc(n[:], func(ns Namespace) bool { return ns.ID != 0 && !procstatus.LinuxNamespace(ns.ID) })
}

// usualOverflow is the overflow id unless somebody has set another one.
const usualOverflow = 65534

// HostIDs are the ids of a task in the initial user namespace.
type HostIDs struct{ UID, GID procstatus.IDs }

// Container is the container or pod that a task is in. What is "" is not
// known.
type Container struct {
	container.Container
	PodName, PodNamespace string
	Evidence              []container.Evidence // what each of them was concluded from
}

// conclude takes a value for a member of the container, unless it has one.
func (c *Container) conclude(member *string, value string, from container.Evidence) {
	if *member == "" && value != "" {
		*member = value
		c.Evidence = append(c.Evidence, from)
	}
}

// inPod reports whether the task is in a container of a pod, and not perhaps in one
// that something in a pod has made.
func (c *Container) inPod() bool {
	return slices.ContainsFunc(c.Evidence, func(e container.Evidence) bool { return e.What == "podUID" && !e.Volume })
}

// fromCgroup returns the container that a cgroup file named.
func fromCgroup(found container.Container) *Container {
	c := new(Container)
	for _, what := range [...]string{"runtime", "id", "podUID"} {
		c.take(found, container.Evidence{What: what, From: "cgroup"})
	}
	return c
}

// add takes over what the mounts of the task tell, unless they tell of another
// pod: that is then of a container around it.
func (c *Container) add(found container.Container, from []container.Evidence) {
	if c.PodUID != "" && found.PodUID != "" && c.PodUID != found.PodUID ||
		c.ID != "" && found.ID != "" && c.ID != found.ID {
		return
	}
	for _, e := range from {
		c.take(found, e)
	}
}

// take takes over the member of found that the evidence is of.
func (c *Container) take(found container.Container, e container.Evidence) {
	switch e.What {
	case "runtime":
		c.conclude(&c.Runtime, found.Runtime, e)
	case "id":
		c.conclude(&c.ID, found.ID, e)
	case "sandboxId":
		c.conclude(&c.SandboxID, found.SandboxID, e)
	case "name":
		c.conclude(&c.Name, found.Name, e)
	case "podUID":
		c.conclude(&c.PodUID, found.PodUID, e)
	}
}

// InContainer reports whether the task is seen to be in a container, or at
// least in another pid namespace than the node's.
func (r *Record) InContainer() bool {
	return r.Container != nil || r.Namespaces.initial(procstatus.NamespacePID) == No
}

// profile finds the profiles that the task's bounding set equals, which is what
// a runtime configures. The one of the task's runtime comes first.
func (r *Record) profile() {
	set, ok := r.Status.Caps(capset.Bounding)
	if !ok {
		r.unknown("profile", "needs the bounding set")
		return
	}
	last := r.LastCap.Value
	started := ""
	if r.Container != nil {
		started = r.Container.Runtime
	}
	r.Profile = []string{}
	for _, p := range runtime.ProfilesOf(set, last) {
		if p.Runtime == started && started != "" {
			r.Profile = append([]string{p.Name}, r.Profile...)
		} else {
			r.Profile = append(r.Profile, p.Name)
		}
	}
}

// nowhere lists as unknown all that only other files than status tell.
func (r *Record) nowhere(reason string) {
	r.Mounted.Hidden = reason
	for _, path := range [...]string{"userNamespace", "namespaces", "lsm", "container"} {
		r.unknown(path, reason)
	}
	r.noHostIDs(reason)
}

func (r *Record) noHostIDs(reason string) {
	if r.Status.Has(procstatus.FieldUID) {
		r.unknown("uid.hostReal", reason)
		r.unknown("uid.hostEffective", reason)
	}
	if r.Status.Has(procstatus.FieldGID) {
		r.unknown("gid.hostReal", reason)
		r.unknown("gid.hostEffective", reason)
	}
}

// Reasons that are no news.
const (
	noLabels = "no security module labels tasks" // without AppArmor, SELinux and Smack
	notSaved = "it is not in this copy of a procfs"
	notTold  = "a status file does not tell it"
)

// Expected reports whether a reason is one that a reader knows already.
func Expected(reason string) bool {
	return reason == noLabels || reason == notSaved || reason == notTold
}
