// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"cmp"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset/podsecurity"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// profiles returns the profiles that Kubernetes is asked to confine the container with, nil if
// it is not Kubernetes that is asked.
func (m *Manifest) profiles() *task.Profiles {
	at := slices.Index(m.Pod.Containers, m.Container)
	if at < 0 || m.Pod.Security == nil {
		return nil
	}
	p := &task.Profiles{AppArmor: m.appArmor(), SELinux: label(m.Pod.Security.Containers[at].SecurityContext.SELinux)}
	if p.SELinux == "" {
		p.SELinux = label(m.Pod.Security.SecurityContext.SELinux)
	}
	if s := m.Asks.SeccompProfile; s != nil && !m.Asks.privileged() {
		p.Seccomp = profile(s.Type, s.Local)
	}
	return p
}

// appArmorOf is the annotation that said which profile to use before Kubernetes 1.30, before
// the name of the container.
const appArmorOf = "container.apparmor.security.beta.kubernetes.io/"

// appArmor returns the profile of AppArmor. The runtime confines a container that asks for none
// unless it is privileged (containerd, internal/cri/server/container_create_linux.go).
func (m *Manifest) appArmor() string {
	own, annotated := m.Container.Asks.AppArmorProfile, m.Pod.Annotations[appArmorOf+m.Container.Name]
	switch local, isLocal := strings.CutPrefix(annotated, "localhost/"); {
	case own == nil && isLocal:
		own = &AppArmorProfile{"Localhost", local}
	case own == nil && annotated == "unconfined":
		own = &AppArmorProfile{Type: "Unconfined"}
	case own == nil && annotated == "":
		own = m.Pod.Asks.AppArmorProfile
	}
	switch {
	case own != nil:
		return profile(own.Type, own.Local)
	case m.Asks.privileged():
		return "Unconfined"
	}
	return "RuntimeDefault"
}

// profile names a profile, as "Localhost audit.json".
func profile(kind, local string) string {
	name := strings.TrimSpace(kind + " " + local)
	return name[:min(len(name), maxName)]
}

// label returns what is asked of a label of SELinux, "" for nothing.
func label(asks podsecurity.SELinux) string {
	if asks == (podsecurity.SELinux{}) {
		return ""
	}
	const left = "*" // to the runtime
	name := cmp.Or(asks.User, left) + ":" + cmp.Or(asks.Role, left) + ":" + cmp.Or(asks.Type, left)
	return name[:min(len(name), maxName)]
}
