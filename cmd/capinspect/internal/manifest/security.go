// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/capinspect/capinspect/capset/podsecurity"
)

// The types below have those members that only the Pod Security Standards look at.
type (
	securedPod struct {
		OS struct {
			Name string `json:"name"`
		} `json:"os"`
		Volumes list[volume] `json:"volumes"`
	}
	// volume is a volume by the keys that it has: its name, and one that is its type.
	volume map[string]json.RawMessage

	securedContainer struct {
		Ports          list[port] `json:"ports"`
		LivenessProbe  handler    `json:"livenessProbe"`
		ReadinessProbe handler    `json:"readinessProbe"`
		StartupProbe   handler    `json:"startupProbe"`
		Lifecycle      struct {
			PostStart handler `json:"postStart"`
			PreStop   handler `json:"preStop"`
		} `json:"lifecycle"`
	}
	port struct {
		HostPort int32 `json:"hostPort"`
	}
	// handler is a probe, or a hook in the life of a container.
	handler struct {
		HTTPGet   destination `json:"httpGet"`
		TCPSocket destination `json:"tcpSocket"`
	}
	destination struct {
		Host string `json:"host"`
	}

	securedContext struct {
		SELinuxOptions struct {
			User string `json:"user"`
			Role string `json:"role"`
			Type string `json:"type"`
		} `json:"seLinuxOptions"`
		WindowsOptions struct {
			HostProcess bool `json:"hostProcess"`
		} `json:"windowsOptions"`
	}
	sysctl struct {
		Name string `json:"name"`
	}
)

// security returns what the rules of the Pod Security Standards look at. The containers are
// those of a pod, in its order.
func (s *podSpec) security(p *Pod) *podsecurity.Pod {
	pod := &podsecurity.Pod{
		OS: s.OS.Name, HostUsers: p.HostUsers, HostPID: p.HostPID, HostIPC: p.HostIPC, HostNetwork: p.HostNetwork,
		Annotations: p.Annotations, SecurityContext: s.SecurityContext.security(),
	}
	for _, c := range s.SecurityContext.Sysctls {
		pod.Sysctls = append(pod.Sysctls, c.Name)
	}
	for _, v := range s.Volumes {
		pod.Volumes = append(pod.Volumes, v.security())
	}
	lists := map[string][]podContainer{
		"containers": s.Containers, "ephemeralContainers": s.EphemeralContainers, "initContainers": s.InitContainers,
	}
	for _, c := range p.Containers {
		pod.Containers = append(pod.Containers, lists[c.List][c.Index].security())
	}
	return pod
}

func (c *podContainer) security() podsecurity.Container {
	secured := podsecurity.Container{Name: c.Name, SecurityContext: c.SecurityContext.security()}
	for _, port := range c.Ports {
		secured.HostPorts = append(secured.HostPorts, port.HostPort)
	}
	for _, h := range [...]struct {
		path []string
		handler
	}{
		{[]string{"livenessProbe"}, c.LivenessProbe},
		{[]string{"readinessProbe"}, c.ReadinessProbe},
		{[]string{"startupProbe"}, c.StartupProbe},
		{[]string{"lifecycle", "postStart"}, c.Lifecycle.PostStart},
		{[]string{"lifecycle", "preStop"}, c.Lifecycle.PreStop},
	} {
		secured.Handlers = append(secured.Handlers,
			podsecurity.Handler{Field: slices.Concat(h.path, []string{"httpGet", "host"}), Host: h.HTTPGet.Host},
			podsecurity.Handler{Field: slices.Concat(h.path, []string{"tcpSocket", "host"}), Host: h.TCPSocket.Host})
	}
	return secured
}

func (s *containerSecurityContext) security() podsecurity.SecurityContext {
	asks := s.asks()
	add, drop := asks.lists()
	secured := podsecurity.SecurityContext{
		Privileged: asks.Privileged, AllowPrivilegeEscalation: asks.AllowPrivilegeEscalation,
		RunAsNonRoot: asks.RunAsNonRoot, RunAsUser: asks.RunAsUser, Add: add, Drop: drop, ProcMount: asks.ProcMount,
		SELinux:     podsecurity.SELinux(s.SELinuxOptions),
		HostProcess: s.WindowsOptions.HostProcess,
	}
	if p := asks.SeccompProfile; p != nil {
		secured.Seccomp = &p.Type
	}
	if p := asks.AppArmorProfile; p != nil {
		secured.AppArmor = &p.Type
	}
	return secured
}

// security returns the volume with its types. The API takes one that has none for an
// emptyDir.
func (v volume) security() podsecurity.Volume {
	secured := podsecurity.Volume{}
	if err := json.Unmarshal(v["name"], &secured.Name); err != nil {
		secured.Name = "" // it has none, or something else in its place
	}
	for _, key := range slices.Sorted(maps.Keys(v)) {
		if key != "name" && string(v[key]) != "null" {
			secured.Sources = append(secured.Sources, key)
		}
	}
	return secured
}

// list is a list of a pod.
type list[T any] []T

// Most bounds one list, so that memory is bounded before all are counted.
func (list[T]) Most() int { return maxElements }

// maxElements is how many elements the lists of a pod have at most. What runs has far
// fewer, and there is something to say of each.
const maxElements = 4096

// elements counts the elements of the lists that are read.
func (s *podSpec) elements() int {
	sum := len(s.Volumes) + len(s.SecurityContext.Sysctls) + len(s.SecurityContext.SupplementalGroups)
	for _, containers := range [...][]podContainer{s.Containers, s.EphemeralContainers, s.InitContainers} {
		for i := range containers {
			c := &containers[i]
			add, drop := c.SecurityContext.lists()
			sum += 1 + len(c.Ports) + len(add) + len(drop) + len(c.Command) + len(c.Args) + len(c.Env) + len(c.VolumeMounts)
		}
	}
	return sum
}
