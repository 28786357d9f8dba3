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
	"slices"
	"testing"
	"time"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// driftedProcess is an element of changes in what diff says of two reports.
type driftedProcess struct {
	Change, Process string
	UID             *int
	Gains           bool
	New             []string
	Gained, Lost    map[string][]string
}

// TestDiffReports writes reports of the machine while a process of a name of its own starts,
// another one of that name gains, and both lose again.
func TestDiffReports(t *testing.T) {
	need.On(t, "root", "setpriv")
	const name = "drifting"
	dir := t.TempDir()
	program := filepath.Join(dir, name)
	if err := os.Symlink("/bin/sh", program); err != nil {
		t.Fatal(err)
	}
	reports := 0
	report := func() string {
		o := run(t, built(t), "ps", "-o", "jsonl", "--full")
		reports++
		path := filepath.Join(dir, fmt.Sprint(reports))
		if err := os.WriteFile(path, []byte(o.stdout), 0o600); err != nil || o.status != 0 {
			t.Fatalf("%v, %+v", err, o)
		}
		return path
	}
	// start starts a process of that name that lacks a capability in its bounding set. It
	// gives up another one when next is called. Both return when that is so.
	start := func(without string) (next, kill func()) {
		t.Helper()
		then := "exec setpriv --bounding-set -net_raw " + program + ` -c "echo; read b"`
		cmd := exec.Command("setpriv", "--bounding-set", "-"+without, program, "-c", "echo; read a; "+then)
		input, errIn := cmd.StdinPipe()
		output, errOut := cmd.StdoutPipe()
		if err := errors.Join(errIn, errOut, cmd.Start()); err != nil {
			t.Fatal(err)
		}
		kill = func() {
			cmd.Process.Kill()
			cmd.Wait()
		}
		t.Cleanup(kill)
		ready := func() {
			t.Helper()
			if _, err := io.ReadFull(output, make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
		}
		ready()
		return func() {
			t.Helper()
			io.WriteString(input, "\n")
			ready()
		}, kill
	}
	drift := func(a, b string, args ...string) (found driftedProcess, status int) {
		t.Helper()
		o := call("", append([]string{"diff", "file:" + a, "file:" + b, "--json"}, args...)...)
		var all struct{ Changes []driftedProcess }
		if err := errors.Join(json.Unmarshal([]byte(o.stdout), &all), checkJSON(o.stdout)); err != nil {
			t.Fatalf("%v: %+v", err, o)
		}
		at := slices.IndexFunc(all.Changes, func(c driftedProcess) bool { return c.Process == name })
		if at < 0 {
			return driftedProcess{}, o.status
		}
		return all.Changes[at], o.status
	}
	none := report()
	next, _ := start("sys_time")
	one := report()
	if c, status := drift(none, one, "--fail-on", "gain"); c.Change != "appeared" || !slices.Contains(c.New, "cap_sys_admin") || slices.Contains(c.New, "cap_sys_time") || status != 1 {
		t.Errorf("%+v, status %d", c, status)
	}
	_, kill := start("sys_boot")
	two := report()
	want := "map[bounding:[cap_sys_time] effective:[cap_sys_time] permitted:[cap_sys_time]]"
	if c, status := drift(one, two, "--fail-on", "gain"); c.Change != "changed" || fmt.Sprint(c.Gained) != want || c.Lost != nil || !c.Gains || status != 1 {
		t.Errorf("%+v, want %s, status %d", c, want, status)
	}
	kill()
	next()
	three := report()
	want = "map[bounding:[cap_net_raw cap_sys_time] effective:[cap_net_raw cap_sys_time] permitted:[cap_net_raw cap_sys_time]]"
	if c, status := drift(two, three); c.Change != "changed" || fmt.Sprint(c.Lost) != want || c.Gained != nil || c.Gains || status != 1 {
		t.Errorf("%+v, want %s, status %d", c, want, status)
	}
	if c, _ := drift(three, none); c.Change != "gone" || c.Gains {
		t.Errorf("%+v", c)
	}
}

// TestPsChangesByContainer holds that --changes compares containers: what is in none gains by
// a process that holds a uid which no other has.
func TestPsChangesByContainer(t *testing.T) {
	need.On(t, "root", "setpriv")
	const uid = 54321
	cmd := exec.Command(built(t), "ps", "--by", "container", "--changes", "--every", "100ms", "-o", "jsonl")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	defer func() {
		timer.Stop()
		cmd.Process.Kill()
		cmd.Wait()
	}()
	var worker *exec.Cmd
	has := func() bool { // the next line says whether a process of that uid is there
		for lines.Scan() {
			var line struct {
				Change string
				UIDs   []uint32
				Before struct{ UIDs []uint32 }
			}
			if err := errors.Join(json.Unmarshal(lines.Bytes(), &line), checkJSON(lines.Text())); err != nil {
				t.Fatalf("%s: %v", lines.Text(), err)
			}
			is, was := slices.Contains(line.UIDs, uid), slices.Contains(line.Before.UIDs, uid)
			switch {
			case line.Change == "" && worker == nil:
				worker = exec.Command("setpriv", "--reuid", fmt.Sprint(uid), "--regid", "1", "--clear-groups", "sleep", "60")
				if err := worker.Start(); err != nil {
					t.Fatal(err)
				}
			case line.Change == "changed" && is != was:
				return is
			}
		}
		t.Fatalf("no more lines: %v", lines.Err())
		return false
	}
	if !has() {
		t.Error("it is gone before it came")
	}
	worker.Process.Kill()
	worker.Wait()
	if has() {
		t.Error("it is still there")
	}
}
