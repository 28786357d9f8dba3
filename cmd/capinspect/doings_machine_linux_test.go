// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// onTerminal uses the other end of a pseudoterminal.
func onTerminal(flags int, use func(fd int) error) func(world) error {
	return func(w world) error {
		if err := unix.IoctlSetPointerInt(w.handed, unix.TIOCSPTLCK, 0); err != nil {
			return fmt.Errorf("the pseudoterminal stays locked: %w", err)
		}
		fd, _, errno := unix.RawSyscall(unix.SYS_IOCTL, uintptr(w.handed), unix.TIOCGPTPEER, uintptr(flags|unix.O_NOCTTY))
		if errno != 0 {
			return fmt.Errorf("the pseudoterminal has no other end: %w", errno)
		}
		return use(int(fd))
	}
}

// onMachine are operations on the machine. None changes anything of it: what would is done
// with arguments that the kernel looks at later than at the capability.
var onMachine = map[string]func(world) error{
	"date":    func(world) error { return unix.ClockGettime(unix.CLOCK_REALTIME, new(unix.Timespec)) },
	"add_key": func(world) error { _, err := ownKey(); return err },
	"keyctl": func(world) error {
		_, err := unix.KeyctlGetKeyringID(unix.KEY_SPEC_PROCESS_KEYRING, true)
		return err
	},
	"KEYCTL_CHOWN": func(w world) error { return onOwnKey(unix.KEYCTL_CHOWN, w.other, -1) },
	"adjtimex": func(world) error {
		_, err := unix.Adjtimex(&unix.Timex{Modes: unix.ADJ_ESTERROR, Esterror: 1})
		return err
	},
	"reboot": func(world) error { return invoke(unix.SYS_REBOOT, 0, 0, 0, 0) },
	"dmesg": func(world) error {
		_, err := unix.Klogctl(unix.SYSLOG_ACTION_READ_ALL, make([]byte, 64))
		return err
	},
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

	"inotify_init": func(world) error { _, err := unix.InotifyInit(); return err },
	"clock_settime": func(world) error {
		var now unix.Timespec
		return errors.Join(unix.ClockGettime(unix.CLOCK_REALTIME, &now), unix.ClockSettime(unix.CLOCK_REALTIME, &now))
	},
	"settimeofday": func(world) error { return invoke(unix.SYS_SETTIMEOFDAY, 0, 0) },
	"timerfd_create CLOCK_REALTIME_ALARM": func(world) error {
		return invoke(unix.SYS_TIMERFD_CREATE, unix.CLOCK_REALTIME_ALARM, 0)
	},
	"EPOLLWAKEUP": func(world) error {
		if _, err := os.Stat("/sys/power/wakeup_count"); err != nil {
			return unix.ENOSYS // a kernel that never sleeps
		}
		var p [2]int
		epoll, err := unix.EpollCreate1(0)
		if err := errors.Join(err, unix.Pipe(p[:])); err != nil {
			return err
		}
		return unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, p[0], &unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLWAKEUP})
	},
	"kexec_load":    func(world) error { return invoke(unix.SYS_KEXEC_LOAD, 0, 1<<20, 0, 0) },
	"init_module":   func(world) error { return invoke(unix.SYS_INIT_MODULE, 0, 0, 0) },
	"finit_module":  func(world) error { return invoke(unix.SYS_FINIT_MODULE, ^uintptr(0), 0, 0) },
	"delete_module": func(world) error { return invoke(unix.SYS_DELETE_MODULE, cstring("no such module"), unix.O_NONBLOCK) },
	"iopl":          func(world) error { return invoke(unix.SYS_IOPL, 3) },
	"ioperm":        func(world) error { return invoke(unix.SYS_IOPERM, 0x80, 1, 1) },
	"VT_ACTIVATE":   func(w world) error { return ioctl(w.handed, 0x5606, 0) },
	"TIOCSTI": onTerminal(unix.O_RDWR, func(fd int) error {
		letter := byte('x')
		return ioctl(fd, unix.TIOCSTI, uintptr(unsafe.Pointer(&letter)))
	}),
	"TIOCCONS":    onTerminal(unix.O_RDONLY, func(fd int) error { return ioctl(fd, unix.TIOCCONS, 0) }), // which takes one to write
	"TIOCVHANGUP": onTerminal(unix.O_RDWR, func(fd int) error { return ioctl(fd, 0x5437, 0) }),
	"TIOCSCTTY 1": onTerminal(unix.O_RDWR, func(fd int) error {
		pid, err := syscall.ForkExec("/proc/self/exe", []string{"operation", "--sleep"}, &syscall.ProcAttr{
			Files: []uintptr{uintptr(fd)}, Sys: &syscall.SysProcAttr{Setsid: true, Setctty: true},
		})
		if err != nil {
			return fmt.Errorf("nobody controls the terminal: %w", err)
		}
		defer func() {
			syscall.Kill(pid, syscall.SIGKILL)
			syscall.Wait4(pid, nil, 0, nil)
		}()
		return ioctl(fd, unix.TIOCSCTTY, 1)
	}),
	"bpf BPF_PROG_LOAD tracing": func(world) error { return loadsProgram(2) }, // BPF_PROG_TYPE_KPROBE
	"bpf BPF_PROG_LOAD network": func(world) error { return loadsProgram(6) }, // BPF_PROG_TYPE_XDP
	"personality":               func(world) error { return invoke(unix.SYS_PERSONALITY, 0xffffffff) },
}

// loadsProgram loads a BPF program whose one instruction cannot be read.
func loadsProgram(kind uint32) error {
	license := cstring("GPL")
	attr := struct {
		kind, count   uint32
		code, license uint64
		rest          [15]uint64
	}{kind: kind, count: 1, license: uint64(license)}
	return invoke(unix.SYS_BPF, unix.BPF_PROG_LOAD, uintptr(unsafe.Pointer(&attr)), 48)
}

// ownKey makes a key of the user in the keyring of the process.
func ownKey() (id int, err error) {
	return unix.AddKey("user", "capinspect", []byte("x"), unix.KEY_SPEC_PROCESS_KEYRING)
}

// onOwnKey does an operation of keyctl(2) on a key of the user.
func onOwnKey(operation, arg, arg2 int) error {
	id, err := ownKey()
	if err == nil {
		_, err = unix.KeyctlInt(operation, id, arg, arg2, 0)
	}
	return err
}
