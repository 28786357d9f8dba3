// SPDX-License-Identifier: Apache-2.0

package operation

import (
	"maps"

	"github.com/capinspect/capinspect/capset"
)

// Sets of capabilities that many files ask for.
var (
	readOthers = []capset.Cap{capset.DacReadSearch, capset.DacOverride}
	traceOther = []capset.Cap{capset.SysPtrace}
	measure    = []capset.Cap{capset.Perfmon, capset.SysAdmin}
	inodeOwner = []capset.Cap{capset.Fowner}
)

// ofProc returns an operation on a file of another process that ptrace access guards
// (ptrace(2), "Ptrace access mode checking"; fs/proc).
func ofProc(why string, names ...string) Operation {
	return Operation{
		Names: names, Caps: traceOther, Errno: "EACCES", Scope: capset.ScopeProcess, Why: why,
		Instead: []Note{sameUserTrace}, Gates: []Note{securityMod},
	}
}

// ownedByProc returns an operation on such a file whose mode is checked first.
func ownedByProc(why string, names ...string) Operation {
	o := ofProc(why+" The file belongs to the user of the process, and its mode is checked first.", names...)
	o.Caps, o.All = []capset.Cap{capset.DacReadSearch, capset.SysPtrace}, true
	o.Substitutes = map[capset.Cap][]capset.Cap{capset.DacReadSearch: {capset.DacOverride}}
	o.Elsewhere = map[capset.Cap]capset.Scope{capset.DacReadSearch: capset.ScopeFile, capset.DacOverride: capset.ScopeFile}
	return o
}

// measured returns an operation for which what may measure the process suffices too, as
// Linux 6.18 has it (kernel/fork.c, mm_access).
func measured(o Operation) Operation {
	o.Substitutes = added(o.Substitutes, capset.SysPtrace, measure)
	for _, c := range measure {
		o.Elsewhere = added(o.Elsewhere, c, capset.ScopeInitial)
	}
	o.Why += " PERFMON stands in for SYS_PTRACE on Linux 6.18."
	return o
}

// added returns a map that has one more entry.
func added[K comparable, V any](m map[K]V, key K, value V) map[K]V {
	m = maps.Clone(m)
	if m == nil {
		m = map[K]V{}
	}
	m[key] = value
	return m
}

// files returns operations on files, and on those of /proc and /dev (fs/namei.c, fs/attr.c,
// fs/xattr.c, fs/proc, drivers/char).
func files() []Operation {
	return []Operation{
		{
			Names: []string{"read a file of another user", "open O_RDONLY", "open 0600", "cat"}, Caps: readOthers, Errno: "EACCES", Scope: capset.ScopeFile,
			Why: "Either one overrides a mode that does not let the task read.", Instead: []Note{modeMay, ownerMay}, Gates: []Note{securityMod, serverRules},
		},
		{
			Names: []string{"write a file of another user", "open O_WRONLY", "open O_RDWR"}, Caps: []capset.Cap{capset.DacOverride}, Errno: "EACCES", Scope: capset.ScopeFile,
			Why: "It overrides a mode that does not let the task write.", Instead: []Note{modeMay, ownerMay},
			Gates: []Note{securityMod, serverRules, {"read-only", "a read-only mount refuses it (EROFS), and the immutable flag (EPERM)"}, {"sysctl", "fs.protected_regular and fs.protected_fifos refuse O_CREAT on files of others in sticky directories"}},
		},
		{
			Names: []string{"create a file in a directory of another user", "creat", "mkdir", "unlink", "rmdir", "rename"}, Caps: []capset.Cap{capset.DacOverride}, Errno: "EACCES", Scope: capset.ScopeFile,
			Why: "Changing a directory that its mode does not let the task write.", Instead: []Note{modeMay, ownerMay}, Gates: []Note{securityMod, serverRules},
		},
		{
			Names: []string{"list a directory of another user", "ls", "search a directory", "cd"}, Caps: readOthers, Errno: "EACCES", Scope: capset.ScopeFile,
			Why: "Either one overrides a mode that does not let the task read or search the directory.", Instead: []Note{modeMay, ownerMay}, Gates: []Note{securityMod, serverRules},
		},
		{
			Names: []string{"execute a file of another user", "execve"}, Caps: []capset.Cap{capset.DacOverride}, Errno: "EACCES", Scope: capset.ScopeFile,
			Why: "It overrides a mode that has any execute bit; without one nobody can execute the file.", Instead: []Note{modeMay}, Gates: []Note{securityMod, {"mount", "a mount with noexec refuses it"}},
		},
		{
			Names: []string{"chown", "fchown", "lchown", "fchownat"}, Caps: []capset.Cap{capset.Chown}, Errno: "EPERM", Scope: capset.ScopeFile,
			Why: "Giving a file away, or to a group that the task is not in.", Instead: []Note{{"owner", "the owner may give the file to a group that the owner is in"}}, Gates: []Note{{"unmapped", "an owner or group that the user namespace does not map gives EINVAL, as in rootless containers with few subordinate ids"}, serverRules, {"immutable", "an immutable or append-only file keeps its owner"}},
		},
		{
			Names: []string{"chmod", "fchmod", "fchmodat"}, Caps: inodeOwner, Errno: "EPERM", Scope: capset.ScopeFile,
			Why: "Only the owner may change the mode of a file.", Instead: []Note{ownerMay}, Gates: []Note{serverRules},
		},
		{
			Names: []string{"chmod g+s", "chmod 2755", "keep set-user-ID on write", "set-group-ID"}, Caps: []capset.Cap{capset.Fsetid}, Scope: capset.ScopeFile,
			Why: "Without it the kernel clears the bit silently: on a write, or where the task is not in the file's group.",
		},
		{
			Names: []string{"utimensat", "utime", "utimes", "futimesat", "touch -d"}, Caps: inodeOwner, Errno: "EPERM", Scope: capset.ScopeFile,
			Why: "Only the owner may set times other than now.", Instead: []Note{ownerMay, {"mode", "setting both to now needs only the right to write"}},
		},
		{
			Names: []string{"unlink in a sticky directory", "rm in /tmp", "sticky directory"}, Caps: inodeOwner, Errno: "EPERM", Scope: capset.ScopeFile,
			Why: "In a sticky directory only the owner of the file or of the directory may remove or rename it.", Instead: []Note{ownerMay},
		},
		{
			Names: []string{"O_NOATIME"}, Caps: inodeOwner, Errno: "EPERM", Scope: capset.ScopeFile,
			Why: "Only the owner may read without leaving a trace.", Instead: []Note{ownerMay, {"flag", "open without O_NOATIME"}},
		},
		{
			Names: []string{"setfacl", "setxattr system.posix_acl_access"}, Caps: inodeOwner, Errno: "EPERM", Scope: capset.ScopeFile,
			Why: "Only the owner may change the ACL of a file.", Instead: []Note{ownerMay},
		},
		{
			Names: []string{"link", "linkat", "hard link", "ln"}, Caps: []capset.Cap{capset.DacOverride, capset.Fowner}, Errno: "EPERM", Scope: capset.ScopeFile,
			Why:     "With fs.protected_hardlinks, linking to a file of another user takes the right to read and write it, or its owner.",
			Instead: []Note{ownerMay, modeMay, {"sysctl", "fs.protected_hardlinks=0"}},
		},
		{
			Names: []string{"linkat AT_EMPTY_PATH", "AT_EMPTY_PATH"}, Caps: []capset.Cap{capset.DacReadSearch}, Errno: "ENOENT", Scope: capset.ScopeInitial,
			Why: "Linking an open file by its descriptor alone is checked against the user namespace of whoever opened it.", Instead: []Note{{"path", "linkat of /proc/self/fd/N with AT_SYMLINK_FOLLOW"}, {"uid", "since Linux 6.10 whoever opened the file may"}},
		},
		{
			Names: []string{"follow a link in a sticky directory", "protected_symlinks"}, Errno: "EACCES",
			Why: "With fs.protected_symlinks no capability lets a task follow another user's link in a sticky directory that everyone may write.", Instead: []Note{{"sysctl", "fs.protected_symlinks=0"}, ownerMay},
		},
		{
			Names: []string{"setxattr trusted.", "trusted xattr", "setfattr trusted."}, Caps: admin, Errno: "EPERM", Scope: capset.ScopeInitial,
			Why: "Attributes of trusted. belong to the initial user namespace, for reading (ENODATA) as well as for writing.",
		},
		{
			Names: []string{"setxattr security.capability", "setcap"}, Caps: []capset.Cap{capset.Setfcap}, Errno: "EPERM", Scope: capset.ScopeFile,
			Why: "Giving capabilities to a program. In a child user namespace they count only there and below.", Gates: []Note{securityMod, serverRules},
		},
		{
			Names: []string{"setxattr security.", "setfattr security."}, Caps: admin, Errno: "EPERM", Scope: capset.ScopeInitial,
			Why: "Attributes of security. that no security module claims are checked against the user namespace that the file system was mounted in, usually the initial one.", Instead: []Note{ownMount}, Gates: []Note{securityMod},
		},
		{
			Names: []string{"chattr +i", "chattr +a", "FS_IOC_SETFLAGS", "immutable"}, Caps: []capset.Cap{capset.LinuxImmutable}, Errno: "EPERM", Scope: capset.ScopeInitial,
			Why: "The immutable and append-only flags are checked against the initial user namespace; the owner may set other flags.",
		},
		{
			Names: []string{"mknod", "mknod b", "mknod c", "mknodat"}, Caps: []capset.Cap{capset.Mknod}, Errno: "EPERM", Scope: capset.ScopeInitial, Calls: []string{"mknod"},
			Why: "A device node reaches the device wherever the node is.", Instead: []Note{{"bind-mount", "bind-mount the device of the node, as --device does"}}, Gates: []Note{deviceCgroup, {"mount", "a mount with nodev does not open it (EACCES)"}},
		},
		{
			Names: []string{"mknod c 0 0", "whiteout", "mknod whiteout"}, Scope: capset.ScopeInitial,
			Why: "A whiteout, character device 0:0, needs no capability since Linux 5.8.",
		},
		{
			Names: []string{"mkfifo", "mknod p"}, Why: "A pipe or a socket in the file system needs none.",
		},
		{
			Names: []string{"F_SETLEASE"}, Caps: []capset.Cap{capset.Lease}, Errno: "EACCES", Scope: capset.ScopeInitial,
			Why: "A lease on a file of another user.", Instead: []Note{ownerMay},
		},
		{
			Names: []string{"F_SETPIPE_SZ", "fs.pipe-max-size"}, Caps: []capset.Cap{capset.SysResource}, Errno: "EPERM", Scope: capset.ScopeInitial,
			Why: "A pipe larger than fs.pipe-max-size.", Instead: []Note{{"sysctl", "a larger fs.pipe-max-size"}},
		},
		{
			Names: []string{"reserved blocks", "disk quota"}, Caps: []capset.Cap{capset.SysResource}, Errno: "ENOSPC", Scope: capset.ScopeInitial,
			Unverified: "it takes a full file system",
			Why:        "Using the blocks that a file system keeps for root, and more than the quota (EDQUOT).", Instead: []Note{{"owner", "the uid or gid that the file system names for them (tune2fs -u, -g)"}},
		},
		{
			Names: []string{"FIBMAP"}, Caps: []capset.Cap{capset.SysRawio}, Errno: "EPERM", Scope: capset.ScopeInitial,
			Why: "Where the blocks of a file lie.", Instead: []Note{{"call", "FIEMAP needs none"}},
		},
		free("The task's own files of /proc need none.", "/proc/self", "/proc/thread-self", "/proc/self/exe", "/proc/self/fd", "/proc/self/ns", "/proc/self/status"),
		ofProc("The root directory of a process of another user leads into its mount namespace.", "/proc/PID/root", "/proc/1/root"),
		ofProc("The working directory of a process of another user.", "/proc/PID/cwd"),
		ofProc("The program of a process of another user.", "/proc/PID/exe", "readlink /proc/PID/exe"),
		ownedByProc("The open files of a process of another user.", "/proc/PID/fd", "/proc/PID/fd/", "lsof", "fuser", "ss -p", "netstat -p"),
		measured(ofProc("The memory map of a process of another user.", "/proc/PID/maps", "/proc/PID/smaps", "/proc/PID/numa_maps", "pmap")),
		ownedByProc("The memory of a process of another user.", "/proc/PID/mem"),
		measured(ownedByProc("The environment of a process of another user.", "/proc/PID/environ")),
		measured(ownedByProc("The auxiliary vector of a process of another user.", "/proc/PID/auxv")),
		ofProc("The namespaces of a process of another user.", "/proc/PID/ns", "/proc/PID/ns/net", "readlink /proc/PID/ns"),
		ownedByProc("The input and output of a process of another user.", "/proc/PID/io", "iotop"),
		ownedByProc("The system call that a process of another user is in.", "/proc/PID/syscall", "/proc/PID/personality"),
		{
			Names: []string{"/proc/PID/stack"}, Caps: admin, Errno: "EACCES", Scope: capset.ScopeInitial,
			Why: "The kernel stack of a process shows the kernel's addresses.", Gates: []Note{fileMode},
		},
		{
			Names: []string{"/proc/PID/pagemap"}, Caps: admin, Scope: capset.ScopeInitial,
			Why: "Whoever may trace the process can open it; without SYS_ADMIN the page frame numbers read as 0.",
		},
		{
			Names: []string{"/proc/PID/map_files"}, Caps: []capset.Cap{capset.CheckpointRestore, capset.SysAdmin}, Errno: "EPERM", Scope: capset.ScopeInitial,
			Why: "Following its links; CHECKPOINT_RESTORE suffices since Linux 5.9.",
		},
		{
			Names: []string{"write /proc/PID/oom_score_adj", "/proc/PID/oom_score_adj", "oom_score_adj"}, Caps: []capset.Cap{capset.SysResource}, Errno: "EACCES", Scope: capset.ScopeInitial,
			Why: "Setting a value below the lowest that a privileged process has set; raising it needs none.", Gates: []Note{fileMode},
		},
		{
			Names: []string{"write /proc/PID/loginuid", "loginuid", "pam_loginuid"}, Caps: []capset.Cap{capset.AuditControl}, Errno: "EPERM", Scope: capset.ScopeInitial,
			Why: "The login uid is set once; changing it later takes the capability, and is impossible where auditing made it immutable.",
		},
		{
			Names: []string{"/proc/PID/timerslack_ns"}, Caps: []capset.Cap{capset.SysNice}, Errno: "EPERM", Scope: capset.ScopeProcess,
			Why: "The timer slack of another process.", Instead: []Note{{"call", "prctl PR_SET_TIMERSLACK for itself"}},
		},
		{
			Names: []string{"/proc/kcore"}, Caps: []capset.Cap{capset.SysRawio}, Errno: "EPERM", Scope: capset.ScopeInitial,
			Unverified: noneHere,
			Why:        "The memory of the kernel.", Gates: []Note{fileMode, lockdown, maskedProc},
		},
		{
			Names: []string{"/proc/kmsg", "/dev/kmsg"}, Caps: []capset.Cap{capset.Syslog}, Errno: "EPERM", Scope: capset.ScopeInitial,
			Why: "The kernel log; /dev/kmsg needs it only where kernel.dmesg_restrict is 1.", Instead: []Note{{"sysctl", "kernel.dmesg_restrict=0 for /dev/kmsg"}}, Gates: []Note{fileMode, deviceCgroup},
		},
		{
			Names: []string{"/proc/kallsyms"}, Caps: []capset.Cap{capset.Syslog}, Scope: capset.ScopeInitial,
			Why: "Everyone can open it; without the capability the addresses read as 0, depending on kernel.kptr_restrict.", Gates: []Note{{"sysctl", "kernel.kptr_restrict=2 hides them from everyone"}},
		},
		{
			Names: []string{"/dev/mem", "/dev/port"}, Caps: []capset.Cap{capset.SysRawio}, Errno: "EPERM", Scope: capset.ScopeInitial,
			Unverified: noneHere,
			Why:        "The memory and ports of the machine.", Gates: []Note{fileMode, deviceCgroup, lockdown},
		},
		{
			Names: []string{"/dev/cpu/N/msr", "msr", "rdmsr", "wrmsr"}, Caps: []capset.Cap{capset.SysRawio}, Errno: "EPERM", Scope: capset.ScopeInitial,
			Unverified: noneHere,
			Why:        "The registers of the processor.", Gates: []Note{fileMode, deviceCgroup, lockdown},
		},
		{
			Names: []string{"/dev/net/tun", "TUNSETIFF", "ip tuntap add"}, Caps: []capset.Cap{capset.NetAdmin}, Errno: "EPERM", Scope: capset.ScopeNet,
			Why: "Making a tun or tap device, or attaching to one that belongs to another user.", Instead: []Note{{"owner", "a persistent device made for its uid or group: ip tuntap add user NAME"}}, Gates: []Note{deviceCgroup},
		},
		{
			Names: []string{"/dev/fuse", "open /dev/fuse"}, Why: "Opening it needs none; mounting the file system takes SYS_ADMIN.", Gates: []Note{deviceCgroup, fileMode},
		},
		{
			Names: []string{"/dev/kvm", "kvm"}, Why: "It needs no capability.", Gates: []Note{{"dac", "the node belongs to root and the group kvm"}, deviceCgroup},
		},
		{
			Names: []string{"/dev/ppp", "pppd"}, Caps: []capset.Cap{capset.NetAdmin}, Errno: "EPERM", Scope: capset.ScopeNet,
			Unverified: noneHere,
			Why:        "Opening it is checked against the owner of the network namespace.", Gates: []Note{deviceCgroup, fileMode},
		},
		{
			Names: []string{"/dev/sda", "block device", "dd to a disk", "mkfs", "mkfs.ext4", "fsck", "blkdiscard", "fdisk"}, Caps: readOthers, Errno: "EACCES", Scope: capset.ScopeFile,
			Why: "Only the mode of the device node decides; its group is disk.", Instead: []Note{modeMay}, Gates: []Note{deviceCgroup},
		},
		free("Everybody may open them.", "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/ptmx", "/dev/pts", "/dev/shm").with(nil, []Note{deviceCgroup}),
		{
			Names: []string{"/dev", "character device", "/dev/ttyS0", "/dev/ttyUSB0", "/dev/dri", "/dev/snd", "/dev/input"}, Caps: []capset.Cap{capset.DacOverride}, Errno: "EACCES", Scope: capset.ScopeFile,
			Why: "Only the mode of a device node decides; its group is one such as dialout, video or audio.", Instead: []Note{rootOwned, modeMay, {"group", "the group of the node: supplementalGroups, docker --group-add"}}, Gates: []Note{deviceCgroup},
		},
		free("Everybody may read them, unless /proc is mounted with hidepid.", "/proc/PID/status", "/proc/PID/stat", "/proc/PID/cmdline", "/proc/PID/comm", "/proc/PID/cgroup", "/proc/PID/mountinfo", "/proc/PID/limits"),
		{
			Names: []string{"/proc", "/proc/slabinfo", "/proc/kpagecount"}, Caps: readOthers, Errno: "EACCES", Scope: capset.ScopeFile,
			Why: "Only the mode of a file of /proc decides, where nothing else is known of it: uid 0 of the node owns it.", Instead: []Note{rootOwned, modeMay},
		},
		{
			Names: []string{"/proc/timer_list", "/proc/latency_stats"}, Caps: readOthers, Errno: "EACCES", Scope: capset.ScopeFile,
			Why: "Only the mode of the file decides: uid 0 of the node owns it.", Instead: []Note{rootOwned, modeMay}, Gates: []Note{maskedProc},
		},
		{
			Names: []string{"write /sys", "/sys", "/sys/fs/cgroup"}, Caps: []capset.Cap{capset.DacOverride}, Errno: "EACCES", Scope: capset.ScopeFile,
			Why: "Only the mode of a file of /sys decides: uid 0 of the node owns most.", Instead: []Note{rootOwned, modeMay}, Gates: []Note{{"sys-read-only", "most runtimes mount /sys read-only (EROFS)"}},
		},
		{
			Names: []string{"write /proc/sysrq-trigger", "/proc/sysrq-trigger", "sysrq"}, Caps: []capset.Cap{capset.DacOverride}, Errno: "EACCES", Scope: capset.ScopeFile,
			Unverified: noneHere,
			Why:        "Only the mode of the file decides: uid 0 of the node owns it.", Instead: []Note{rootOwned}, Gates: []Note{readOnlyProc},
		},
	}
}
