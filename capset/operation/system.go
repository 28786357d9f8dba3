// SPDX-License-Identifier: Apache-2.0

package operation

import "github.com/capinspect/capinspect/capset"

// machine returns an operation on the machine as a whole, which is checked against the
// initial user namespace.
func machine(c capset.Cap, calls []string, why string, names ...string) Operation {
	return Operation{Names: names, Caps: []capset.Cap{c}, Errno: "EPERM", Scope: capset.ScopeInitial, Calls: calls, Why: why}
}

// with adds notes on what else decides.
func (o Operation) with(instead, gates []Note) Operation {
	o.Instead, o.Gates = instead, gates
	return o
}

// system returns operations on the machine (kernel/, drivers/).
func system() []Operation {
	return []Operation{
		machine(capset.SysTime, []string{"clock_settime", "clock_settime64"}, "The clock belongs to the machine: no container has one of its own.", "clock_settime", "date -s", "set the clock"),
		machine(capset.SysTime, []string{"settimeofday", "stime"}, "The clock belongs to the machine.", "settimeofday", "stime"),
		machine(capset.SysTime, nil, "Steering the clock; reading it needs none.", "adjtimex", "clock_adjtime", "ntp_adjtime"),
		{
			Names: []string{"RTC_SET_TIME", "hwclock -w", "hwclock"}, Caps: []capset.Cap{capset.SysTime}, Errno: "EACCES", Scope: capset.ScopeInitial,
			Unverified: noneHere,
			Why:        "Setting the hardware clock.", Gates: []Note{deviceCgroup, fileMode},
		},
		machine(capset.WakeAlarm, nil, "A timer that wakes the machine.", "timer_create CLOCK_REALTIME_ALARM", "CLOCK_REALTIME_ALARM", "CLOCK_BOOTTIME_ALARM", "timerfd_create CLOCK_REALTIME_ALARM"),
		{
			Names: []string{"EPOLLWAKEUP"}, Caps: []capset.Cap{capset.BlockSuspend}, Scope: capset.ScopeInitial, Why: "Without it epoll_ctl drops the flag silently.",
			Unverified: noneHere,
		},
		machine(capset.BlockSuspend, nil, "Keeping the machine awake.", "/sys/power/wake_lock").untried(noneHere),
		{
			Names: []string{"reboot"}, Caps: []capset.Cap{capset.SysBoot}, Errno: "EPERM", Scope: capset.ScopePID, Calls: []string{"reboot"},
			Why: "It is checked against the owner of the pid namespace, and in one that is not the node's it only ends the init there.",
		},
		machine(capset.SysBoot, []string{"kexec_load", "kexec_file_load"}, "Loading a kernel to start later.", "kexec_load", "kexec_file_load", "kexec").with(nil, []Note{lockdown, {"sysctl", "kernel.kexec_load_disabled=1 refuses it"}}).untried(noneHere),
		machine(capset.SysModule, []string{"init_module"}, "Loading a kernel module.", "init_module").with(nil, []Note{lockdown, {"sysctl", "kernel.modules_disabled=1 refuses it"}}).untried(noneHere),
		machine(capset.SysModule, []string{"finit_module"}, "Loading a kernel module.", "finit_module", "insmod", "modprobe", "load a module").with(nil, []Note{lockdown, {"sysctl", "kernel.modules_disabled=1 refuses it"}}).untried(noneHere),
		machine(capset.SysModule, []string{"delete_module"}, "Removing a kernel module.", "delete_module", "rmmod").untried(noneHere),
		free("Listing the modules needs none.", "lsmod").untried(noneHere),
		free("Listing the swap needs none.", "swapon --show", "swapon -s", "/proc/swaps"),
		free("Reading the clock needs none.", "date", "clock_gettime", "gettimeofday"),
		machine(capset.SysRawio, []string{"iopl"}, "The ports of the machine.", "iopl").with(nil, []Note{lockdown}).untried(noneHere),
		machine(capset.SysRawio, []string{"ioperm"}, "The ports of the machine.", "ioperm").with(nil, []Note{lockdown}).untried(noneHere),
		machine(capset.SysRawio, nil, "Commands that the kernel does not know to be harmless.", "SG_IO", "SCSI commands", "hdparm", "smartctl").with(nil, []Note{deviceCgroup, fileMode}).untried(noneHere),
		{
			Names: []string{"NVME_IOCTL_ADMIN_CMD", "nvme"}, Caps: admin, Errno: "EACCES", Scope: capset.ScopeInitial,
			Unverified: noneHere,
			Why:        "Commands to an NVMe device; since Linux 6.2 those that only read need just the right to open it.", Gates: []Note{deviceCgroup, fileMode},
		},
		machine(capset.Syslog, []string{"syslog"}, "Clearing the kernel log, and the level of the console.", "syslog", "klogctl", "SYSLOG_ACTION_CLEAR", "dmesg -C").with([]Note{{"read", "reading needs none where kernel.dmesg_restrict is 0"}}, nil),
		machine(capset.Syslog, []string{"syslog"}, "Reading the kernel log, where kernel.dmesg_restrict is 1.", "dmesg", "SYSLOG_ACTION_READ_ALL", "read the kernel log").with([]Note{{"sysctl", "kernel.dmesg_restrict=0"}}, nil),
		{
			Names: []string{"add_key", "request_key"}, Calls: []string{"add_key", "request_key"},
			Why: "A key of one's own needs none: the permissions of the keyring decide.",
		},
		{
			Names: []string{"keyctl", "kernel keyring"}, Calls: []string{"keyctl"},
			Why: "Keys of one's own need none: the permissions of the key decide.",
		},
		{
			Names: []string{"KEYCTL_CHOWN", "KEYCTL_SETPERM", "keyctl chown", "keyctl setperm"}, Caps: admin, Errno: "EACCES", Scope: capset.ScopeInitial, Calls: []string{"keyctl"},
			Why: "Giving a key away, or changing the permissions of another user's.", Instead: []Note{{"owner", "the owner of the key may change its permissions"}},
		},
		machine(capset.SysPacct, []string{"acct"}, "Process accounting.", "acct", "accton"),
		machine(capset.SysTtyConfig, []string{"vhangup"}, "Hanging up the terminal.", "vhangup"),
		machine(capset.SysTtyConfig, nil, "The keyboard, fonts and consoles.", "VT_ACTIVATE", "KDSETMODE", "KDSKBENT", "chvt", "loadkeys", "setfont").with([]Note{{"owner", "the process whose controlling terminal the console is"}}, nil),
		machine(capset.SysAdmin, nil, "Typing into a terminal that is not its own.", "TIOCSTI").with([]Note{{"owner", "into its own controlling terminal, where dev.tty.legacy_tiocsti is 1"}}, []Note{{"sysctl", "dev.tty.legacy_tiocsti=0 requires it even there (EIO), since Linux 6.2"}}),
		machine(capset.SysAdmin, nil, "Taking over the console.", "TIOCCONS"),
		machine(capset.SysAdmin, nil, "Hanging up a terminal.", "TIOCVHANGUP"),
		machine(capset.SysAdmin, nil, "Stealing a controlling terminal.", "TIOCSCTTY 1", "TIOCSCTTY"),
		machine(capset.SysAdmin, nil, "The settings of a serial line.", "TIOCSSERIAL", "setserial").untried("the serial line may be the console"),
		machine(capset.SysAdmin, nil, "Entropy that counts for the kernel's random numbers.", "RNDADDENTROPY", "rngd", "haveged"),
		{
			Names: []string{"bpf BPF_MAP_CREATE", "bpf", "BPF_MAP_CREATE", "bpftool"}, Caps: []capset.Cap{capset.Bpf, capset.SysAdmin}, Errno: "EPERM", Scope: capset.ScopeInitial, Calls: []string{"bpf"},
			Why: "BPF belongs to the machine; BPF suffices since Linux 5.8.", Instead: []Note{{"sysctl", "kernel.unprivileged_bpf_disabled=0, for socket filters and some maps"}, {"token", "a BPF token of a file system that the node mounted for it, since Linux 6.9"}}, Gates: []Note{securityMod, lockdown},
		},
		{
			Names: []string{"bpf BPF_PROG_LOAD tracing", "BPF_PROG_TYPE_KPROBE", "BPF_PROG_TYPE_TRACING", "BPF_PROG_TYPE_TRACEPOINT"}, Caps: []capset.Cap{capset.Bpf, capset.Perfmon}, All: true, Alone: admin, Errno: "EPERM", Scope: capset.ScopeInitial, Calls: []string{"bpf"},
			Why: "A program that traces the kernel needs both; SYS_ADMIN alone suffices too, as before Linux 5.8.", Gates: []Note{securityMod, lockdown},
		},
		{
			Names: []string{"bpf BPF_PROG_LOAD network", "BPF_PROG_TYPE_XDP", "BPF_PROG_TYPE_SCHED_CLS", "BPF_PROG_TYPE_CGROUP_SKB"}, Caps: []capset.Cap{capset.Bpf, capset.NetAdmin}, All: true, Alone: admin, Errno: "EPERM", Scope: capset.ScopeInitial, Calls: []string{"bpf"},
			Why: "A network program needs both; SYS_ADMIN alone suffices too, as before Linux 5.8.", Gates: []Note{securityMod},
		},
		machine(capset.SysAdmin, []string{"bpf"}, "Opening other users' maps or programs by id.", "BPF_MAP_GET_FD_BY_ID", "BPF_PROG_GET_FD_BY_ID", "bpftool prog list"),
		{
			Names: []string{"perf_event_open", "perf_event_open of the kernel", "perf record -a"}, Caps: []capset.Cap{capset.Perfmon, capset.SysAdmin}, Errno: "EACCES", Scope: capset.ScopeInitial, Calls: []string{"perf_event_open"},
			Why:     "What kernel.perf_event_paranoid does not let users measure: the kernel from 2 up, a processor as a whole from 1 up, anything from 3 up (Debian). PERFMON suffices since Linux 5.8.",
			Instead: []Note{{"sysctl", "a lower kernel.perf_event_paranoid"}}, Gates: []Note{{"sysctl", "kernel.perf_event_paranoid=4 (Ubuntu) requires SYS_ADMIN"}, securityMod, lockdown},
		},
		free("A watch on files needs none.", "inotify_init", "inotify_add_watch", "eventfd", "timerfd_create", "memfd_create", "epoll_create"),
		free("A personality, such as one without address space randomization, needs none.", "personality", "setarch -R"),
	}
}
