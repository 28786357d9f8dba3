// SPDX-License-Identifier: Apache-2.0

package task

import "github.com/capinspect/capinspect/procstatus"

// Asked is what somebody asks a runtime or systemd to start.
type Asked struct {
	Namespace, Pod string // of Kubernetes, "" if it is in none

	Name    string // of the container, the service or the unit; "" if it has none
	Runtime string // that is asked, as [runtime.Named] takes it; "" if it is another
	Traps   []Note // where it does not ask for what it seems to
	Assumed []Note // what the answer depends on and is not told

	// Possible are the states of the task as root and as another user, where it is not told
	// which of these it runs as.
	Possible []*Task

	Profiles *Profiles // nil if it is not Kubernetes that is asked
}

// Profiles are the profiles that Kubernetes is asked to confine a container with: each its type,
// such as RuntimeDefault, and the name of one of the node. Which labels and filters they make
// depends on the node.
type Profiles struct {
	AppArmor string
	SELinux  string // user:role:type, with * for what is not asked for; "" if nothing is
	Seccomp  string // "" if it is left to kubelet, or off because the container is privileged
}

// States returns the states that the task may have: the one that is known, or those as root
// and as another user.
func (t *Task) States() []*Task {
	if t.Asked == nil || t.Asked.Possible == nil {
		return []*Task{t}
	}
	return t.Asked.Possible
}

// Title returns what people call the task: its name, or that of the container, service or
// unit that asks for it.
func (t *Task) Title() Value[string] {
	if !t.Name.Known() && t.Asked != nil && t.Asked.Name != "" {
		return Known(t.Asked.Name)
	}
	return t.Name
}

// Why a task that is yet to be started does not have a value.
const (
	Unstarted = "it is yet to be started"
	NotAsked  = "its configuration does not say"
)

// Unstarted gives reasons to what a configuration cannot say about its task.
func (t *Task) Unstarted() {
	t.Pid.Because(Unstarted)
	t.Tid.Because(Unstarted)
	t.PPid.Because(Unstarted)
	t.Name.Because(Unstarted)
	t.RunState.Because(Unstarted)
	t.Threads.Because(Unstarted)
	t.NSPid.Because(Unstarted)
	t.TracerPid.Because(Unstarted)
	t.Host.Because(Unstarted)
	t.Namespaces.Because(NotAsked)
	t.Securebits.Because(NotAsked)
	t.UserNamespace.Because(NotAsked)
	t.Label.Because(NotAsked)
	t.Container.Because(NotAsked)
	t.Mounts.ReadOnlyRoot.Because(NotAsked)
	t.Mounts.ProcMasked.Because(NotAsked)
	t.Mounts.SysReadOnly.Because(NotAsked)
	t.WithoutNames("a configuration has no names")
}

// InUserNamespace says whether the task gets a user namespace below the node's, and which of
// its other namespaces that one owns. The ids that a configuration tells are those in there.
func (t *Task) InUserNamespace(child Value[bool], owned map[procstatus.NamespaceKind]Value[bool]) {
	t.Isolation.ChildUserNamespace = child
	is, ok := child.Get()
	if !ok {
		t.UserNamespace = Unknown[UserNamespace](child.Why())
		return
	}
	ns := UserNamespace{Initial: Known(!is), Own: true}
	ns.ID.Because(Unstarted)
	ns.UIDMap.Because(NotAsked)
	ns.GIDMap.Because(NotAsked)
	ns.Setgroups.Because(NotAsked)
	t.UserNamespace = Known(ns)
	if !is {
		return
	}
	var all Namespaces
	for k := range all {
		all[k] = HiddenNamespace(Unstarted)
		all[k].Owned = First(owned[procstatus.NamespaceKind(k)], Unknown[bool](NotAsked))
	}
	t.Namespaces = Known(all)
}
