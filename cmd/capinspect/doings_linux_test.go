// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
)

// world is what an operation is done in: a directory with files of root and of the user, a
// process and a segment of root.
type world struct {
	dir     string
	target  int
	segment int // of System V shared memory, which root owns
}

func (w world) path(name string) string { return filepath.Join(w.dir, name) }

// proc returns a file of the process of root.
func (w world) proc(name string) string { return fmt.Sprintf("/proc/%d/%s", w.target, name) }

// invoke does a system call of up to four arguments.
func invoke(number uintptr, args ...uintptr) error {
	var a [6]uintptr
	copy(a[:], args)
	if _, _, errno := unix.RawSyscall6(number, a[0], a[1], a[2], a[3], a[4], a[5]); errno != 0 {
		return errno
	}
	return nil
}

// cstring returns a pointer to a text as C has it.
func cstring(s string) uintptr {
	b, _ := unix.BytePtrFromString(s)
	return uintptr(unsafe.Pointer(b))
}

func open(path string, flags int) error {
	fd, err := unix.Open(path, flags|unix.O_CLOEXEC, 0)
	if err == nil {
		unix.Close(fd)
	}
	return err
}

func readlink(path string) error {
	_, err := unix.Readlink(path, make([]byte, 100))
	return err
}

// socket makes a socket and uses it.
func socket(family, kind, protocol int, use func(fd int) error) error {
	fd, err := unix.Socket(family, kind, protocol)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if use == nil {
		return nil
	}
	return use(fd)
}

// setsOption sets an option of a TCP socket to a number.
func setsOption(level, name, value int) func(world) error {
	return func(world) error {
		return socket(unix.AF_INET, unix.SOCK_STREAM, 0, func(fd int) error { return unix.SetsockoptInt(fd, level, name, value) })
	}
}

// unshares makes a namespace.
func unshares(flag int) func(world) error {
	return func(world) error { return unix.Unshare(flag) }
}

// enters enters a namespace of its own.
func enters(name string, kind int) func(world) error {
	return func(world) error {
		fd, err := unix.Open("/proc/self/ns/"+name, unix.O_RDONLY, 0)
		if err != nil {
			return err
		}
		return unix.Setns(fd, kind)
	}
}

// interfaceRequest asks something of the interface lo.
func interfaceRequest(request uint, value uint16) func(world) error {
	return func(world) error {
		return socket(unix.AF_INET, unix.SOCK_DGRAM, 0, func(fd int) error {
			r, err := unix.NewIfreq("lo")
			if err == nil {
				r.SetUint16(value)
				err = unix.IoctlIfreq(fd, request, r)
			}
			return err
		})
	}
}

// doings are what does an operation of the table, by its name. With the capabilities each
// does nothing that outlives its namespaces and its directory.
var doings = map[string]func(world) error{
	"mount":      func(w world) error { return unix.Mount("none", w.path("mine"), "tmpfs", 0, "") },
	"umount":     func(world) error { return unix.Unmount("/proc", unix.MNT_DETACH) },
	"pivot_root": func(w world) error { return unix.PivotRoot(w.dir, w.dir) },
	"fsopen":     func(world) error { _, err := unix.Fsopen("tmpfs", 0); return err },
	"fspick":     func(world) error { _, err := unix.Fspick(unix.AT_FDCWD, "/", 0); return err },
	"fsmount":    func(world) error { _, err := unix.Fsmount(-1, 0, 0); return err },
	"move_mount": func(w world) error { return unix.MoveMount(-1, "", -1, "", unix.MOVE_MOUNT_F_EMPTY_PATH) },
	"mount_setattr": func(w world) error {
		return unix.MountSetattr(unix.AT_FDCWD, w.dir, 0, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_NOSUID})
	},
	"open_tree OPEN_TREE_CLONE":       func(world) error { _, err := unix.OpenTree(unix.AT_FDCWD, "/", unix.OPEN_TREE_CLONE); return err },
	"chroot":                          func(world) error { return unix.Chroot("/") },
	"unshare CLONE_NEWNS":             unshares(unix.CLONE_NEWNS),
	"unshare CLONE_NEWNET":            unshares(unix.CLONE_NEWNET),
	"unshare CLONE_NEWPID":            unshares(unix.CLONE_NEWPID),
	"unshare CLONE_NEWUTS":            unshares(unix.CLONE_NEWUTS),
	"unshare CLONE_NEWIPC":            unshares(unix.CLONE_NEWIPC),
	"unshare CLONE_NEWCGROUP":         unshares(unix.CLONE_NEWCGROUP),
	"unshare CLONE_NEWTIME":           unshares(unix.CLONE_NEWTIME),
	"setns to a network namespace":    enters("net", unix.CLONE_NEWNET),
	"setns to a mount namespace":      enters("mnt", unix.CLONE_NEWNS),
	"setns to a pid namespace":        enters("pid", unix.CLONE_NEWPID),
	"sethostname":                     func(world) error { return unix.Sethostname([]byte("x")) },
	"setdomainname":                   func(world) error { return unix.Setdomainname([]byte("x")) },
	"swapon":                          func(w world) error { return invoke(unix.SYS_SWAPON, cstring(w.path("missing")), 0) },
	"swapoff":                         func(w world) error { return invoke(unix.SYS_SWAPOFF, cstring(w.path("missing"))) },
	"fanotify_init FAN_CLASS_CONTENT": func(world) error { _, err := unix.FanotifyInit(unix.FAN_CLASS_CONTENT, 0); return err },
	"open_by_handle_at": func(w world) error {
		handle, _, err := unix.NameToHandleAt(unix.AT_FDCWD, w.path("own"), 0)
		if err != nil {
			return err
		}
		fd, err := unix.Open(w.dir, unix.O_RDONLY, 0)
		if err == nil {
			_, err = unix.OpenByHandleAt(fd, handle, unix.O_RDONLY)
		}
		return err
	},
	"FIFREEZE": func(world) error {
		fd, err := unix.Open("/proc", unix.O_RDONLY, 0) // which no capability freezes
		if err != nil {
			return err
		}
		return invoke(unix.SYS_IOCTL, uintptr(fd), 0xc0045877, 0)
	},

	"read a file of another user":                  func(w world) error { return open(w.path("private"), unix.O_RDONLY) },
	"write a file of another user":                 func(w world) error { return open(w.path("public"), unix.O_WRONLY) },
	"create a file in a directory of another user": func(w world) error { return unix.Mkdir(w.path("new"), 0o700) },
	"list a directory of another user":             func(w world) error { return open(w.path("hidden"), unix.O_RDONLY|unix.O_DIRECTORY) },
	"execute a file of another user": func(w world) error {
		return unix.Faccessat2(unix.AT_FDCWD, w.path("program"), unix.X_OK, unix.AT_EACCESS)
	},
	"chown": func(w world) error { return unix.Chown(w.path("own"), 0, 0) },
	"chmod": func(w world) error { return unix.Chmod(w.path("public"), 0o600) },
	"utimensat": func(w world) error {
		return unix.UtimesNanoAt(unix.AT_FDCWD, w.path("public"), []unix.Timespec{{Sec: 1}, {Sec: 1}}, 0)
	},
	"unlink in a sticky directory": func(w world) error { return unix.Unlink(w.path("sticky/x")) },
	"O_NOATIME":                    func(w world) error { return open(w.path("public"), unix.O_RDONLY|unix.O_NOATIME) },
	"setxattr trusted.":            func(w world) error { return unix.Setxattr(w.path("own"), "trusted.x", []byte("x"), 0) },
	"setxattr security.capability": func(w world) error {
		caps := capset.FileCaps{Version: 2, Permitted: capset.Of(capset.NetRaw)}
		return unix.Setxattr(w.path("own"), "security.capability", caps.Attribute(), 0)
	},
	"setxattr security.": func(w world) error { return unix.Setxattr(w.path("own"), "security.x", []byte("x"), 0) },
	"chattr +i": func(w world) error {
		fd, err := unix.Open(w.path("own"), unix.O_RDONLY, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		defer unix.IoctlSetPointerInt(fd, unix.FS_IOC_SETFLAGS, 0)
		return unix.IoctlSetPointerInt(fd, unix.FS_IOC_SETFLAGS, unix.STATX_ATTR_IMMUTABLE)
	},
	"mknod":       func(w world) error { return unix.Mknod(w.path("mine/c"), unix.S_IFCHR|0o600, int(unix.Mkdev(1, 3))) },
	"mknod c 0 0": func(w world) error { return unix.Mknod(w.path("mine/w"), unix.S_IFCHR, 0) },
	"mkfifo":      func(w world) error { return unix.Mkfifo(w.path("mine/p"), 0o600) },
	"F_SETLEASE": func(w world) error {
		fd, err := unix.Open(w.path("public"), unix.O_RDONLY, 0)
		if err == nil {
			_, err = unix.FcntlInt(uintptr(fd), unix.F_SETLEASE, unix.F_RDLCK)
		}
		return err
	},
	"F_SETPIPE_SZ": func(world) error {
		var p [2]int
		if err := unix.Pipe(p[:]); err != nil {
			return err
		}
		_, err := unix.FcntlInt(uintptr(p[0]), unix.F_SETPIPE_SZ, 64<<20)
		return err
	},
	"/proc/PID/root":    func(w world) error { return readlink(w.proc("root")) },
	"/proc/PID/cwd":     func(w world) error { return readlink(w.proc("cwd")) },
	"/proc/PID/exe":     func(w world) error { return readlink(w.proc("exe")) },
	"/proc/PID/ns":      func(w world) error { return readlink(w.proc("ns/net")) },
	"/proc/PID/maps":    func(w world) error { return open(w.proc("maps"), unix.O_RDONLY) },
	"/proc/PID/mem":     func(w world) error { return open(w.proc("mem"), unix.O_RDONLY) },
	"/proc/PID/environ": func(w world) error { return open(w.proc("environ"), unix.O_RDONLY) },
	"/proc/PID/auxv":    func(w world) error { return open(w.proc("auxv"), unix.O_RDONLY) },
	"/proc/PID/fd": func(w world) error {
		if err := open(w.proc("fd"), unix.O_RDONLY); err != nil {
			return err
		}
		return readlink(w.proc("fd/0"))
	},
	"/proc/PID/io":  func(w world) error { _, err := os.ReadFile(w.proc("io")); return err },
	"/proc/sys/net": func(world) error { return open("/proc/sys/net/ipv4/ip_forward", unix.O_WRONLY) },
	"/proc/sys":     func(world) error { return open("/proc/sys/vm/swappiness", unix.O_WRONLY) },

	"setuid":       func(world) error { return invoke(unix.SYS_SETUID, 0) },
	"setreuid":     func(world) error { return invoke(unix.SYS_SETREUID, 0, 0) },
	"setresuid":    func(world) error { return invoke(unix.SYS_SETRESUID, 0, 0, 0) },
	"setgid":       func(world) error { return invoke(unix.SYS_SETGID, 0) },
	"setregid":     func(world) error { return invoke(unix.SYS_SETREGID, 0, 0) },
	"setresgid":    func(world) error { return invoke(unix.SYS_SETRESGID, 0, 0, 0) },
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
	"nice":              func(world) error { return unix.Setpriority(unix.PRIO_PROCESS, 0, -5) },
	"sched_setaffinity": func(w world) error { s := new(unix.CPUSet); s.Set(0); return unix.SchedSetaffinity(w.target, s) },
	"ioprio_set":        func(world) error { return invoke(unix.SYS_IOPRIO_SET, 1, 0, 1<<13) },
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

	"adjtimex": func(world) error {
		_, err := unix.Adjtimex(&unix.Timex{Modes: unix.ADJ_ESTERROR, Esterror: 1})
		return err
	},
	"reboot":  func(world) error { return invoke(unix.SYS_REBOOT, 0, 0, 0, 0) },
	"syslog":  func(world) error { return invoke(unix.SYS_SYSLOG, 8, 0, 0) },
	"acct":    func(w world) error { return invoke(unix.SYS_ACCT, cstring(w.path("missing"))) },
	"vhangup": func(world) error { return invoke(unix.SYS_VHANGUP) },
	"RNDADDENTROPY": func(world) error {
		fd, err := unix.Open("/dev/urandom", unix.O_RDONLY, 0)
		if err != nil {
			return err
		}
		var none [2]int32
		return invoke(unix.SYS_IOCTL, uintptr(fd), unix.RNDADDENTROPY, uintptr(unsafe.Pointer(&none)))
	},
	"bpf BPF_MAP_CREATE": func(world) error {
		attr := [18]uint32{1, 4, 4, 1} // a hash
		return invoke(unix.SYS_BPF, unix.BPF_MAP_CREATE, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr))
	},
	"BPF_MAP_GET_FD_BY_ID": func(world) error {
		attr := [18]uint32{1 << 30}
		return invoke(unix.SYS_BPF, unix.BPF_MAP_GET_FD_BY_ID, uintptr(unsafe.Pointer(&attr)), 12)
	},
	"perf_event_open": func(world) error {
		attr := unix.PerfEventAttr{Type: unix.PERF_TYPE_SOFTWARE, Config: unix.PERF_COUNT_SW_CPU_CLOCK, Size: 64}
		_, err := unix.PerfEventOpen(&attr, -1, 0, -1, 0)
		return err
	},

	"bind :80": func(world) error {
		return socket(unix.AF_INET, unix.SOCK_STREAM, 0, func(fd int) error { return unix.Bind(fd, &unix.SockaddrInet4{Port: 80}) })
	},
	"bind :8080": func(world) error {
		return socket(unix.AF_INET, unix.SOCK_STREAM, 0, func(fd int) error { return unix.Bind(fd, &unix.SockaddrInet4{Port: 8080}) })
	},
	"socket SOCK_RAW":     func(world) error { return socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP, nil) },
	"socket AF_PACKET":    func(world) error { return socket(unix.AF_PACKET, unix.SOCK_RAW, 0, nil) },
	"socket AF_XDP":       func(world) error { return socket(unix.AF_XDP, unix.SOCK_RAW, 0, nil) },
	"socket AF_KEY":       func(world) error { return socket(unix.AF_KEY, unix.SOCK_RAW, 2, nil) },
	"socket AF_NETLINK":   func(world) error { return socket(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE, nil) },
	"socket AF_UNIX":      func(world) error { return socket(unix.AF_UNIX, unix.SOCK_STREAM, 0, nil) },
	"ICMP socket":         func(world) error { return socket(unix.AF_INET, unix.SOCK_DGRAM, unix.IPPROTO_ICMP, nil) },
	"SO_MARK":             setsOption(unix.SOL_SOCKET, unix.SO_MARK, 1),
	"SO_RCVMARK":          setsOption(unix.SOL_SOCKET, unix.SO_RCVMARK, 1),
	"SO_PRIORITY":         setsOption(unix.SOL_SOCKET, unix.SO_PRIORITY, 7),
	"SO_SNDBUFFORCE":      setsOption(unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, 1<<20),
	"SO_DEBUG":            setsOption(unix.SOL_SOCKET, unix.SO_DEBUG, 1),
	"SO_PREFER_BUSY_POLL": setsOption(unix.SOL_SOCKET, unix.SO_PREFER_BUSY_POLL, 1),
	"SO_BINDTODEVICE": func(world) error {
		return socket(unix.AF_INET, unix.SOCK_DGRAM, 0, func(fd int) error {
			if err := unix.BindToDevice(fd, "lo"); err != nil {
				return fmt.Errorf("the first time: %w", err)
			}
			return unix.BindToDevice(fd, "lo")
		})
	},
	"IP_TRANSPARENT": setsOption(unix.IPPROTO_IP, unix.IP_TRANSPARENT, 1),
	"IP_FREEBIND":    setsOption(unix.IPPROTO_IP, unix.IP_FREEBIND, 1),
	"TCP_REPAIR":     setsOption(unix.IPPROTO_TCP, unix.TCP_REPAIR, 1),
	"TCP_NODELAY":    setsOption(unix.IPPROTO_TCP, unix.TCP_NODELAY, 1),
	"SO_TXTIME": func(world) error {
		return socket(unix.AF_INET, unix.SOCK_DGRAM, 0, func(fd int) error {
			v := [2]uint32{unix.CLOCK_TAI, 0}
			return invoke(unix.SYS_SETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_TXTIME, uintptr(unsafe.Pointer(&v)), 8)
		})
	},
	"IPV6_HOPOPTS": func(world) error {
		return socket(unix.AF_INET6, unix.SOCK_DGRAM, 0, func(fd int) error {
			return unix.SetsockoptString(fd, unix.IPPROTO_IPV6, unix.IPV6_HOPOPTS, "\x00\x00\x01\x04\x00\x00\x00\x00")
		})
	},
	"SIOCSIFFLAGS": interfaceRequest(unix.SIOCSIFFLAGS, unix.IFF_UP),
	"SIOCSIFMTU":   interfaceRequest(unix.SIOCSIFMTU, 1500),
	"NETLINK_LISTEN_ALL_NSID": func(world) error {
		return socket(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE, func(fd int) error {
			return unix.SetsockoptInt(fd, unix.SOL_NETLINK, unix.NETLINK_LISTEN_ALL_NSID, 1)
		})
	},
	"RTM_NEWLINK":  func(world) error { return routing(unix.RTM_NEWLINK) },
	"RTM_NEWADDR":  func(world) error { return routing(unix.RTM_NEWADDR) },
	"RTM_NEWROUTE": func(world) error { return routing(unix.RTM_NEWROUTE) },
	"inotify_init": func(world) error { _, err := unix.InotifyInit(); return err },
}

// routing sends a message of rtnetlink that asks for nothing, and returns the answer.
func routing(kind uint16) error {
	return socket(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE, func(fd int) error {
		message := make([]byte, 16+32)
		h := (*unix.NlMsghdr)(unsafe.Pointer(&message[0]))
		h.Len, h.Type, h.Flags, h.Seq = uint32(len(message)), kind, unix.NLM_F_REQUEST|unix.NLM_F_ACK, 1
		if err := unix.Sendto(fd, message, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
			return err
		}
		answer := make([]byte, 4096)
		n, _, err := unix.Recvfrom(fd, answer, 0)
		if err != nil || n < 20 {
			return err
		}
		if code := *(*int32)(unsafe.Pointer(&answer[16])); code != 0 {
			return syscall.Errno(-code)
		}
		return nil
	})
}
