// SPDX-License-Identifier: Apache-2.0

// Holder is what else the containers of the tests need: a main process that
// keeps a container running, and does to itself what a runtime cannot.
//
//	holder             says "ready" and waits
//	holder drop        gives up its capabilities first, all but the bounding set
//	holder report      prints its status file and its securebits, and ends
//	holder noproc PROGRAM [ARG ...]
//	                   takes /proc away and becomes PROGRAM
package main

import (
	"fmt"
	"os"
	"syscall"
	"time"
	"unsafe"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "holder:", err)
		os.Exit(1)
	}
	if len(os.Args) > 1 && os.Args[1] == "report" {
		return
	}
	fmt.Println("ready")
	for {
		time.Sleep(time.Hour)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 0:
		return nil
	case args[0] == "drop":
		return drop()
	case args[0] == "report":
		return report()
	case args[0] == "noproc" && len(args) > 1:
		if err := syscall.Unmount("/proc", syscall.MNT_DETACH); err != nil {
			return err
		}
		return syscall.Exec(args[1], args[1:], nil)
	}
	return fmt.Errorf("unknown arguments %q", args)
}

// drop empties three sets of every thread; the ambient one goes with them.
func drop() error {
	header := struct{ version, pid uint32 }{version: 0x20080522} // _LINUX_CAPABILITY_VERSION_3
	var empty [2]struct{ effective, permitted, inheritable uint32 }
	_, _, errno := syscall.AllThreadsSyscall(syscall.SYS_CAPSET,
		uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&empty)), 0)
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
	_, err = fmt.Printf("%s%d\n", status, bits)
	return err
}
