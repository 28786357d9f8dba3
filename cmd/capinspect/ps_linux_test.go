// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// psTask is what tests read of a task in jsonl.
type psTask struct {
	Pid, Tid, PPid int
	Name           string
	Self           bool
	Capabilities   map[string]any
	UID            struct{ Real, Effective int }
}

// psTasks runs ps with -o jsonl, and returns the tasks.
func psTasks(t *testing.T, args ...string) []psTask {
	t.Helper()
	o := run(t, built(t), append([]string{"ps", "-o", "jsonl"}, args...)...)
	if o.status != 0 || !onlyKernelThreads.MatchString(o.stderr) {
		t.Fatalf("%q: %+v", args, o)
	}
	var tasks []psTask
	for line := range strings.Lines(o.stdout) {
		var task psTask
		if err := json.Unmarshal([]byte(line), &task); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		tasks = append(tasks, task)
	}
	return tasks
}

// onlyKernelThreads matches what ps notes on what it does not list, and nothing else.
var onlyKernelThreads = regexp.MustCompile(`^(capinspect: note: (kernel threads left out: [1-9][0-9]*, see --kernel-threads|nothing matches)\n)?$`)

// rows runs ps without headers, and returns the cells of each row.
func rows(t *testing.T, args ...string) [][]string {
	t.Helper()
	o := run(t, built(t), append([]string{"ps", "--no-headers"}, args...)...)
	if o.status != 0 || !onlyKernelThreads.MatchString(o.stderr) {
		t.Fatalf("%q: %+v", args, o)
	}
	var list [][]string
	for line := range strings.Lines(o.stdout) {
		list = append(list, strings.Fields(line))
	}
	return list
}

// TestPsListsAll compares the list with the kernel's.
func TestPsListsAll(t *testing.T) {
	listed := map[int]psTask{}
	before := 0
	for _, task := range psTasks(t) {
		if task.Pid <= before || task.Pid != task.Tid {
			t.Errorf("%d after %d", task.Pid, before)
		}
		before = task.Pid
		listed[task.Pid] = task
	}
	for _, pid := range []int{1, os.Getpid(), os.Getppid()} {
		if listed[pid].Pid != pid {
			t.Errorf("%d is not listed", pid)
		}
	}
	self := 0
	for _, task := range listed {
		if task.Self {
			self++
			if task.PPid != os.Getpid() {
				t.Errorf("%+v is not capinspect", task)
			}
		}
	}
	if self != 1 {
		t.Errorf("capinspect is listed %d times", self)
	}
}

// TestPsThreads has a thread that has dropped everything and one that has
// raised an ambient capability.
func TestPsThreads(t *testing.T) {
	need.On(t, "root")
	enter := func(c credentials) func() error { return c.enter }
	dropped := thread(t, enter(credentials{}))
	raised := capset.State{}
	for k := range raised {
		raised[k] = capset.Of(capset.NetRaw)
	}
	ambient := thread(t, enter(credentials{sets: raised}))
	pid := strconv.Itoa(os.Getpid())

	found := map[string][]string{}
	for _, cells := range rows(t, "-t", pid, "--columns", "TID,EFFECTIVE,AMBIENT,BOUNDING") {
		found[cells[0]] = cells[1:]
	}
	if got := fmt.Sprint(found[strconv.Itoa(dropped)]); got != "[none none none]" {
		t.Errorf("the thread that dropped all: %v", found)
	}
	if got := fmt.Sprint(found[strconv.Itoa(ambient)]); got != "[net_raw net_raw net_raw]" {
		t.Errorf("the thread with an ambient capability: %v", found)
	}
	all := rows(t, "-T", pid, "--columns", "TID")
	if len(all) <= len(found) {
		t.Errorf("-T lists %d threads, -t %d", len(all), len(found))
	}
	tree := run(t, built(t), "ps", "-o", "tree", pid)
	for _, want := range []string{
		fmt.Sprintf("─ thread %d ", dropped), "  effective, permitted, bounding: none\n",
		fmt.Sprintf("─ thread %d ", ambient), "  effective, permitted, inheritable, ambient, bounding: net_raw\n",
	} {
		if !strings.Contains(tree.stdout, want) {
			t.Errorf("no %q in %s", want, tree.stdout)
		}
	}
	show := run(t, built(t), "--print", "-t", pid)
	if show.status != 0 || !strings.Contains(show.stdout, fmt.Sprintf("\n==> %d (capinspect.test) <==\nCurrent: cap_net_raw=eip\n", ambient)) ||
		!strings.Contains(show.stdout, fmt.Sprintf("\n==> %d (capinspect.test) <==\nCurrent: =\n", dropped)) {
		t.Errorf("show -t: %+v", show)
	}
	if o := run(t, built(t), "check", "-q", "-T", pid, "--has", "net_raw"); o.status != 1 {
		t.Errorf("check -T: %+v", o)
	}
	// Without -t only the leader is judged.
	if o := run(t, built(t), "check", "-q", pid, "--has", "net_raw"); o.status != 0 {
		t.Errorf("check: %+v", o)
	}
	if list := rows(t, "--cap", "ambient:net_raw", pid); len(list) != 0 {
		t.Errorf("%v", list)
	}
	if list := rows(t, "--cap", "ambient:net_raw", "-t", pid, "--columns", "TID"); len(list) != 1 || list[0][0] != strconv.Itoa(ambient) {
		t.Errorf("%v", list)
	}
}

// start starts a command in a state, and returns its pid; it ends with the
// test.
func (c *credentials) start(t *testing.T, name string, args ...string) int {
	t.Helper()
	cmd := exec.Command(name, args...)
	var err error
	if enter := within(c, func() { err = cmd.Start() }); enter != nil || err != nil {
		t.Fatal(enter, err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return cmd.Process.Pid
}

// TestPsPermittedOnly lists a process that holds a capability without using it,
// which pscap passes over.
func TestPsPermittedOnly(t *testing.T) {
	need.On(t, "root")
	tid := thread(t, func() error {
		c := credentials{sets: capset.State{capset.Permitted: capset.Of(capset.SysTime)}}
		return c.enter()
	})
	pid := os.Getpid()
	for _, args := range [][]string{{"--privileged"}, {"--cap", "sys_time"}, {"--cap", "permitted:SYS_TIME"}} {
		found := false
		for _, task := range psTasks(t, append(args, "-T", strconv.Itoa(pid))...) {
			found = found || task.Tid == tid
		}
		if !found {
			t.Errorf("%q does not list it", args)
		}
	}
	// The same with capget(2) before the status file, for a process of its own.
	none := credentials{ruid: 65534, euid: 65534, rgid: 65534, egid: 65534}
	idle := none.start(t, "sleep", "60")
	busy := (&credentials{sets: capset.State{capset.Permitted: own(), capset.Effective: own(), capset.Bounding: capset.Of(capset.SysTime)}}).start(t, "sleep", "60")
	listed := map[int]bool{}
	for _, task := range psTasks(t, "--privileged") {
		listed[task.Pid] = true
	}
	if listed[idle] || !listed[busy] || listed[2] {
		t.Errorf("--privileged lists the idle one: %v, the busy one: %v, a kernel thread: %v", listed[idle], listed[busy], listed[2])
	}
}

// TestPsChurn lists while hundreds of processes a second begin and end, each
// with a uid and a capability that belong together: nothing fails, nothing is
// said, and what is kept of one task does not show in the next. That one record
// is not made of files of two processes, which takes a pid that is used again in
// between, it cannot show.
func TestPsChurn(t *testing.T) {
	need.On(t, "root")
	var stop atomic.Bool
	var group sync.WaitGroup
	var started atomic.Int64
	pairs := []credentials{
		{ruid: 4001, euid: 4001, rgid: 4001, egid: 4001, sets: capset.State{capset.Bounding: capset.Of(capset.Chown)}},
		{ruid: 4002, euid: 4002, rgid: 4002, egid: 4002, sets: capset.State{capset.Bounding: capset.Of(capset.NetRaw)}},
	}
	for _, c := range pairs {
		group.Go(func() {
			if err := within(&c, func() {
				for !stop.Load() {
					cmd := exec.Command("sleep", "0.1")
					if cmd.Start() == nil {
						started.Add(1)
						group.Go(func() { cmd.Wait() })
					}
					time.Sleep(4 * time.Millisecond)
				}
			}); err != nil {
				t.Error(err)
			}
		})
	}
	defer group.Wait()
	defer stop.Store(true)
	seen := map[string]int{}
	begin := time.Now()
	for range 20 {
		for _, args := range [][]string{{"--columns", "UID,BOUNDING,PID"}, {"--columns", "UID,BOUNDING,CONTAINER"}} {
			for _, cells := range rows(t, args...) {
				want := map[string]string{"4001": "chown", "4002": "net_raw"}[cells[0]]
				if want == "" {
					continue
				}
				seen[cells[0]]++
				if cells[1] != want {
					t.Fatalf("a record of two tasks: %v", cells)
				}
			}
		}
	}
	rate := float64(started.Load()) / time.Since(begin).Seconds()
	t.Logf("%.0f processes a second, seen %v", rate, seen)
	if rate < 200 {
		t.Logf("fewer than 200 a second: this machine is busy")
	}
	if seen["4001"] == 0 || seen["4002"] == 0 {
		t.Errorf("%.0f processes a second, seen %v: none of one kind", rate, seen)
	}
}

// TestPsHidepid lists as another user where the procfs hides processes.
func TestPsHidepid(t *testing.T) {
	need.On(t, "root", "unshare", "setpriv")
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	const blind = "capinspect: there are other processes, and none of them can be read\n"
	ps := built(t) + " ps --proc " + dir
	as := func(option, command string) outcome {
		return run(t, "unshare", "-m", "--propagation", "private", "sh", "-c", fmt.Sprintf(
			"mount -t proc -o %s proc %s && exec setpriv --reuid 4242 --regid 4242 --clear-groups %s", option, dir, command))
	}
	list := func(option string) outcome { return as(option, ps+" --columns UID --no-headers") }
	hidden := list("hidepid=2")
	if hidden.status != 2 || strings.TrimSpace(hidden.stdout) != "4242" ||
		hidden.stderr != "capinspect: note: "+dir+" is mounted with hidepid=invisible: processes of others are not shown\n"+blind {
		t.Errorf("hidepid=2: %+v", hidden)
	}
	refused := list("hidepid=1")
	if refused.status != 2 || strings.TrimSpace(refused.stdout) != "4242" || !strings.Contains(refused.stderr, " tasks may not be read\n") ||
		!strings.Contains(refused.stderr, "hidepid=noaccess") || !strings.HasSuffix(refused.stderr, blind) {
		t.Errorf("hidepid=1: %+v", refused)
	}
	// A list of who is privileged that has nobody is no answer, and says so.
	for option, want := range map[string]string{
		"hidepid=1": `"notShown": \{"kernelThreads": 0, "refused": [1-9][0-9]*, "hidepid": "noaccess"\}`,
		"hidepid=2": `"notShown": \{"kernelThreads": 0, "refused": 0, "hidepid": "invisible"\}`,
	} {
		for _, form := range []string{" --privileged --json", " --by container --json"} {
			if o := as(option, ps+form); o.status != 2 || !regexp.MustCompile(want).MatchString(o.stdout) {
				t.Errorf("%s%s: %+v", option, form, o)
			}
		}
		// Another process of the same user is somebody.
		if o := as(option, "sh -c '"+ps+" --privileged --no-headers; exit $?'"); o.status != 0 || o.stdout != "" {
			t.Errorf("%s, beside another process: %+v", option, o)
		}
		// What was asked for can be read.
		if o := as(option, ps+" --no-headers self"); o.status != 0 || o.stderr != "" {
			t.Errorf("%s, itself: %+v", option, o)
		}
	}
	// In a user namespace of its own, SYS_PTRACE does not count for the procfs.
	child := run(t, "unshare", "-m", "--propagation", "private", "sh", "-c", fmt.Sprintf(
		"mount -t proc -o hidepid=2 proc %s && exec setpriv --reuid 4242 --regid 4242 --clear-groups unshare -Ur %s ps --proc %s --no-headers --columns PID",
		dir, built(t), dir))
	if child.status != 2 || strings.Count(child.stdout, "\n") != 1 || !strings.Contains(child.stderr, "hidepid=invisible") {
		t.Errorf("in a user namespace: %+v", child)
	}
	// The group of the mount, 0 if it names none, sees all.
	group := run(t, "unshare", "-m", "--propagation", "private", "sh", "-c", fmt.Sprintf(
		"mount -t proc -o hidepid=2 proc %s && exec setpriv --reuid 4242 --regid 0 --clear-groups %s ps --proc %s --no-headers --columns PID",
		dir, built(t), dir))
	if group.status != 0 || !onlyKernelThreads.MatchString(group.stderr) || strings.Count(group.stdout, "\n") < 3 {
		t.Errorf("as group 0: %+v", group)
	}
	if open := list("hidepid=0"); open.status != 0 || !onlyKernelThreads.MatchString(open.stderr) || strings.Count(open.stdout, "\n") < 3 {
		t.Errorf("hidepid=0: %+v", open)
	}
}

// TestPsUserNamespaces marks what is held in a child user namespace: of root of the node,
// and of another user, as root and as a reader who may not see the namespaces.
func TestPsUserNamespaces(t *testing.T) {
	need.On(t, "root", "unshare", "setpriv", "script", "stty")
	ofRoot := inUserNamespace(t, extents(1, 1, 0), extents(1, 1, 0), "sleep", "60")
	ofUser := inUserNamespace(t, extents(1, 1000, 100000), extents(1, 1000, 100000), "sleep", "60")
	node := exec.Command("sleep", "60")
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		node.Process.Kill()
		node.Wait()
	})
	row := func(pid int, name string, args ...string) string {
		return strings.TrimSpace(run(t, name, append(args, "--no-headers", strconv.Itoa(pid))...).stdout)
	}
	const mark = "@child"
	for _, test := range []struct {
		pid                     int
		column                  string // as root
		hidden                  string // as another user
		plain, privileged, caps bool   // whether it is marked
	}{
		{node.Process.Pid, "node", "?", false, false, false},
		{ofRoot, inodeOf(t, ofRoot, "user"), "child", false, true, true},
		{ofUser, inodeOf(t, ofUser, "user"), "child", true, true, true},
	} {
		if got := row(test.pid, built(t), "ps", "--columns", "USERNS"); got != test.column {
			t.Errorf("%d: USERNS %q, want %q", test.pid, got, test.column)
		}
		if got := row(test.pid, "setpriv", "--reuid", "4242", "--regid", "4242", "--clear-groups", built(t), "ps", "--columns", "USERNS"); got != test.hidden {
			t.Errorf("%d: to another user USERNS is %q, want %q", test.pid, got, test.hidden)
		}
		for _, list := range []struct {
			args []string
			want bool
		}{
			{[]string{"ps", "--columns", "EFFECTIVE"}, test.plain},
			{[]string{"ps", "--columns", "PERMITTED", "--privileged"}, test.privileged},
			{[]string{"ps", "--columns", "EFFECTIVE", "--cap", "setuid"}, test.caps},
			{[]string{"ps", "--columns", "PERMITTED,USERNS"}, test.column != "node"},
		} {
			if got := row(test.pid, built(t), list.args...); got == "" || strings.Contains(got, mark) != list.want {
				t.Errorf("%d: %v: %q, want a mark: %t", test.pid, list.args, got, list.want)
			}
		}
		if got := row(test.pid, built(t), "ps", "--columns", "BOUNDING", "--privileged"); strings.Contains(got, mark) {
			t.Errorf("%d: %q: Bounding is marked", test.pid, got)
		}
	}

	// By risk, what root of the node holds comes first, though another holds more. A terminal
	// and JSON tell those in a child user namespace apart, whatever their uid.
	pids := []string{strconv.Itoa(ofRoot), strconv.Itoa(ofUser), strconv.Itoa(node.Process.Pid)}
	byRisk := strings.Fields(run(t, built(t), append([]string{"ps", "--columns", "PID", "--sort", "risk", "--no-headers"}, pids...)...).stdout)
	if len(byRisk) != 3 || byRisk[0] != pids[2] {
		t.Errorf("by risk %v, want %s first", byRisk, pids[2])
	}
	const summary = "3 processes, 3 privileged (2 in a child user namespace)"
	if o := run(t, built(t), append([]string{"ps", "--json"}, pids...)...); !strings.Contains(o.stdout, `"summary": "`+summary) {
		t.Errorf("JSON without %q: %s", summary, o.stdout)
	}
	if o := run(t, "script", "-qec", "stty cols 100; "+built(t)+" ps "+strings.Join(pids, " "), "/dev/null"); !strings.Contains(o.stdout, "\n"+summary) {
		t.Errorf("a terminal without %q: %s", summary, o.stdout)
	}
}

// TestPsKinds lists a zombie, kernel threads, and what a pid namespace holds.
func TestPsKinds(t *testing.T) {
	need.On(t, "root", "unshare")
	cmd := exec.Command("true")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	if list := rows(t, strconv.Itoa(cmd.Process.Pid), "--columns", "NAME"); len(list) != 1 || list[0][0] != "true" {
		t.Errorf("zombie: %v", list)
	}
	cmd.Wait()
	if comm, err := os.ReadFile("/proc/2/comm"); err == nil && string(comm) == "kthreadd\n" {
		if list := rows(t, "2", "--columns", "NAME"); len(list) != 1 || list[0][0] != "[kthreadd]" {
			t.Errorf("kernel thread: %v", list)
		}
	}
	inside := run(t, "unshare", "-pf", "--mount-proc", built(t), "ps", "--columns", "PID,NAME", "--no-headers")
	if inside.stdout != "  1  capinspect\n" && inside.stdout != "1  capinspect\n" {
		t.Errorf("pid namespace: %+v", inside)
	}
	forked := run(t, "unshare", "-pf", "--mount-proc", "sh", "-c", built(t)+" ps --privileged --columns PID,NAME --no-headers; true")
	if forked.stdout != "1  sh\n2  capinspect\n" {
		t.Errorf("pid namespace: %+v", forked)
	}
}

// TestPsManyThreads lists a process of two thousand threads.
func TestPsManyThreads(t *testing.T) {
	const count = 2000
	for range count {
		thread(t, func() error { return nil })
	}
	list := rows(t, "-T", strconv.Itoa(os.Getpid()), "--columns", "PID,TID")
	if len(list) <= count {
		t.Errorf("%d threads", len(list))
	}
	if list := rows(t, "-t", strconv.Itoa(os.Getpid()), "--columns", "PID,TID"); len(list) != 1 {
		t.Errorf("%d threads differ", len(list)-1)
	}
	// A report on each is written while they are read.
	const mostKiB = 48 << 10 // it takes 15 MiB, and 120 if it holds them all
	out, status, used := peakOf(t, "-T", "--json", strconv.Itoa(os.Getpid()))
	var found struct{ Tasks []struct{ Tid int } }
	if err := json.Unmarshal(out, &found); err != nil || status != 0 || len(found.Tasks) <= count {
		t.Errorf("%d tasks, status %d, %v", len(found.Tasks), status, err)
	}
	if used > mostKiB && !raceDetector {
		t.Errorf("%d KiB for %d bytes", used, len(out))
	}
}

// TestPsUsers reads a user database with lines that the parser behind it takes
// for uid 0.
func TestPsUsers(t *testing.T) {
	need.On(t, "root", "unshare")
	passwd := filepath.Join(t.TempDir(), "passwd")
	if err := os.WriteFile(passwd, []byte("evil:x:notanumber:0::/:/bin/sh\nwrap:x:4294967296:0::/:/bin/sh\n"+
		"-minus:x:0:0::/:/bin/sh\nroot:x:0:0:root:/root:/bin/sh\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	list := func(args string) outcome {
		return run(t, "unshare", "-m", "--propagation", "private", "sh", "-c",
			"mount --bind "+passwd+" /etc/passwd && exec "+built(t)+" ps self --no-headers --columns USER "+args)
	}
	if o := list("-u root"); o.status != 0 || o.stdout != "root\n" {
		t.Errorf("%+v", o)
	}
	for _, name := range []string{"evil", "wrap", "-minus"} {
		if o := list("--user=" + name); o.status != 2 || o.stderr != fmt.Sprintf("capinspect: user %q: no such user\n", name) {
			t.Errorf("%s: %+v", name, o)
		}
	}
}

// TestPsOtherPids looks from inside a pid namespace at a procfs of the outer
// one: its numbers are not those of system calls.
func TestPsOtherPids(t *testing.T) {
	need.On(t, "root", "unshare")
	busy := (&credentials{sets: capset.State{capset.Permitted: own(), capset.Effective: own(), capset.Bounding: own()}}).start(t, "sleep", "60")
	for _, procfs := range []string{"", " --proc /proc"} {
		o := run(t, "unshare", "-pf", built(t), "ps", "--privileged", "--no-headers", "--columns", "PID", strconv.Itoa(busy))
		if procfs != "" {
			o = run(t, "unshare", "-pf", "sh", "-c", fmt.Sprintf("%s ps --privileged --no-headers --columns PID%s %d; exit $?", built(t), procfs, busy))
		}
		if o.status != 0 || strings.TrimSpace(o.stdout) != strconv.Itoa(busy) {
			t.Errorf("%q: %+v", procfs, o)
		}
	}
}

// TestPsThread names a thread where a process is meant.
func TestPsThread(t *testing.T) {
	tid := thread(t, func() error { return nil })
	o := run(t, built(t), "ps", "--no-headers", strconv.Itoa(tid))
	if want := fmt.Sprintf("capinspect: pid %d: a thread of process %d: see -t and -T\n", tid, os.Getpid()); o.status != 2 || o.stderr != want {
		t.Errorf("%+v, want %q", o, want)
	}
}

// TestPsEvery prints again and again until a signal.
func TestPsEvery(t *testing.T) {
	cmd := exec.Command(built(t), "ps", "--every", "50ms", "--no-headers", "--columns", "NAME", "self")
	var out strings.Builder
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second)
	cmd.Process.Signal(unix.SIGTERM)
	cmd.Wait()
	dated := exec.Command(built(t), "ps", "--every", "1h", "--columns", "NAME", "self")
	first, err := dated.StdoutPipe()
	if err := errors.Join(err, dated.Start()); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(first)
	lines.Scan()
	if when, err := time.Parse(time.RFC3339, lines.Text()); err != nil || time.Since(when) > time.Minute || when.Location() != time.UTC {
		t.Errorf("%q, %v", lines.Text(), err)
	}
	dated.Process.Signal(unix.SIGTERM)
	dated.Wait()
	list := strings.Split(out.String(), "\n\n") // a blank line stands between two
	if n := len(list); n < 3 || strings.Join(list[:n-1], ",") != strings.TrimSuffix(strings.Repeat("capinspect,", n-1), ",") {
		t.Errorf("%q", out.String())
	}
}

// TestPsTerminal fits the table to a terminal, and cuts nothing without one.
func TestPsTerminal(t *testing.T) {
	need.On(t, "root", "script")
	list := built(t) + " ps --columns PID,NAME,CAPS,BOUNDING -p self,1"
	o := run(t, "script", "-qec", "stty cols 50 rows 20; NO_COLOR=1 "+list, "/dev/null")
	lines := strings.Split(strings.TrimRight(o.stdout, "\r\n"), "\r\n")
	if o.status != 0 || len(lines) < 4 || !strings.HasPrefix(lines[3], "2 processes, ") || !strings.HasSuffix(lines[0], "  BOUNDING") {
		t.Fatalf("%+v", o)
	}
	for _, line := range lines {
		if len(line) > 50 {
			t.Errorf("%d columns: %q", len(line), line)
		}
	}
	narrow := credentials{sets: capset.State{capset.Bounding: capset.Set(0x155555555)}}
	var wide outcome
	if err := within(&narrow, func() { wide = run(t, "sh", "-c", list) }); err != nil {
		t.Fatal(err)
	}
	if wide.status != 0 || !strings.Contains(wide.stdout, "cap_audit_control,cap_mac_override=ep  0x15") {
		t.Errorf("%+v", wide)
	}
}
