// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/operation"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/denial"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/needs"
)

// TestNeedsOperations does operations of the table without any capability below strace. What
// needs makes of the log has to agree with the table, and with exactly the capabilities that
// it proposes the kernel has to let the operation pass.
func TestNeedsOperations(t *testing.T) {
	need.On(t, "root", "strace")
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	helper, logs := filepath.Join(dir, "operation"), filepath.Join(dir, "logs")
	self, err := os.ReadFile("/proc/self/exe")
	if err := errors.Join(err, os.Chmod(filepath.Dir(dir), 0o755), os.WriteFile(helper, self, 0o755), os.Mkdir(logs, 0), os.Chmod(logs, 0o777)); err != nil {
		t.Fatal(err)
	}
	log := func(a *trial) string { return filepath.Join(logs, fmt.Sprint(a.Number, ".strace")) }
	plain := stage{target: sleeping(t)}
	plain.attr.Unshareflags = ownUnshared
	traced := plain
	traced.through = func(a *trial) []string { return []string{strace, "-f", "-y", "-o", log(a), helper} }

	var trials, again []*trial
	for n, name := range slices.Sorted(maps.Keys(doings)) {
		trials = append(trials, &trial{Number: n, Name: name})
	}
	setSysctls(t, settings)
	if err := traced.perform(trials); err != nil {
		t.Fatal(err)
	}
	trials = slices.DeleteFunc(trials, func(a *trial) bool { return a.Came == absent })
	agreed, refused := 0, 0
	for _, a := range trials {
		if why := untold[a.Name]; why != "" {
			t.Logf("%s: %s", a, why)
			continue
		}
		o := operation.Named(a.Name)[0]
		all := answerOf(t, log(a))
		findings := slices.Concat(all.Needed, all.Survived, all.Perhaps)
		if a.Came != o.Errno || len(o.Caps) == 0 { // or the kernel has no such thing
			for _, f := range slices.Concat(all.Needed, all.Survived) {
				if f.Errno != "ENOENT" {
					t.Errorf("%s: a capability is said to be needed: %+v", a, f)
				}
			}
			continue
		}
		if a.Came == "" {
			continue // it does something else without them
		}
		refused++
		if len(findings) == 0 {
			t.Logf("%s: needs does not tell", a)
			continue
		}
		right := true
		for _, f := range findings {
			if set := capset.Of(f.Caps...); !o.Suffices(set) || set&^(o.Set()|capset.Of(o.Alone...)) != 0 {
				t.Errorf("%s: %s is no answer: the table has %v", a, set, o.Caps)
				right = false
			}
		}
		if !right {
			continue
		}
		agreed++
		switch has := needs.Set(findings); {
		case has&^own() != 0:
			t.Logf("%s: root lacks %s here", a.Name, has&^own())
		case harmful[a.Name] != "":
			t.Logf("%s is not done with %s: %s", a.Name, has, harmful[a.Name])
		default:
			again = append(again, &trial{Name: a.Name, Has: uint64(has)})
		}
	}
	t.Logf("of %d refused operations needs agrees with the table on %d", refused, agreed)
	if refused < 90 || agreed*100 < refused*95 {
		t.Errorf("of %d refused operations needs agrees with the table on %d", refused, agreed)
	}
	if err := plain.perform(again); err != nil {
		t.Fatal(err)
	}
	for _, a := range again {
		if a.refused(operation.Named(a.Name)[0].Errno) {
			t.Errorf("%s: it is refused with what needs proposes", a)
		}
	}
	if len(again) < refused/2 {
		t.Errorf("%d operations are tried with what needs proposes", len(again))
	}
}

// untold are the operations that a line of strace does not tell from another one.
var untold = map[string]string{
	"follow a link in a sticky directory": "the line is that of a file whose mode refuses it",
	"msg_qbytes":                          "the line is that of a queue of another user",
}

// TestNeedsTrace does operations of the table without any capability while the kernel notes
// what it looks for. What needs makes of the trace has to be in the table.
func TestNeedsTrace(t *testing.T) {
	need.On(t, "root")
	runtime.LockOSThread() // below which the kernel traces
	defer runtime.UnlockOSThread()
	trace, err := newTrace(t)
	if err != nil {
		need.Lacking(t, "tracepoint", err.Error())
	}
	here := stage{target: sleeping(t), marker: trace.marker}
	here.attr.Unshareflags = ownUnshared
	setSysctls(t, settings)
	var trials []*trial
	for n, name := range slices.Sorted(maps.Keys(doings)) {
		trials = append(trials, &trial{Number: n, Name: name})
	}
	if err := here.perform(trials); err != nil {
		t.Fatal(err)
	}
	trace.tell(t, trials)
	texts := textsOf(trace.text.String())
	agreed, refused := 0, 0
	for _, a := range trials {
		o := operation.Named(a.Name)[0]
		if a.Came != o.Errno || a.Came == "" || len(o.Caps) == 0 {
			continue
		}
		refused++
		all := answerOfText(t, "trace", strings.NewReader(texts[a.Number]))
		findings := slices.Concat(all.Needed, all.Perhaps)
		if len(findings) == 0 { // the kernel asks without auditing, or another user namespace
			t.Logf("%s: needs does not tell", a)
			continue
		}
		agreed++
		known := o.Set() | capset.Of(o.Alone...)
		for _, list := range o.Substitutes {
			known |= capset.Of(list...)
		}
		for _, f := range findings {
			if set := capset.Of(f.Caps...); set&^known != 0 || !o.All && len(o.Substitutes) == 0 && !o.Suffices(set) {
				t.Errorf("%s: %s is no answer: the table has %v", a, set, o.Caps)
			}
		}
	}
	t.Logf("of %d refused operations needs tells %d", refused, agreed)
	if refused < 90 || agreed*100 < refused*95 {
		t.Errorf("of %d refused operations needs tells %d", refused, agreed)
	}
}

// textsOf returns the parts of a trace in which the operation of a trial is done.
func textsOf(trace string) map[int]string {
	head := regexp.MustCompile(`-(\d+) +\[\d+\]`)
	texts, doing := map[int]string{}, map[string]int{}
	thread := ""
	for line := range strings.Lines(trace) {
		if m := traceMark.FindStringSubmatch(line); m != nil {
			number, _ := strconv.Atoi(m[2])
			if delete(doing, m[1]); m[3] == "do" {
				doing[m[1]] = number
			}
			thread = ""
			continue
		}
		if m := head.FindStringSubmatch(line); m != nil {
			thread = m[1]
		}
		if number, ok := doing[thread]; ok {
			texts[number] += line
		}
	}
	return texts
}

// answerOf returns what needs makes of a log.
func answerOf(t *testing.T, name string) *needs.Answer {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return answerOfText(t, name, f)
}

func answerOfText(t *testing.T, name string, log io.Reader) *needs.Answer {
	t.Helper()
	var c needs.Collector
	for e, err := range denial.Read(log, name) {
		if err != nil {
			t.Fatal(err)
		}
		c.Add(&e)
	}
	return c.Answer()
}

// TestNeedsTerminal holds what needs says to somebody at a terminal: to name a log, and that
// it reads.
func TestNeedsTerminal(t *testing.T) {
	need.On(t, "script", "stty")
	o := run(t, "script", "-qec", built(t)+" needs", "/dev/null")
	if o.status != 2 || !strings.Contains(o.stdout, "no FILE, and standard input is a terminal") {
		t.Errorf("%+v", o)
	}
	log, err := filepath.Abs("../../testdata/strace/web.strace")
	if err != nil {
		t.Fatal(err)
	}
	o = run(t, "script", "-qec", fmt.Sprintf("stty cols 80; (cat %s; sleep 1.2; cat %[1]s) | %s needs >/dev/null", log, built(t)), "/dev/null")
	if o.status != 0 || !strings.Contains(o.stdout, "\rcapinspect: reading the log ") || !strings.HasSuffix(o.stdout, " \r") {
		t.Errorf("%+v", o)
	}
}

// TestNeedsContainer starts a container without capabilities, asks needs what its log was
// about, and starts it with the flags of docker run that it answers.
func TestNeedsContainer(t *testing.T) {
	if testing.Short() {
		t.Skip("starts containers")
	}
	need.On(t, "root", "docker")
	app := buildAppImage(t, buildImage(t))
	says := func(flags ...string) string {
		args := slices.Concat([]string{"run", "-d", "--network", "none", "--sysctl", "net.ipv4.ip_unprivileged_port_start=1024"}, flags, []string{app})
		o := run(t, "docker", args...)
		if o.status != 0 {
			t.Fatalf("%q: %+v", args, o)
		}
		id := strings.TrimSpace(o.stdout)
		defer run(t, "docker", "rm", "-f", id)
		for range 100 {
			if o = run(t, "docker", "logs", id); o.stdout != "" {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
		return o.stdout
	}
	log := says("--cap-drop", "ALL")
	if !strings.Contains(log, "permission denied") {
		t.Fatalf("without capabilities: %q", log)
	}
	flags := flagsOf(t, call(log, "needs", "-o", "docker"))
	if got := strings.Join(flags, " "); !strings.HasPrefix(got, "--cap-drop ALL --cap-add NET_BIND_SERVICE") {
		t.Errorf("of %q: %s", log, got)
	}
	if log := says(flags...); !strings.Contains(log, "listening on port 80") {
		t.Errorf("with %q: %q", flags, log)
	}
}
