// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
	"github.com/capinspect/capinspect/testdata/fixture"
)

// changedTask is a line of ps --changes.
type changedTask struct {
	Time         time.Time
	Pid          int
	StartTime    uint64
	Change       string
	Gained, Lost map[string][]string
	Before       map[string]any
}

// watching starts ps --changes, and returns what reads the next line of a process.
func watching(t *testing.T, args ...string) (next func(pid int) changedTask) {
	t.Helper()
	cmd := exec.Command(built(t), append([]string{"ps", "--changes", "--every", "100ms", "-o", "jsonl"}, args...)...)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
	t.Cleanup(func() {
		timer.Stop()
		cmd.Process.Signal(unix.SIGTERM)
		cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	return func(pid int) (line changedTask) {
		t.Helper()
		for lines.Scan() {
			line = changedTask{}
			if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
				t.Fatalf("%s: %v", lines.Text(), err)
			}
			if err := checkJSON(lines.Text()); err != nil {
				t.Fatal(err)
			}
			if line.Pid == pid {
				return line
			}
		}
		t.Fatalf("no more lines of %d: %v", pid, lines.Err())
		return line
	}
}

// TestPsChanges starts a process, which gains and loses capabilities and ends.
func TestPsChanges(t *testing.T) {
	need.On(t, "root", "setpriv")
	next := watching(t, "--kernel-threads")
	if first := next(1); first.Change != "" || first.StartTime == 0 || first.Time.IsZero() {
		t.Errorf("%+v", first)
	}
	// Each step waits for a line.
	cmd := exec.Command("sh", "-c", `read a; exec setpriv --inh-caps +chown --ambient-caps +chown sh -c '
		read b; exec setpriv --reuid 1000 --regid 1000 --clear-groups --no-new-privs --inh-caps -all --ambient-caps -all sh -c "read c; :"'`)
	steps, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { cmd.Process.Kill() }()
	pid := cmd.Process.Pid
	appeared := next(pid)
	if appeared.Change != "appeared" || appeared.Gained != nil || appeared.Lost != nil || appeared.Before != nil {
		t.Errorf("%+v", appeared)
	}
	io.WriteString(steps, "\n")
	gained := next(pid)
	if want := "map[ambient:[cap_chown] inheritable:[cap_chown]]"; gained.Change != "changed" || fmt.Sprint(gained.Gained) != want || gained.Lost != nil || gained.Before != nil {
		t.Errorf("%+v, want %s", gained, want)
	}
	io.WriteString(steps, "\n")
	lost := next(pid)
	for lost.Change == "changed" && lost.Before["noNewPrivs"] == nil { // the round was in the midst of setpriv
		lost = next(pid)
	}
	if lost.Change != "changed" || lost.Gained != nil || lost.StartTime != appeared.StartTime {
		t.Errorf("%+v", lost)
	}
	steps.Close()
	cmd.Wait()
	if gone := next(pid); gone.Change != "gone" || gone.StartTime != appeared.StartTime {
		t.Errorf("%+v", gone)
	}
}

// TestPsChangesFilter holds that a process that a filter leaves out has not gone, and that
// what has not changed is not listed.
func TestPsChangesFilter(t *testing.T) {
	need.On(t, "root", "setpriv")
	cmd := exec.Command("sh", "-c", `read a; exec setpriv --reuid 1000 --regid 1000 --clear-groups sleep 60`)
	steps, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		cmd.Process.Kill()
		cmd.Wait()
	}()
	next := watching(t, "--privileged", strconv.Itoa(cmd.Process.Pid))
	if first := next(cmd.Process.Pid); first.Change != "" {
		t.Errorf("%+v", first)
	}
	time.Sleep(300 * time.Millisecond) // rounds in which nothing happens
	io.WriteString(steps, "\n")
	lost := next(cmd.Process.Pid)
	uid, _ := lost.Before["uid"].(map[string]any)
	if lost.Change != "changed" || len(lost.Lost["effective"]) == 0 || uid["effective"] != 0. {
		t.Errorf("%+v", lost)
	}
}

// TestPsChangesReused gives the pid of a process that has ended to another one between two
// rounds: it is a new task.
func TestPsChangesReused(t *testing.T) {
	need.On(t, "root", "unshare")
	script := fmt.Sprintf(`sleep 61 & a=$!
		%s ps --changes --every 2s --no-headers --columns PID,NAME $a & w=$!
		sleep 1; kill $a; wait $a; echo $((a-1)) >/proc/sys/kernel/ns_last_pid; sleep 62 & b=$!
		[ $a = $b ] || echo "$a is $b"
		sleep 2; kill $w $b`, built(t))
	o := run(t, "unshare", "-pf", "--mount-proc", "sh", "-c", script)
	want := []string{"P sleep", "", "gone P sleep -", "appeared P sleep -"}
	pid, _, _ := strings.Cut(strings.TrimSpace(o.stdout), " ")
	var got []string
	for line := range strings.Lines(o.stdout) {
		got = append(got, strings.Join(strings.Fields(strings.Replace(line, pid, "P", 1)), " "))
	}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("%+v, want %q", o, want)
	}
}

// TestPsChangesTable shows rounds as people read them: one without a change shows nothing.
func TestPsChangesTable(t *testing.T) {
	need.On(t, "root", "setpriv")
	cmd := exec.Command("sh", "-c", `read a; exec setpriv --bounding-set -chown sh -c "read b"`)
	steps, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { cmd.Process.Kill() }()
	watch := exec.Command(built(t), "ps", "--changes", "--every", "50ms", "--columns", "PID,UID", strconv.Itoa(cmd.Process.Pid))
	var out strings.Builder
	watch.Stdout, watch.Stderr = &out, &out
	if err := watch.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(500 * time.Millisecond)
	io.WriteString(steps, "\n")
	time.Sleep(500 * time.Millisecond)
	steps.Close()
	cmd.Wait()
	time.Sleep(500 * time.Millisecond)
	watch.Process.Signal(unix.SIGTERM)
	watch.Wait()
	pid, width := strconv.Itoa(cmd.Process.Pid), len(strconv.Itoa(cmd.Process.Pid))
	right := strings.Repeat(" ", max(0, width-3)) + "PID"
	want := "TIME\n" + right + "  UID\n" + pid + "    0\n" +
		"\nTIME\nCHANGE  " + right + "  UID  DIFFERENCE\nlost    " + pid + "    0  permitted -chown; effective -chown; bounding -chown\n" +
		"\nTIME\nCHANGE  " + right + "  UID  DIFFERENCE\ngone    " + pid + "    0  -\n"
	var got strings.Builder
	for line := range strings.Lines(out.String()) {
		if _, err := time.Parse(time.RFC3339, strings.TrimSpace(line)); err == nil {
			line = "TIME\n"
		}
		got.WriteString(line)
	}
	if got.String() != want {
		t.Errorf("%s\nwant\n%s", got.String(), want)
	}
}

// TestPsChangesMemory holds how much memory ps --changes needs for two lists of 10,000
// processes. It is 23 MiB; whole tasks would need 130.
func TestPsChangesMemory(t *testing.T) {
	if testing.Short() || raceDetector {
		t.Skip("makes a procfs of 10,000 processes")
	}
	const many, most = 10_000, 32 << 10
	status := string(fixture.Read(t, "status/linux-6.18-containerd-default-from-host.status"))
	proc := t.TempDir()
	number := regexp.MustCompile(`(?m)^(Tgid|Pid|NSpid):.*$`)
	for pid := 1; pid <= many; pid++ {
		dir := filepath.Join(proc, strconv.Itoa(pid))
		err := os.Mkdir(dir, 0o755)
		stat := fmt.Sprintf("%d (p) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 %d 0 0\n", pid, pid)
		text := number.ReplaceAllString(status, fmt.Sprint("$1:\t", pid))
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, "status"), []byte(text), 0o644), os.WriteFile(filepath.Join(dir, "stat"), []byte(stat), 0o644))
		if err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(built(t), "ps", "--proc", proc, "--last-cap", "40", "--changes", "--every", "100ms")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	lines := bufio.NewScanner(out)
	for range many + 1 { // and the time
		if !lines.Scan() {
			t.Fatalf("the list ends: %v", lines.Err())
		}
	}
	// The next lists say nothing. What it has read by then shows how many there were.
	calls := int64(0)
	for deadline := time.Now().Add(time.Minute); calls < 6*many; {
		counts, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", cmd.Process.Pid))
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("%d calls, %v", calls, err)
		}
		_, rest, _ := strings.Cut(string(counts), "syscr: ")
		line, _, _ := strings.Cut(rest, "\n")
		if calls, err = strconv.ParseInt(line, 10, 64); err != nil {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	own, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(own)
	if peak, _ := strconv.Atoi(string(found[1])); peak == 0 || peak > most {
		t.Errorf("%s KiB, want at most %d", found[1], most)
	}
	t.Logf("%s KiB", found[1])
}
