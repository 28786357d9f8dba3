// SPDX-License-Identifier: Apache-2.0

package operation

import (
	"strings"
	"testing"
)

// TestOfCall holds which operations a refused call may be, by its arguments as strace
// prints them.
func TestOfCall(t *testing.T) {
	for _, test := range []struct{ call, args, errno, want string }{
		// A constant among the arguments
		{"setsockopt", `5, SOL_SOCKET, SO_MARK, [1], 4`, "EPERM", "SO_MARK"},
		{"setsockopt", `5, SOL_SOCKET, SO_REUSEADDR, [1], 4`, "EPERM", "SO_ATTACH_FILTER"},
		{"setsockopt", `5, SOL_SOCKET, SO_LINGER, {l_onoff=1, l_linger=0}, 8`, "EPERM", ""},
		{"ioctl", `3</dev/net/tun>, TUNSETIFF, 0x7ffe`, "EPERM", "/dev/net/tun"},
		{"ioctl", `1, TCGETS, 0x7ffe`, "ENOTTY", ""},
		{"fcntl64", `5, F_SETPIPE_SZ, 67108864`, "EPERM", "F_SETPIPE_SZ"},
		{"prctl", `PR_SET_MM, PR_SET_MM_BRK, 0, 0, 0`, "EPERM", "PR_SET_MM"},
		{"prctl", `PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0`, "EPERM", "PR_CAP_AMBIENT_RAISE"},
		{"ptrace", `PTRACE_TRACEME`, "EPERM", "PTRACE_TRACEME"},
		{"ptrace", `PTRACE_GETREGS, 12, 0, 0x7ffe`, "EPERM", "ptrace"},
		{"bpf", `BPF_PROG_LOAD, {prog_type=BPF_PROG_TYPE_XDP, insn_cnt=2}, 128`, "EPERM", "bpf BPF_PROG_LOAD network"},
		{"bpf", `BPF_PROG_LOAD, {prog_type=BPF_PROG_TYPE_SOCKET_FILTER, insn_cnt=2}, 128`, "EPERM", "bpf BPF_MAP_CREATE"},
		{"shmctl", `3, IPC_RMID, NULL`, "EPERM", "IPC_RMID"},
		{"shmctl", `3, IPC_STAT, 0x7ffe`, "EACCES", "shmat"},
		{"mbind", `0x7f, 4096, MPOL_BIND, [1], 64, 0`, "EPERM", "mbind"},
		{"mbind", `0x7f, 4096, MPOL_BIND, [1], 64, MPOL_MF_MOVE_ALL`, "EPERM", "MPOL_MF_MOVE_ALL"},
		{"timerfd_create", `CLOCK_REALTIME_ALARM, 0`, "EPERM", "timer_create CLOCK_REALTIME_ALARM"},
		{"write", `3, "SO_MARK", 7`, "EPERM", ""},

		// Namespaces: what stands beside CLONE_NEWUSER asks the new one
		{"unshare", `CLONE_NEWNS|CLONE_NEWUSER`, "EPERM", "unshare CLONE_NEWUSER"},
		{"unshare", `CLONE_NEWNET`, "EPERM", "unshare CLONE_NEWNET"},
		{"clone3", `{flags=CLONE_NEWPID, exit_signal=SIGCHLD, stack=NULL, stack_size=0}, 88`, "EPERM", "unshare CLONE_NEWPID"},
		{"clone", `child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD`, "EAGAIN", "fork beyond RLIMIT_NPROC"},
		{"clone", `child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD`, "EPERM", ""},
		{"setns", `5, CLONE_NEWNET`, "EPERM", "setns"},
		{"setns", `5, 0`, "EPERM", "setns,setns to a mount namespace"},

		// Sockets and ports
		{"bind", `3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("0.0.0.0")}, 16`, "EACCES", "bind :80"},
		{"bind", `3, {sa_family=AF_INET6, sin6_port=htons(1023), sin6_flowinfo=htonl(0)}, 28`, "EACCES", "bind :80"},
		{"bind", `3, {sa_family=AF_INET, sin_port=htons(1024), sin_addr=inet_addr("0.0.0.0")}, 16`, "EACCES", ""},
		{"bind", `3, {sa_family=AF_INET, sin_port=htons(0), sin_addr=inet_addr("0.0.0.0")}, 16`, "EACCES", ""},
		{"bind", `3, {sa_family=AF_UNIX, sun_path="/run/x.sock"}, 110`, "EACCES", "create a file in a directory of another user"},
		{"socket", `AF_INET, SOCK_RAW|SOCK_CLOEXEC, IPPROTO_ICMP`, "EPERM", "socket SOCK_RAW"},
		{"socket", `AF_INET, SOCK_DGRAM, IPPROTO_ICMP`, "EACCES", "socket SOCK_DGRAM IPPROTO_ICMP"},
		{"socket", `AF_PACKET, SOCK_RAW, htons(0 /* ETH_P_??? */)`, "EPERM", "socket AF_PACKET"},
		{"socket", `AF_NETLINK, SOCK_RAW, NETLINK_AUDIT`, "EPERM", "socket AF_NETLINK"},
		{"recvfrom", `5, [{nlmsg_len=68, nlmsg_type=NLMSG_ERROR, nlmsg_flags=0}, {error=-EPERM, msg=[{nlmsg_len=48, nlmsg_type=RTM_DELADDR}]}]`, "EPERM", "SIOCSIFADDR"},
		{"recvmsg", `3, {msg_name=NULL}`, "EPERM", ""},
		{"sendto", `3, "x", 1, 0, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("10.0.0.1")}, 16`, "EPERM", ""},

		// Files
		{"openat", `AT_FDCWD, "/etc/shadow", O_RDONLY|O_CLOEXEC`, "EACCES", "read a file of another user"},
		{"open", `"x", O_WRONLY|O_CREAT, 0644`, "EACCES", "write a file of another user"},
		{"open", `"/srv", O_RDONLY|O_DIRECTORY`, "EACCES", "list a directory of another user"},
		{"open", `"/srv"`, "EACCES", "read a file of another user,write a file of another user"},
		{"open", `"/srv/x", O_RDONLY|O_NOATIME`, "EPERM", "O_NOATIME"},
		{"open", `"/srv/x", O_WRONLY`, "EPERM", ""},
		{"open", `"/missing", O_RDONLY`, "ENOENT", ""},
		{"faccessat2", `AT_FDCWD, "/x", X_OK, AT_EACCESS`, "EACCES", "execute a file of another user"},
		{"newfstatat", `AT_FDCWD, "/root/x", 0x7ffe, 0`, "EACCES", "list a directory of another user"},
		{"unlinkat", `AT_FDCWD, "/tmp/x", 0`, "EPERM", "unlink in a sticky directory"},
		{"unlinkat", `AT_FDCWD, "/srv/x", 0`, "EACCES", "create a file in a directory of another user"},
		{"chown32", `"/x", 0, 0`, "EPERM", "chown"},
		{"fchownat", `AT_FDCWD, "/x", 0, 0, AT_SYMLINK_NOFOLLOW`, "EACCES", "list a directory of another user"},
		{"lsetxattr", `"/x", "security.capability", "\1\0", 20, 0`, "EPERM", "setxattr security.capability"},
		{"setxattr", `"/x", "user.x", "y", 1, 0`, "EPERM", ""},
		{"mknodat", `AT_FDCWD, "/x", S_IFCHR|0600, makedev(0x1, 0x3)`, "EPERM", "mknod"},
		{"mknodat", `AT_FDCWD, "/x", S_IFCHR, makedev(0, 0)`, "EPERM", "mknod c 0 0"},
		{"chroot", `"/srv"`, "EACCES", "list a directory of another user"},
		{"linkat", `AT_FDCWD, "/a", AT_FDCWD, "/b", 0`, "ENOENT", ""},

		// Files of /proc and /dev
		{"openat", `AT_FDCWD, "/proc/12/environ", O_RDONLY`, "EACCES", "/proc/PID/environ"},
		{"openat", `AT_FDCWD, "/proc/self/environ", O_RDONLY`, "EACCES", "read a file of another user"},
		{"readlink", `"/proc/12/task/13/cwd", "", 100`, "EACCES", "/proc/PID/cwd"},
		{"openat", `AT_FDCWD, "/proc/1/root/etc/passwd", O_RDONLY`, "EACCES", "/proc/PID/root"},
		{"openat", `AT_FDCWD, "/proc/12/pagemap", O_RDONLY`, "EACCES", "read a file of another user"},
		{"openat", `AT_FDCWD, "/proc/sys/net/ipv4/ip_forward", O_WRONLY`, "EACCES", "write /proc/sys/net"},
		{"openat", `AT_FDCWD, "/proc/sys/vm/swappiness", O_RDWR`, "EACCES", "write /proc/sys"},
		{"write", `3</proc/self/oom_score_adj>, "-1000", 5`, "EACCES", "write /proc/PID/oom_score_adj"},
		{"openat", `AT_FDCWD, "/dev/mem", O_RDWR`, "EACCES", "write a file of another user"},
		{"openat", `AT_FDCWD, "/dev/mem", O_RDWR`, "EPERM", "/dev/mem"},
		{"openat", `AT_FDCWD, "/dev/net/tun", O_RDWR`, "EPERM", ""},
		{"openat", `AT_FDCWD, "/dev/net/tun", O_RDWR`, "EACCES", "write a file of another user"},
		{"openat", `AT_FDCWD, "/dev/cpu/0/msr", O_RDWR`, "EPERM", "/dev/cpu/N/msr"},
		{"openat", `AT_FDCWD, "/dev/sda", O_RDWR`, "EACCES", "write a file of another user"},

		// The name of the call
		{"setgroups32", `1, [0]`, "EPERM", "setgroups"},
		{"umount2", `"/proc", MNT_DETACH`, "EPERM", "umount"},
		{"__x64_sys_fchownat", ``, "EPERM", "chown"},
		{"clock_settime64", `CLOCK_REALTIME, {tv_sec=1, tv_nsec=0}`, "EPERM", "clock_settime"},
		{"prlimit64", `0, RLIMIT_NOFILE, {rlim_cur=1, rlim_max=2}, NULL`, "EPERM", "setrlimit"},
		{"prlimit64", `12, RLIMIT_NOFILE, {rlim_cur=1, rlim_max=2}, NULL`, "EPERM", "prlimit of another process"},
		{"mlock", `0x7f, 1048576`, "ENOMEM", "mlock"},
		{"perf_event_open", `{type=0, size=112}, 12, -1, -1, 0`, "EACCES", "perf_event_open,perf_event_open of a process of another user"},
		{"perf_event_open", `{type=0, size=112}, -1, 0, -1, 0`, "EACCES", "perf_event_open"},
		{"mmap", `NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0`, "EPERM", "mmap below vm.mmap_min_addr"},
		{"mmap", `NULL, 4096, PROT_READ|PROT_EXEC, MAP_PRIVATE, 3, 0`, "EPERM", ""},
		{"capset", `{version=_LINUX_CAPABILITY_VERSION_3, pid=0}, {effective=1<<CAP_NET_RAW, permitted=1<<CAP_NET_RAW, inheritable=0}`, "EPERM", ""},
		{"setsid", ``, "EPERM", ""},
		{"nginx", ``, "EPERM", ""},
		{"", ``, "EPERM", ""},

		// Any error
		{"fchownat", ``, "", "list a directory of another user,chown"},
		{"setsockopt", ``, "", ""},
		{"setns", `5, CLONE_NEWNET`, "", "setns"},
	} {
		var names []string
		for _, o := range OfCall(test.call, test.args, test.errno) {
			names = append(names, o.Name())
		}
		if got := strings.Join(names, ","); got != test.want {
			t.Errorf("%s(%s) %s: %q, want %q", test.call, test.args, test.errno, got, test.want)
		}
	}
}

// TestRules holds that the rules name operations of the table, and calls as they are looked
// up.
func TestRules(t *testing.T) {
	for _, table := range [][]rule{rules, modes} {
		for _, r := range table {
			for _, name := range r.operations {
				if rows(name) == nil {
					t.Errorf("%s: no operation is called %q", r.calls, name)
				}
			}
			for _, call := range strings.Fields(r.calls) {
				if usual(call) != call {
					t.Errorf("%s is looked up as %s", call, usual(call))
				}
			}
			if r.args != "" {
				matcher(r.args)
			}
		}
	}
	for call, other := range variants() {
		if _, again := variants()[other]; again || usual(call) != other {
			t.Errorf("%s is looked up as %s, and that as another", call, usual(call))
		}
	}
}
