// SPDX-License-Identifier: Apache-2.0

// Package manifest reads what manifests of Kubernetes ask for: the security context of
// each container, and the state in which a runtime starts it. It knows the traps, where a
// manifest does not ask for what it seems to.
package manifest

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset/podsecurity"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// SecurityContext is what is asked of a runtime for one container, in the form that
// Kubernetes gives it (core/v1, SecurityContext and PodSecurityContext). What is nil or
// empty is not asked for.
type SecurityContext struct {
	Capabilities             *Capabilities    `json:"capabilities,omitempty"`
	Privileged               *bool            `json:"privileged,omitempty"`
	RunAsUser                *int64           `json:"runAsUser,omitempty"`
	RunAsGroup               *int64           `json:"runAsGroup,omitempty"`
	RunAsNonRoot             *bool            `json:"runAsNonRoot,omitempty"`
	ReadOnlyRootFilesystem   *bool            `json:"readOnlyRootFilesystem,omitempty"`
	AllowPrivilegeEscalation *bool            `json:"allowPrivilegeEscalation,omitempty"`
	ProcMount                string           `json:"procMount,omitempty"`
	SeccompProfile           *SeccompProfile  `json:"seccompProfile,omitempty"`
	AppArmorProfile          *AppArmorProfile `json:"appArmorProfile,omitempty"`
}

// Capabilities are the lists of a securityContext, as they are written: names without
// CAP_, or ALL.
type Capabilities struct {
	Drop list[string] `json:"drop,omitempty"`
	Add  list[string] `json:"add,omitempty"`
}

// SeccompProfile says which seccomp filter is asked for.
type SeccompProfile struct {
	Type  string `json:"type"` // RuntimeDefault, Localhost or Unconfined
	Local string `json:"-"`    // the name of one of the node
}

// AppArmorProfile says which profile of AppArmor is asked for.
type AppArmorProfile struct {
	Type  string `json:"type"` // RuntimeDefault, Localhost or Unconfined
	Local string `json:"-"`    // the name of one of the node
}

// Pod is a pod of Kubernetes, or what a workload would make its pods of.
type Pod struct {
	Kind                          string // "Pod", "Deployment" and so on; "" in a list that does not tell
	Name, Namespace, UID          string
	Hash                          string // of a static pod, whose cgroup has this in place of its UID
	HostUsers                     *bool
	HostPID, HostIPC, HostNetwork bool
	Windows                       bool     // it can only run on Windows
	Groups                        []uint32 // supplementalGroups and fsGroup
	Containers                    []*Container
	Asks                          SecurityContext // what it asks for all of them

	Annotations map[string]string // of the template, if it is not the pod itself

	// Security is what the rules of the Pod Security Standards look at. Its containers are
	// in the order of Containers.
	Security *podsecurity.Pod

	unknown *[]UnknownField // once they were looked for
	object  *object
	path    []string            // the keys that lead to the template in the object, none if it is the pod itself
	fields  map[string][]string // and to fields of its spec that are elsewhere
}

// Container is a container of a pod.
type Container struct {
	Name        string
	Runtime, ID string          // of containerID in the status, as "containerd" and 64 digits
	User        *User           // of the status; nil if it does not tell
	List        string          // of the spec that it is in, as "initContainers"
	Index       int             // in that list
	Asks        SecurityContext // without what its pod asks for all
	Starts      Starts
}

// Starts says what a container starts, as far as its image does not.
type Starts struct {
	Command, Args []string // in place of the image's entrypoint and of its command; nil if it has none
	WorkingDir    string
	Path          string // the variable PATH; "" if it is the image's
	Mounts        []Mount
}

// Mount is a volume that is mounted over the files of the image.
type Mount struct{ Volume, Path string }

// Extra reports whether it is an init or an ephemeral container.
func (c *Container) Extra() bool { return c.List != "containers" }

// Forget drops all but the names of the pod and its containers, so that many pods can be told
// of.
func (p *Pod) Forget() {
	for _, c := range p.Containers {
		*c = Container{Name: c.Name, List: c.List, Index: c.Index}
	}
	*p = Pod{Kind: p.Kind, Namespace: p.Namespace, Name: p.Name}
}

// Of returns what the pod asks for one of its containers.
func (p *Pod) Of(c *Container) *Manifest {
	return &Manifest{Pod: p, Container: c, Asks: c.Asks.merge(&p.Asks)}
}

// FullName names the container with what kind it is, as "init container setup". One
// without a name is counted.
func (c *Container) FullName() string {
	role := strings.ToLower(strings.Replace(strings.TrimSuffix(c.List, "s"), "Container", " container", 1))
	return role + " " + cmp.Or(c.Name[:min(len(c.Name), maxName)], strconv.Itoa(c.Index+1))
}

// FullName names the pod, as "Deployment/default/web".
func (p *Pod) FullName() string {
	name := "Pod"
	if p.Kind != "" {
		name = p.Kind
	}
	for _, part := range [...]string{p.Namespace, p.Name} {
		if part != "" {
			name += "/" + part
		}
	}
	return name[:min(len(name), maxName)]
}

// User is who a container was started as.
type User struct {
	UID, GID uint32
	Groups   []uint32
}

// Manifest is what a manifest asks for one container, and of which runtime.
type Manifest struct {
	Pod       *Pod
	Container *Container
	Runtime   *runtime.Runtime
	Asks      SecurityContext // of both
	Direct    bool            // the runtime itself is asked, and not Kubernetes
	Assumed   []task.Note
	Traps     []task.Note // where it does not ask for what it seems to
}
