// SPDX-License-Identifier: Apache-2.0

// Holder is what else the containers of the tests need: a main process that
// keeps a container running, and does to itself what a runtime cannot.
//
//	holder [WORD ...]  does what each word says, then says "ready" and waits
//
//	drop               gives up its capabilities, all but the bounding set
//	lower              lowers the effective ones alone
//	raise              raises all that are permitted
//	report             prints its status file, its securebits and AT_SECURE, and ends
//	open FILE          opens it for reading and writing, and ends
//	userns             creates a user namespace, and ends if no word follows
//	audit              writes a record to the audit log, waits until it can be read, and ends
//	fifo               asks for real-time scheduling, and ends
//	mount DIR          mounts a tmpfs there, and ends
//	become PROGRAM [ARG ...]
//	                   becomes PROGRAM
//	noproc PROGRAM [ARG ...]
//	                   takes /proc away and becomes PROGRAM
package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "holder:", err)
		os.Exit(1)
	}
}

func run(words []string) error {
	for i, word := range words {
		var err error
		rest := words[i+1:]
		switch {
		case word == "drop":
			err = set(func(*sets) sets { return sets{} })
		case word == "lower":
			err = set(func(s *sets) sets { return sets{0, s.permitted, s.inheritable} })
		case word == "raise":
			err = set(func(s *sets) sets { return sets{s.permitted, s.permitted, s.inheritable} })
		case word == "report":
			return report()
		case word == "open" && len(rest) == 1:
			_, err := os.OpenFile(rest[0], os.O_RDWR, 0)
			return err
		case word == "mount" && len(rest) == 1:
			return unix.Mount("none", rest[0], "tmpfs", 0, "")
		case word == "audit" && len(rest) == 0:
			return audit()
		case word == "fifo" && len(rest) == 0:
			return unix.SchedSetAttr(0, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: 1}, 0)
		case word == "userns":
			if err = createUserns(); len(rest) == 0 {
				return err
			}
		case word == "become" && len(rest) > 0:
			return syscall.Exec(rest[0], rest, nil)
		case word == "noproc" && len(rest) > 0:
			if err := syscall.Unmount("/proc", syscall.MNT_DETACH); err != nil {
				return err
			}
			return syscall.Exec(rest[0], rest, nil)
		default:
			return fmt.Errorf("unknown word %q", word)
		}
		if err != nil {
			return err
		}
	}
	fmt.Println("ready")
	for {
		time.Sleep(time.Hour)
	}
}

// sets are half of three sets, as capget(2) has them.
type sets struct{ effective, permitted, inheritable uint32 }

// set changes three sets of every thread; what is ambient and no longer permitted goes
// with them.
func set(change func(*sets) sets) error {
	header := struct{ version, pid uint32 }{version: 0x20080522} // _LINUX_CAPABILITY_VERSION_3
	var halves [2]sets
	_, _, errno := syscall.RawSyscall(syscall.SYS_CAPGET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&halves)), 0)
	if errno != 0 {
		return errno
	}
	for i := range halves {
		halves[i] = change(&halves[i])
	}
	_, _, errno = syscall.AllThreadsSyscall(syscall.SYS_CAPSET,
		uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&halves)), 0)
	if errno != 0 {
		return errno
	}
	return nil
}

func report() error {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	bits, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, 27, 0, 0) // PR_GET_SECUREBITS
	if errno != 0 {
		return errno
	}
	auxv, err := unix.Auxv()
	if err != nil {
		return err
	}
	secure := uintptr(0)
	for _, entry := range auxv {
		if entry[0] == atSecure {
			secure = entry[1]
		}
	}
	_, err = fmt.Printf("%s%d %d\n", status, bits, secure)
	return err
}

// atSecure is AT_SECURE of getauxval(3).
const atSecure = 23

// createUserns creates a user namespace by clone(2), for a process that executes nothing.
func createUserns() error {
	_, err := syscall.ForkExec("/missing/program", nil, &syscall.ProcAttr{Sys: &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER}})
	if err == syscall.ENOENT {
		return nil
	}
	return err
}

// audit listens to the audit log, and writes a record of a kind that the kernel takes while
// auditing is off too.
func audit() error {
	const readLog, userAVC = 1, 1107
	log, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_AUDIT)
	if err != nil {
		return err
	}
	if err := unix.Bind(log, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: readLog}); err != nil {
		return err
	}
	if err := unix.SetsockoptTimeval(log, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 2}); err != nil {
		return err
	}
	to, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_AUDIT)
	if err != nil {
		return err
	}
	text := "capinspect: a test"
	message := binary.NativeEndian.AppendUint32(nil, uint32(unix.NLMSG_HDRLEN+len(text)+1))
	message = binary.NativeEndian.AppendUint16(message, userAVC)
	message = binary.NativeEndian.AppendUint16(message, unix.NLM_F_REQUEST)
	message = append(message, make([]byte, 8)...) // the number of the message, and whose it is
	message = append(append(message, text...), 0)
	if err := unix.Sendto(to, message, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	if _, err := unix.Read(log, make([]byte, 4096)); err != nil {
		return fmt.Errorf("no record came: %w", err)
	}
	return nil
}
