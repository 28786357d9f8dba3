// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
)

// capCheck is a capability that the kernel looked for: in which user namespace, and whether
// it found it.
type capCheck struct {
	cap     capset.Cap
	where   string // "initial" or "own"; "both" if these are one; otherwise a number
	granted bool
	silent  bool // a refusal is not audited: it may be none (ns_capable_noaudit)
}

func (c capCheck) String() string {
	return fmt.Sprintf("%s@%s%c", c.cap, c.where, map[bool]rune{true: '+', false: '-'}[c.granted])
}

// capTrace is an instance of tracefs in which the kernel notes each capability that it looks
// for in the threads below the one that made it (capability:cap_capable, since Linux 6.14).
type capTrace struct {
	marker *os.File // what the doings write to, to tell their part from the rest; nil if nothing is traced
	pipe   int
	stop   chan struct{}
	over   sync.WaitGroup
	checks map[int][]capCheck // by the number of the trial, once the trace has ended
	text   strings.Builder    // what was read
}

// startTracing starts tracing what the calling thread starts, which the caller has locked. Nothing
// is traced where the kernel cannot.
func startTracing(t *testing.T) *capTrace {
	t.Helper()
	c, err := newTrace(t)
	if err != nil {
		t.Logf("what comes back decides alone: %v", err)
		return new(capTrace)
	}
	return c
}

// tell ends the trace, and adds to trials what the kernel looked for.
func (c *capTrace) tell(t *testing.T, trials []*trial) {
	t.Helper()
	if c.marker == nil {
		return
	}
	c.end()
	for _, a := range trials {
		if a.checks = c.checks[a.Number]; a.checks == nil && a.Came != absent {
			t.Fatalf("%s: the trace has nothing of it", a)
		}
	}
}

func newTrace(t *testing.T) (*capTrace, error) {
	fs, err := tracefs()
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { unix.Close(fs) })
	if err := unix.Faccessat(fs, "events/capability/cap_capable", unix.F_OK, 0); err != nil {
		return nil, fmt.Errorf("tracefs has no capability:cap_capable: %w", err)
	}
	instance := fmt.Sprintf("instances/capinspect-%d", os.Getpid())
	if err := unix.Mkdirat(fs, instance, 0o700); err != nil {
		return nil, fmt.Errorf("tracefs: %s: %w", instance, err)
	}
	t.Cleanup(func() {
		if err := unix.Unlinkat(fs, instance, unix.AT_REMOVEDIR); err != nil {
			t.Errorf("%s stays in tracefs: %v", instance, err)
		}
	})
	for _, set := range [][2]string{
		{"buffer_size_kb", "8192"},
		{"options/stacktrace", "1"},
		{"options/event-fork", "1"},
		{"set_event_pid", strconv.Itoa(unix.Gettid())},
		{"events/capability/cap_capable/enable", "1"},
	} {
		fd, err := unix.Openat(fs, instance+"/"+set[0], unix.O_WRONLY|unix.O_CLOEXEC, 0)
		if err == nil {
			_, err = unix.Write(fd, []byte(set[1]))
			unix.Close(fd)
		}
		if err != nil {
			return nil, fmt.Errorf("tracefs: %s: %w", set[0], err)
		}
	}
	marker, err := unix.Openat(fs, instance+"/trace_marker", unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	pipe, err := unix.Openat(fs, instance+"/trace_pipe", unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		unix.Close(marker)
		return nil, err
	}
	c := &capTrace{marker: os.NewFile(uintptr(marker), "trace_marker"), pipe: pipe, stop: make(chan struct{})}
	c.over.Go(func() { c.checks = checksIn(io.TeeReader(c, &c.text)) })
	t.Cleanup(c.end)
	return c, nil
}

// tracefs returns a mount of tracefs that lies in no directory.
func tracefs() (int, error) {
	fs, err := unix.Fsopen("tracefs", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return -1, fmt.Errorf("tracefs: %w", err)
	}
	defer unix.Close(fs)
	if err := unix.FsconfigCreate(fs); err != nil {
		return -1, fmt.Errorf("tracefs: %w", err)
	}
	mount, err := unix.Fsmount(fs, unix.FSMOUNT_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("tracefs: %w", err)
	}
	return mount, nil
}

// Read returns what the kernel notes, until the trace has ended and nothing is left.
func (c *capTrace) Read(buf []byte) (int, error) {
	for ended := false; ; {
		n, err := unix.Read(c.pipe, buf)
		switch {
		case n > 0:
			return n, nil
		case err == nil || err == unix.EINTR:
		case err != unix.EAGAIN:
			return 0, err
		case ended:
			return 0, io.EOF
		default:
			select {
			case <-c.stop:
				ended = true
			case <-time.After(5 * time.Millisecond):
			}
		}
	}
}

// end ends the trace.
func (c *capTrace) end() {
	if c.pipe < 0 {
		return
	}
	close(c.stop)
	c.over.Wait()
	unix.Close(c.pipe)
	c.marker.Close()
	c.pipe = -1
}

// The lines of a trace: of a thread, a mark, and a capability that is looked for.
var (
	traceThread = regexp.MustCompile(`-\d+ +\[`)
	traceMark   = regexp.MustCompile(`-(\d+) +\[\d+\].* (?:tracing_mark_write|0x[0-9a-f]+): trial (\d+) (\w+)`)
	traceCheck  = regexp.MustCompile(`-(\d+) +\[\d+\].* cap_capable: .*target_ns (\S+), .*cap (\d+), ret (-?\d+)`)
)

// checksIn reads a trace. An trial of a thread goes through phases: in "own" and in
// "initial" it asks something of that user namespace, so that this is known by its address;
// in "do" it does the operation. What a mapping and execve ask for each time, by
// security_vm_enough_memory_mm, is none of it.
func checksIn(trace io.Reader) map[int][]capCheck {
	r := traceReader{threads: map[string]*traced{}, found: map[int][]capCheck{}}
	last := map[string]*traceEvent{} // of each thread: others come between an event and its stack
	var of *traceEvent               // whose stack it is
	for lines := bufio.NewScanner(trace); lines.Scan(); {
		line := lines.Text()
		if strings.HasPrefix(line, " => ") {
			of.stack(line)
			continue
		}
		thread := traceThread.FindString(line)
		if strings.Contains(line, "<stack trace>") {
			of = last[thread]
			continue
		}
		r.event(last[thread])
		last[thread] = &traceEvent{line: line}
	}
	for _, event := range last {
		r.event(event)
	}
	return r.found
}

// traceEvent is an event with what its stack tells.
type traceEvent struct {
	line          string
	noise, silent bool // of a mapping; not audited
}

// stack looks at a function of the stack; it may be that of no event.
func (e *traceEvent) stack(function string) {
	if e != nil {
		e.noise = e.noise || strings.Contains(function, "security_vm_enough_memory_mm")
		e.silent = e.silent || strings.Contains(function, "capable_noaudit")
	}
}

// traceReader takes the events of a trace one by one.
type traceReader struct {
	threads map[string]*traced
	found   map[int][]capCheck
}

// traced is a thread that does a trial.
type traced struct {
	trial int
	phase string
	names map[string]string // of the user namespaces, by address
}

func (r *traceReader) event(e *traceEvent) {
	if e == nil || e.noise {
		return
	}
	line, silent := e.line, e.silent
	if m := traceMark.FindStringSubmatch(line); m != nil {
		number, _ := strconv.Atoi(m[2])
		if t := r.threads[m[1]]; t == nil || t.trial != number {
			r.threads[m[1]] = &traced{trial: number, names: map[string]string{}}
		}
		if r.threads[m[1]].phase = m[3]; m[3] == "do" {
			r.found[number] = []capCheck{}
		}
		return
	}
	m := traceCheck.FindStringSubmatch(line)
	if m == nil || r.threads[m[1]] == nil {
		return
	}
	switch t := r.threads[m[1]]; t.phase {
	case "own", "initial":
		if known := t.names[m[2]]; known == "" || known == t.phase {
			t.names[m[2]] = t.phase
		} else {
			t.names[m[2]] = "both"
		}
	case "do":
		number, _ := strconv.Atoi(m[3])
		r.found[t.trial] = append(r.found[t.trial], capCheck{capset.Cap(number), cmp.Or(t.names[m[2]], m[2]), m[4] == "0", silent})
	}
}

// marked does an operation between marks in a trace. It asks something of its own user
// namespace and of the initial one before, without effect: to drop a capability that there
// is not out of the bounding set, and to end the use of a swap file that there is not.
func marked(marker io.Writer, trial int, do func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var cpu uint32
	var here unix.CPUSet
	err := invoke(unix.SYS_GETCPU, uintptr(unsafe.Pointer(&cpu)), 0, 0)
	here.Set(int(cpu))
	errs := []error{err, unix.SchedSetaffinity(0, &here)} // each processor has a buffer of its own
	mark := func(phase string) {
		_, err := fmt.Fprintf(marker, "trial %d %s", trial, phase)
		errs = append(errs, err)
	}
	mark("own")
	unix.Prctl(unix.PR_CAPBSET_DROP, 1<<20, 0, 0, 0)
	mark("initial")
	invoke(unix.SYS_SWAPOFF, cstring("/nowhere/swap"))
	mark("do")
	came := do()
	mark("over")
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("no trace: %w", err)
	}
	return came
}

// TestChecksIn reads a trace: of two threads at once, with what a mapping asks for, and with
// what a thread asks for outside of its trials.
func TestChecksIn(t *testing.T) {
	text := `
           <...>-12    [000] ...1. 1.000001: tracing_mark_write: trial 3 own
           <...>-12    [000] ..... 1.000002: cap_capable: cred 0000000000000001, target_ns 000000000000000c, capable_ns 000000000000000c, cap 8, ret 0
           <...>-12    [000] ...1. 1.000003: tracing_mark_write: trial 3 initial
           <...>-12    [000] ..... 1.000004: cap_capable: cred 0000000000000001, target_ns 000000000000000a, capable_ns 000000000000000a, cap 21, ret -1
           <...>-12    [000] ...1. 1.000005: tracing_mark_write: trial 3 do
           <...>-12    [000] ..... 1.000006: cap_capable: cred 0000000000000001, target_ns 000000000000000a, capable_ns 000000000000000a, cap 21, ret -1
       operation-13  [001] ...1. 1.000008: tracing_mark_write: trial 4 do
           <...>-12    [000] ..... 1.000007: <stack trace>
 => cap_capable
 => security_vm_enough_memory_mm
 => do_mmap
       operation-13  [001] ..... 1.000009: cap_capable: cred 0000000000000002, target_ns 000000000000000f, capable_ns 000000000000000f, cap 12, ret -1
           <...>-12    [000] ..... 1.000010: cap_capable: cred 0000000000000001, target_ns 000000000000000c, capable_ns 000000000000000c, cap 6, ret 0
           <...>-12    [000] ..... 1.000011: <stack trace>
 => cap_capable
 => __sys_setgid
           <...>-12    [000] ..... 1.000012: cap_capable: cred 0000000000000001, target_ns 000000000000000a, capable_ns 000000000000000a, cap 25, ret -1
           <...>-12    [000] ...1. 1.000013: tracing_mark_write: trial 3 over
           <...>-12    [000] ..... 1.000014: cap_capable: cred 0000000000000001, target_ns 000000000000000a, capable_ns 000000000000000a, cap 1, ret -1
           <...>-99    [000] ..... 1.000015: cap_capable: cred 0000000000000001, target_ns 000000000000000a, capable_ns 000000000000000a, cap 2, ret -1
`
	const want = "map[3:[cap_setgid@own+ cap_sys_time@initial-] 4:[cap_net_admin@000000000000000f-]]"
	if got := fmt.Sprint(checksIn(strings.NewReader(text))); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
