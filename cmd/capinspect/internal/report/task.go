// SPDX-License-Identifier: Apache-2.0

package report

import "github.com/capinspect/capinspect/cmd/capinspect/internal/task"

// Task is what is known of one task.
type Task struct {
	// Stamp is that of the saved report that it was read from. Of another task it is left out
	// in a report, which has one, and not in a line.
	Stamp
	Identity
	Rights
	Switches
	Place
	Started
	Contained
	// Summary is not read: it follows from the rest.
	Summary   string               `json:"summary"`
	Profile   task.Value[[]string] `json:"profile"`
	OtherCaps []CapLine            `json:"otherCaps,omitempty" lines:"elements"`
	Notes     []Note               `json:"notes" lines:"elements"`
	Explained
}

// Process tells which task it is.
type Process struct {
	Pid task.Value[int] `json:"pid"`
	Tid task.Value[int] `json:"tid"`
}

// Origin tells where a task was read.
type Origin struct {
	Source string `json:"source"`
}

// Identity tells which task it is, and where it was read.
type Identity struct {
	Process
	PPid      task.Value[int]               `json:"ppid"`
	Name      task.Value[string]            `json:"name"`
	State     task.Value[string]            `json:"state"`
	Threads   task.Value[int]               `json:"threads"`
	NSPid     task.Value[[]task.Value[int]] `json:"nsPid"`
	TracerPid task.Value[int]               `json:"tracerPid"`
	Self      bool                          `json:"self"`
	Origin
	LastCap LastCap `json:"lastCap"`
}

// LastCap is the last capability of the kernel that a task comes from.
type LastCap struct {
	Value task.Value[int] `json:"value"`
	From  string          `json:"from"`
	Limit *Limit          `json:"limit"` // of a guess
}

// Limit is the last capability that a kernel can know, and why.
type Limit struct {
	Value int    `json:"value"`
	Text  string `json:"text"`
}

// Rights is what a task may do, as far as its status file tells.
type Rights struct {
	Privileges
	Owner
	Groups task.Value[[]Group] `json:"groups"`
	Restraint
	Seccomp task.Value[Seccomp] `json:"seccomp"`
}

// Privileges has the capabilities of a task.
type Privileges struct {
	Capabilities *Capabilities `json:"capabilities" lines:"members"`
}

// Capabilities are the five sets of a task.
type Capabilities struct {
	ByKind[task.Value[Set]]
	Text *string `json:"text"` // nil if it needs a set that is unknown
	IAB  *string `json:"iab"`
}

// CapLine is the line of a capability set that is not known here, as the kernel prints it.
type CapLine struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Owner has the ids of a task.
type Owner struct {
	UID task.Value[IDs] `json:"uid"`
	GID task.Value[IDs] `json:"gid"`
}

// IDs are the user or the group ids of a task.
type IDs struct {
	Real       task.Value[uint32] `json:"real"`
	Effective  task.Value[uint32] `json:"effective"`
	Saved      task.Value[uint32] `json:"saved"`
	Filesystem task.Value[uint32] `json:"filesystem"`
	*Elsewhere                    // nil if it is left out
}

// Elsewhere is what other files than status tell of ids.
type Elsewhere struct {
	RealName      task.Value[string] `json:"realName"`
	EffectiveName task.Value[string] `json:"effectiveName"`
	HostReal      task.Value[uint32] `json:"hostReal"`
	HostEffective task.Value[uint32] `json:"hostEffective"`
}

// Group is a supplementary group.
type Group struct {
	ID         task.Value[uint32] `json:"id"`
	*GroupName                    // nil if it is left out
}

// GroupName is what files other than status say about a group.
type GroupName struct {
	Name task.Value[string] `json:"name"`
}

// Restraint keeps a task from gaining privileges.
type Restraint struct {
	NoNewPrivs task.Value[bool] `json:"noNewPrivs"`
}

// Seccomp is what is known of the seccomp filters of a task.
type Seccomp struct {
	Mode    task.Value[string] `json:"mode"`
	Filters task.Value[int]    `json:"filters"`
}

// Switches are the securebits of a task, and the mode that follows from them.
type Switches struct {
	Securebits task.Value[Securebits] `json:"securebits" lines:"members"`
	Mode       task.Value[string]     `json:"mode"`
}

// Securebits are the securebits of a task.
type Securebits struct {
	Value task.Value[uint32] `json:"value"`
	Flags []Flag             `json:"flags" lines:"elements"`
}

// Flag is one of the securebits. Locked is nil of one that has no name.
type Flag struct {
	Name   string `json:"name"`
	Set    bool   `json:"set"`
	Locked *bool  `json:"locked"`
}

// Place is where a task is.
type Place struct {
	UserNamespace task.Value[UserNamespace] `json:"userNamespace" lines:"members"`
	Within
	Scopes task.Value[Object[Scope]] `json:"scopes" lines:"members"` // by the names of the capabilities
	Labelled
}

// Listed is what a list tells of where a task is.
type Listed struct {
	Within
	Labelled
}

// Within tells which namespaces a task is in.
type Within struct {
	Namespaces task.Value[Namespaces] `json:"namespaces" lines:"members"`
}

// Labelled tells what a security module calls a task.
type Labelled struct {
	LSM task.Value[Label] `json:"lsm"`
}

// UserNamespace is the user namespace of a task.
type UserNamespace struct {
	ID        task.Value[uint64]   `json:"id"`
	Initial   task.Value[bool]     `json:"initial"`
	UIDMap    task.Value[[]Extent] `json:"uidMap"`
	GIDMap    task.Value[[]Extent] `json:"gidMap"`
	Setgroups task.Value[string]   `json:"setgroups"`
}

// Extent is a line of a map of ids.
type Extent struct {
	Inside  uint32 `json:"inside"`
	Outside uint32 `json:"outside"`
	Length  uint32 `json:"length"`
}

// Namespaces are those of a task, in the order of [procstatus.NamespaceKind].
type Namespaces struct {
	Cgroup task.Value[Namespace] `json:"cgroup" unknown:"*"`
	IPC    task.Value[Namespace] `json:"ipc" unknown:"*"`
	Mnt    task.Value[Namespace] `json:"mnt" unknown:"*"`
	Net    task.Value[Namespace] `json:"net" unknown:"*"`
	PID    task.Value[Namespace] `json:"pid" unknown:"*"`
	Time   task.Value[Namespace] `json:"time" unknown:"*"`
	User   task.Value[Namespace] `json:"user" unknown:"*"`
	UTS    task.Value[Namespace] `json:"uts" unknown:"*"`
}

// Namespace is one namespace of a task.
type Namespace struct {
	ID             task.Value[uint64] `json:"id"`
	Node           task.Value[bool]   `json:"node"`
	SharedWithSelf task.Value[bool]   `json:"sharedWithSelf"`
	SharedWithPID1 task.Value[bool]   `json:"sharedWithPid1"`
	Owner          task.Value[uint64] `json:"owner"`
	Owned          task.Value[bool]   `json:"owned"`
	OwnedByUID     task.Value[bool]   `json:"ownedByUid"`
}

// Scope tells where a capability that the task holds counts.
type Scope struct {
	For     []string `json:"for"`
	NotFor  []string `json:"notFor"`
	Unclear []string `json:"unknown"` // the reason is that of namespaces.*.owned
}

// Label is what a security module calls a task.
type Label struct {
	Module *string `json:"module"`
	Label  string  `json:"label"`
	Mode   *string `json:"mode"`
}

// Contained tells the container that a task is in. It is left out if nobody has looked.
type Contained struct {
	Container task.Value[*Container] `json:"container,omitzero" lines:"members"`
}

// Container is a container or a pod.
type Container struct {
	ContainerID
	SandboxID *string `json:"sandboxId"`
	ContainerNames
	PodID     *string            `json:"podId"` // Podman's
	Hostname  task.Value[string] `json:"hostname"`
	Sandbox   task.Value[bool]   `json:"sandbox"`
	Evidence  []string           `json:"evidence"`
	Conflicts []string           `json:"conflicts"`
}

// ContainerID is what a runtime calls a container.
type ContainerID struct {
	Runtime task.Value[string] `json:"runtime"`
	ID      task.Value[string] `json:"id"`
}

// ContainerNames is what Kubernetes calls a container and its pod.
type ContainerNames struct {
	Name         task.Value[string] `json:"name"`
	PodUID       task.Value[string] `json:"podUID"`
	PodName      task.Value[string] `json:"podName"`
	PodNamespace task.Value[string] `json:"podNamespace"`
}

// Explained says why values are unknown.
type Explained struct {
	Unknown Unknown `json:"unknown" lines:"members"`
}
