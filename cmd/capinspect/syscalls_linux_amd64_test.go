// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// sysCall is a system call that a program enters.
type sysCall struct {
	nr   uint64
	args [6]uint64
	path string // of openat and openat2
	how  uint64 // the flags of openat2
}

// TestSystemCalls runs every command, and holds that no system call is made but those
// listed here: of them none executes a program, opens a socket, or changes anything.
// What is opened is opened for reading, and is no command line, environment or memory.
func TestSystemCalls(t *testing.T) {
	need.On(t, "root")
	target, dir := strconv.Itoa(os.Getpid()), t.TempDir()
	elsewhere := strconv.Itoa(inRoot(t, func(root string) error {
		return errors.Join(os.WriteFile(root+"/etc/passwd", []byte("other:x:0:0::/:/bin/sh\n"), 0o644), os.WriteFile(root+"/sh", nil, 0o755))
	}))
	pod, err := filepath.Abs("../../testdata/pod/linux-6.18-containerd-restricted.json")
	if err != nil {
		t.Fatal(err)
	}
	log, err := filepath.Abs("../../testdata/strace/web.strace")
	if err != nil {
		t.Fatal(err)
	}
	seen, commands := map[uint64]bool{}, commandNames(t)
	for _, args := range [][]string{
		{"--print"},
		{"--json", "self", "1", target},
		{"--json", elsewhere},
		{"-T", "-o", "matrix", target},
		{"ps", "--full", "-o", "jsonl"},
		{"ps", "--by", "container"},
		{"ps", "-o", "tree", "--privileged"},
		{"ps", "--pods", pod, "-t"},
		{"decode", "a80425fb"},
		{"explain", "chown"},
		{"profiles"},
		{"check", "--has", "chown", target},
		{"check", "--pss", "restricted", target},
		{"securitycontext", "-p", target},
		{"completion", "bash"},
		{"show", "-f", "/proc/self/status"},
		{"diff", target},
		{"diff", "pod:" + pod, target},
		{"why", "net_raw", "-p", target},
		{"why", "bind :80", "mount", "ping", "-p", target},
		{"needs", log, "-p", target},
		{"predict", "sh", "-p", target, "--path", "/bin:/usr/bin"},
		{"predict", "/sh", "-p", elsewhere},
		{"scan", "/usr/bin", "-p", target},
		{"--current", "--has-p=chown", "--mode"},
	} {
		calls, err := enteredBy(dir, built(t), args...)
		if err != nil {
			t.Fatalf("%q: %v", args, err)
		}
		commands = slices.DeleteFunc(commands, func(name string) bool { return name == args[0] })
		for _, c := range calls {
			seen[c.nr] = true
			if why := c.forbidden(); why != "" {
				t.Errorf("%q: %s: %+v", args, why, c)
			}
		}
	}
	if len(commands) > 0 {
		t.Errorf("not run: %q", commands)
	}
	for _, nr := range []uint64{unix.SYS_OPENAT, unix.SYS_OPENAT2, unix.SYS_PRCTL, unix.SYS_CAPGET, unix.SYS_WRITE} {
		if !seen[nr] {
			t.Errorf("no system call %d was seen", nr)
		}
	}
}

// TestSystemCallsOfOthers holds that TestSystemCalls finds what it looks for.
func TestSystemCallsOfOthers(t *testing.T) {
	need.On(t, "root")
	dir := t.TempDir()
	for script, want := range map[string]string{
		": >" + dir + "/file":           "opened to be written",
		"read x </proc/self/environ; :": "it reads environ",
		"umask 0":                       "not a system call that reads",
	} {
		calls, err := enteredBy(dir, "/bin/sh", "-c", script)
		if err != nil || !slices.ContainsFunc(calls, func(c sysCall) bool { return c.forbidden() == want }) {
			t.Errorf("%s: not %s, %v", script, want, err)
		}
	}
	if _, err := enteredBy(dir, "/bin/sh", "-c", "exec true"); err == nil {
		t.Error("exec is not seen")
	}
}

// readOnly are the system calls that change nothing but the process itself, its memory,
// threads and files.
var readOnly = []uint64{
	unix.SYS_READ, unix.SYS_PREAD64, unix.SYS_CLOSE, unix.SYS_LSEEK, unix.SYS_FSTAT, unix.SYS_NEWFSTATAT, unix.SYS_STATX, unix.SYS_FSTATFS, unix.SYS_STATFS,
	unix.SYS_GETDENTS64, unix.SYS_READLINKAT, unix.SYS_FACCESSAT, unix.SYS_FACCESSAT2, unix.SYS_GETXATTR, unix.SYS_LGETXATTR, unix.SYS_FGETXATTR,
	unix.SYS_GETCWD, unix.SYS_UNAME, unix.SYS_CAPGET, unix.SYS_GETRESUID, unix.SYS_GETRESGID, unix.SYS_GETGROUPS, unix.SYS_GETUID, unix.SYS_GETEUID,
	unix.SYS_GETGID, unix.SYS_GETEGID, unix.SYS_GETPID, unix.SYS_GETPPID, unix.SYS_GETTID, unix.SYS_GETRLIMIT, unix.SYS_PRLIMIT64,
	unix.SYS_MMAP, unix.SYS_MUNMAP, unix.SYS_MADVISE, unix.SYS_MINCORE, unix.SYS_MPROTECT, unix.SYS_BRK, unix.SYS_FUTEX, unix.SYS_CLONE, unix.SYS_CLONE3,
	unix.SYS_SET_ROBUST_LIST, unix.SYS_RSEQ, unix.SYS_ARCH_PRCTL, unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_SIGALTSTACK,
	unix.SYS_TGKILL, unix.SYS_SCHED_GETAFFINITY, unix.SYS_SCHED_YIELD, unix.SYS_NANOSLEEP, unix.SYS_CLOCK_NANOSLEEP, unix.SYS_GETRANDOM,
	unix.SYS_EPOLL_CREATE1, unix.SYS_EPOLL_CTL, unix.SYS_EPOLL_PWAIT, unix.SYS_EVENTFD2, unix.SYS_RESTART_SYSCALL, unix.SYS_EXIT, unix.SYS_EXIT_GROUP,
}

// forbidden says what is wrong with a system call, "" if nothing is.
func (c *sysCall) forbidden() string {
	const changes = unix.O_WRONLY | unix.O_RDWR | unix.O_CREAT | unix.O_TRUNC | unix.O_APPEND
	flags := c.args[2]
	switch c.nr {
	case unix.SYS_OPENAT2:
		flags = c.how
		fallthrough
	case unix.SYS_OPENAT:
		switch name := path.Base(c.path); {
		case flags&changes != 0:
			return "opened to be written"
		case slices.Contains([]string{"cmdline", "environ", "mem", "maps", "syscall", "stack", "auxv"}, name):
			return "it reads " + name
		}
		return ""
	case unix.SYS_WRITE:
		if fd := c.args[0]; fd > 2 && c.args[2] != 8 { // 8 bytes wake the runtime's poller
			return "a write elsewhere"
		}
		return ""
	case unix.SYS_PRCTL:
		asks := []uint64{unix.PR_GET_SECUREBITS, unix.PR_GET_NO_NEW_PRIVS, unix.PR_CAPBSET_READ, unix.PR_GET_SECCOMP, unix.PR_SET_VMA} // the last names memory
		if !slices.Contains(asks, c.args[0]) && (c.args[0] != unix.PR_CAP_AMBIENT || c.args[1] != unix.PR_CAP_AMBIENT_IS_SET) {
			return "a prctl that changes something"
		}
		return ""
	case unix.SYS_FCNTL:
		own := c.args[1] == unix.F_SETFL && c.args[0] > 2 // of a file that it has opened itself
		if !own && c.args[1] != unix.F_GETFL && c.args[1] != unix.F_GETFD && c.args[1] != unix.F_DUPFD_CLOEXEC {
			return "an fcntl that changes something"
		}
		return ""
	case unix.SYS_IOCTL:
		if !slices.Contains([]uint64{unix.TIOCGWINSZ, unix.TCGETS, unix.NS_GET_USERNS, unix.NS_GET_PARENT, unix.NS_GET_OWNER_UID}, c.args[1]) {
			return "an ioctl that may change something"
		}
		return ""
	}
	if !slices.Contains(readOnly, c.nr) {
		return "not a system call that reads"
	}
	return ""
}

// enteredBy runs a command under ptrace(2), and returns the system calls that its
// threads enter after execve.
func enteredBy(dir, name string, args ...string) (calls []sysCall, err error) {
	out, err := os.CreateTemp(dir, "")
	if err != nil {
		return nil, err
	}
	defer out.Close()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	defer cmd.Process.Release()
	const options = unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_TRACEFORK | unix.PTRACE_O_TRACEVFORK |
		unix.PTRACE_O_TRACEEXEC | unix.PTRACE_O_EXITKILL
	for known, pid := map[int]bool{}, cmd.Process.Pid; ; {
		var status unix.WaitStatus
		tid, err := unix.Wait4(-1, &status, unix.WALL|unix.WNOTHREAD, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return nil, err
		}
		if !status.Stopped() {
			if tid == pid && status.ExitStatus() != 0 && status.ExitStatus() != 1 {
				text, _ := os.ReadFile(out.Name())
				return nil, fmt.Errorf("exit status %d: %s", status.ExitStatus(), text)
			}
			if tid == pid {
				return calls, nil
			}
			continue
		}
		signal, fresh := 0, !known[tid]
		switch sig := status.StopSignal(); {
		case len(known) == 0:
			err = unix.PtraceSetOptions(pid, options)
		case sig == unix.SIGTRAP|0x80:
			var c *sysCall
			if c, err = entered(tid); c != nil {
				calls = append(calls, *c)
			}
		case sig == unix.SIGTRAP && status.TrapCause() == unix.PTRACE_EVENT_EXEC:
			return nil, errors.New("it executes a program")
		case sig != unix.SIGTRAP && (sig != unix.SIGSTOP || !fresh):
			signal = int(sig)
		}
		known[tid] = true
		// A thread that another one is ending can be gone by now.
		if err = errors.Join(err, unix.PtraceSyscall(tid, signal)); err != nil && !errors.Is(err, unix.ESRCH) {
			return nil, err
		}
	}
}

// entered returns the system call that a thread enters, nil if it leaves one.
func entered(tid int) (*sysCall, error) {
	var info [88]byte // struct ptrace_syscall_info
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_GET_SYSCALL_INFO, uintptr(tid), unsafe.Sizeof(info), uintptr(unsafe.Pointer(&info)), 0, 0)
	if errno != 0 {
		return nil, errno
	}
	if info[0] != unix.PTRACE_SYSCALL_INFO_ENTRY {
		return nil, nil
	}
	c := &sysCall{nr: binary.NativeEndian.Uint64(info[24:])}
	for i := range c.args {
		c.args[i] = binary.NativeEndian.Uint64(info[32+8*i:])
	}
	if c.nr != unix.SYS_OPENAT && c.nr != unix.SYS_OPENAT2 {
		return c, nil
	}
	var word [8]byte
	var name strings.Builder
	for at := uintptr(c.args[1]); ; at += 8 {
		if _, err := unix.PtracePeekData(tid, at, word[:]); err != nil {
			return nil, err
		}
		text, _, ended := bytes.Cut(word[:], []byte{0})
		if name.Write(text); ended {
			break
		}
	}
	c.path = name.String()
	if c.nr == unix.SYS_OPENAT2 {
		if _, err := unix.PtracePeekData(tid, uintptr(c.args[2]), word[:]); err != nil {
			return nil, err
		}
		c.how = binary.NativeEndian.Uint64(word[:])
	}
	return c, nil
}
