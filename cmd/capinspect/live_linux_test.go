// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// run runs a command and returns its outcome.
func run(t *testing.T, name string, args ...string) outcome {
	t.Helper()
	var o outcome
	cmd := exec.Command(name, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			t.Fatal(err)
		}
		status := exit.Sys().(syscall.WaitStatus)
		o.status = status.ExitStatus()
		if status.Signaled() {
			o.signal = status.Signal()
		}
	}
	o.stdout, o.stderr = stdout.String(), stderr.String()
	if name != "runc" || args[0] != "state" {
		if err := checkJSON(o.stdout); err != nil {
			t.Error(err)
		}
	}
	return o
}

// thread starts a thread that f prepares, and returns its id; the thread ends
// with the test. It stands for a process of its own: /proc shows it as one.
func thread(t *testing.T, f func() error) int {
	t.Helper()
	ready, stop := make(chan error), make(chan bool)
	var tid int
	onThread(func() {
		tid = unix.Gettid()
		ready <- f()
		<-stop
	})
	if err := <-ready; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { close(stop) })
	return tid
}

func TestHostileName(t *testing.T) {
	name := append([]byte("a\x1b[31m\\\n\u202e\xff"), 0)
	tid := thread(t, func() error {
		return unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(&name[0])), 0, 0, 0)
	})
	o := run(t, built(t), strconv.Itoa(tid), "self")
	if want := fmt.Sprintf("==> %d (a\\x1b[31m\\\\\\x0a\\u202e\\xff) <==\n", tid); o.status != 0 || !strings.HasPrefix(o.stdout, want) {
		t.Errorf("%+v, want %q", o, want)
	}
	o = run(t, built(t), "--json", strconv.Itoa(tid))
	var report struct{ Tasks []struct{ Name string } }
	if err := json.Unmarshal([]byte(o.stdout), &report); err != nil || o.status != 0 {
		t.Fatal(err, o)
	}
	if got, want := report.Tasks[0].Name, "a\x1b[31m\\\n\u202e\ufffd"; got != want {
		t.Errorf("name %q, want %q", got, want)
	}
	if strings.ContainsFunc(o.stdout, func(r rune) bool { return r == 0x1b || r == '\u202e' }) {
		t.Errorf("JSON acts on a terminal: %q", o.stdout)
	}
}

func TestManyGroups(t *testing.T) {
	need.On(t, "root")
	const count = 65536 // the most that the kernel takes
	groups := make([]uint32, count)
	for i := range groups {
		groups[i] = 4_000_000_000 + uint32(i) // as long as ids get
	}
	var own outcome
	tid := thread(t, func() error {
		_, _, errno := unix.RawSyscall(unix.SYS_SETGROUPS, count, uintptr(unsafe.Pointer(&groups[0])), 0)
		own = run(t, built(t), "--print")
		return errors.Join(nonzero(errno))
	})
	for who, o := range map[string]outcome{"own": own, "another": run(t, built(t), "--print", strconv.Itoa(tid))} {
		_, list, _ := strings.Cut(o.stdout, "\ngroups=")
		list, _, _ = strings.Cut(list, "\n")
		got := strings.Split(list, ",")
		if o.status != 0 || len(got) != count || got[0] != "4000000000(???)" || got[count-1] != "4000065535(???)" {
			t.Errorf("%s: status %d, %d groups, %s", who, o.status, len(got), o.stderr)
		}
	}
}

func nonzero(errno unix.Errno) error {
	if errno == 0 {
		return nil
	}
	return errno
}

func TestVanished(t *testing.T) {
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := strconv.Itoa(cmd.Process.Pid)
	o := run(t, built(t), pid)
	if o.status != 0 || o.stderr != "" {
		t.Errorf("alive: %+v", o)
	}
	// A zombie still has its status file, without memory and with its sets.
	cmd.Process.Kill()
	if err := unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	if o = run(t, built(t), "--json", pid); o.status != 0 || !strings.Contains(o.stdout, `"state": "Z"`) {
		t.Errorf("zombie: %+v", o)
	}
	cmd.Wait()
	o = run(t, built(t), "self", pid, "--print", "self")
	if o.status != 2 || o.stderr != "capinspect: pid "+pid+": no such process\n" || strings.Count(o.stdout, "==>") != 2 {
		t.Errorf("gone: %+v", o)
	}
}

// TestChurn reads processes while they end: each is shown whole or said to be
// gone.
func TestChurn(t *testing.T) {
	binary := built(t)
	for range 40 {
		cmd := exec.Command("true")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		pid := strconv.Itoa(cmd.Process.Pid)
		reaped := make(chan error)
		go func() { reaped <- cmd.Wait() }()
		o := run(t, binary, "--print", pid)
		<-reaped
		whole := o.status == 0 && o.stderr == "" && strings.HasSuffix(o.stdout, "\nGuessed mode: unknown (needs securebits)\n")
		gone := o.status == 2 && o.stdout == "" && o.stderr == "capinspect: pid "+pid+": no such process\n"
		if !whole && !gone {
			t.Fatalf("%+v", o)
		}
	}
}

func TestOutput(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	for _, args := range [][]string{{"--print"}, {"--json"}, {"--help"}, {"--version"}} {
		cmd := exec.Command(built(t), args...)
		var stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = full, &stderr
		err := cmd.Run()
		if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 2 ||
			stderr.String() != "capinspect: write standard output: no space left on device\n" {
			t.Errorf("%v to a full disk: %v, %q", args, err, &stderr)
		}
	}
	// A pipe that nobody reads ends it as it ends cat(1).
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	cmd := exec.Command(built(t))
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = w, &stderr
	err = cmd.Run()
	w.Close()
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || exit.Sys().(syscall.WaitStatus).Signal() != unix.SIGPIPE || stderr.Len() > 0 {
		t.Errorf("to a closed pipe: %v, %q", err, &stderr)
	}
}

// TestBareRoot runs the binary where there is nothing else: no /proc, no
// /etc/passwd, no environment.
func TestBareRoot(t *testing.T) {
	need.On(t, "root")
	root := t.TempDir()
	binary, err := os.ReadFile(built(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "capinspect"), binary, 0o755); err != nil {
		t.Fatal(err)
	}
	bare := func(args ...string) outcome {
		cmd := exec.Command("/capinspect", args...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
		cmd.Env, cmd.Dir = []string{}, "/"
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		cmd.Run()
		if err := checkJSON(stdout.String()); err != nil {
			t.Error(err)
		}
		return outcome{stdout: stdout.String(), stderr: stderr.String(), status: cmd.ProcessState.ExitCode()}
	}
	inside, outside := bare("--print"), run(t, built(t), "--print")
	want := strings.NewReplacer("uid=0(root)", "uid=0(???)", "gid=0(root)", "gid=0(???)").Replace(outside.stdout)
	if inside.status != 0 || inside.stderr != "" || unnamed(inside.stdout) != unnamed(want) {
		t.Errorf("without /proc: %+v\nwant %s", inside, want)
	}
	if o := bare("1"); o.status != 2 || o.stderr != "capinspect: pid 1: open /proc: no such file or directory\n" {
		t.Errorf("another without /proc: %+v", o)
	}
	if err := os.Mkdir(filepath.Join(root, "proc"), 0o755); err != nil {
		t.Fatal(err)
	}
	if o := bare("1"); o.status != 2 || o.stderr != "capinspect: pid 1: open /proc: no procfs is mounted there\n" {
		t.Errorf("another with an empty /proc: %+v", o)
	}
	if o := bare("--json"); o.status != 0 || !strings.Contains(o.stdout, `"state": null`) ||
		!strings.Contains(o.stdout, `"self": true`) || !strings.Contains(o.stdout, `"realName": null`) {
		t.Errorf("JSON without /proc: %+v", o)
	}
}

// unnamed takes the names out of a groups line.
func unnamed(print string) string {
	lines := strings.Split(print, "\n")
	i := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, "groups=") })
	if i >= 0 {
		fields := strings.FieldsFunc(lines[i], func(r rune) bool { return r == '(' || r == ')' || r == ',' })
		lines[i] = strings.Join(slices.DeleteFunc(fields, func(s string) bool { return strings.Trim(s, "0123456789") != "" }), ",")
	}
	return strings.Join(lines, "\n")
}

// TestProcElsewhere reads a procfs that is mounted at another place.
func TestProcElsewhere(t *testing.T) {
	need.On(t, "root", "unshare")
	dir := t.TempDir()
	script := fmt.Sprintf("mount -t proc proc %[1]s && %[2]s --print --proc %[1]s && %[2]s --print && %[2]s --json --proc %[1]s %[3]d",
		dir, built(t), os.Getpid())
	o := run(t, "unshare", "-m", "--propagation", "private", "sh", "-c", script)
	first, rest, ok := strings.Cut(o.stdout, "Guessed mode: HYBRID (4)\n")
	if o.status != 0 || !ok || !strings.HasPrefix(rest, first+"Guessed mode: HYBRID (4)\n{") || !strings.Contains(rest, fmt.Sprintf(`"pid": %d,`, os.Getpid())) {
		t.Errorf("%+v", o)
	}
}

// TestRefusedCalls runs the binary under a seccomp filter that refuses what
// only system calls tell: that is unknown, and the rest is shown.
func TestRefusedCalls(t *testing.T) {
	need.On(t, "root")
	var text, matrix outcome
	thread(t, func() error {
		err := refuse(unix.SYS_PRCTL, unix.SYS_CAPGET)
		text, matrix = run(t, built(t)), run(t, built(t), "--json")
		return err
	})
	for _, want := range []string{
		"Securebits: unknown (prctl PR_GET_SECUREBITS: operation not permitted) (no-new-privs=0)\n",
		"Guessed mode: unknown (needs securebits)\n",
		"\nSeccomp: filter (1 filter)\n",
		"\nuid=0(root) euid=0(root)\n",
	} {
		if !strings.Contains(text.stdout, want) {
			t.Errorf("no %q in %+v", want, text)
		}
	}
	if text.status != 0 || text.stderr != "" || matrix.status != 0 || !strings.Contains(matrix.stdout, `"securebits": null,`) ||
		!strings.Contains(matrix.stdout, `"lastCap": null}`) {
		t.Errorf("%+v\n%+v", text, matrix)
	}
}

// refuse makes some system calls of the calling thread, and of what it starts,
// fail with EPERM.
func refuse(calls ...uint32) error {
	filter := []unix.SockFilter{{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}}
	for i, call := range calls {
		filter = append(filter, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: uint8(len(calls) - i), K: call})
	}
	filter = append(filter,
		unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
		unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)})
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	return unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0)
}

// TestRefusedWithoutProc runs the binary where there is no /proc and a sandbox
// refuses what would stand in for it: nothing is known, which is neither yes nor
// leavesFourOpen matches what check says of four conditions that nobody can judge.
var leavesFourOpen = regexp.MustCompile(`^unknown: pid \d+ \(name unknown\) leaves 4 conditions open\n$`)

// no.
func TestRefusedWithoutProc(t *testing.T) {
	need.On(t, "root", "unshare")
	var lacks, has, print, all outcome
	bare := func(args string) outcome {
		return run(t, "unshare", "-m", "--propagation", "private", "sh", "-c", "mount -t tmpfs none /proc && exec "+built(t)+" "+args)
	}
	thread(t, func() error {
		err := refuse(unix.SYS_PRCTL, unix.SYS_CAPGET)
		lacks, has = bare("check --lacks sys_admin --lacks a:chown --lacks b:chown --within none"), bare("--has-p=chown")
		print, all = bare("--print"), bare("--json")
		return err
	})
	if lacks.status != 2 || !leavesFourOpen.MatchString(lacks.stdout) || strings.Count(lacks.stderr, "is unknown: there is no /proc, and no system call returned it\n") != 4 {
		t.Errorf("check: %+v", lacks)
	}
	if has.status != 2 {
		t.Errorf("--has-p: %+v", has)
	}
	if print.status != 0 || !strings.HasPrefix(print.stdout, "Current: unknown (") || !strings.Contains(print.stdout, "\nBounding set = unknown (") ||
		!strings.Contains(print.stdout, "\nCurrent IAB: unknown (") {
		t.Errorf("--print: %+v", print)
	}
	if !strings.Contains(all.stdout, `"text": null,`) || !strings.Contains(all.stdout, `"iab": null`) {
		t.Errorf("--json: %+v", all)
	}
}

// TestRefusedLinks runs the binary where statfs and readlink are refused: what
// they would tell comes from elsewhere.
func TestRefusedLinks(t *testing.T) {
	need.On(t, "root")
	var other, self outcome
	thread(t, func() error {
		err := refuse(unix.SYS_FSTATFS)
		other = run(t, built(t), "--print", "1")
		return err
	})
	thread(t, func() error {
		err := refuse(unix.SYS_READLINKAT, unix.SYS_PRCTL)
		self = run(t, built(t), "ps", "self", "--columns", "NAME", "--no-headers")
		return err
	})
	if other.status != 0 || !strings.HasPrefix(other.stdout, "Current: ") {
		t.Errorf("fstatfs: %+v", other)
	}
	if self.status != 0 || self.stdout != "capinspect\n" {
		t.Errorf("readlinkat: %+v", self)
	}
}

// TestHostileFileNames names files that act on a terminal.
func TestHostileFileNames(t *testing.T) {
	name := filepath.Join(t.TempDir(), "no\x1b[31msuch\u202e")
	for _, args := range [][]string{
		{"-f", name}, {"check", "--has", "chown", "-f", name}, {"decode", "-f", name}, {"ps", "--proc", name}, {"--" + name}, {"--proc", name, "1"},
	} {
		o := run(t, built(t), args...)
		if o.status != 2 || strings.ContainsFunc(o.stderr, func(r rune) bool { return r == 0x1b || r == '\u202e' }) ||
			!strings.Contains(o.stderr, `\x1b[31msuch\u202e`) {
			t.Errorf("%q: %+v", args, o)
		}
	}
}

// TestNoPrivilege runs the binary with nothing: another user, no capability,
// no_new_privs.
func TestNoPrivilege(t *testing.T) {
	need.On(t, "root")
	c := credentials{ruid: 4242, euid: 4242, rgid: 4242, egid: 4242, noNewPrivs: true}
	var o outcome
	if err := within(&c, func() { o = run(t, built(t), "self", "1") }); err != nil {
		t.Fatal(err)
	}
	if o.status != 0 || o.stderr != "" || !strings.Contains(o.stdout, "Current: =\n") || !strings.Contains(o.stdout, "==> 1 (") {
		t.Errorf("%+v", o)
	}
}

// TestPID1Note looks from inside a pid namespace at a PID 1 with other sets.
func TestPID1Note(t *testing.T) {
	need.On(t, "root", "unshare", "setpriv")
	const note = "Note: PID 1 (sh) and this process differ in Permitted, Effective, Bounding: see capinspect 1\n"
	inside := func(script string) outcome {
		return run(t, "unshare", "-pf", "--mount-proc", "sh", "-c", strings.ReplaceAll(script, "capinspect", built(t))+"\ntrue")
	}
	if o := inside("setpriv --bounding-set -net_raw capinspect"); o.status != 0 || !strings.Contains(o.stdout, "\n"+note) {
		t.Errorf("%+v", o)
	}
	if o := inside("setpriv --bounding-set -net_raw capinspect --print"); strings.Contains(o.stdout, "Note:") {
		t.Errorf("--print: %+v", o)
	}
	if o := inside("setpriv --bounding-set -net_raw capinspect --json"); !strings.Contains(o.stdout, `{"code": "pid1-differs", "text": "PID 1 (sh) and this process differ in `) {
		t.Errorf("--json: %+v", o)
	}
	if o := inside("capinspect; capinspect 1"); strings.Contains(o.stdout, "Note: PID 1 ") {
		t.Errorf("the same sets: %+v", o)
	}
	if o := inside("printf pause >/proc/1/comm; capinspect"); !strings.Contains(o.stdout,
		"\nNote: PID 1 is a pause process: the pod shares its pid namespace, and the application is another PID\n") {
		t.Errorf("pause: %+v", o)
	}
	if ns, err := os.Readlink("/proc/self/ns/pid"); err != nil || ns != "pid:[4026531836]" {
		return // the tests run in a container themselves
	}
	if o := run(t, "setpriv", "--bounding-set", "-net_raw", built(t)); strings.Contains(o.stdout, "Note:") {
		t.Errorf("on the host: %+v", o)
	}
}
