// SPDX-License-Identifier: Apache-2.0

package task

import (
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/procstatus"
)

// UserNamespace is the user namespace of a task.
type UserNamespace struct {
	ID      Value[uint64] // inode
	Initial Value[bool]
	// The maps as the kernel shows them to the reader: from the ids in the namespace to
	// those in the reader's own, or, where that is the same one, in the one above it.
	UIDMap, GIDMap Value[procstatus.IDMap]
	Setgroups      Value[string] // "allow" or "deny" (proc_pid_setgroups(5))
	Own            bool          // it is known to be the reader's own, so that the maps lead above it
}

// Namespaces are those of a task, by kind.
type Namespaces [procstatus.NumNamespaces]Namespace

// Namespace is one namespace of a task.
type Namespace struct {
	ID       Value[uint64] // inode
	WithSelf Value[bool]   // capinspect is in the same one
	WithPID1 Value[bool]   // PID 1 is in the same one
	Node     Value[bool]   // it is the initial one, the node's
	Owner    Value[uint64] // inode of the user namespace that owns it
	// Owned tells that this is the task's own user namespace or one below it, so that what
	// is effective in the task counts for the namespace.
	Owned Value[bool]
	// ByUID tells that it is one below, and that the task's effective uid has made it: the
	// task has every capability over the namespace (security/commoncap.c, cap_capable).
	ByUID Value[bool]
}

// HiddenNamespace returns a namespace of which nothing is known.
func HiddenNamespace(why string) Namespace {
	return Namespace{
		ID: Unknown[uint64](why), WithSelf: Unknown[bool](why), WithPID1: Unknown[bool](why), Node: Unknown[bool](why),
		Owner: Unknown[uint64](why), Owned: Unknown[bool](why), ByUID: Unknown[bool](why),
	}
}

// Any reports whether the namespace of any kind is known.
func (n *Namespaces) Any() bool {
	return slices.ContainsFunc(n[:], func(ns Namespace) bool { return ns.ID.Known() })
}

// Namespace returns the namespace of a kind.
func (t *Task) Namespace(k procstatus.NamespaceKind) Namespace {
	all, ok := t.Namespaces.Get()
	if !ok || int(k) >= len(all) {
		return HiddenNamespace(t.Namespaces.Why())
	}
	return all[k]
}

// Initial reports whether the task's namespace of a kind is the initial one, the node's.
// It is unknown where kernels give that one no fixed inode.
func (t *Task) Initial(k procstatus.NamespaceKind) Value[bool] {
	initial, fixed := k.Initial()
	id := t.Namespace(k).ID
	if !fixed {
		return Unknown[bool](id.Why())
	}
	return Map(id, func(id uint64) bool { return id == initial })
}

// SameInode tells whether two inodes are of one namespace.
func SameInode(a, b Value[uint64]) Value[bool] {
	switch {
	case !a.Known():
		return Unknown[bool](a.Why())
	case !b.Known():
		return Unknown[bool](b.Why())
	}
	return Known(a.Zero() == b.Zero())
}

// InSandbox reports whether the task's kernel is not Linux but one that serves a sandbox
// alone, as gVisor's: Linux does not give such inodes.
func (t *Task) InSandbox() bool {
	all := t.Namespaces.Zero()
	return slices.ContainsFunc(all[:], func(ns Namespace) bool {
		id, ok := ns.ID.Get()
		return ok && !procstatus.LinuxNamespace(id)
	})
}

// InChildUserNamespace reports whether the task is known to be in another user namespace
// than the initial one.
func (t *Task) InChildUserNamespace() bool {
	ns, ok := t.UserNamespace.Get()
	return ok && Is(ns.Initial, false)
}

// isDebugger reports whether the task is in an ephemeral container that has the name which
// kubectl debug gives to one.
func (t *Task) isDebugger() bool {
	c := t.Container.Zero()
	return c != nil && strings.HasPrefix(c.Name, "debugger-")
}

// runtimeLabels begin the names of the AppArmor profiles that runtimes load for the
// containers for which no other one is asked.
var runtimeLabels = [...]string{"docker-default", "cri-containerd.apparmor.d", "crio-default", "containers-default-"}

// HasRuntimeLabel reports whether an AppArmor profile confines the task that runtimes load
// by themselves.
func (t *Task) HasRuntimeLabel() bool {
	return slices.ContainsFunc(runtimeLabels[:], func(prefix string) bool { return strings.HasPrefix(t.Label.Zero().Label, prefix) })
}

// UnprivilegedUserns is the profile of AppArmor that Ubuntu puts on a process that makes a user
// namespace without leave.
const UnprivilegedUserns = "unprivileged_userns"

// DeniedByUbuntu reports whether the task has that profile, perhaps among others.
func (t *Task) DeniedByUbuntu() bool {
	l := t.Label.Zero()
	if l.Module != "apparmor" && l.Module != "" || l.Mode == "complain" {
		return false
	}
	for profile := range strings.SplitSeq(l.Label, "//&") {
		if strings.TrimPrefix(profile, ":root://") == UnprivilegedUserns {
			return true
		}
	}
	return false
}

// FindProfile finds the profiles that the bounding set equals, which is what a runtime
// configures. Those of the task's own runtime come first. What kubectl debug asks for has
// its name where an ephemeral container is recognised; another container may just add the
// same.
// What is known to be in no container is not called privileged: every process of the
// node has that set.
func (t *Task) FindProfile() {
	set, ok := t.Sets[capset.Bounding].Get()
	if !ok {
		t.Profile = Unknown[[]string]("needs the bounding set")
		return
	}
	own, others := []string{}, []string(nil)
	for _, p := range runtime.ProfilesOf(set&capset.UpTo(t.LastCap.Value), t.LastCap.Value) {
		switch {
		case p.Name == "privileged" && t.Container.Known() && !t.InContainer():
		case p.Runtime != "" && p.Runtime == t.Runtime():
			own = append(own, p.Name)
		case p.Like != "" && !t.isDebugger():
			others = append(others, p.Like)
		default:
			others = append(others, p.Name)
		}
	}
	t.Profile = Known(append(own, others...))
}

// Nowhere says of all that only other files than status tell that it is unknown, and why.
func (t *Task) Nowhere(why string) {
	t.UserNamespace = Unknown[UserNamespace](why)
	t.Namespaces = Unknown[Namespaces](why)
	t.Label = Unknown[procstatus.Label](why)
	t.Container = Unknown[*Container](why)
	t.Host = Unknown[HostIDs](why)
	t.Mounts = UnknownMounts(why)
}

// Reasons that are no news to a reader.
const (
	NoLabels = "no security module labels tasks" // without AppArmor, SELinux and Smack
	NotSaved = "it is not in this copy of a procfs"
	NotTold  = "a status file does not say"

	NotInText = "the text does not say"
)

// Untold is the reason for what a report leaves out without one.
const Untold = "the report does not say"

// Expected reports whether a reason is one that a reader knows already.
func Expected(reason string) bool {
	return reason == NoLabels || reason == NotSaved || reason == NotTold || reason == NotAsked || reason == NotInText
}

// Isolation is what is known of the namespaces that a task shares with its node, beside
// what its own status and namespaces tell.
type Isolation struct {
	HostPID, HostIPC, HostNetwork, ChildUserNamespace Value[bool]
}

// HostPID reports whether the task is in the node's pid namespace. It is not if it has a
// number in another one below that of the procfs.
func (t *Task) HostPID() Value[bool] {
	if t.Asked != nil {
		return t.Isolation.HostPID
	}
	below := Value[bool]{}
	if len(t.NSPid.Zero()) > 1 {
		below = Known(false)
	}
	return First(t.Initial(procstatus.NamespacePID), below, t.Isolation.HostPID)
}

// HostIPC reports whether the task is in the node's ipc namespace.
func (t *Task) HostIPC() Value[bool] {
	if t.Asked != nil {
		return t.Isolation.HostIPC
	}
	return First(t.Initial(procstatus.NamespaceIPC), t.Isolation.HostIPC)
}

// HostNetwork reports whether the task is in the node's network namespace.
func (t *Task) HostNetwork() Value[bool] {
	if t.Asked != nil {
		return t.Isolation.HostNetwork
	}
	id := t.Namespace(procstatus.NamespaceNet).ID
	if initial, _ := procstatus.NamespaceNet.InitialSince618(); Is(id, initial) {
		return Known(true)
	}
	return First(t.Isolation.HostNetwork, Unknown[bool](id.Why()))
}

// ChildUserNamespace reports whether the task is in another user namespace than the
// node's.
func (t *Task) ChildUserNamespace() Value[bool] {
	if t.Asked != nil {
		return t.Isolation.ChildUserNamespace
	}
	switch ns, ok := t.UserNamespace.Get(); {
	case ok && Is(ns.Initial, false):
		return Known(true)
	case Is(t.Initial(procstatus.NamespaceUser), true):
		return Known(false)
	case ok && ns.Initial.Why() != "":
		return First(t.Isolation.ChildUserNamespace, Unknown[bool](ns.Initial.Why()))
	}
	return First(t.Isolation.ChildUserNamespace, Unknown[bool](t.UserNamespace.Why()))
}

// Mounts is what the mounts of a task tell of how its container was made.
type Mounts struct {
	ReadOnlyRoot Value[bool] // the mount that is its root directory is read-only
	ProcMasked   Value[bool] // something hides or write-protects the kernel's own parts of /proc, as runtimes do
	SysReadOnly  Value[bool] // /sys is read-only, as runtimes have it unless a container is privileged
}

// notMounted is why a mount table does not tell something.
const notMounted = "its mount table does not say"

// UnknownMounts returns mounts of which nothing is known, for a reason.
func UnknownMounts(why string) Mounts {
	return Mounts{Unknown[bool](why), Unknown[bool](why), Unknown[bool](why)}
}

// Masked reports whether the task does not see all that a privileged container does.
func (m *Mounts) Masked() Value[bool] {
	if Is(m.ProcMasked, true) {
		return Known(true)
	}
	return m.SysReadOnly
}

// MountsOf looks for what a mount table tells. A later mount covers those before it, and
// those below its place; what is on /proc and does not come from a runtime, as lxcfs, does
// not count.
func MountsOf(table []procstatus.Mount) Mounts {
	m := UnknownMounts(notMounted)
	for i := range table {
		at := &table[i]
		name, below := strings.CutPrefix(at.Point, "/proc/")
		switch {
		case at.Point == "/":
			m.ReadOnlyRoot = Known(at.Has("ro"))
		case at.Point == "/sys" && at.Type == "sysfs":
			m.SysReadOnly = Known(at.Has("ro"))
		case at.Point == "/proc" && at.Type == "proc":
			m.ProcMasked = Known(false)
		case below && !strings.Contains(name, "/") && (at.Type == "proc" || strings.HasSuffix(at.Type, "tmpfs")):
			m.ProcMasked = Known(true)
		}
	}
	return m
}
