// SPDX-License-Identifier: Apache-2.0

package operation

import "github.com/capinspect/capinspect/capset"

// memory returns operations on memory and on System V and POSIX IPC (mm, ipc).
func memory() []Operation {
	return []Operation{
		{
			Names: []string{"mlock", "mlock2", "munlock", "MAP_LOCKED"}, Caps: []capset.Cap{capset.IpcLock}, Errno: "ENOMEM", Scope: capset.ScopeInitial,
			Why: "Locking more than RLIMIT_MEMLOCK; EPERM where the limit is 0.", Instead: []Note{{"rlimit", "RLIMIT_MEMLOCK (docker: --ulimit memlock=-1, LimitMEMLOCK= of a unit)"}},
		},
		{
			Names: []string{"mlockall"}, Caps: []capset.Cap{capset.IpcLock}, Errno: "ENOMEM", Scope: capset.ScopeInitial,
			Why: "Locking more than RLIMIT_MEMLOCK; EPERM where the limit is 0.", Instead: []Note{{"rlimit", "RLIMIT_MEMLOCK (docker: --ulimit memlock=-1, LimitMEMLOCK= of a unit)"}},
		},
		{
			Names: []string{"SHM_HUGETLB", "shmget SHM_HUGETLB"}, Caps: []capset.Cap{capset.IpcLock}, Errno: "EPERM", Scope: capset.ScopeInitial,
			Why: "System V shared memory of huge pages.", Instead: []Note{{"group", "the group of vm.hugetlb_shm_group"}, {"hugetlbfs", "a hugetlbfs mount that it may write"}},
		},
		{
			Names: []string{"SHM_LOCK", "shmctl SHM_LOCK"}, Caps: []capset.Cap{capset.IpcLock}, Errno: "EPERM", Scope: capset.ScopeIPC,
			Why: "Locking a segment of another user, or beyond RLIMIT_MEMLOCK.", Instead: []Note{{"owner", "its owner or creator may, within RLIMIT_MEMLOCK"}},
		},
		{
			Names: []string{"shmat", "shmget", "semop", "msgsnd", "msgrcv", "System V IPC of another user"}, Caps: []capset.Cap{capset.IpcOwner}, Errno: "EACCES", Scope: capset.ScopeIPC,
			Why: "Using an object of System V IPC whose mode does not let the task.", Instead: []Note{{"mode", "the mode of the object may let it"}},
		},
		{
			Names: []string{"IPC_RMID", "IPC_SET", "ipcrm"}, Caps: admin, Errno: "EPERM", Scope: capset.ScopeIPC,
			Why: "Removing or changing an object of System V IPC of another user.", Instead: []Note{{"owner", "its owner or creator may"}},
		},
		{
			Names: []string{"msg_qbytes", "msgctl IPC_SET"}, Caps: []capset.Cap{capset.SysResource}, Errno: "EPERM", Scope: capset.ScopeInitial,
			Why: "A message queue larger than kernel.msgmnb.", Instead: []Note{{"sysctl", "a larger kernel.msgmnb"}},
		},
		{
			Names: []string{"mq_open", "fs.mqueue.msg_max", "RLIMIT_MSGQUEUE"}, Caps: []capset.Cap{capset.SysResource}, Errno: "EINVAL", Scope: capset.ScopeInitial,
			Why: "A POSIX message queue beyond fs.mqueue.msg_max and msgsize_max.", Instead: []Note{{"sysctl", "larger fs.mqueue.msg_max and msgsize_max, which a pod may set"}},
		},
		{
			Names: []string{"userfaultfd"}, Caps: traceOther, Errno: "EPERM", Scope: capset.ScopeInitial, Calls: []string{"userfaultfd"},
			Why: "Handling page faults of the kernel.", Instead: []Note{{"flag", "UFFD_USER_MODE_ONLY needs none, since Linux 5.11"}, {"sysctl", "vm.unprivileged_userfaultfd=1"}, {"dac", "the right to open /dev/userfaultfd, since Linux 6.1"}},
		},
		{
			Names: []string{"io_uring_setup", "io_uring"}, Caps: admin, Errno: "EPERM", Scope: capset.ScopeInitial, Calls: []string{"io_uring_setup"},
			Why: "It needs none unless kernel.io_uring_disabled is 1.", Instead: []Note{{"sysctl", "kernel.io_uring_disabled=0"}, {"group", "the group of kernel.io_uring_group"}},
		},
		{
			Names: []string{"mmap below vm.mmap_min_addr", "mmap_min_addr"}, Caps: []capset.Cap{capset.SysRawio}, Errno: "EPERM", Scope: capset.ScopeInitial,
			Why: "Mapping the lowest addresses.", Instead: []Note{{"sysctl", "a lower vm.mmap_min_addr"}}, Gates: []Note{securityMod},
		},
		{
			Names: []string{"vm.overcommit_memory", "user_reserve_kbytes"}, Caps: admin, Scope: capset.ScopeInitial,
			Unverified: "the kernel looks for it at each mapping, which the tests leave out",
			Why:        "The kernel checks it at each mapping, without auditing, to decide whether the reserve for root counts; a refusal is not an error.",
		},
		{
			Names: []string{"pipe-user-pages-hard", "more pipes than fs.pipe-user-pages-hard"}, Caps: []capset.Cap{capset.SysResource, capset.SysAdmin}, Errno: "EPERM", Scope: capset.ScopeInitial,
			Unverified: "the sysctl would keep other users from making pipes",
			Why:        "More pipe memory than fs.pipe-user-pages-hard.",
		},
	}
}
