// SPDX-License-Identifier: Apache-2.0

package podsecurity

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Pod is what the manifest of a pod asks for, as far as a rule looks at it. What is
// nil or empty is not asked for.
type Pod struct {
	OS                            string // "windows", or "linux"
	HostUsers                     *bool
	HostPID, HostIPC, HostNetwork bool
	Annotations                   map[string]string
	Sysctls                       []string // their names
	Volumes                       []Volume
	SecurityContext               SecurityContext // without what only a container has
	Containers                    []Container     // init and ephemeral containers too
}

// Volume is a volume of a pod.
type Volume struct {
	Name    string
	Sources []string // such as "hostPath"; a valid volume has one, or none for emptyDir
}

// Container is a container of a pod.
type Container struct {
	Name            string
	SecurityContext SecurityContext
	HostPorts       []int32 // of each port; 0 if it has none
	Handlers        []Handler
}

// Handler is a probe or a hook of a container that opens a connection.
type Handler struct {
	Field []string // of the host, such as {"livenessProbe", "httpGet", "host"}
	Host  string   // "" is the container itself
}

// SecurityContext is the securityContext of a pod or of a container.
type SecurityContext struct {
	Privileged               *bool
	AllowPrivilegeEscalation *bool
	RunAsNonRoot             *bool
	RunAsUser                *int64
	Add, Drop                []string // capabilities, as they are written
	ProcMount                string
	Seccomp, AppArmor        *string // the types of the profiles
	SELinux                  SELinux
	HostProcess              bool // of Windows
}

// SELinux is seLinuxOptions without the level, which no rule is about.
type SELinux struct{ User, Role, Type string }

// Breach is a place in a manifest that breaks a rule.
type Breach struct {
	// Container is the index of the container in Pod.Containers, or -1 if the pod
	// itself breaks the rule.
	Container int

	// Field leads to the place: from the container, or from the pod, where it begins
	// with "spec" or "metadata". An index in a list is in decimal. The field that a
	// rule demands may not be there.
	Field []string

	// Text says what is wrong with it, such as "is Unconfined". It may be what the manifest
	// says, with control characters.
	Text string
}

// String says what is wrong, such as "securityContext.privileged is true".
func (b Breach) String() string {
	var path strings.Builder
	for i, name := range b.Field {
		switch {
		case strings.Trim(name, "0123456789") == "" || strings.Contains(name, "."):
			path.WriteString("[" + name + "]")
		case i > 0:
			path.WriteString("." + name)
		default:
			path.WriteString(name)
		}
	}
	return path.String() + " " + b.Text
}

// Breaches returns where a pod breaks the rule in version 1.minor, in the order of its
// containers. Unlike [Rule.Judge], it misses nothing: Pod Security admission refuses the
// pod if there is any.
func (r Rule) Breaches(p *Pod, minor uint8) []Breach {
	if r.asks == nil || r.SparesUserNamespaces && minor >= sparing && p.HostUsers != nil && !*p.HostUsers ||
		r.SparesWindows && minor >= sparingWindows && p.OS == "windows" {
		return nil
	}
	f := finder{pod: p, minor: minor}
	r.asks(&f)
	return f.found
}

// finder collects what breaks one rule.
type finder struct {
	pod   *Pod
	minor uint8 // of the version, 1.minor
	found []Breach
}

// ofPod adds a breach by the pod itself.
func (f *finder) ofPod(text string, field ...string) {
	f.found = append(f.found, Breach{Container: -1, Field: field, Text: text})
}

// context calls look with the securityContext of the pod and with that of each
// container. What look says of a field in it is a breach, but for "".
func (f *finder) context(field []string, look func(*SecurityContext) string) {
	if text := look(&f.pod.SecurityContext); text != "" {
		f.ofPod(text, append([]string{"spec", "securityContext"}, field...)...)
	}
	f.containers(field, look)
}

// containers is context without that of the pod.
func (f *finder) containers(field []string, look func(*SecurityContext) string) {
	for i := range f.pod.Containers {
		if text := look(&f.pod.Containers[i].SecurityContext); text != "" {
			f.found = append(f.found, Breach{Container: i, Field: append([]string{"securityContext"}, field...), Text: text})
		}
	}
}

// maxListed is how many values a breach names.
const maxListed = 8

// maxValue is the length of a value in a breach, in bytes. The longest name of a sysctl
// that Kubernetes takes has 253.
const maxValue = 256

// is says which value a field has.
func is(value string) string { return "is " + short(value) }

// short cuts a value that no valid manifest has. An empty one is shown as "".
func short(value string) string {
	if value == "" {
		return `""`
	}
	return value[:min(len(value), maxValue)]
}

// has says which values of a list should not be in it, "" if all may.
func has(list []string, allowed func(string) bool) string {
	var bad []string
	for _, value := range list {
		if value = short(value); !allowed(value) && !slices.Contains(bad, value) {
			bad = append(bad, value)
		}
		if len(bad) > maxListed {
			return "has " + strings.Join(bad[:maxListed], ", ") + " and more"
		}
	}
	if bad == nil {
		return ""
	}
	return "has " + strings.Join(bad, ", ")
}

// isTrue returns "is true" for what must not be true.
func isTrue(b *bool) string {
	if b != nil && *b {
		return "is true"
	}
	return ""
}

// index is the index of an element of a list, in a Field.
func index(i int) string { return strconv.Itoa(i) }

// named says which of the volumes breaks a rule.
func (v *Volume) named(source string) string {
	if source == "" {
		source = "of no known type"
	}
	return fmt.Sprintf("is %s, in the volume %s", short(source), short(v.Name))
}
