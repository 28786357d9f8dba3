// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset/operation"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// remedy is what lets an operation pass without a capability, as its row says.
type remedy struct {
	sysctls map[string]string                   // that have other values meanwhile
	world   func(dir string, segment int) error // how root changes what the operation is about
	target  bool                                // the other process belongs to the user
	root    bool                                // the user is uid 0
	do      func(w world) error                 // what is done in place of the operation
	came    string                              // what comes when the kernel goes on to what it looks at next, or ""
}

// remedies are by the name of the operation, and by the code of the note.
var remedies = map[[2]string]remedy{
	{"read a file of another user", "owner"}:                  {world: giveAll},
	{"read a file of another user", "mode"}:                   {world: openAll},
	{"write a file of another user", "owner"}:                 {world: giveAll},
	{"write a file of another user", "mode"}:                  {world: openAll},
	{"create a file in a directory of another user", "owner"}: {world: giveAll},
	{"create a file in a directory of another user", "mode"}:  {world: openAll},
	{"list a directory of another user", "owner"}:             {world: giveAll},
	{"list a directory of another user", "mode"}:              {world: openAll},
	{"execute a file of another user", "mode"}:                {world: openAll},
	{"chown", "owner"}:                                        {do: func(w world) error { return unix.Chown(w.path("group"), -1, 1000) }},
	{"chmod", "owner"}:                                        {world: giveAll},
	{"utimensat", "owner"}:                                    {world: giveAll},
	{"utimensat", "mode"}:                                     {world: openAll, do: func(w world) error { return unix.Utimes(w.path("public"), nil) }},
	{"unlink in a sticky directory", "owner"}:                 {world: giveAll},
	{"O_NOATIME", "owner"}:                                    {world: giveAll},
	{"O_NOATIME", "flag"}:                                     {do: func(w world) error { return open(w.path("public"), unix.O_RDONLY) }},
	{"setfacl", "owner"}:                                      {world: giveAll},
	{"link", "owner"}:                                         {world: giveAll},
	{"link", "mode"}:                                          {world: openAll},
	{"link", "sysctl"}:                                        {sysctls: map[string]string{"fs/protected_hardlinks": "0"}},
	{"linkat AT_EMPTY_PATH", "path"}: {do: func(w world) error {
		return opened(w.path("own"), unix.O_RDONLY, func(fd int) error {
			return unix.Linkat(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", fd), unix.AT_FDCWD, w.path("mine/link"), unix.AT_SYMLINK_FOLLOW)
		})
	}},
	{"linkat AT_EMPTY_PATH", "uid"}: {do: func(w world) error {
		return opened(w.path("own"), unix.O_RDONLY, func(fd int) error {
			return unix.Linkat(fd, "", unix.AT_FDCWD, w.path("mine/link"), unix.AT_EMPTY_PATH)
		})
	}},
	{"follow a link in a sticky directory", "owner"}:  {world: giveAll},
	{"follow a link in a sticky directory", "sysctl"}: {sysctls: map[string]string{"fs/protected_symlinks": "0"}},
	{"F_SETLEASE", "owner"}:                           {world: giveAll},
	{"F_SETPIPE_SZ", "sysctl"}:                        {sysctls: map[string]string{"fs/pipe-max-size": "67108864"}},
	{"FIBMAP", "call"}:                                {do: fiemap},
	{"/proc/PID/timerslack_ns", "call"}:               {do: func(world) error { return unix.Prctl(unix.PR_SET_TIMERSLACK, 50000, 0, 0, 0) }},
	{"/proc/kmsg", "sysctl"}: {
		sysctls: map[string]string{"kernel/dmesg_restrict": "0"}, do: func(world) error { return open("/dev/kmsg", unix.O_RDONLY) },
	},
	{"write /proc/sys/net", "root-owned"}:               {root: true},
	{"write /proc/sys", "root-owned"}:                   {root: true},
	{"/proc", "root-owned"}:                             {root: true},
	{"/proc/timer_list", "root-owned"}:                  {root: true},
	{"/dev", "root-owned"}:                              {root: true},
	{"write /sys", "root-owned"}:                        {root: true},
	{"write /proc/sys/kernel/shmmax", "namespace-root"}: {root: true},

	{"/proc/PID/root", "uid"}:                               {target: true},
	{"/proc/PID/cwd", "uid"}:                                {target: true},
	{"/proc/PID/exe", "uid"}:                                {target: true},
	{"/proc/PID/fd", "uid"}:                                 {target: true},
	{"/proc/PID/maps", "uid"}:                               {target: true},
	{"/proc/PID/mem", "uid"}:                                {target: true},
	{"/proc/PID/environ", "uid"}:                            {target: true},
	{"/proc/PID/auxv", "uid"}:                               {target: true},
	{"/proc/PID/ns", "uid"}:                                 {target: true},
	{"/proc/PID/io", "uid"}:                                 {target: true},
	{"/proc/PID/syscall", "uid"}:                            {target: true},
	{"kill", "uid"}:                                         {target: true},
	{"ptrace", "uid"}:                                       {target: true},
	{"process_vm_readv", "uid"}:                             {target: true, came: "EFAULT"},
	{"pidfd_getfd", "uid"}:                                  {target: true},
	{"kcmp", "uid"}:                                         {target: true},
	{"migrate_pages", "uid"}:                                {target: true},
	{"get_robust_list", "uid"}:                              {target: true},
	{"sched_setaffinity", "uid"}:                            {target: true},
	{"prlimit of another process", "uid"}:                   {target: true},
	{"perf_event_open of a process of another user", "uid"}: {target: true},

	{"setuid", "own-id"}:                       {do: func(world) error { return invoke(unix.SYS_SETUID, 1000) }},
	{"setreuid", "own-id"}:                     {do: func(world) error { return invoke(unix.SYS_SETREUID, 1000, 1000) }},
	{"setresuid", "own-id"}:                    {do: func(world) error { return invoke(unix.SYS_SETRESUID, 1000, 1000, 1000) }},
	{"setgid", "own-id"}:                       {do: func(world) error { return invoke(unix.SYS_SETGID, 1000) }},
	{"setregid", "own-id"}:                     {do: func(world) error { return invoke(unix.SYS_SETREGID, 1000, 1000) }},
	{"setresgid", "own-id"}:                    {do: func(world) error { return invoke(unix.SYS_SETRESGID, 1000, 1000, 1000) }},
	{"SCM_CREDENTIALS", "own-id"}:              {do: func(world) error { return sendsIDs(unix.Ucred{Pid: int32(os.Getpid()), Uid: 1000, Gid: 1000}) }},
	{"nice", "raise"}:                          {do: func(world) error { return unix.Setpriority(unix.PRIO_PROCESS, 0, 5) }},
	{"ioprio_set", "class"}:                    {do: func(world) error { return invoke(unix.SYS_IOPRIO_SET, 1, 0, 2<<13) }},
	{"setrlimit", "lower"}:                     {do: func(world) error { return unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) }},
	{"fork beyond RLIMIT_NPROC", "uid"}:        {root: true},
	{"seccomp", "no-new-privs"}:                {do: afterNoNewPrivs("seccomp")},
	{"landlock_restrict_self", "no-new-privs"}: {do: afterNoNewPrivs("landlock_restrict_self"), came: "EBADF"},

	{"mlock", "rlimit"}:                       {do: func(world) error { return unix.Mlock(make([]byte, 4096)) }},
	{"SHM_HUGETLB", "group"}:                  {came: "ENOMEM", sysctls: map[string]string{"vm/hugetlb_shm_group": "1000"}},
	{"SHM_LOCK", "owner"}:                     {world: giveAll},
	{"shmat", "mode"}:                         {world: openAll},
	{"IPC_RMID", "owner"}:                     {world: giveAll},
	{"msg_qbytes", "sysctl"}:                  {sysctls: map[string]string{"kernel/msgmnb": "1073741824"}},
	{"mq_open", "sysctl"}:                     {sysctls: map[string]string{"fs/mqueue/msg_max": "2000"}},
	{"userfaultfd", "flag"}:                   {do: func(world) error { return invoke(unix.SYS_USERFAULTFD, 1) }},
	{"userfaultfd", "sysctl"}:                 {sysctls: map[string]string{"vm/unprivileged_userfaultfd": "1"}},
	{"io_uring_setup", "sysctl"}:              {sysctls: map[string]string{"kernel/io_uring_disabled": "0"}},
	{"io_uring_setup", "group"}:               {sysctls: map[string]string{"kernel/io_uring_group": "1000"}},
	{"mmap below vm.mmap_min_addr", "sysctl"}: {sysctls: map[string]string{"vm/mmap_min_addr": "0"}},

	{"bind :80", "sysctl"}:                       {sysctls: map[string]string{"net/ipv4/ip_unprivileged_port_start": "0"}},
	{"bind :80", "port"}:                         {do: func(w world) error { return doings["bind :8080"](w) }},
	{"socket SOCK_DGRAM IPPROTO_ICMP", "sysctl"}: {sysctls: map[string]string{"net/ipv4/ping_group_range": "0 2147483647"}},
	{"SO_BINDTODEVICE", "release"}: {do: func(world) error {
		return socket(unix.AF_INET, unix.SOCK_DGRAM, 0, func(fd int) error { return unix.BindToDevice(fd, "lo") })
	}},
	{"SO_SNDBUFFORCE", "option"}:     {do: setsOption(unix.SOL_SOCKET, unix.SO_SNDBUF, 1<<16)},
	{"KEYCTL_CHOWN", "owner"}:        {do: func(world) error { return onOwnKey(unix.KEYCTL_SETPERM, 0x3f3f0000, 0) }},
	{"syslog", "read"}:               {sysctls: map[string]string{"kernel/dmesg_restrict": "0"}, do: func(w world) error { return doings["dmesg"](w) }},
	{"dmesg", "sysctl"}:              {sysctls: map[string]string{"kernel/dmesg_restrict": "0"}},
	{"bpf BPF_MAP_CREATE", "sysctl"}: {sysctls: map[string]string{"kernel/unprivileged_bpf_disabled": "0"}},
	{"perf_event_open", "sysctl"}:    {sysctls: map[string]string{"kernel/perf_event_paranoid": "-1"}},
}

// notApplied are the notes that are not applied, by their codes or by the operation too, and
// why.
var notApplied = map[[2]string]string{
	{"", "user-namespace"}:                 "TestOperationsInChild applies it",
	{"", "own-mount"}:                      "TestOperationsInChild applies it",
	{"", "token"}:                          "it takes a mount of bpf that the node delegates",
	{"", "fuse"}:                           "it takes a program that serves the file system",
	{"", "volume"}:                         "it takes a runtime",
	{"", "runtime"}:                        "it takes a runtime",
	{"", "podspec"}:                        "it takes a runtime",
	{"", "bind-mount"}:                     "it takes a runtime",
	{"", "set-user-ID"}:                    "fusermount may not be there",
	{"", "file-capability"}:                "newuidmap may not be there",
	{"", "session"}:                        "the other process is in no session of the user",
	{"", "parent"}:                         "this kernel has no Yama",
	{"", "socket"}:                         "it takes a program that passes the socket on",
	{"", "hugetlbfs"}:                      "it takes a mount",
	{"", "dac"}:                            "the device belongs to the machine",
	{"nice", "rlimit"}:                     "root may not raise the limit here",
	{"sched_setscheduler", "rlimit"}:       "root may not raise the limit here",
	{"mlockall", "rlimit"}:                 "a Go program maps more than the limit here",
	{"fork beyond RLIMIT_NPROC", "rlimit"}: "it is the limit that the operation sets",
	{"/dev/sda", "mode"}:                   "the device belongs to the machine",
	{"/dev", "mode"}:                       "the device belongs to the machine",
	{"/dev", "group"}:                      "the device belongs to the machine",
	{"/proc", "mode"}:                      "the file belongs to the machine",
	{"/proc/timer_list", "mode"}:           "the file belongs to the machine",
	{"write /sys", "mode"}:                 "the file belongs to the machine",
	{"/dev/net/tun", "owner"}:              "it takes a device that stays",
	{"VT_ACTIVATE", "owner"}:               "the console belongs to the machine",
	{"TIOCSTI", "owner"}:                   "the operation has no controlling terminal",
	{"setns to a user namespace", "owner"}: "it takes a user namespace that the user has made",
	{"write /proc/PID/uid_map", "own-id"}:  "it takes a user namespace that the user has made",
	{"write /proc/PID/gid_map", "own-id"}:  "it takes a user namespace that the user has made",
	{"setfsuid", "own-id"}:                 "it fails silently",
	{"setfsgid", "own-id"}:                 "it fails silently",
}

// inOwnNetwork gives the thread of a test a network namespace of its own until the test ends.
// The thread may be the leader of the process, which others look at, so that it goes back.
func inOwnNetwork(t *testing.T) {
	t.Helper()
	runtime.LockOSThread()
	before, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(unix.Setns(int(before.Fd()), unix.CLONE_NEWNET), before.Close()); err != nil {
			t.Error(err)
			return // the thread ends with the test
		}
		runtime.UnlockOSThread()
	})
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Fatal(err)
	}
}

// TestInstead lets operations pass without a capability, by what their rows say.
func TestInstead(t *testing.T) {
	need.On(t, "root")
	inOwnNetwork(t)
	setSysctls(t, settings)
	target := sleeping(t)
	own := sleepingAs(t, &syscall.Credential{Uid: 1000, Gid: 1000})
	applied, not := 0, 0
	for _, o := range operation.All() {
		for _, n := range o.Instead {
			if o.Program || o.Unverified != "" {
				continue
			}
			key := [2]string{o.Name(), n.Code}
			r, ok := remedies[key]
			if !ok {
				not++
				if notApplied[key] == "" && notApplied[[2]string{"", n.Code}] == "" {
					t.Errorf("%s: %s is not applied, and has no reason", o.Name(), n.Code)
				}
				continue
			}
			a := &trial{Name: doingOf(&o), Code: n.Code}
			s := stage{target: target}
			s.attr.Unshareflags = syscall.CLONE_NEWNS | syscall.CLONE_NEWUTS
			if r.target {
				s.target = own
			}
			restore, err := changeSysctls(r.sysctls)
			if err == nil {
				err = s.performOne(a)
			}
			if err := errors.Join(err, restore()); err != nil {
				t.Fatalf("%s: %s: %v", o.Name(), n.Code, err)
			}
			if applied++; a.Came != "" && a.Came != r.came {
				t.Errorf("%s, with the remedy %s: %s", a, n.Code, n.Text)
			}
		}
	}
	for key := range remedies {
		if len(operation.Named(key[0])) != 1 {
			t.Errorf("%v is no operation", key)
		}
	}
	t.Logf("%d of what is said to help instead are applied, %d are not", applied, not)
}

// doingOf returns the name by which an operation is done.
func doingOf(o *operation.Operation) string {
	i := slices.IndexFunc(o.Names, func(name string) bool { return doings[name] != nil })
	return o.Names[max(i, 0)]
}

// giveAll gives everything that an operation is about to the user.
func giveAll(dir string, segment int) error {
	return ofAll(dir, segment, func(path string) error { return os.Lchown(path, 1000, 1000) }, func(s *unix.SysvIpcPerm) { s.Uid = 1000 })
}

// openAll lets everybody use everything that an operation is about.
func openAll(dir string, segment int) error {
	return ofAll(dir, segment, func(path string) error { return unix.Fchmodat(unix.AT_FDCWD, path, 0o777, 0) }, func(s *unix.SysvIpcPerm) { s.Mode = 0o666 })
}

func ofAll(dir string, segment int, change func(path string) error, owner func(*unix.SysvIpcPerm)) error {
	var state unix.SysvShmDesc
	if _, err := unix.SysvShmCtl(segment, unix.IPC_STAT, &state); err != nil {
		return err
	}
	owner(&state.Perm)
	_, err := unix.SysvShmCtl(segment, unix.IPC_SET, &state)
	return errors.Join(err, filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		return errors.Join(err, change(path))
	}))
}

// fiemap asks where the blocks of a file lie.
func fiemap(w world) error {
	all := [4]uint64{1: ^uint64(0)}
	return onOwn(0xc020660b, uintptr(unsafe.Pointer(&all)))(w)
}

// afterNoNewPrivs does an operation after it has set no_new_privs.
func afterNoNewPrivs(name string) func(world) error {
	return func(w world) error {
		return errors.Join(unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), doings[name](w))
	}
}
