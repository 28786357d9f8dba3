// SPDX-License-Identifier: Apache-2.0

package operation

import "github.com/capinspect/capinspect/capset"

// guarded returns an operation on sysctls that ask for capabilities whenever they are
// written, after the mode of the file has let the task open it.
func guarded(why string, caps []capset.Cap, names ...string) Operation {
	return Operation{
		Names: names, Caps: caps, Errno: "EPERM", Scope: capset.ScopeInitial, Why: why, Gates: []Note{fileMode, readOnlyProc},
	}
}

// sysctls returns operations on files below /proc/sys (fs/proc/proc_sysctl.c, test_perm, and
// what the tables of sysctls have as their permissions).
func sysctls() []Operation {
	const besides = "Besides the right to write, these take the capability."
	usermodeHelper := guarded("Besides the right to write, these take both.", []capset.Cap{capset.Setpcap, capset.SysModule},
		"write /proc/sys/kernel/usermodehelper", "/proc/sys/kernel/usermodehelper", "/proc/sys/kernel/usermodehelper/bset")
	usermodeHelper.All = true
	usermodeHelper.Unverified = "SETPCAP counts in its own user namespace everywhere else"
	memfd := guarded("Besides the right to write, it takes the capability, which is checked against the owner of the pid namespace.", admin,
		"write /proc/sys/vm/memfd_noexec", "/proc/sys/vm/memfd_noexec")
	memfd.Scope = capset.ScopePID
	return []Operation{
		{
			Names: []string{"write /proc/sys/net", "/proc/sys/net", "sysctl net."}, Caps: []capset.Cap{capset.NetAdmin}, Errno: "EACCES", Scope: capset.ScopeNet,
			Why: "A task with NET_ADMIN over the network namespace counts as the owner of its sysctls.", Instead: []Note{rootOwned, {"podspec", "securityContext.sysctls of the pod (docker: --sysctl)"}}, Gates: []Note{readOnlyProc},
		},
		{
			Names: []string{"write /proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv4/conf/IF/forwarding", "net.ipv4.ip_forward", "ip_forward"},
			Caps:  []capset.Cap{capset.NetAdmin}, Errno: "EPERM", Scope: capset.ScopeNet,
			Why: "Forwarding takes NET_ADMIN over the network namespace whenever it is written, also of uid 0, who owns the file.", Instead: []Note{{"podspec", "securityContext.sysctls of the pod (docker: --sysctl)"}}, Gates: []Note{readOnlyProc},
		},
		{
			Names: []string{"write /proc/sys/user", "/proc/sys/user", "sysctl user."}, Caps: []capset.Cap{capset.SysResource}, Errno: "EACCES", Scope: capset.ScopeOwn,
			Why: "The limits on namespaces take SYS_RESOURCE in the user namespace that they are for, also of uid 0.", Gates: []Note{readOnlyProc},
		},
		{
			Names: []string{
				"write /proc/sys/kernel/shmmax", "/proc/sys/kernel/shmmax", "/proc/sys/kernel/shmall", "/proc/sys/kernel/shmmni", "/proc/sys/kernel/shm_rmid_forced",
				"/proc/sys/kernel/msgmax", "/proc/sys/kernel/msgmnb", "/proc/sys/kernel/msgmni", "/proc/sys/kernel/sem", "/proc/sys/fs/mqueue", "sysctl kernel.shm", "sysctl kernel.msg",
			}, Errno: "EACCES", Scope: capset.ScopeIPC,
			Why:     "The limits of an IPC namespace need no capability, and DAC_OVERRIDE does not override their mode.",
			Instead: []Note{ownerRoot, {"podspec", "securityContext.sysctls of the pod (docker: --sysctl)"}}, Gates: []Note{readOnlyProc},
		},
		{
			Names: []string{"write /proc/sys", "/proc/sys", "sysctl -w", "sysctl kernel.", "sysctl vm.", "sysctl fs."}, Errno: "EACCES",
			Why: "Most sysctls need no capability: uid 0 of the node owns them, and DAC_OVERRIDE does not override their mode.", Instead: []Note{rootOwned}, Gates: []Note{readOnlyProc},
		},
		guarded(besides, admin, "write /proc/sys/kernel/kptr_restrict", "/proc/sys/kernel/kptr_restrict", "/proc/sys/kernel/dmesg_restrict", "/proc/sys/kernel/unprivileged_bpf_disabled",
			"/proc/sys/kernel/bpf_stats_enabled", "/proc/sys/kernel/numa_balancing", "/proc/sys/kernel/sched_schedstats", "/proc/sys/kernel/tainted", "/proc/sys/kernel/task_delayacct",
			"/proc/sys/kernel/seccomp/actions_logged", "/proc/sys/net/core/bpf_jit_enable", "/proc/sys/net/core/bpf_jit_harden", "/proc/sys/net/core/bpf_jit_limit"),
		usermodeHelper,
		memfd,
		guarded(besides, []capset.Cap{capset.SysRawio}, "write /proc/sys/vm/mmap_min_addr", "/proc/sys/vm/mmap_min_addr"),
		guarded("Besides the right to write, it takes the capability, and 3 cannot be taken back.", traceOther,
			"write /proc/sys/kernel/yama/ptrace_scope", "/proc/sys/kernel/yama/ptrace_scope", "ptrace_scope").untried(noneHere),
		{
			Names: []string{"write /proc/sys/kernel/ns_last_pid", "/proc/sys/kernel/ns_last_pid"}, Caps: []capset.Cap{capset.CheckpointRestore, capset.SysAdmin}, Errno: "EPERM", Scope: capset.ScopePID,
			Why: "It is checked against the owner of the pid namespace; CHECKPOINT_RESTORE suffices since Linux 5.9.", Gates: []Note{fileMode, readOnlyProc},
		},
	}
}
