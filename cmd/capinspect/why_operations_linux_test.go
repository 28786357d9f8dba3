// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/operation"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/why"
)

// stranger is the user to whom belongs what the operations below are tried on. No random
// state has that id.
const stranger = 7777

// doLater puts a thread into a random state, tells its id, waits for a line, and does an
// operation: NAME DIR TARGET SEGMENT SEED.
func doLater() {
	w := world{dir: os.Args[2], other: stranger}
	var seed uint64
	var errs [3]error
	w.target, errs[0] = strconv.Atoi(os.Args[3])
	w.segment, errs[1] = strconv.Atoi(os.Args[4])
	seed, errs[2] = strconv.ParseUint(os.Args[5], 10, 64)
	state := stateOf(seed)
	var came error
	err := errors.Join(errs[:]...)
	if err == nil {
		err = within(&state, func() {
			fmt.Printf("ready: %d\n", unix.Gettid())
			if _, failed := bufio.NewReader(os.Stdin).ReadString('\n'); failed == nil {
				came = doings[os.Args[1]](w)
			}
		})
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Printf("came: %s\n", errnoName(came))
}

// stateOf returns the random state of a seed, with ids that a child user namespace maps.
func stateOf(seed uint64) credentials {
	for random := rand.New(rand.NewPCG(seed, 3)); ; {
		if c := randomCredentials(random, own()); !slices.Contains(append(c.groups, uint32(c.ruid), uint32(c.euid), uint32(c.rgid), uint32(c.egid)), highID) {
			return c
		}
	}
}

// later is an operation that is about to be done.
type later struct {
	tid    string
	state  credentials
	finish func() (came string, err error)
}

// starts starts a process that will do an operation in a random state, in a child user
// namespace or not.
func startLater(t *testing.T, name string, target int, seed uint64, child bool) *later {
	t.Helper()
	l := &later{state: stateOf(seed)}
	parent := t.TempDir()
	dir := filepath.Join(parent, "world")
	segment := strangersSegment(t)
	if err := errors.Join(os.Mkdir(dir, 0o755), furnish(dir, stranger, l.state.euid), os.Chmod(filepath.Dir(parent), 0o755)); err != nil {
		t.Fatal(err)
	}
	cmd := &exec.Cmd{Path: "/proc/self/exe", Args: []string{"later", name, dir, strconv.Itoa(target), strconv.Itoa(segment), strconv.FormatUint(seed, 10)}}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Unshareflags: ownUnshared}
	if slices.Contains([]string{"bind :80", "bind :8080", "ICMP socket"}, name) { // whose sysctls are read
		cmd.SysProcAttr.Unshareflags &^= syscall.CLONE_NEWNET
	}
	if child {
		ids := []syscall.SysProcIDMap{{Size: 1 << 16}}
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings, cmd.SysProcAttr.GidMappings, cmd.SysProcAttr.GidMappingsEnableSetgroups = ids, ids, true
	}
	in, err := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err = errors.Join(err, err2); err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	lines := bufio.NewReader(out)
	line, err := lines.ReadString('\n')
	tid, ok := strings.CutPrefix(strings.TrimSpace(line), "ready: ")
	if !ok {
		t.Fatalf("%s, %+v: %q, %v", name, l.state, line, err)
	}
	l.tid = tid
	l.finish = func() (string, error) {
		if _, err := in.Write([]byte("\n")); err != nil {
			return "", err
		}
		line, err := lines.ReadString('\n')
		came, ok := strings.CutPrefix(line, "came: ")
		if !ok {
			return "", fmt.Errorf("%q, %w", line, err)
		}
		return strings.TrimSpace(came), nil
	}
	return l
}

// strangersSegment makes a segment of System V shared memory that the stranger has created.
func strangersSegment(t *testing.T) (id int) {
	t.Helper()
	err := within(&credentials{ruid: stranger, euid: stranger, rgid: stranger, egid: stranger}, func() {
		id, _ = unix.SysvShmGet(unix.IPC_PRIVATE, 4096, unix.IPC_CREAT|0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.SysvShmCtl(id, unix.IPC_RMID, nil) })
	return id
}

// alone returns the operations that need nothing of root and no capability besides, and that
// tell whether they worked.
func alone() (names []string) {
	for _, name := range slices.Sorted(maps.Keys(doings)) {
		o := operation.Named(name)[0]
		silent := o.Errno == "" && len(o.Caps) > 0
		if _, ok := handed[name]; !ok && !silent && beside[name] == 0 && !asRoot[name] && !unmapped[name] {
			names = append(names, name)
		}
	}
	return names
}

// inOthers are the operations that a container's cgroup or the lack of another process decides
// over, which why lists as gates.
var inOthers = []string{"SCHED_FIFO", "perf_event_open of a process of another user"}

// ofRoot reports whether root needs no capability for an operation as the tests do it.
func ofRoot(name string) bool {
	return slices.Contains([]string{"/dev/sda", "quotactl", "RLIMIT_NPROC", "SCM_CREDENTIALS"}, name)
}

// besideTheCapabilities returns what keeps an operation of the tests from telling about its capabilities in
// a state; "" if nothing does.
func besideTheCapabilities(name string, c *credentials) string {
	const lock = 0xaa
	switch {
	case name == "capset" && !c.sets[capset.Bounding].Has(capset.NetRaw):
		return "the bounding set lacks what it adds"
	case name == "PR_SET_SECUREBITS" && c.securebits&lock != 0, name == "PR_SET_KEEPCAPS" && c.securebits&capset.KeepCaps.Lock() != 0:
		return "a securebit is locked"
	case ofRoot(name) && (c.ruid == 0 || c.euid == 0):
		return "it is for root"
	}
	return ""
}

// TestWhyOperations asks why of an operation that a thread in a random state is about to
// do, and then lets it: the kernel says whether the answer is right.
func TestWhyOperations(t *testing.T) {
	need.On(t, "root")
	target := exec.Command("sleep", "600")
	target.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: stranger, Gid: stranger}}
	if err := target.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		target.Process.Kill()
		target.Wait()
	})
	names := alone()
	random := random(t)
	count := map[string]int{}
	for n := range times(2 * len(names)) {
		name, seed, child := names[n%len(names)], random.Uint64(), random.IntN(3) == 0
		o := operation.Named(name)[0]
		l := startLater(t, name, target.Process.Pid, seed, child)
		if besideTheCapabilities(name, &l.state) != "" {
			continue
		}
		from, err := collect.Open(collect.Options{Detail: collect.Surrounded})
		if err != nil {
			t.Fatal(err)
		}
		answers, err := from.Why(l.tid, why.Asked{Operations: []why.Operation{{Operation: o, As: name}}})
		from.Close()
		if err != nil {
			t.Fatal(err)
		}
		came, err := l.finish()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		answer := answers.Operations[0]
		refused := came == "EPERM" || came == "EACCES" || came == o.Errno && came != ""
		works, known := answer.Works.Get()
		switch {
		case (&trial{Came: came}).lacksKernel() && !works, came == "ECONNREFUSED": // which auditing is in another network namespace
			count["not in this kernel"]++
		case child && o.Name() == "perf_event_open of a process of another user" && works: // and the process is outside
			count["a process outside"]++
		case child && o.Scope == capset.ScopeProcess && works: // and so it is here
			if !slices.ContainsFunc(answer.Gates, func(n task.Note) bool { return n.Code == "scope" }) {
				t.Errorf("%s: %+v", name, answer)
			}
			count["a process outside"]++
		case !known:
			count["unknown: "+answer.Reason.Code]++
		case works == refused:
			t.Errorf("%s came to %q, child %v, state %+v\nanswer %v, %+v", name, came, child, l.state, works, answer.Reason)
		default:
			count[fmt.Sprint("agreed ", works)]++
		}
	}
	t.Log(count)
	if count["agreed true"] == 0 || count["agreed false"] == 0 {
		t.Error("nothing is compared")
	}
}
