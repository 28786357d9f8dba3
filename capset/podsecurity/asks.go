// SPDX-License-Identifier: Apache-2.0

package podsecurity

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
)

// Each function below finds what breaks the rule of its name in the table of rules.

// The annotations that said which profile to use before there were fields
// (k8s.io/api/core/v1, annotation_key_constants.go).
const (
	seccompOfPod        = "seccomp.security.alpha.kubernetes.io/pod"
	seccompOfContainer  = "container.seccomp.security.alpha.kubernetes.io/"
	appArmorOfContainer = "container.apparmor.security.beta.kubernetes.io/"
)

// seccompFields is the first version 1.N that looks at seccompProfile, and no longer at
// annotations.
const seccompFields = 19

// safeSysctls are the sysctls that a pod may set, with the first version 1.N that allows
// them.
var safeSysctls = map[string]uint8{
	"kernel.shm_rmid_forced":              0,
	"net.ipv4.ip_local_port_range":        0,
	"net.ipv4.tcp_syncookies":             0,
	"net.ipv4.ping_group_range":           0,
	"net.ipv4.ip_unprivileged_port_start": 0,
	"net.ipv4.ip_local_reserved_ports":    27,
	"net.ipv4.tcp_keepalive_time":         29,
	"net.ipv4.tcp_fin_timeout":            29,
	"net.ipv4.tcp_keepalive_intvl":        29,
	"net.ipv4.tcp_keepalive_probes":       29,
	"net.ipv4.tcp_rmem":                   32,
	"net.ipv4.tcp_wmem":                   32,
	"net.ipv4.tcp_slow_start_after_idle":  37,
	"net.ipv4.tcp_notsent_lowat":          37,
}

// safeSELinuxTypes are the types of SELinux that a container may have, with the first
// version 1.N that allows them.
var safeSELinuxTypes = map[string]uint8{
	"": 0, "container_t": 0, "container_init_t": 0, "container_kvm_t": 0,
	"container_engine_t": 31,
}

// safeVolumes are the sources of a volume that restricted allows.
var safeVolumes = []string{
	"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret",
}

func appArmorProfile(f *finder) {
	f.context([]string{"appArmorProfile", "type"}, func(s *SecurityContext) string {
		if s.AppArmor != nil && !profiled(*s.AppArmor) {
			return is(*s.AppArmor)
		}
		return ""
	})
	f.annotations(
		func(key string) bool { return strings.HasPrefix(key, appArmorOfContainer) },
		func(v string) bool { return v == "" || v == "runtime/default" || strings.HasPrefix(v, "localhost/") },
	)
}

// profiled reports whether a type of profile leaves a container with a profile.
func profiled(kind string) bool { return kind == "RuntimeDefault" || kind == "Localhost" }

// annotations finds annotations whose value is not allowed.
func (f *finder) annotations(looksAt, allowed func(string) bool) {
	for _, key := range slices.Sorted(maps.Keys(f.pod.Annotations)) {
		if value := f.pod.Annotations[key]; looksAt(key) && !allowed(value) {
			f.ofPod(is(value), "metadata", "annotations", key)
		}
	}
}

func capabilitiesBaseline(f *finder) { f.added(Baseline) }

// added finds capabilities in add that a level does not allow. Names count only as
// Kubernetes spells them.
func (f *finder) added(level Level) {
	p, _ := runtime.ProfileNamed(level.String(), capset.LastKnown)
	f.containers([]string{"capabilities", "add"}, func(s *SecurityContext) string {
		return has(s.Add, func(name string) bool {
			c, err := capset.Parse(name)
			return err == nil && p.Set.Has(c) && c.Kubernetes() == name
		})
	})
}

func hostNamespaces(f *finder) {
	for _, shared := range [...]struct {
		field string
		is    bool
	}{{"hostNetwork", f.pod.HostNetwork}, {"hostPID", f.pod.HostPID}, {"hostIPC", f.pod.HostIPC}} {
		if shared.is {
			f.ofPod("is true", "spec", shared.field)
		}
	}
}

func hostPathVolumes(f *finder) {
	for i, v := range f.pod.Volumes {
		if slices.Contains(v.Sources, "hostPath") {
			f.ofPod(v.named("hostPath"), "spec", "volumes", index(i))
		}
	}
}

func hostPorts(f *finder) {
	for i, c := range f.pod.Containers {
		for j, port := range c.HostPorts {
			if port != 0 {
				f.found = append(f.found, Breach{i, []string{"ports", index(j), "hostPort"}, is(strconv.Itoa(int(port)))})
			}
		}
	}
}

func hostProbesAndHostLifecycle(f *finder) {
	for i, c := range f.pod.Containers {
		for _, h := range c.Handlers {
			if h.Host != "" {
				f.found = append(f.found, Breach{i, h.Field, is(h.Host)})
			}
		}
	}
}

func privileged(f *finder) {
	f.containers([]string{"privileged"}, func(s *SecurityContext) string { return isTrue(s.Privileged) })
}

func procMount(f *finder) {
	f.containers([]string{"procMount"}, func(s *SecurityContext) string {
		if s.ProcMount == "" || s.ProcMount == "Default" {
			return ""
		}
		return is(s.ProcMount)
	})
}

func seLinuxOptions(f *finder) {
	f.context([]string{"seLinuxOptions", "type"}, func(s *SecurityContext) string {
		if since, ok := safeSELinuxTypes[s.SELinux.Type]; !ok || since > f.minor {
			return is(s.SELinux.Type)
		}
		return ""
	})
	f.context([]string{"seLinuxOptions", "user"}, func(s *SecurityContext) string { return isSet(s.SELinux.User) })
	f.context([]string{"seLinuxOptions", "role"}, func(s *SecurityContext) string { return isSet(s.SELinux.Role) })
}

// isSet says which value a field has that may have none.
func isSet(value string) string {
	if value == "" {
		return ""
	}
	return is(value)
}

func seccompBaseline(f *finder) {
	if f.minor >= seccompFields {
		f.context([]string{"seccompProfile", "type"}, badSeccomp)
		return
	}
	f.annotations(
		func(key string) bool {
			name, ok := strings.CutPrefix(key, seccompOfContainer)
			return key == seccompOfPod || ok && slices.ContainsFunc(f.pod.Containers, func(c Container) bool { return c.Name == name })
		},
		func(v string) bool {
			return v == "runtime/default" || v == "docker/default" || strings.HasPrefix(v, "localhost/")
		},
	)
}

// badSeccomp says what is wrong with a seccompProfile, "" if there is none.
func badSeccomp(s *SecurityContext) string {
	if s.Seccomp == nil || profiled(*s.Seccomp) {
		return ""
	}
	return is(*s.Seccomp)
}

func sysctls(f *finder) {
	for i, name := range f.pod.Sysctls {
		if since, ok := safeSysctls[name]; !ok || since > f.minor {
			f.ofPod(is(name), "spec", "securityContext", "sysctls", index(i), "name")
		}
	}
}

func windowsHostProcess(f *finder) {
	f.context([]string{"windowsOptions", "hostProcess"}, func(s *SecurityContext) string { return isTrue(&s.HostProcess) })
}

func allowPrivilegeEscalation(f *finder) {
	f.containers([]string{"allowPrivilegeEscalation"}, func(s *SecurityContext) string {
		if s.AllowPrivilegeEscalation != nil && !*s.AllowPrivilegeEscalation {
			return ""
		}
		return "is not false"
	})
}

func capabilitiesRestricted(f *finder) {
	f.containers([]string{"capabilities", "drop"}, func(s *SecurityContext) string {
		if slices.Contains(s.Drop, "ALL") {
			return ""
		}
		return "lacks ALL"
	})
	f.added(Restricted)
}

func restrictedVolumes(f *finder) {
	for i, v := range f.pod.Volumes {
		safe := func(source string) bool { return slices.Contains(safeVolumes, source) }
		if len(v.Sources) > 0 && !slices.ContainsFunc(v.Sources, safe) {
			f.ofPod(v.named(v.Sources[0]), "spec", "volumes", index(i))
		}
	}
}

func runAsNonRoot(f *finder) {
	ofPod := f.pod.SecurityContext.RunAsNonRoot
	if ofPod != nil && !*ofPod {
		f.ofPod("is false", "spec", "securityContext", "runAsNonRoot")
	}
	f.containers([]string{"runAsNonRoot"}, func(s *SecurityContext) string {
		switch {
		case s.RunAsNonRoot != nil && !*s.RunAsNonRoot:
			return "is false"
		case s.RunAsNonRoot == nil && isTrue(ofPod) == "":
			return "is not true, nor is that of the pod"
		}
		return ""
	})
}

func runAsUser(f *finder) {
	f.context([]string{"runAsUser"}, func(s *SecurityContext) string {
		if s.RunAsUser != nil && *s.RunAsUser == 0 {
			return "is 0"
		}
		return ""
	})
}

func seccompRestricted(f *finder) {
	field := []string{"seccompProfile", "type"}
	f.context(field, badSeccomp)
	why := "is not set, nor is that of the pod"
	if ofPod := f.pod.SecurityContext.Seccomp; ofPod != nil {
		if profiled(*ofPod) {
			return
		}
		why = "is not set, and that of the pod " + is(*ofPod)
	}
	f.containers(field, func(s *SecurityContext) string {
		if s.Seccomp != nil {
			return ""
		}
		return why
	})
}
