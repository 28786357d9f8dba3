// SPDX-License-Identifier: Apache-2.0

package runtime

import (
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset"
)

// Gate is what the default seccomp filter of a runtime opens to a container
// because it has a capability. The runtime makes the filter from the bounding
// set that it configures: a process gets through the gate even if the capability
// is in none of its other sets.
type Gate struct {
	Cap   capset.Cap
	Calls []string // the system calls that it opens, sorted

	// Free are those of the calls that need no capability for all that they do:
	// they work once the gate is open. Free is empty if the kernel asks for the
	// capability itself each time.
	Free []string

	// When says under which condition the free calls work; "" if there is none.
	When string

	// Since is the first release whose filter has the gate, such as "Docker 23.0"; ""
	// if every release has it that makes the filter from the capabilities.
	Since string
}

// filter is the table of the gates of one default filter, in the order of the
// capabilities.
type filter []Gate

// inNewUserNamespace is the condition for what a user namespace of one's own permits.
const inNewUserNamespace = "in a user namespace that it makes for itself, where the node lets users make them"

// perfParanoid and bpfUnprivileged are the conditions for what sysctls permit.
const (
	perfParanoid    = "as far as kernel.perf_event_paranoid lets users"
	bpfUnprivileged = "where kernel.unprivileged_bpf_disabled is 0"
	ownProcesses    = "for processes of its own uid"
)

// mobyFilter is the filter of Docker and containerd: moby/profiles,
// seccomp/default.json, which opens the lsm_ calls to SYS_ADMIN too, and containerd,
// contrib/seccomp/seccomp_default.go. For ptrace, process_vm_readv and process_vm_writev
// they ask for SYS_PTRACE only on kernels before 4.8, so that these are not in the table.
var mobyFilter = filter{
	{Cap: capset.DacReadSearch, Calls: []string{"open_by_handle_at"}},
	{Cap: capset.SysModule, Calls: []string{"delete_module", "finit_module", "init_module"}},
	{Cap: capset.SysRawio, Calls: []string{"ioperm", "iopl"}},
	{Cap: capset.SysChroot, Calls: []string{"chroot"}},
	{
		Cap: capset.SysPtrace, Calls: []string{"kcmp", "pidfd_getfd", "process_madvise"},
		Free: []string{"kcmp", "pidfd_getfd"}, When: ownProcesses,
	},
	{Cap: capset.SysPacct, Calls: []string{"acct"}},
	{
		Cap: capset.SysAdmin,
		Calls: []string{
			"bpf", "clone", "clone3", "fanotify_init", "fsconfig", "fsmount", "fsopen", "fspick", "lookup_dcookie", "mount",
			"mount_setattr", "move_mount", "open_tree", "perf_event_open", "quotactl", "quotactl_fd", "setdomainname",
			"sethostname", "setns", "syslog", "umount", "umount2", "unshare",
		},
		Free: []string{"unshare", "clone", "mount", "setns"}, When: inNewUserNamespace,
	},
	{Cap: capset.SysBoot, Calls: []string{"reboot"}},
	{
		Cap: capset.SysNice, Calls: []string{"get_mempolicy", "mbind", "set_mempolicy", "set_mempolicy_home_node"},
		Free: []string{"get_mempolicy", "mbind", "set_mempolicy", "set_mempolicy_home_node"},
	},
	{Cap: capset.SysTime, Calls: []string{"clock_settime", "clock_settime64", "settimeofday", "stime"}},
	{Cap: capset.SysTtyConfig, Calls: []string{"vhangup"}},
	{
		Cap: capset.Syslog, Calls: []string{"syslog"},
		Free: []string{"syslog"}, When: "for reading, where kernel.dmesg_restrict is 0",
	},
	{
		Cap: capset.Perfmon, Calls: []string{"perf_event_open"},
		Free: []string{"perf_event_open"}, When: perfParanoid, Since: "Docker 23.0 and containerd 1.7",
	},
	{
		Cap: capset.Bpf, Calls: []string{"bpf"},
		Free: []string{"bpf"}, When: bpfUnprivileged, Since: "Docker 23.0 and containerd 1.7",
	},
}

// podmanFilter is the filter of Podman and Buildah: containers/common,
// pkg/seccomp/seccomp.json. It allows mount, unshare, mbind, ptrace and their kin to
// everybody. So it does setns: it has a rule that asks for SYS_ADMIN too, but the first
// of two rules counts. Before 0.68.0 perf_event_open took PERFMON and SYS_ADMIN together.
var podmanFilter = filter{
	{Cap: capset.DacReadSearch, Calls: []string{"open_by_handle_at"}},
	{Cap: capset.SysModule, Calls: []string{"delete_module", "finit_module", "init_module", "query_module"}},
	{Cap: capset.SysRawio, Calls: []string{"ioperm", "iopl"}},
	{
		Cap: capset.SysChroot, Calls: []string{"chroot"},
		Free: []string{"chroot"}, When: inNewUserNamespace,
	},
	{
		Cap: capset.SysPtrace, Calls: []string{"kcmp", "process_madvise"},
		Free: []string{"kcmp"}, When: ownProcesses,
	},
	{Cap: capset.SysPacct, Calls: []string{"acct"}},
	{
		Cap: capset.SysAdmin,
		Calls: []string{
			"bpf", "lookup_dcookie", "perf_event_open", "quotactl", "quotactl_fd", "setdomainname", "sethostname",
		},
		Free: []string{"setdomainname", "sethostname"}, When: inNewUserNamespace,
	},
	{Cap: capset.SysTime, Calls: []string{"clock_settime", "clock_settime64", "settimeofday", "stime"}},
	{Cap: capset.SysTtyConfig, Calls: []string{"vhangup"}},
	{Cap: capset.AuditWrite, Calls: []string{"socket"}}, // of NETLINK_AUDIT
	{
		Cap: capset.Perfmon, Calls: []string{"perf_event_open"},
		Free: []string{"perf_event_open"}, When: perfParanoid, Since: "containers/common 0.68.0",
	},
	{
		Cap: capset.Bpf, Calls: []string{"bpf"},
		Free: []string{"bpf"}, When: bpfUnprivileged, Since: "containers/common 0.60.0",
	},
}

// crioFilter is the filter of CRI-O: Podman's, with unshare for SYS_ADMIN alone
// (internal/config/seccomp/seccomp.go, DefaultProfile, pull request 5788).
var crioFilter = podmanFilter.opens(capset.SysAdmin, "unshare")

// refused are system calls that package operation knows and that every default filter
// refuses, whatever the capabilities.
var refused = []string{
	"add_key", "io_uring_setup", "kexec_file_load", "kexec_load", "migrate_pages", "move_pages", "request_key", "swapoff", "swapon", "userfaultfd",
}

// SeccompRefusesSince returns the first release whose default filter refuses a system call
// for which [Runtime.SeccompRefuses] holds, such as "Docker 25.0"; "" if every release has
// done so.
func (r *Runtime) SeccompRefusesSince(call string) string {
	if r == nil {
		return ""
	}
	return r.refusedSince[call]
}

// SeccompRefuses reports whether the runtime's default seccomp filter refuses a system call
// that package operation knows, whatever the capabilities.
func (r *Runtime) SeccompRefuses(call string) bool {
	return r != nil && (slices.Contains(refused, call) || slices.Contains(r.refused, call))
}

// opens returns the filter with one more call behind a gate, which needs no capability in
// a new user namespace.
func (f filter) opens(c capset.Cap, call string) filter {
	f = slices.Clone(f)
	for i := range f {
		if g := &f[i]; g.Cap == c {
			g.Calls = slices.Sorted(slices.Values(append(slices.Clone(g.Calls), call)))
			g.Free = append(slices.Clone(g.Free), call)
		}
	}
	return f
}

// SeccompGate returns what the runtime's default seccomp filter opens with a
// capability. ok is false if that is nothing.
func (r *Runtime) SeccompGate(c capset.Cap) (g Gate, ok bool) {
	if r == nil {
		return Gate{}, false
	}
	i := slices.IndexFunc(r.filter, func(g Gate) bool { return g.Cap == c })
	if i < 0 {
		return Gate{}, false
	}
	g = r.filter[i]
	// The caller gets copies, so that nobody can change the table.
	g.Calls, g.Free = slices.Clone(g.Calls), slices.Clone(g.Free)
	return g, true
}

// Text says which of the calls need no capability, such as "mbind and set_mempolicy need no
// capability"; "" if all of them need one.
func (g Gate) Text() string {
	switch last := len(g.Free) - 1; {
	case last < 0:
		return ""
	case last == 0:
		return strings.TrimSpace(g.Free[0] + " needs no capability " + g.When)
	default:
		all := strings.Join(g.Free[:last], ", ") + " and " + g.Free[last]
		return strings.TrimSpace(all + " need no capability " + g.When)
	}
}
