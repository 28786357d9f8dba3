// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
)

// sendsIDs sends credentials through a socket.
func sendsIDs(ids unix.Ucred) error {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	return unix.Sendmsg(pair[0], []byte("x"), unix.UnixCredentials(&ids), nil, 0)
}

// onProcesses are operations on processes and their ids.
var onProcesses = map[string]func(world) error{
	"setuid":   func(w world) error { return invoke(unix.SYS_SETUID, uintptr(w.other)) },
	"setreuid": func(w world) error { return invoke(unix.SYS_SETREUID, uintptr(w.other), uintptr(w.other)) },
	"setresuid": func(w world) error {
		return invoke(unix.SYS_SETRESUID, uintptr(w.other), uintptr(w.other), uintptr(w.other))
	},
	"setgid":   func(w world) error { return invoke(unix.SYS_SETGID, uintptr(w.other)) },
	"setregid": func(w world) error { return invoke(unix.SYS_SETREGID, uintptr(w.other), uintptr(w.other)) },
	"setresgid": func(w world) error {
		return invoke(unix.SYS_SETRESGID, uintptr(w.other), uintptr(w.other), uintptr(w.other))
	},
	"setgroups":    func(world) error { return invoke(unix.SYS_SETGROUPS, 0, 0) },
	"kill":         func(w world) error { return unix.Kill(w.target, 0) },
	"PTRACE_SEIZE": func(w world) error { return invoke(unix.SYS_PTRACE, unix.PTRACE_SEIZE, uintptr(w.target), 0, 0) },
	"process_vm_readv": func(w world) error {
		b := make([]byte, 1)
		_, err := unix.ProcessVMReadv(w.target, []unix.Iovec{{Base: &b[0], Len: 1}}, []unix.RemoteIovec{{Base: 4096, Len: 1}}, 0)
		return err
	},
	"pidfd_getfd": func(w world) error {
		fd, err := unix.PidfdOpen(w.target, 0)
		if err == nil {
			_, err = unix.PidfdGetfd(fd, 0, 0)
		}
		return err
	},
	"kcmp": func(w world) error { return invoke(unix.SYS_KCMP, uintptr(os.Getpid()), uintptr(w.target), 1, 0, 0) },
	"get_robust_list": func(w world) error {
		var a, b uintptr
		return invoke(unix.SYS_GET_ROBUST_LIST, uintptr(w.target), uintptr(unsafe.Pointer(&a)), uintptr(unsafe.Pointer(&b)))
	},
	"process_madvise": func(w world) error {
		fd, err := unix.PidfdOpen(w.target, 0)
		if err != nil {
			return err
		}
		v := unix.RemoteIovec{Base: 4096, Len: 4096}
		return invoke(unix.SYS_PROCESS_MADVISE, uintptr(fd), uintptr(unsafe.Pointer(&v)), 1, 20, 0)
	},
	"migrate_pages": func(w world) error {
		nodes := uint64(1)
		p := uintptr(unsafe.Pointer(&nodes))
		return invoke(unix.SYS_MIGRATE_PAGES, uintptr(w.target), 2, p, p)
	},
	"nice":                 func(world) error { return unix.Setpriority(unix.PRIO_PROCESS, 0, -5) },
	"sched_setaffinity":    func(w world) error { s := new(unix.CPUSet); s.Set(0); return unix.SchedSetaffinity(w.target, s) },
	"raise the nice value": func(world) error { return unix.Setpriority(unix.PRIO_PROCESS, 0, 19) },
	"taskset":              func(world) error { return unix.SchedSetaffinity(0, ownProcessors()) },
	"ionice":               func(world) error { return invoke(unix.SYS_IOPRIO_SET, 1, 0, 2<<13) },
	"core dump":            func(world) error { return unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) },
	"ioprio_set":           func(world) error { return invoke(unix.SYS_IOPRIO_SET, 1, 0, 1<<13) },
	"setrlimit": func(world) error {
		for _, most := range []uint64{1 << 20, 2 << 20} {
			if err := unix.Prlimit(0, unix.RLIMIT_CORE, &unix.Rlimit{Max: most}, nil); err != nil {
				return err
			}
		}
		return nil
	},
	"prlimit of another process": func(w world) error {
		return invoke(unix.SYS_PRLIMIT64, uintptr(w.target), unix.RLIMIT_CORE, uintptr(unsafe.Pointer(&unix.Rlimit{})), 0)
	},
	"capset": func(world) error {
		h := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var d [2]unix.CapUserData
		if err := unix.Capget(&h, &d[0]); err != nil {
			return err
		}
		const raw = 1 << capset.NetRaw
		without := d
		without[0].Inheritable &^= raw
		without[0].Permitted &^= raw
		without[0].Effective &^= raw
		if err := unix.Capset(&h, &without[0]); err != nil {
			return fmt.Errorf("giving it up: %w", err)
		}
		without[0].Inheritable |= raw
		return unix.Capset(&h, &without[0])
	},
	"PR_CAPBSET_DROP":     func(world) error { return unix.Prctl(unix.PR_CAPBSET_DROP, uintptr(capset.Mknod), 0, 0, 0) },
	"PR_SET_SECUREBITS":   func(world) error { return unix.Prctl(unix.PR_SET_SECUREBITS, 0, 0, 0, 0) },
	"PR_SET_KEEPCAPS":     func(world) error { return unix.Prctl(unix.PR_SET_KEEPCAPS, 1, 0, 0, 0) },
	"PR_SET_NO_NEW_PRIVS": func(world) error { return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) },
	"PR_SET_DUMPABLE":     func(world) error { return unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0) },
	"PR_SET_MM":           func(world) error { return unix.Prctl(unix.PR_SET_MM, unix.PR_SET_MM_BRK, 0, 0, 0) },
	"PR_SET_IO_FLUSHER":   func(world) error { return unix.Prctl(unix.PR_SET_IO_FLUSHER, 1, 0, 0, 0) },
	"seccomp": func(world) error {
		allow := unix.SockFilter{Code: 6, K: 0x7fff0000}
		p := unix.SockFprog{Len: 1, Filter: &allow}
		return invoke(unix.SYS_SECCOMP, 1, 0, uintptr(unsafe.Pointer(&p)))
	},
	"landlock_restrict_self": func(world) error { return invoke(unix.SYS_LANDLOCK_RESTRICT_SELF, ^uintptr(0), 0) },

	"setfsuid": func(world) error { unix.Setfsuid(0); return nil },
	"setfsgid": func(world) error { unix.Setfsgid(0); return nil },
	"PTRACE_TRACEME": func(world) error {
		cmd := exec.Command("/proc/self/exe")
		cmd.Args, cmd.SysProcAttr = []string{"operation", "--nothing"}, &syscall.SysProcAttr{Ptrace: true}
		if err := cmd.Start(); err != nil {
			return err
		}
		cmd.Process.Kill()
		cmd.Wait()
		return nil
	},
	"mbind":            func(world) error { return invoke(unix.SYS_MBIND, 0, 0, 0, 0, 0, 0) },
	"MPOL_MF_MOVE_ALL": func(world) error { return invoke(unix.SYS_MBIND, 0, 0, 0, 0, 0, 1<<2) },
	"SCHED_FIFO": func(world) error {
		priority := int32(1)
		return invoke(unix.SYS_SCHED_SETSCHEDULER, 0, 1, uintptr(unsafe.Pointer(&priority)))
	},
	"SCHED_DEADLINE": func(world) error {
		var all unix.CPUSet // else the kernel refuses it to a thread that may not use them all
		for cpu := range len(all) * 64 {
			all.Set(cpu)
		}
		if err := unix.SchedSetaffinity(0, &all); err != nil {
			return fmt.Errorf("not all processors: %w", err)
		}
		return unix.SchedSetAttr(0, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: 6, Runtime: 1e6, Deadline: 1e9, Period: 1e9}, 0)
	},
	"RLIMIT_NPROC": func(world) error {
		var old, none unix.Rlimit
		if err := unix.Prlimit(0, unix.RLIMIT_NPROC, nil, &old); err != nil {
			return err
		}
		none.Max = old.Max
		if err := invoke(unix.SYS_PRLIMIT64, 0, unix.RLIMIT_NPROC, uintptr(unsafe.Pointer(&none)), 0); err != nil {
			return err
		}
		pid, _, errno := unix.RawSyscall(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0)
		if errno == 0 && pid == 0 {
			unix.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
		}
		invoke(unix.SYS_PRLIMIT64, 0, unix.RLIMIT_NPROC, uintptr(unsafe.Pointer(&old)), 0)
		if errno != 0 {
			return errno
		}
		_, err := unix.Wait4(int(pid), nil, 0, nil)
		return err
	},
	"clone3 set_tid": func(world) error {
		first := int32(1) // which there is
		args := [10]uint64{4: uint64(unix.SIGCHLD), 8: uint64(uintptr(unsafe.Pointer(&first))), 9: 1}
		return invoke(unix.SYS_CLONE3, uintptr(unsafe.Pointer(&args)), 80)
	},
	"PR_CAP_AMBIENT_RAISE": func(world) error {
		return unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_RAISE, uintptr(capset.NetRaw), 0, 0)
	},
	"SCM_CREDENTIALS": func(w world) error {
		return sendsIDs(unix.Ucred{Pid: int32(w.target), Uid: 0, Gid: 0})
	},
	"perf_event_open of a process of another user": func(w world) error {
		attr := unix.PerfEventAttr{Type: unix.PERF_TYPE_SOFTWARE, Config: unix.PERF_COUNT_SW_DUMMY, Size: 64, Bits: unix.PerfBitExcludeKernel | unix.PerfBitExcludeHv}
		_, err := unix.PerfEventOpen(&attr, w.target, -1, -1, 0)
		return err
	},
}

// onMemory are operations on memory, and on System V and POSIX IPC.
var onMemory = map[string]func(world) error{
	"mlock": func(world) error {
		if err := unix.Setrlimit(unix.RLIMIT_MEMLOCK, &unix.Rlimit{Cur: 4096, Max: 4096}); err != nil {
			return err
		}
		return unix.Mlock(make([]byte, 1<<20))
	},
	"mlockall": func(world) error {
		if err := unix.Setrlimit(unix.RLIMIT_MEMLOCK, &unix.Rlimit{Cur: 4096, Max: 4096}); err != nil {
			return err
		}
		return unix.Mlockall(unix.MCL_CURRENT)
	},
	"SHM_HUGETLB": func(world) error {
		id, err := unix.SysvShmGet(unix.IPC_PRIVATE, 2<<20, unix.IPC_CREAT|0o4000|0o600)
		if err == nil {
			unix.SysvShmCtl(id, unix.IPC_RMID, nil)
		}
		return err
	},
	"SHM_LOCK":    func(w world) error { _, err := unix.SysvShmCtl(w.segment, 11, nil); return err },
	"shmat":       func(w world) error { _, err := unix.SysvShmAttach(w.segment, 0, unix.SHM_RDONLY); return err },
	"IPC_RMID":    func(w world) error { _, err := unix.SysvShmCtl(w.segment, unix.IPC_RMID, nil); return err },
	"userfaultfd": func(world) error { return invoke(unix.SYS_USERFAULTFD, 0) },
	"mmap below vm.mmap_min_addr": func(world) error {
		return invoke(unix.SYS_MMAP, 0, 4096, unix.PROT_READ, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_FIXED, ^uintptr(0), 0)
	},

	"msg_qbytes": func(world) error {
		id, _, errno := unix.RawSyscall(unix.SYS_MSGGET, unix.IPC_PRIVATE, unix.IPC_CREAT|0o600, 0)
		if errno != 0 {
			return errno
		}
		defer invoke(unix.SYS_MSGCTL, id, unix.IPC_RMID, 0)
		var queue [15]uint64 // struct msqid64_ds
		at := uintptr(unsafe.Pointer(&queue))
		if err := invoke(unix.SYS_MSGCTL, id, unix.IPC_STAT, at); err != nil {
			return err
		}
		queue[11] = 1 << 30
		return invoke(unix.SYS_MSGCTL, id, unix.IPC_SET, at)
	},
	"mq_open": func(world) error {
		name := fmt.Sprintf("operation-%d", os.Getpid())
		attr := [8]uint64{1: 2000, 2: 16}
		err := invoke(unix.SYS_MQ_OPEN, cstring(name), unix.O_CREAT|unix.O_RDWR, 0o600, uintptr(unsafe.Pointer(&attr)))
		invoke(unix.SYS_MQ_UNLINK, cstring(name))
		return err
	},
	"io_uring_setup": func(world) error {
		var params [15]uint64
		return invoke(unix.SYS_IO_URING_SETUP, 1, uintptr(unsafe.Pointer(&params)))
	},
}

// ownProcessors returns the processors that the thread may run on.
func ownProcessors() *unix.CPUSet {
	var set unix.CPUSet
	unix.SchedGetaffinity(0, &set)
	return &set
}
