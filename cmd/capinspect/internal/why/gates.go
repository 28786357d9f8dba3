// SPDX-License-Identifier: Apache-2.0

package why

import (
	"cmp"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// gate is what decides beside a capability that is effective, and cannot be seen in the
// task. A row names the capabilities that it fits.
type gate struct {
	code      string
	caps      capset.Set
	container bool // it is for a task that may be in a container
	child     bool // it is for a task in a child user namespace
	// outside names the kind of namespace if it decides outside the node's one alone.
	outside *procstatus.NamespaceKind
	text    string
	changes []Change
}

// gateNamespace is the code of what the kernel has for the node's namespaces alone.
const gateNamespace = "gate-namespace"

// gates is the table of them. Seccomp and the security modules are not in it, since they
// are seen in the task.
var gates = []gate{
	{
		code: "device-cgroup", caps: capset.Of(capset.SysAdmin, capset.Mknod, capset.SysRawio, capset.NetAdmin), container: true,
		text:    "for a device such as /dev/fuse or /dev/net/tun the device cgroup decides too: one that was only mounted or created there does not open (EPERM)",
		changes: []Change{{"securityContext", "for a device, a device plugin or resource claim that opens it (docker: --device DEVICE)"}},
	},
	{
		code: "file-server", caps: capset.Of(capset.Chown, capset.DacOverride, capset.DacReadSearch, capset.Fowner, capset.Fsetid),
		text: "on a network file system the server decides: with root_squash NFS takes uid 0 for nobody (EPERM, EACCES)",
	},
	{
		code: "unmapped", caps: capset.Of(capset.Chown, capset.Setuid, capset.Setgid), child: true,
		text: "an id that its user namespace does not map cannot be given (EINVAL): /proc/PID/uid_map and gid_map have those that it maps",
	},
	{
		code: "gate-sysctl", caps: capset.Of(capset.DacOverride),
		text: "in a sticky directory that everybody may write to, fs.protected_regular and fs.protected_fifos also keep root from opening files of others with O_CREAT (EACCES)",
	},
	{
		code: "gate-sysctl", caps: capset.Of(capset.Perfmon),
		text: "where kernel.perf_event_paranoid is 4 (3 on older kernels) on Ubuntu, perf_event_open asks for cap_sys_admin instead (EACCES)",
	},
	{
		code: "gate-sysctl", caps: capset.Of(capset.SysPtrace),
		text: "where kernel.yama.ptrace_scope is 3 nobody may attach to a process (EPERM)",
	},
	{
		code: "gate-sysctl", caps: capset.Of(capset.SysModule),
		text: "where kernel.modules_disabled is 1, or the kernel wants signed modules, it is refused",
	},
	{
		code: "gate-sysctl", caps: capset.Of(capset.SysBoot),
		text: "where kernel.kexec_load_disabled is 1, no other kernel can be loaded (EPERM)",
	},
	{
		code: "gate-sysctl", caps: capset.Of(capset.SysResource),
		text: "RLIMIT_NOFILE goes no higher than fs.nr_open (EPERM)",
	},
	{
		code: "gate-sysctl", caps: capset.Of(capset.Syslog),
		text: "where kernel.kptr_restrict is 2, the addresses of the kernel read as 0",
	},
	{
		code: "gate-cgroup", caps: capset.Of(capset.SysNice),
		text: "where the kernel has real-time groups, it refuses SCHED_FIFO and SCHED_RR in a cgroup whose cpu.rt_runtime_us is 0, as that of a container is by default (EPERM)",
	},
	{
		code: "lockdown", caps: capset.Of(capset.SysRawio),
		text: "kernel lockdown, which Secure Boot often switches on, refuses /dev/mem, I/O ports and MSRs (EPERM)",
	},
	{
		code: gateNamespace, caps: capset.Of(capset.AuditControl), outside: new(procstatus.NamespacePID),
		text:    "the kernel takes the commands of audit from its initial pid namespace alone (EPERM)",
		changes: []Change{{"securityContext", "in the pod's spec, hostPID: true (docker: --pid host)"}},
	},
	{
		code: gateNamespace, caps: capset.Of(capset.AuditRead), outside: new(procstatus.NamespaceNet),
		text:    "the kernel sends audit records to its initial network namespace alone",
		changes: []Change{{"securityContext", "in the pod's spec, hostNetwork: true (docker: --network host)"}},
	},
}

// gateReasons returns the gates as rows of the table of reasons. They follow the reason.
func gateReasons() (rows []reason) {
	for _, g := range gates {
		rows = append(rows, reason{
			code: g.code, in: effective, general: true,
			applies: func(q *question) bool { return g.caps.Has(q.cap) && g.decides(q.Subject) },
			text:    says(g.text),
			changes: func(*question) []Change { return slices.Clone(g.changes) },
		})
	}
	return rows
}

// decides reports whether the gate may decide over a task.
func (g *gate) decides(s *Subject) bool {
	if g.outside != nil && task.Is(s.Task.Namespace(*g.outside).Node, true) {
		return false
	}
	return !(g.container && s.Outside) && !(g.child && !s.Task.InChildUserNamespace())
}

// RuntimeName returns the runtime whose default seccomp filter is assumed.
func (s *Subject) RuntimeName() string {
	if name := s.Task.Runtime(); runtime.Named(name) != nil {
		return name
	}
	return "docker"
}

// gate returns what the default seccomp filter of the runtime opens with the capability.
func (q *question) gate() (runtime.Gate, bool) {
	return runtime.Named(q.RuntimeName()).SeccompGate(q.cap)
}

// Filtered reports whether a seccomp filter is on. Where that is unknown, one is assumed.
func (s *Subject) Filtered() bool {
	seccomp, ok := s.Task.Seccomp.Get()
	return !ok || seccomp.Mode != 0
}

// free returns the system calls that need no capability once the default seccomp filter
// lets them through, and under which condition; "" if there are none.
func (q *question) free() string {
	if q.Outside {
		return ""
	}
	g, _ := q.gate()
	return g.Text()
}

// opened says which system calls the task can do without the capability: the filter sees
// the bounding set alone, and where no filter is on nothing refuses them.
func (q *question) opened() string {
	free := q.free()
	switch {
	case free == "":
		return ""
	case !q.Filtered():
		return "no seccomp filter is on: " + free
	case !q.Credentials.Sets[capset.Bounding].Has(q.cap):
		return ""
	}
	text := "for the default seccomp filter of " + q.RuntimeName() + " the bounding set is enough: " + free
	if g, _ := q.gate(); g.Since != "" {
		text += " (since " + g.Since + ")"
	}
	return text
}

// assumesFilter reports whether the answer depends on which seccomp filter the task has.
func (q *question) assumesFilter() bool {
	if q.Outside || !q.Filtered() {
		return false
	}
	if q.state == effective {
		return q.seccompFits()
	}
	return q.state&withoutIt != 0 && q.free() != ""
}

// seccompFits reports whether a seccomp filter may refuse what the capability permits. In
// a container that is what the runtime's default filter knows the capability for; on the
// host any filter may refuse anything.
func (q *question) seccompFits() bool {
	s, ok := q.Task.Seccomp.Get()
	if !ok || s.Mode == 0 {
		return false
	}
	_, gated := q.gate()
	return gated || q.Outside
}

// deniedByRuntimeLabels is what the AppArmor profiles of runtimes deny: mounts, tracing and
// signals beyond the profile, and some files of /proc and /sys. They permit every
// capability itself.
var deniedByRuntimeLabels = capset.Of(capset.Kill, capset.SysRawio, capset.SysPtrace, capset.SysAdmin, capset.MacAdmin)

// Module returns the security module that may refuse what a capability permits, with the
// task's label; "" if none may.
func (s *Subject) Module(c capset.Cap) (name, label string) {
	l, ok := s.Task.Label.Get()
	if !ok || l.Mode == "complain" || l.Mode == "unconfined" || l.Label == "unconfined" ||
		strings.Contains(l.Label, ":unconfined_t") || strings.Contains(l.Label, ":spc_t") {
		return "", ""
	}
	if s.Task.HasRuntimeLabel() && !deniedByRuntimeLabels.Has(c) {
		return "", ""
	}
	return cmp.Or(l.Module, "the security module's label"), l.Label
}

// confined says what besides capabilities confines the task, and fits the capability; "" if
// nothing does.
func (q *question) confined() string {
	var by []string
	if q.seccompFits() {
		by = append(by, "seccomp ("+task.SeccompName(q.Task.Seccomp.Zero().Mode)+")")
	}
	if name, label := q.Module(q.cap); name != "" {
		by = append(by, name+" ("+label+")")
	}
	return strings.Join(by, " or ")
}

// confinedText says what may refuse the capability, and what the default filter does.
func (q *question) confinedText() string {
	text := "it is effective, but " + q.confined() + " may refuse what it permits"
	g, gated := q.gate()
	if !q.seccompFits() || q.Outside || !gated {
		return text
	}
	text += ": the default filter of " + q.RuntimeName() + " allows " + strings.Join(g.Calls, ", ") + " with it"
	if g.Since != "" {
		text += " since " + g.Since
	}
	return text
}

// unconfine returns what makes each of them permit it.
func (q *question) unconfine() (list []Change) {
	name, _ := q.Module(q.cap)
	if q.seccompFits() {
		if q.Outside {
			list = append(list, Change{"unit", "SystemCallFilter= with the system calls that it is for"})
		} else {
			list = append(list, Change{"securityContext", "if its filter is another one, seccompProfile of type Localhost with the system calls that it is for (docker: --security-opt seccomp=FILE)"})
		}
	}
	if q.Outside {
		return list
	}
	switch name {
	case "":
	case "selinux":
		list = append(list, Change{"securityContext", "seLinuxOptions with a type that permits it (docker: --security-opt label=type:TYPE)"})
	default:
		list = append(list, Change{"securityContext", "appArmorProfile of type Localhost that permits it (docker: --security-opt apparmor=PROFILE)"})
	}
	return list
}
