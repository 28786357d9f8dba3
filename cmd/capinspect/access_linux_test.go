// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// accessTargets makes threads in random states, tells their tids, and waits: SEED COUNT
// DUMPABLE.
func accessTargets() {
	seed, err := strconv.ParseUint(os.Args[1], 10, 64)
	count, err2 := strconv.Atoi(os.Args[2])
	dumpable, err3 := strconv.Atoi(os.Args[3])
	random, tids := rand.New(rand.NewPCG(seed, 4)), []int{}
	err = errors.Join(err, err2, err3)
	for range count {
		state, done := accessState(random), make(chan error)
		onThread(func() {
			tids = append(tids, unix.Gettid())
			done <- state.enter()
			select {} // the thread stays
		})
		err = errors.Join(err, <-done)
	}
	err = errors.Join(err, unix.Prctl(unix.PR_SET_DUMPABLE, uintptr(dumpable), 0, 0, 0), json.NewEncoder(os.Stdout).Encode(tids))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	io.Copy(io.Discard, os.Stdin)
}

// accessState returns a random state in which ids and capabilities are often those that
// another one has too.
func accessState(random *rand.Rand) credentials {
	c := randomCredentials(random, own())
	if random.IntN(3) > 0 {
		id := [...]int{0, 1000}[random.IntN(2)]
		c.ruid, c.euid, c.rgid, c.egid = id, id, id, id
	}
	if random.IntN(2) == 0 {
		c.sets[0], c.sets[1], c.sets[2], c.sets[4] = 0, 0, 0, 0
	}
	c.groups = nil
	return c
}

// accessOutcome is what was said of a target, and what came of reading it.
type accessOutcome struct {
	Pairs, Files   int
	Open           int // files of which nobody can tell
	Known, Unknown int // known by the rules alone, without what was seen
	Codes          map[string]int
	Wrong          []string
}

// accessReader puts itself into a random state, and compares for each target what is said of
// its files with what comes of reading them: SEED, and the tids on standard input. With
// another word its user namespace has no maps, and it stays as it is.
func accessReader() {
	runtime.LockOSThread()
	if unix.Gettid() != unix.Getpid() { // /proc/self is that of the leader
		syscall.Exec("/proc/self/exe", os.Args, os.Environ())
	}
	seed, err := strconv.ParseUint(os.Args[1], 10, 64)
	var tids []int
	err = errors.Join(err, json.NewDecoder(os.Stdin).Decode(&tids))
	random := rand.New(rand.NewPCG(seed, 5))
	if state := accessState(random); len(os.Args) == 2 { // or it has no ids to change to
		err = errors.Join(err, state.enter())
	}
	if random.IntN(4) == 0 {
		unix.RawSyscall(unix.SYS_SETFSUID, 1000, 0, 0)
	}
	from, err2 := collect.Open(collect.Options{Detail: collect.Surrounded})
	if err = errors.Join(err, err2); err == nil {
		err = json.NewEncoder(os.Stdout).Encode(readTargets(from, tids))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// readTargets asks of each target, and reads its files.
func readTargets(from *collect.Collector, tids []int) (o accessOutcome) {
	o.Codes = map[string]int{}
	for _, tid := range tids {
		a, err := from.WhyAccess(strconv.Itoa(tid))
		if err != nil {
			o.Wrong = append(o.Wrong, err.Error())
			continue
		}
		dir := "/proc/" + strconv.Itoa(tid) + "/"
		wrong := func(what string, v ...any) {
			me, _ := os.ReadFile("/proc/self/status")
			them, _ := os.ReadFile(dir + "status")
			o.Wrong = append(o.Wrong, fmt.Sprintf(what, v...)+fmt.Sprintf(": %+v\n%s\n%s", a, me, them))
		}
		o.Pairs++
		reads := !refused(unix.Readlink(dir+"root", make([]byte, 100)))
		switch rules, known := a.Rules.Get(); {
		case !known:
			o.Unknown++
		case rules != reads:
			wrong("the rules say %v, and the kernel %v", rules, reads)
		default:
			o.Known++
		}
		for _, f := range a.Files {
			o.Files++
			o.Codes[f.Why]++
			if !f.May.Known() {
				o.Open++
			} else if may := mayReadFile(dir + f.Name); !task.Is(f.May, may) {
				wrong("%s is %+v, and the kernel says %v", f.Name, f, may)
			}
		}
	}
	return o
}

// refused reports whether an error is a refusal, and not that there is nothing to read.
func refused(_ int, err error) bool { return err == unix.EACCES || err == unix.EPERM }

// mayReadFile reports whether the kernel lets the calling thread read a file, a directory or
// a link.
func mayReadFile(path string) bool {
	_, err := unix.Readlink(path, make([]byte, 100))
	if err != unix.EINVAL { // it is a link
		return err == nil || !refused(0, err)
	}
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return !refused(0, err)
	}
	defer unix.Close(fd)
	if strings.HasSuffix(path, "/mem") {
		return true
	}
	n, err := unix.Read(fd, make([]byte, 512))
	if err == unix.EISDIR {
		for n, err = 1, nil; n > 0 && err == nil; {
			n, err = unix.Getdents(fd, make([]byte, 4096))
		}
	}
	return !refused(n, err)
}

// TestAccessIsKernels compares what why access says with what comes of reading the files,
// for pairs of a reader and a target in random states, in the initial user namespace and in
// some below it, and of targets that are dumpable and not.
func TestAccessIsKernels(t *testing.T) {
	need.On(t, "root", "setpriv", "unshare")
	random := fixedRandom(t)
	dir := t.TempDir()
	open755(t, dir)
	self, err := os.Executable()
	if err := errors.Join(err, copyFile(self, dir)); err != nil {
		t.Fatal(err)
	}
	start := func(below bool, args ...string) *exec.Cmd {
		cmd := &exec.Cmd{Path: filepath.Join(dir, filepath.Base(self)), Args: args, Env: os.Environ(), Dir: "/", Stderr: os.Stderr}
		if below {
			belowThisUserNamespace(cmd)
		}
		return cmd
	}
	seed := func() string { return strconv.FormatUint(random.Uint64(), 10) }
	var tids []int
	for i := range 4 {
		cmd := start(i > 1, "accessed", seed(), "12", strconv.Itoa(i%2))
		stdin, err := cmd.StdinPipe()
		stdout, err2 := cmd.StdoutPipe()
		if err := errors.Join(err, err2, cmd.Start()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			stdin.Close()
			cmd.Process.Kill()
			cmd.Wait()
		})
		var some []int
		if err := json.NewDecoder(bufio.NewReader(stdout)).Decode(&some); err != nil {
			t.Fatal(err)
		}
		tids = append(tids, some...)
	}
	// Those that a user makes: with no map, with one, and below that; and one without a map
	// that root makes.
	user := []string{"setpriv", "--reuid=1000", "--regid=1000", "--clear-groups"}
	holder := filepath.Join(dir, "holder")
	if err := copyFile(buildHolder(t), dir); err != nil {
		t.Fatal(err)
	}
	for _, words := range [][]string{
		append(user, "unshare", "-U", holder), append(user, "unshare", "-Ur", holder), append(user, "unshare", "-Ur", "unshare", "-Ur", holder),
		append(user, holder),
		{"unshare", "-U", holder},
	} {
		tids = append(tids, hold(t, words[0], words[1:]...))
	}
	text, err := json.Marshal(tids)
	if err != nil {
		t.Fatal(err)
	}
	total := accessOutcome{Codes: map[string]int{}}
	for i := range times(40) {
		cmd := start(i%4 == 2, "access", seed())
		if i%8 == 3 {
			cmd.Args = append(cmd.Args, "unmapped")
			cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER}
		}
		cmd.Stdin = strings.NewReader(string(text))
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		var o accessOutcome
		if err := json.Unmarshal(out, &o); err != nil {
			t.Fatal(err)
		}
		total.Pairs, total.Files, total.Open = total.Pairs+o.Pairs, total.Files+o.Files, total.Open+o.Open
		total.Known, total.Unknown = total.Known+o.Known, total.Unknown+o.Unknown
		for code, n := range o.Codes {
			total.Codes[code] += n
		}
		total.Wrong = append(total.Wrong, o.Wrong...)
	}
	t.Logf("%d pairs, %d files, %d of them open; the rules alone decide %d pairs, and not %d: %v",
		total.Pairs, total.Files, total.Open, total.Known, total.Unknown, total.Codes)
	for i, wrong := range total.Wrong {
		if i < 5 {
			t.Error(wrong)
		}
	}
	if len(total.Wrong) > 0 {
		t.Errorf("%d are wrong", len(total.Wrong))
	}
	for _, code := range []string{"", "uid", "gid", "not-dumpable", "capabilities", "user-namespace", "mode", "sys-admin", "sys-nice"} {
		if total.Codes[code] == 0 && !testing.Short() {
			t.Errorf("no file was refused by %q", code)
		}
	}
	if !testing.Short() && (total.Pairs < 1000 || total.Known < 900 || total.Open > total.Files/8) {
		t.Error("too few pairs, or too few that are decided")
	}
}

// accessAnswer is an answer of why access as far as the tests look at it.
type accessAnswer struct {
	Works  *bool
	Reason struct{ Code, Text string }
	Files  []struct {
		Name, Rule string
		May        *bool
		Refused    *string
	}
	Changes []struct{ Where, Text string }
}

// may reports what is said of a file.
func (a *accessAnswer) may(name string) string {
	for _, f := range a.Files {
		if f.Name == name {
			return text(f.May)
		}
	}
	return "nothing"
}

// change returns the text of the first change at a place.
func (a *accessAnswer) change(where string) string {
	for _, c := range a.Changes {
		if c.Where == where {
			return c.Text
		}
	}
	return ""
}

// accessOf returns the answer for a task of capinspect that a command starts.
func accessOf(t *testing.T, pid int, before ...string) accessAnswer {
	t.Helper()
	args := append(before, built(t), "why", "access", "--json", strconv.Itoa(pid))
	o := run(t, args[0], args[1:]...)
	var found struct {
		Tasks []struct{ Access accessAnswer }
	}
	if err := json.Unmarshal([]byte(o.stdout), &found); err != nil || len(found.Tasks) != 1 || o.stderr != "" {
		t.Fatalf("%v, %+v", err, o)
	}
	a := found.Tasks[0].Access
	if want := map[string]int{"true": 0, "false": 1, "null": 2}[text(a.Works)]; o.status != want {
		t.Errorf("status %d for %+v", o.status, a)
	}
	return a
}

// TestAccessChanges makes the changes that are proposed.
func TestAccessChanges(t *testing.T) {
	need.On(t, "root", "setpriv", "unshare")
	as := func(uid string, more ...string) []string {
		return append([]string{"setpriv", "--reuid=" + uid, "--regid=" + uid, "--clear-groups"}, more...)
	}
	dir := t.TempDir()
	open755(t, dir)
	if err := copyFile(buildHolder(t), dir); err != nil {
		t.Fatal(err)
	}
	start := func(before ...string) int {
		args := append(before, filepath.Join(dir, "holder"))
		return hold(t, args[0], args[1:]...)
	}
	reads := func(before []string, pid int, name string) bool {
		return run(t, before[0], append(before[1:], "head", "-c1", fmt.Sprintf("/proc/%d/%s", pid, name))...).status == 0
	}
	t.Run("user", func(t *testing.T) {
		pid := start(as("1000")...)
		a := accessOf(t, pid, as("4242")...)
		words := strings.Fields(a.change("user"))
		if a.Reason.Code != "uid" || len(words) < 10 || a.may("environ") != "false" || reads(as("4242"), pid, "environ") {
			t.Fatalf("%+v", a)
		}
		flags := regexp.MustCompile(`setpriv (--reuid=\d+) (--regid=\d+) (--clear-groups) `).FindStringSubmatch(a.change("user"))
		if flags == nil {
			t.Fatalf("%+v", a)
		}
		before := append([]string{"setpriv"}, flags[1:]...)
		if a := accessOf(t, pid, before...); a.may("environ") != "true" || a.may("root") != "true" || a.may("stack") != "false" || !reads(before, pid, "environ") {
			t.Errorf("%+v", a)
		}
	})
	t.Run("capabilities", func(t *testing.T) {
		pid := start("env")
		a := accessOf(t, pid, as("4242")...)
		var caps []string
		for _, c := range a.Changes {
			for _, name := range regexp.MustCompile(`cap_([a-z_]+)`).FindAllStringSubmatch(c.Text, -1) {
				caps = append(caps, "+"+name[1])
			}
		}
		if a.Reason.Code != "uid" || len(caps) < 4 || !strings.HasPrefix(a.change("user"), "if the process is dumpable, run capinspect as uid 0 and gid 0:") {
			t.Fatalf("%+v", a)
		}
		given := strings.Join(caps, ",")
		if a := accessOf(t, pid, as("4242", "--inh-caps="+given, "--ambient-caps="+given)...); text(a.Works) != "true" {
			t.Errorf("with %s: %+v", given, a)
		}
		few := as("4242", "--inh-caps=+perfmon", "--ambient-caps=+perfmon")
		if a := accessOf(t, pid, few...); a.may("maps") != text(new(reads(few, pid, "maps"))) || a.may("environ") != "false" {
			t.Errorf("with cap_perfmon: %+v", a)
		}
	})
	t.Run("hidepid", func(t *testing.T) {
		pid := start("env")
		for _, how := range []string{"invisible", "noaccess", "ptraceable"} {
			mounted := func(before ...string) []string {
				return append([]string{"unshare", "-m", "sh", "-c", `mount -t proc -o hidepid=` + how + `,gid=4243 none /proc && exec "$@"`, "sh"}, before...)
			}
			a := accessOf(t, pid, mounted(as("4242")...)...)
			if a.Reason.Code != "hidepid" || a.may("maps") != "false" || a.may("stack") != "false" {
				t.Errorf("%s: %+v", how, a)
			}
			if group := a.change("user"); (group == "") != (how == "ptraceable") || group != "" && !strings.HasPrefix(group, "the group 4243,") {
				t.Errorf("%s: %+v", how, a)
			}
			if a := accessOf(t, pid, mounted(as("4243")...)...); (a.Reason.Code == "hidepid") != (how == "ptraceable") {
				t.Errorf("%s, its group: %+v", how, a)
			}
			const given = "+sys_ptrace"
			if a := accessOf(t, pid, mounted(as("4242", "--inh-caps="+given, "--ambient-caps="+given)...)...); a.may("root") != "true" {
				t.Errorf("%s, %s: %+v", how, given, a)
			}
		}
	})
}

// TestAccessInContainers asks from a container that shares the pid namespace of another, as
// one of kubectl debug does, and makes the changes that are proposed there.
func TestAccessInContainers(t *testing.T) {
	if testing.Short() {
		t.Skip("starts containers")
	}
	need.On(t, "root", "docker")
	image := buildImage(t)
	holder := buildHolderImage(t, image)
	name := fmt.Sprintf("capinspect-test-%d-access", os.Getpid())
	t.Cleanup(func() { run(t, "docker", "rm", "-f", name) })
	docker(t, "run", "-d", "--network", "none", "--name", name, "--user", "1000:1000", "--entrypoint", "/holder", holder)
	ask := func(flags ...string) accessAnswer {
		o := run(t, "docker", slices.Concat([]string{"run", "--rm", "--network", "none", "--pid", "container:" + name}, flags, []string{image, "why", "access", "--json", "1"})...)
		var found struct {
			Tasks []struct{ Access accessAnswer }
		}
		if err := json.Unmarshal([]byte(o.stdout), &found); err != nil || len(found.Tasks) != 1 {
			t.Fatalf("%v, %+v", err, o)
		}
		return found.Tasks[0].Access
	}
	a := ask("--user", "0")
	var profiles []string
	for _, c := range a.Changes {
		if match := regexp.MustCompile(`--profile=([a-z]+)`).FindStringSubmatch(c.Text); match != nil {
			profiles = append(profiles, match[1])
		}
	}
	if a.Reason.Code != "uid" || a.may("root") != "false" || a.may("environ") != "false" || !slices.Equal(profiles, []string{"restricted", "general", "sysadmin"}) {
		t.Fatalf("%v %+v", profiles, a)
	}
	user := regexp.MustCompile(`\(docker exec (--user) (\d+:\d+)\)`).FindStringSubmatch(a.change("user"))
	if user == nil {
		t.Fatalf("%+v", a)
	}
	for _, flags := range [][]string{
		user[1:],
		{"--user", "1000:1000", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"}, // restricted, with that user
		{"--user", "0", "--cap-add", "SYS_PTRACE"},                                          // general
		{"--user", "0", "--cap-add", "SYS_PTRACE", "--cap-add", "SYS_ADMIN"},                // what sysadmin has of it
	} {
		admin := slices.Contains(flags, "SYS_ADMIN")
		if a := ask(flags...); a.may("root") != "true" || a.may("environ") != "true" || a.may("stack") != text(&admin) {
			t.Errorf("%v: %+v", flags, a)
		}
	}
}
