// SPDX-License-Identifier: Apache-2.0

package operation

// rule tells the operations that a refused system call may be.
type rule struct {
	calls      string // any of these words
	errno      string // "" for all
	args       string // an expression that the arguments match, "" for all
	operations []string
}

// The operations on files of another user, which a call that names one may be.
var (
	searched = []string{"list a directory of another user"}
	read     = []string{"read a file of another user"}
	written  = []string{"write a file of another user"}
	made     = []string{"create a file in a directory of another user"}
	opened   = []string{"read a file of another user", "write a file of another user"}
	nothing  = []string(nil) // no capability that is known
)

// rules are looked through in this order, and the first that fits decides.
var rules = []rule{
	// Namespaces: what is asked for beside a new user namespace asks that one.
	{"unshare clone", "", `CLONE_NEWUSER`, []string{"CLONE_NEWUSER"}},
	{"clone", "", `set_tid=\[`, []string{"clone3 set_tid"}},
	{"unshare clone", "", `CLONE_NEWNS`, []string{"CLONE_NEWNS"}},
	{"unshare clone", "", `CLONE_NEWNET`, []string{"CLONE_NEWNET"}},
	{"unshare clone", "", `CLONE_NEWPID`, []string{"CLONE_NEWPID"}},
	{"unshare clone", "", `CLONE_NEWUTS`, []string{"CLONE_NEWUTS"}},
	{"unshare clone", "", `CLONE_NEWIPC`, []string{"CLONE_NEWIPC"}},
	{"unshare clone", "", `CLONE_NEWCGROUP`, []string{"CLONE_NEWCGROUP"}},
	{"unshare clone", "", `CLONE_NEWTIME`, []string{"CLONE_NEWTIME"}},
	{"clone", "EAGAIN", ``, []string{"RLIMIT_NPROC"}},
	{"unshare clone", "", ``, nothing},
	{"setns", "", `CLONE_NEWUSER`, []string{"setns to a user namespace"}},
	{"setns", "", `CLONE_NEWNS`, []string{"setns to a mount namespace"}},
	{"setns", "", `CLONE_NEWNET`, []string{"setns to a network namespace"}},
	{"setns", "", `CLONE_NEWPID`, []string{"setns to a pid namespace"}},
	{"setns", "", ``, []string{"setns to a network namespace", "setns to a mount namespace"}},

	// Sockets
	{"bind", "", `sin6?_port=htons\((?:[1-9]\d{0,2}|10[01]\d|102[0-3])\)|^"?:(?:[1-9]\d{0,2}|10[01]\d|102[0-3])\b`, []string{"bind :80"}},
	{"bind", "", `svm_port=(?:0x[0-3]?[0-9a-f]{1,2}|\d{1,3}|10[01]\d|102[0-3])\b`, []string{"bind vsock below 1024"}},
	{"bind", "EACCES", `sun_path=`, made},
	{"bind", "", ``, nothing},
	{"connect", "EACCES", `sun_path="`, written},
	{"connect listen accept", "", ``, nothing},
	{"socket", "", `SOCK_DGRAM.*IPPROTO_ICMP`, []string{"ICMP socket"}},
	{"socket", "", `^AF_INET6?, SOCK_RAW`, []string{"SOCK_RAW"}},
	{"socket", "EPERM", `^$`, []string{"SOCK_RAW", "AF_PACKET", "AF_KEY"}}, // whose kind is not told
	{"receive send", "", `nlmsg_type=RTM_\w*(?:QDISC|TCLASS|TFILTER|CHAIN|ACTION)`, []string{"RTM_NEWQDISC"}},
	{"receive send", "", `nlmsg_type=RTM_\w*LINK`, []string{"RTM_NEWLINK"}},
	{"receive send", "", `nlmsg_type=RTM_\w*ADDR`, []string{"RTM_NEWADDR"}},
	{"receive send", "", `nlmsg_type=RTM_\w*(?:ROUTE|NEXTHOP)`, []string{"RTM_NEWROUTE"}},
	{"receive send", "", `nlmsg_type=RTM_\w*NEIGH`, []string{"RTM_NEWNEIGH"}},
	{"receive send", "", `nlmsg_type=RTM_\w*RULE`, []string{"RTM_NEWRULE"}},
	{"receive send", "", `nlmsg_type=NFNL_`, []string{"NETLINK_NETFILTER"}},
	{"receive send", "", `nlmsg_type=XFRM_`, []string{"NETLINK_XFRM"}},
	{"receive send", "", `nlmsg_type=AUDIT_\w*USER|/\* AUDIT_USER`, []string{"AUDIT_USER"}},
	{"receive send", "", `nlmsg_type=AUDIT_`, []string{"AUDIT_SET"}},
	{"receive", "", ``, nothing},
	{"send", "EACCES", `sun_path="`, written},

	// Files
	{"open", "EPERM", `"/dev/net/tun"`, nothing}, // the device cgroup
	{"open", "EPERM", `O_NOATIME`, []string{"O_NOATIME"}},
	{"setxattr", "", `"security\.capability"`, []string{"setxattr security.capability"}},
	{"setxattr", "", `"security\.`, []string{"setxattr security."}},
	{"setxattr", "", `"trusted\.`, []string{"setxattr trusted."}},
	{"setxattr", "EPERM", `"system\.posix_acl_`, []string{"setfacl"}},
	{"setxattr", "EACCES", ``, opened},
	{"setxattr", "", ``, nothing},
	{"mknod", "EPERM", `S_IFCHR.*makedev\((?:0x)?0, (?:0x)?0\)`, []string{"mknod c 0 0"}},
	{"mknod", "EPERM", `S_IF(?:IFO|SOCK|REG)`, []string{"mkfifo"}},
	{"mknod", "EACCES", ``, made},
	{"unlink rename", "EPERM", ``, []string{"unlink in a sticky directory"}},
	{"unlink rename mkdir symlink creat link", "EACCES", ``, made},
	{"link", "ENOENT", `AT_EMPTY_PATH`, []string{"AT_EMPTY_PATH"}},
	{"link", "ENOENT", ``, nothing},
	{"mkdir symlink", "EPERM", ``, nothing},
	{"chmod chown utimensat", "EACCES", ``, searched},
	{"chroot mount umount umount2 pivot_root swapon swapoff acct fspick open_tree move_mount mount_setattr", "EACCES", ``, searched},
	{"truncate", "EACCES", ``, written},
	{"execve", "EACCES", ``, []string{"execute a file of another user"}},
	{"execve truncate creat", "EPERM", ``, nothing},
	{"access", "EACCES", `X_OK`, []string{"execute a file of another user"}},
	{"access", "EACCES", `W_OK`, written},
	{"fcntl", "", `F_SETPIPE_SZ`, []string{"F_SETPIPE_SZ"}},

	// Memory, limits and processes
	{"mmap", "EPERM", `^(?:NULL|0|0x[0-9a-f]{1,4}), .*MAP_FIXED`, []string{"mmap below vm.mmap_min_addr"}},
	{"mmap", "EAGAIN", `MAP_LOCKED`, []string{"MAP_LOCKED"}},
	{"mmap", "", ``, nothing},
	{"mbind", "", `MPOL_MF_MOVE_ALL`, []string{"MPOL_MF_MOVE_ALL"}},
	{"prlimit", "", `^[1-9]`, []string{"prlimit of another process"}},
	{"shmget semget msgget shmctl semctl msgctl semop msgsnd msgrcv shmat", "EACCES", ``, []string{"shmat"}},
	{"perf_event_open", "", `\}, [1-9]\d*, `, []string{"perf_event_open", "perf_event_open of a process of another user"}},
	{"get_robust_list", "", ``, []string{"get_robust_list"}},
	{"capset", "", `effective=0, permitted=0, inheritable=[^0]`, []string{"capset"}},
	{"capset", "", ``, nothing}, // it raises what it is not permitted
	{"sched_setattr", "", `SCHED_(?:FIFO|RR)`, []string{"SCHED_FIFO"}},
}

// modes are tried where nothing else tells what a call on a file was: the mode of a file,
// or of a directory on the way to it.
var modes = []rule{
	{"open", "EACCES", `O_(?:WRONLY|RDWR|CREAT|TRUNC)`, written},
	{"open", "EACCES", `O_DIRECTORY`, searched},
	{"open", "EACCES", `O_RDONLY|O_PATH`, read},
	{"open", "EACCES", ``, opened},
	{"access", "EACCES", `R_OK`, read},
	{"access stat readlink chdir", "EACCES", ``, searched},
}
