// SPDX-License-Identifier: Apache-2.0

// Gated tells which system calls the seccomp filters that it runs under let through. It
// adds a filter of its own that hands each of these calls to itself, and answers them with
// an error that nothing else gives: none is done. A filter that refuses a call goes before
// one that hands it on (seccomp(2)).
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// numbers are the system calls, of which clone makes a namespace.
var numbers = map[string]uint32{
	"acct": unix.SYS_ACCT, "bpf": unix.SYS_BPF, "chroot": unix.SYS_CHROOT, "clock_settime": unix.SYS_CLOCK_SETTIME,
	"clone": unix.SYS_CLONE, "clone3": unix.SYS_CLONE3, "delete_module": unix.SYS_DELETE_MODULE,
	"fanotify_init": unix.SYS_FANOTIFY_INIT, "finit_module": unix.SYS_FINIT_MODULE, "fsconfig": unix.SYS_FSCONFIG,
	"fsmount": unix.SYS_FSMOUNT, "fsopen": unix.SYS_FSOPEN, "fspick": unix.SYS_FSPICK, "get_mempolicy": unix.SYS_GET_MEMPOLICY,
	"init_module": unix.SYS_INIT_MODULE, "ioperm": unix.SYS_IOPERM, "iopl": unix.SYS_IOPL, "kcmp": unix.SYS_KCMP,
	"lookup_dcookie": unix.SYS_LOOKUP_DCOOKIE, "mbind": unix.SYS_MBIND, "mount": unix.SYS_MOUNT,
	"mount_setattr": unix.SYS_MOUNT_SETATTR, "move_mount": unix.SYS_MOVE_MOUNT, "open_by_handle_at": unix.SYS_OPEN_BY_HANDLE_AT,
	"open_tree": unix.SYS_OPEN_TREE, "perf_event_open": unix.SYS_PERF_EVENT_OPEN, "pidfd_getfd": unix.SYS_PIDFD_GETFD,
	"process_madvise": unix.SYS_PROCESS_MADVISE, "quotactl": unix.SYS_QUOTACTL, "quotactl_fd": unix.SYS_QUOTACTL_FD,
	"reboot": unix.SYS_REBOOT, "set_mempolicy": unix.SYS_SET_MEMPOLICY, "set_mempolicy_home_node": unix.SYS_SET_MEMPOLICY_HOME_NODE,
	"setdomainname": unix.SYS_SETDOMAINNAME, "sethostname": unix.SYS_SETHOSTNAME, "setns": unix.SYS_SETNS,
	"settimeofday": unix.SYS_SETTIMEOFDAY, "syslog": unix.SYS_SYSLOG, "umount2": unix.SYS_UMOUNT2, "unshare": unix.SYS_UNSHARE,
	"vhangup": unix.SYS_VHANGUP, "swapon": unix.SYS_SWAPON, "swapoff": unix.SYS_SWAPOFF, "userfaultfd": unix.SYS_USERFAULTFD,
	"kexec_load": unix.SYS_KEXEC_LOAD, "migrate_pages": unix.SYS_MIGRATE_PAGES, "move_pages": unix.SYS_MOVE_PAGES,
	"io_uring_setup": unix.SYS_IO_URING_SETUP, "kexec_file_load": unix.SYS_KEXEC_FILE_LOAD, "pivot_root": unix.SYS_PIVOT_ROOT,
	"add_key": unix.SYS_ADD_KEY, "request_key": unix.SYS_REQUEST_KEY, "keyctl": unix.SYS_KEYCTL,
}

// letThrough is the answer to a call that no filter refused.
const letThrough = unix.EXFULL

func main() {
	runtime.LockOSThread() // which alone has the filter
	listener, err := filter()
	if err != nil {
		fmt.Fprintln(os.Stderr, "gated:", err)
		os.Exit(1)
	}
	answers := map[string]string{}
	for name, number := range numbers {
		args := uintptr(0)
		if name == "clone" {
			args = unix.CLONE_NEWUTS
		}
		switch _, _, errno := unix.Syscall(uintptr(number), args, 0, 0); errno {
		case letThrough:
			answers[name] = ""
		case 0:
			answers[name] = "done"
		default:
			answers[name] = unix.ErrnoName(errno)
		}
	}
	unix.Close(listener)
	json.NewEncoder(os.Stdout).Encode(answers)
}

// filter installs the filter on the calling thread, and answers what it hands on.
func filter() (listener int, err error) {
	const load, jump, answer, notify, allow = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K,
		unix.BPF_RET | unix.BPF_K, 0x7fc00000, 0x7fff0000
	program := []unix.SockFilter{{Code: load, K: 0}}
	for _, number := range numbers {
		program = append(program, unix.SockFilter{Code: jump, K: number, Jf: 1}, unix.SockFilter{Code: answer, K: notify})
	}
	program = append(program, unix.SockFilter{Code: answer, K: allow})
	p := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return -1, fmt.Errorf("no_new_privs: %w", err)
	}
	started := make(chan int)
	go answers(started)
	<-started                                                                            // there is a thread that has no filter and waits
	fd, _, errno := unix.Syscall(unix.SYS_SECCOMP, 1, 1<<3, uintptr(unsafe.Pointer(&p))) // a filter, with a listener
	if errno != 0 {
		return -1, fmt.Errorf("seccomp: %w", errno)
	}
	started <- int(fd)
	return int(fd), nil
}

// answers answers calls until the listener is closed.
func answers(listeners chan int) {
	runtime.LockOSThread()
	listeners <- 0
	fd := <-listeners
	for {
		var request [10]uint64 // struct seccomp_notif, which begins with an id
		if err := ioctl(fd, 0xc0502100, unsafe.Pointer(&request)); errors.Is(err, unix.EINTR) || errors.Is(err, unix.ENOENT) {
			continue
		} else if err != nil {
			return
		}
		failure := letThrough
		reply := struct {
			id, value    uint64
			errno, flags int32
		}{id: request[0], errno: -int32(failure)}
		ioctl(fd, 0xc0182101, unsafe.Pointer(&reply))
	}
}

func ioctl(fd int, request uintptr, arg unsafe.Pointer) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, uintptr(arg)); errno != 0 {
		return errno
	}
	return nil
}
