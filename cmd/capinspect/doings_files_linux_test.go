// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"

	"github.com/capinspect/capinspect/capset"
	"golang.org/x/sys/unix"
)

// onFiles are operations on files of a disk, /proc and /dev.
var onFiles = map[string]func(world) error{
	"read a file of another user":                  func(w world) error { return open(w.path("private"), unix.O_RDONLY) },
	"write a file of another user":                 func(w world) error { return open(w.path("public"), unix.O_WRONLY) },
	"create a file in a directory of another user": func(w world) error { return unix.Mkdir(w.path("new"), 0o700) },
	"list a directory of another user":             func(w world) error { return open(w.path("hidden"), unix.O_RDONLY|unix.O_DIRECTORY) },
	"execute a file of another user": func(w world) error {
		return unix.Faccessat2(unix.AT_FDCWD, w.path("program"), unix.X_OK, unix.AT_EACCESS)
	},
	"chown": func(w world) error { return unix.Chown(w.path("own"), w.other, w.other) },
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
	"/proc/sys/net": func(world) error { return open("/proc/sys/net/ipv4/ip_default_ttl", unix.O_WRONLY) },
	"/proc/sys":     func(world) error { return open("/proc/sys/vm/swappiness", unix.O_WRONLY) },

	"chmod g+s": func(w world) error { return unix.Chmod(w.path("group"), 0o2755) },
	"setfacl": func(w world) error {
		acl := "\x02\x00\x00\x00" + "\x01\x00\x06\x00\xff\xff\xff\xff" + "\x04\x00\x04\x00\xff\xff\xff\xff" + "\x20\x00\x04\x00\xff\xff\xff\xff"
		return unix.Setxattr(w.path("public"), "system.posix_acl_access", []byte(acl), 0)
	},
	"link": func(w world) error { return unix.Link(w.path("private"), w.path("mine/link")) },
	"linkat AT_EMPTY_PATH": func(w world) error {
		return unix.Linkat(w.handed, "", unix.AT_FDCWD, w.path("mine/link"), unix.AT_EMPTY_PATH)
	},
	"follow a link in a sticky directory": func(w world) error { return open(w.path("sticky/link"), unix.O_RDONLY) },
	"FIBMAP":                              onOwn(1, 0),
	"/proc/PID/syscall":                   func(w world) error { return reads(w.proc("syscall")) },
	"/proc/PID/stack":                     func(w world) error { return reads(w.proc("stack")) },
	"/proc/PID/pagemap":                   func(world) error { return reads("/proc/self/pagemap") },
	"/proc/PID/map_files": func(world) error {
		entries, err := os.ReadDir("/proc/self/map_files")
		if err != nil {
			return err
		}
		return open(filepath.Join("/proc/self/map_files", entries[0].Name()), unix.O_RDONLY)
	},
	"/proc/PID/oom_score_adj": func(world) error { return writes("/proc/self/oom_score_adj", "-1000") },
	"loginuid": func(world) error {
		const file = "/proc/thread-self/loginuid"
		// A change of credentials makes the file root's, and then its mode refuses first.
		if err := unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0); err != nil {
			return err
		}
		if err := writes(file, "1000"); err != nil {
			return err // it was set before
		}
		return writes(file, "1000")
	},
	"/proc/PID/timerslack_ns": func(w world) error { return writes(w.proc("timerslack_ns"), "50000") },
	"/proc/kcore":             func(world) error { return open("/proc/kcore", unix.O_RDONLY) },
	"/proc/kmsg":              func(world) error { return open("/proc/kmsg", unix.O_RDONLY) },
	"/proc/kallsyms":          func(world) error { return reads("/proc/kallsyms") },
	"/dev/mem":                func(world) error { return open("/dev/mem", unix.O_RDONLY) },
	"/dev/cpu/N/msr":          func(world) error { return open("/dev/cpu/0/msr", unix.O_RDONLY) },
	"/dev/fuse":               func(world) error { return open("/dev/fuse", unix.O_RDWR) },
	"/dev/kvm":                func(world) error { return open("/dev/kvm", unix.O_RDWR) },
	"/dev/ppp":                func(world) error { return open("/dev/ppp", unix.O_RDWR) },
	"/dev/sda":                func(world) error { return open("/dev/loop7", unix.O_RDONLY) },
	"/dev/net/tun": func(w world) error {
		r, err := unix.NewIfreq("tun7")
		if err != nil {
			return err
		}
		r.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		return unix.IoctlIfreq(w.handed, unix.TUNSETIFF, r)
	},
	"/proc/sys/kernel/kptr_restrict":     rewrites("/proc/sys/kernel/kptr_restrict"),
	"/proc/sys/kernel/yama/ptrace_scope": rewrites("/proc/sys/kernel/yama/ptrace_scope"),
	"/proc/sys/kernel/ns_last_pid":       rewrites("/proc/sys/kernel/ns_last_pid"),
	"/proc/sys/net/ipv4/ip_forward":      rewrites("/proc/sys/net/ipv4/ip_forward"),
	"/proc/sys/vm/memfd_noexec":          rewrites("/proc/sys/vm/memfd_noexec"),
	"/proc/sys/vm/mmap_min_addr":         rewrites("/proc/sys/vm/mmap_min_addr"),
	"/proc/sys/user":                     func(world) error { return open("/proc/sys/user/max_uts_namespaces", unix.O_WRONLY) },
	"/proc/sys/kernel/shmmax":            func(world) error { return open("/proc/sys/kernel/shmmax", unix.O_WRONLY) },
	"/proc":                              func(world) error { return open("/proc/slabinfo", unix.O_RDONLY) },
	"/proc/timer_list":                   func(world) error { return hasText("/proc/timer_list") },
	"/proc/PID/status":                   func(w world) error { return open(w.proc("status"), unix.O_RDONLY) },
	"/proc/self":                         func(world) error { return readlink("/proc/self/exe") },
	"/proc/swaps":                        func(world) error { return open("/proc/swaps", unix.O_RDONLY) },
	"/dev/null":                          func(world) error { return open("/dev/null", unix.O_RDWR) },
	"/dev":                               func(world) error { return open("/dev/loop7", unix.O_RDWR) },
	"/sys":                               func(world) error { return open("/sys/kernel/mm/transparent_hugepage/enabled", unix.O_WRONLY) },
	"/proc/sysrq-trigger":                func(world) error { return open("/proc/sysrq-trigger", unix.O_WRONLY) },
	"lsmod":                              func(world) error { return open("/proc/modules", unix.O_RDONLY) },
	"RTC_SET_TIME":                       func(w world) error { return ioctl(w.handed, unix.RTC_SET_TIME, 0) },
	"/sys/power/wake_lock":               func(w world) error { _, err := unix.Write(w.handed, []byte("x")); return err },
}
