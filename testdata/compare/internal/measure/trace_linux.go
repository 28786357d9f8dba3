// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const traceOptions = unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_TRACEFORK |
	unix.PTRACE_O_TRACEVFORK | unix.PTRACE_O_TRACEEXIT | unix.PTRACE_O_EXITKILL

// Traced runs the command once under ptrace(2) and keeps the number of its
// system calls and its peak of memory. The thread that calls it must be locked
// and have no other child that ends.
func (c *Command) Traced(files []uintptr) error {
	t, err := c.trace(files, unix.PtraceSyscall)
	if err == nil {
		c.Peak, c.Calls = append(c.Peak, t.peak), append(c.Calls, t.calls)
	}
	return err
}

// Peaked is Traced without the system calls, at which the command would stop.
func (c *Command) Peaked(files []uintptr) error {
	t, err := c.trace(files, unix.PtraceCont)
	if err == nil {
		c.Peak = append(c.Peak, t.peak)
	}
	return err
}

// trace runs the command once; proceed lets a thread run to its next stop.
func (c *Command) trace(files []uintptr, proceed func(pid, signal int) error) (*tracer, error) {
	pid, err := c.start(files, &syscall.SysProcAttr{Ptrace: true})
	if err != nil {
		return nil, err
	}
	// The first stop is the one behind execve.
	if _, _, err := wait(pid, nil); err != nil {
		return nil, err
	}
	if err := unix.PtraceSetOptions(pid, traceOptions); err != nil {
		return nil, fmt.Errorf("ptrace: %w", err)
	}
	t := &tracer{known: map[int]bool{pid: true}}
	stopped, signal := pid, 0
	for {
		// A thread that another one is ending can be gone by now.
		if err := proceed(stopped, signal); err != nil && err != unix.ESRCH {
			return nil, fmt.Errorf("ptrace: %w", err)
		}
		var status unix.WaitStatus
		for {
			if status, stopped, err = wait(-1, nil); err != nil {
				return nil, err
			}
			if status.Stopped() {
				break
			}
			if stopped == pid {
				return t, exited(status)
			}
		}
		if signal, err = t.stop(stopped, status); err != nil {
			return nil, err
		}
	}
}

// tracer is what the stops of one process have told.
type tracer struct {
	known map[int]bool // threads that have stopped before
	calls int
	peak  int // KiB
}

// stop takes in why a thread stopped, and returns the signal with which it
// goes on.
func (t *tracer) stop(tid int, status unix.WaitStatus) (signal int, err error) {
	fresh := !t.known[tid]
	t.known[tid] = true
	switch sig := status.StopSignal(); {
	case sig == unix.SIGTRAP|0x80:
		counts, err := counts(tid)
		if counts {
			t.calls++
		}
		return 0, err
	case sig == unix.SIGTRAP && status.TrapCause() == unix.PTRACE_EVENT_EXIT:
		// The thread still has its memory, and is the last one if no other is
		// left; the peak is of all threads.
		kib, err := peak(tid)
		t.peak = max(t.peak, kib)
		return 0, err
	case sig == unix.SIGTRAP && status.TrapCause() > 0, sig == unix.SIGSTOP && fresh:
		return 0, nil
	default:
		return int(sig), nil
	}
}

// counts reports whether a thread is at the entry of a system call, and not at
// its end, and the call is not nanosleep: the runtime's monitor thread naps
// while the program runs, the more often the slower tracing makes it.
func counts(tid int) (bool, error) {
	var info [88]byte // struct ptrace_syscall_info: op is its first byte, nr is at 24
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_GET_SYSCALL_INFO, uintptr(tid),
		unsafe.Sizeof(info), uintptr(unsafe.Pointer(&info)), 0, 0)
	if errno == unix.ESRCH {
		return false, nil
	}
	if errno != 0 {
		return false, fmt.Errorf("ptrace: %w", errno)
	}
	return info[0] == unix.PTRACE_SYSCALL_INFO_ENTRY &&
		binary.NativeEndian.Uint64(info[24:]) != unix.SYS_NANOSLEEP, nil
}

// peak returns the peak of a thread's resident memory in KiB. It begins with
// the program: unlike ru_maxrss it does not include what the process was
// before execve.
func peak(tid int) (kib int, err error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", tid))
	if os.IsNotExist(err) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	_, rest, _ := bytes.Cut(status, []byte("\nVmHWM:"))
	value, _, ok := bytes.Cut(rest, []byte(" kB\n"))
	if !ok {
		return 0, nil
	}
	return strconv.Atoi(string(bytes.TrimSpace(value)))
}
