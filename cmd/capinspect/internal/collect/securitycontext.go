// SPDX-License-Identifier: Apache-2.0

package collect

// SecurityContext is what a manifest asks of the runtime for one container: the
// securityContext of the container over that of its pod. A pointer is nil, and a
// list or a text empty, where it asks for nothing (Kubernetes core/v1,
// SecurityContext and PodSecurityContext).
type SecurityContext struct {
	Add, Drop                []string // as they are written: names without CAP_, or ALL
	Privileged               *bool
	RunAsUser, RunAsGroup    *int64
	RunAsNonRoot             *bool
	AllowPrivilegeEscalation *bool
	ReadOnlyRootFilesystem   *bool
	Seccomp                  string // seccompProfile.type
	ProcMount                string
}
