// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// asked is an operation for which the kernel asks for a capability in one scope. It returns
// an error that is EPERM or EACCES if the capability does not count there, and another one
// or none if it does.
type asked struct {
	capability, scope string
	try               func() error
}

// asks are the operations. None changes anything outside the namespaces of the task.
var asks = []asked{
	{"cap_sys_admin", "mnt", func() error { return unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, "") }},
	{"cap_sys_admin", "uts", func() error { return unix.Sethostname([]byte("scopes")) }},
	{"cap_sys_admin", "own", func() error { return unix.Unshare(unix.CLONE_NEWCGROUP) }},
	{"cap_sys_admin", "initial", func() error { return ask(unix.SYS_SWAPOFF, 0, 0, 0) }},
	{"cap_sys_chroot", "own", func() error { return unix.Chroot("/") }},
	{"cap_setuid", "own", func() error { return unix.Setresuid(-1, 0, -1) }},
	{"cap_sys_boot", "pid", func() error {
		// The kernel looks at the capability before the command, which is none.
		return ask(unix.SYS_REBOOT, unix.LINUX_REBOOT_MAGIC1, unix.LINUX_REBOOT_MAGIC2, 0x12345)
	}},
	{"cap_net_bind_service", "net", func() error { return bind(77) }},
	{"cap_net_raw", "net", func() error { return option(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP, -1, 0, 0) }},
	{"cap_net_admin", "net", func() error {
		return option(unix.AF_INET, unix.SOCK_DGRAM, 0, unix.SOL_SOCKET, unix.SO_MARK, 1)
	}},
	{"cap_net_admin", "initial", func() error {
		return option(unix.AF_INET, unix.SOCK_DGRAM, 0, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, 4096)
	}},
	{"cap_net_broadcast", "net", func() error {
		return option(unix.AF_NETLINK, unix.SOCK_RAW, 0, unix.SOL_NETLINK, unix.NETLINK_LISTEN_ALL_NSID, 1)
	}},
	{"cap_ipc_lock", "ipc", lockSegment},
	{"cap_sys_resource", "own", func() error { return rewrite("/proc/sys/user/max_uts_namespaces") }},
	{"cap_sys_nice", "initial", func() error { return unix.Setpriority(unix.PRIO_PROCESS, 0, -5) }},
	{"cap_sys_time", "initial", func() error {
		return second(unix.Adjtimex(&unix.Timex{Modes: adjTick})) // a tick of 0 is EINVAL, unless it is refused
	}},
	{"cap_sys_pacct", "initial", func() error { return unix.Acct("/nowhere/acct") }},
	{"cap_syslog", "initial", func() error { return second(unix.Klogctl(unix.SYSLOG_ACTION_SIZE_BUFFER, nil)) }},
	{"cap_wake_alarm", "initial", func() error {
		fd, err := unix.TimerfdCreate(unix.CLOCK_BOOTTIME_ALARM, 0)
		unix.Close(fd)
		return err
	}},
	{"cap_fsetid", "initial", keepSetUserID},
	{"cap_mknod", "initial", func() error { return unix.Mknod(tempName("node"), unix.S_IFCHR, 0x103) }},
}

// adjTick is ADJ_TICK (adjtimex(2)).
const adjTick = 0x4000

func second[T any](_ T, err error) error { return err }

func ask(nr, a, b, c uintptr) error {
	_, _, errno := unix.Syscall6(nr, a, b, c, 0, 0, 0)
	return nonzero(errno)
}

func bind(port int) error {
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(s)
	return unix.Bind(s, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}})
}

// option makes a socket, and sets an option of it unless the level is -1.
func option(family, kind, protocol, level, name, value int) error {
	s, err := unix.Socket(family, kind, protocol)
	if err != nil || level < 0 {
		return err
	}
	defer unix.Close(s)
	return unix.SetsockoptInt(s, level, name, value)
}

// lockSegment locks a segment of shared memory; nothing may be locked without a capability.
func lockSegment() error {
	if err := unix.Setrlimit(unix.RLIMIT_MEMLOCK, &unix.Rlimit{}); err != nil {
		return err
	}
	id, err := unix.SysvShmGet(unix.IPC_PRIVATE, 4096, unix.IPC_CREAT|0o600)
	if err != nil {
		return err
	}
	const lock = 11 // SHM_LOCK
	_, err = unix.SysvShmCtl(id, lock, nil)
	unix.SysvShmCtl(id, unix.IPC_RMID, nil)
	return err
}

// rewrite writes to a file what is in it.
func rewrite(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0)
}

// keepSetUserID writes to a program. The kernel refuses nothing, but takes the
// set-user-ID bit away: that is EPERM here.
func keepSetUserID() error {
	name := tempName("program")
	defer os.Remove(name)
	if err := os.WriteFile(name, nil, 0o755); err != nil {
		return err
	}
	if err := os.Chmod(name, 0o755|os.ModeSetuid); err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.WriteString("x"); err != nil {
		return err
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeSetuid == 0 {
		return cmp.Or(err, error(unix.EPERM))
	}
	return nil
}

func tempName(name string) string {
	return filepath.Join(os.TempDir(), "scopes-"+name+"-"+strconv.Itoa(os.Getpid()))
}

// scopesOfKernel tries all operations and prints which of them the kernel allowed, then
// waits until its standard input ends.
func scopesOfKernel() {
	if len(os.Args) > 1 {
		ownersOfKernel()
		return
	}
	runtime.LockOSThread() // capinspect looks at the leader of the process
	for _, a := range asks {
		err := a.try()
		fmt.Println(a.capability, a.scope, err != unix.EPERM && err != unix.EACCES && !os.IsPermission(err))
	}
	fmt.Println("ready")
	os.Stdin.Read(make([]byte, 1))
}

// TestScopesByKernel holds that where a capability counts for capinspect, it counts for the
// kernel: in a child user namespace with the node's other namespaces, with some, and with
// none of them.
func TestScopesByKernel(t *testing.T) {
	need.On(t, "root")
	own := []syscall.SysProcIDMap{{ContainerID: 0, HostID: 0, Size: 65534}}
	for name, flags := range map[string]uintptr{
		"the node's namespaces": 0,
		"an own network":        unix.CLONE_NEWNET,
		"own namespaces":        unix.CLONE_NEWNET | unix.CLONE_NEWNS | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWPID,
	} {
		t.Run(name, func(t *testing.T) {
			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(self)
			cmd.Args[0] = "scopes"
			cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER | flags, UidMappings: own, GidMappings: own}
			allowed, pid := startAsks(t, cmd)
			p := placeOf(t, run(t, built(t), "--json", strconv.Itoa(pid)))
			if len(p.Scopes) != 41 {
				t.Errorf("%d capabilities have scopes", len(p.Scopes))
			}
			for i, a := range asks {
				s := p.Scopes[a.capability]
				if s == nil || len(s.Unknown) > 0 {
					t.Errorf("%s: %+v", a.capability, s)
					continue
				}
				counts, not := slices.Contains(s.For, a.scope), slices.Contains(s.NotFor, a.scope)
				if counts == not || counts != allowed[i] {
					t.Errorf("%s in %s: capinspect says %t, the kernel %t", a.capability, a.scope, counts, allowed[i])
				}
			}
			for kind, flag := range map[string]uintptr{"net": unix.CLONE_NEWNET, "uts": unix.CLONE_NEWUTS, "ipc": unix.CLONE_NEWIPC, "pid": unix.CLONE_NEWPID} {
				ns := p.Namespaces[kind]
				if want := flags&flag != 0; text(ns.Owned) != fmt.Sprint(want) || text(ns.Node) != fmt.Sprint(!want) && ofKernelIsInitial(t) {
					t.Errorf("%s: owned %s, node %s", kind, text(ns.Owned), text(ns.Node))
				}
			}
		})
	}
}

// ofKernelIsInitial reports whether the tests run in the initial user namespace.
func ofKernelIsInitial(t *testing.T) bool { return inodeOf(t, os.Getpid(), "user") == "4026531837" }

// startAsks starts scopesOfKernel, and returns what the kernel allowed and the pid.
func startAsks(t *testing.T, cmd *exec.Cmd) (allowed []bool, pid int) {
	t.Helper()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	var all strings.Builder
	for buf := make([]byte, 4096); !strings.HasSuffix(all.String(), "ready\n"); {
		n, err := out.Read(buf)
		if err != nil {
			t.Fatalf("%v: %s", err, &all)
		}
		all.Write(buf[:n])
	}
	for _, line := range strings.Split(all.String(), "\n")[:len(asks)] {
		allowed = append(allowed, strings.HasSuffix(line, " true"))
	}
	return allowed, cmd.Process.Pid
}
