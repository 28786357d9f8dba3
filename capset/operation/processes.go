// SPDX-License-Identifier: Apache-2.0

package operation

import "github.com/capinspect/capinspect/capset"

// changeID returns an operation that takes other ids.
func changeID(c capset.Cap, why string, names ...string) Operation {
	return Operation{
		Names: names, Caps: []capset.Cap{c}, Errno: "EPERM", Scope: capset.ScopeOwn, Why: why,
		Instead: []Note{{"own-id", "it may take its real, effective and saved ids in any order"}},
		Gates:   []Note{{"unmapped", "an id that its user namespace does not map gives EINVAL"}},
	}
}

// silent returns an operation that reports no error.
func silent(o Operation) Operation {
	o.Errno = ""
	return o
}

// processes returns operations on processes and their ids (kernel/sys.c, kernel/signal.c,
// kernel/ptrace.c, kernel/sched, security/commoncap.c).
func processes() []Operation {
	return []Operation{
		changeID(capset.Setuid, "Taking another user id.", "setuid"),
		changeID(capset.Setuid, "Taking other user ids.", "setreuid", "seteuid"),
		changeID(capset.Setuid, "Taking other user ids.", "setresuid"),
		silent(changeID(capset.Setuid, "Taking another filesystem uid; it fails silently.", "setfsuid")),
		changeID(capset.Setgid, "Taking another group id.", "setgid"),
		changeID(capset.Setgid, "Taking other group ids.", "setregid", "setegid"),
		changeID(capset.Setgid, "Taking other group ids.", "setresgid"),
		silent(changeID(capset.Setgid, "Taking another filesystem gid; it fails silently.", "setfsgid")),
		{
			Names: []string{"setgroups", "initgroups"}, Caps: []capset.Cap{capset.Setgid}, Errno: "EPERM", Scope: capset.ScopeOwn,
			Why:   "Changing the supplementary groups, even dropping them all.",
			Gates: []Note{{"setgroups-deny", "nobody may in a user namespace whose /proc/PID/setgroups says deny"}},
		},
		{
			Names: []string{"kill", "tgkill", "tkill", "pidfd_send_signal", "rt_sigqueueinfo"}, Caps: []capset.Cap{capset.Kill}, Errno: "EPERM", Scope: capset.ScopeProcess,
			Why:     "A signal to a process of another user.",
			Instead: []Note{sameUser, {"session", "SIGCONT within the session needs none"}}, Gates: []Note{securityMod},
		},
		{
			Names: []string{"ptrace", "PTRACE_ATTACH", "PTRACE_SEIZE", "ptrace attach", "strace -p", "gdb -p", "dlv attach", "jmap", "py-spy"}, Caps: traceOther, Errno: "EPERM", Scope: capset.ScopeProcess, Calls: []string{"ptrace"},
			Why: "Attaching to a process of another user, or to one that holds more.", Instead: []Note{sameUserTrace, descendants}, Gates: []Note{yama, securityMod},
		},
		{
			Names: []string{"PTRACE_TRACEME", "strace", "gdb"}, Calls: []string{"ptrace"},
			Why: "Tracing a program that the tracer starts itself needs none.", Gates: []Note{yama, {"set-user-ID", "a traced program gains nothing from its set-user-ID bit or file capabilities"}},
		},
		{
			Names: []string{"process_vm_readv", "process_vm_writev"}, Caps: traceOther, Errno: "EPERM", Scope: capset.ScopeProcess, Calls: []string{"process_vm_readv"},
			Why: "The memory of a process of another user.", Instead: []Note{sameUserTrace}, Gates: []Note{yama, securityMod},
		},
		{
			Names: []string{"pidfd_getfd"}, Caps: traceOther, Errno: "EPERM", Scope: capset.ScopeProcess, Calls: []string{"pidfd_getfd"},
			Why: "Taking a file descriptor out of a process of another user.", Instead: []Note{sameUserTrace}, Gates: []Note{yama, securityMod},
		},
		{
			Names: []string{"kcmp"}, Caps: traceOther, Errno: "EPERM", Scope: capset.ScopeProcess, Calls: []string{"kcmp"},
			Why: "Comparing what processes of another user have open.", Instead: []Note{sameUserTrace}, Gates: []Note{securityMod},
		},
		{
			Names: []string{"process_madvise"}, Caps: []capset.Cap{capset.SysPtrace, capset.SysNice}, All: true, Errno: "EACCES", Scope: capset.ScopeProcess, Calls: []string{"process_madvise"},
			Substitutes: map[capset.Cap][]capset.Cap{capset.SysPtrace: measure},
			Elsewhere:   map[capset.Cap]capset.Scope{capset.Perfmon: capset.ScopeInitial, capset.SysAdmin: capset.ScopeInitial, capset.SysNice: capset.ScopeInitial},
			Why:         "Advice on the memory of another process takes SYS_NICE, and SYS_PTRACE over one of another user.",
		},
		{
			Names: []string{"migrate_pages", "move_pages"}, Caps: []capset.Cap{capset.SysPtrace}, Errno: "EPERM", Scope: capset.ScopeProcess, Calls: []string{"migrate_pages", "move_pages"},
			Why: "Moving the memory of a process of another user; moving pages that others also map takes SYS_NICE.", Instead: []Note{sameUserTrace},
		},
		{
			Names: []string{"mbind", "set_mempolicy", "get_mempolicy", "set_mempolicy_home_node", "numactl"}, Calls: []string{"mbind", "set_mempolicy", "get_mempolicy", "set_mempolicy_home_node"},
			Why: "A memory policy needs no capability; only MPOL_MF_MOVE_ALL takes SYS_NICE.",
		},
		{
			Names: []string{"MPOL_MF_MOVE_ALL"}, Caps: []capset.Cap{capset.SysNice}, Errno: "EPERM", Scope: capset.ScopeInitial, Calls: []string{"mbind"},
			Why: "Moving pages that other processes also map.",
		},
		{
			Names: []string{"get_robust_list"}, Caps: traceOther, Errno: "EPERM", Scope: capset.ScopeProcess,
			Why: "The list of a process of another user.", Instead: []Note{sameUserTrace},
		},
		{
			Names: []string{"nice", "renice", "setpriority", "nice -n -5"}, Caps: []capset.Cap{capset.SysNice}, Errno: "EACCES", Scope: capset.ScopeInitial,
			Why: "A nice value lower than RLIMIT_NICE allows; EPERM for a process of another user.", Instead: []Note{{"rlimit", "RLIMIT_NICE (docker: --ulimit nice=N)"}, {"raise", "a higher value needs none"}},
		},
		{
			Names: []string{"sched_setscheduler", "SCHED_FIFO", "SCHED_RR", "sched_setparam", "chrt -f", "pthread_setschedparam"}, Caps: []capset.Cap{capset.SysNice}, Errno: "EPERM", Scope: capset.ScopeInitial,
			Why: "Real-time scheduling beyond RLIMIT_RTPRIO.", Instead: []Note{{"rlimit", "RLIMIT_RTPRIO (docker: --ulimit rtprio=N)"}}, Gates: []Note{{"cgroup", "with real-time groups the cgroup needs cpu.rt_runtime_us (EPERM)"}},
		},
		{
			Names: []string{"SCHED_DEADLINE", "sched_setattr"}, Caps: []capset.Cap{capset.SysNice}, Errno: "EPERM", Scope: capset.ScopeInitial,
			Why: "Deadline scheduling.",
		},
		free("More niceness, batch and idle scheduling need none, for processes of one's own.", "raise the nice value", "chrt -b", "chrt -i", "SCHED_BATCH", "SCHED_IDLE"),
		{
			Names: []string{"sched_setaffinity", "taskset -p"}, Caps: []capset.Cap{capset.SysNice}, Errno: "EPERM", Scope: capset.ScopeProcess,
			Why: "The processors of a process of another user.", Instead: []Note{sameUser}, Gates: []Note{{"cgroup", "the cpuset of its cgroup limits it"}},
		},
		free("The processors of one's own processes need none.", "taskset"),
		{
			Names: []string{"ioprio_set", "ionice -c 1", "IOPRIO_CLASS_RT"}, Caps: []capset.Cap{capset.SysAdmin, capset.SysNice}, Errno: "EPERM", Scope: capset.ScopeInitial,
			Why: "The real-time class of I/O.", Instead: []Note{{"class", "best effort and idle need none"}},
		},
		free("Best effort and idle need none, for processes of one's own.", "ionice", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE"),
		{
			Names: []string{"setrlimit", "prlimit", "ulimit", "raise a hard limit"}, Caps: []capset.Cap{capset.SysResource}, Errno: "EPERM", Scope: capset.ScopeInitial,
			Why: "Raising a hard limit.", Instead: []Note{{"runtime", "docker --ulimit, LimitNOFILE= of a unit"}, {"lower", "lowering it, and the soft limit up to the hard one, needs none"}},
		},
		{
			Names: []string{"core dump", "core dumps", "coredump", "RLIMIT_CORE", "ulimit -c"},
			Why:   "A core dump takes RLIMIT_CORE, and no capability; raising the hard limit takes SYS_RESOURCE.",
			Gates: []Note{{"sysctl", "a program that gained privileges dumps only as fs.suid_dumpable says"}, {"node", "kernel.core_pattern is the node's: a container cannot have one of its own"}},
		},
		{
			Names: []string{"prlimit of another process", "prlimit -p"}, Caps: []capset.Cap{capset.SysResource}, Errno: "EPERM", Scope: capset.ScopeProcess,
			Why: "The limits of a process of another user.", Instead: []Note{sameUser},
		},
		{
			Names: []string{"fork beyond RLIMIT_NPROC", "RLIMIT_NPROC"}, Caps: []capset.Cap{capset.SysResource, capset.SysAdmin}, Errno: "EAGAIN", Scope: capset.ScopeInitial,
			Why: "More processes of the user than its limit.", Instead: []Note{{"rlimit", "a larger RLIMIT_NPROC"}, {"uid", "uid 0 of the node has no such limit"}}, Gates: []Note{{"cgroup", "pids.max of the cgroup applies to everyone (EAGAIN)"}},
		},
		{
			Names: []string{"clone3 set_tid", "set_tid"}, Caps: []capset.Cap{capset.CheckpointRestore, capset.SysAdmin}, Errno: "EPERM", Scope: capset.ScopePID, Calls: []string{"clone3"},
			Why: "Choosing the pid of a new process; CHECKPOINT_RESTORE suffices since Linux 5.9.",
		},
		{
			Names: []string{"capset", "raise a capability"}, Caps: []capset.Cap{capset.Setpcap}, Errno: "EPERM", Scope: capset.ScopeOwn,
			Why: "Adding to the inheritable set what the permitted set lacks; nobody can add to the permitted set what it does not have.",
		},
		{
			Names: []string{"PR_CAPBSET_DROP", "capsh --drop"}, Caps: []capset.Cap{capset.Setpcap}, Errno: "EPERM", Scope: capset.ScopeOwn,
			Why: "Taking a capability out of the bounding set.",
		},
		{
			Names: []string{"PR_SET_SECUREBITS"}, Caps: []capset.Cap{capset.Setpcap}, Errno: "EPERM", Scope: capset.ScopeOwn,
			Why: "Changing the securebits.",
		},
		{
			Names: []string{"PR_SET_KEEPCAPS"}, Why: "Keeping capabilities across a change of uid needs none.",
		},
		{
			Names: []string{"PR_CAP_AMBIENT_RAISE"}, Why: "It needs none, but the capability has to be permitted and inheritable (EPERM).",
			Gates: []Note{{"securebits", "SECBIT_NO_CAP_AMBIENT_RAISE refuses it"}},
		},
		{
			Names: []string{"PR_SET_NO_NEW_PRIVS"}, Why: "It needs none, and cannot be taken back.",
		},
		{
			Names: []string{"PR_SET_DUMPABLE"}, Why: "It needs none.",
		},
		{
			Names: []string{"PR_SET_MM"}, Caps: []capset.Cap{capset.SysResource}, Errno: "EPERM", Scope: capset.ScopeInitial,
			Why: "Changing the memory descriptor field by field; PR_SET_MM_MAP needs it only for the program.",
		},
		{
			Names: []string{"PR_SET_IO_FLUSHER"}, Caps: []capset.Cap{capset.SysResource}, Errno: "EPERM", Scope: capset.ScopeInitial,
			Why: "Marking a process that serves the kernel's own writes.",
		},
		{
			Names: []string{"seccomp", "PR_SET_SECCOMP", "SECCOMP_SET_MODE_FILTER"}, Caps: admin, Errno: "EACCES", Scope: capset.ScopeOwn,
			Why: "A seccomp filter without no_new_privs.", Instead: []Note{{"no-new-privs", "set no_new_privs first"}},
		},
		{
			Names: []string{"landlock_restrict_self"}, Caps: admin, Errno: "EPERM", Scope: capset.ScopeOwn,
			Why: "A Landlock domain without no_new_privs.", Instead: []Note{{"no-new-privs", "set no_new_privs first"}},
		},
		{
			Names: []string{"SCM_CREDENTIALS", "unix credentials"}, Caps: []capset.Cap{capset.SysAdmin, capset.Setuid, capset.Setgid}, All: true, Errno: "EPERM", Scope: capset.ScopeOwn,
			Elsewhere: map[capset.Cap]capset.Scope{capset.SysAdmin: capset.ScopePID},
			Why:       "Sending another pid takes SYS_ADMIN over the pid namespace, another uid SETUID, another gid SETGID.", Instead: []Note{{"own-id", "its own ids need none"}},
		},
		{
			Names: []string{"perf_event_open of a process of another user"}, Caps: []capset.Cap{capset.Perfmon, capset.SysAdmin, capset.SysPtrace}, Errno: "EACCES", Scope: capset.ScopeInitial, Calls: []string{"perf_event_open"},
			Elsewhere: map[capset.Cap]capset.Scope{capset.SysPtrace: capset.ScopeProcess},
			Why:       "Measuring a process that the task may not trace; PERFMON suffices since Linux 5.8.", Instead: []Note{sameUserTrace},
		},
	}
}
