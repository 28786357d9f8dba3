// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
	"github.com/capinspect/capinspect/testdata/fixture"
)

// contained is what ps and show both tell of a task's container.
type contained struct {
	Pid       int
	Container *struct {
		Runtime, ID, PodUID, PodID *string
		Sandbox                    *bool
	}
	Unknown map[string]string
}

// containedBy returns what a command tells of tasks, by their pids.
func containedBy(t *testing.T, args ...string) map[int]contained {
	t.Helper()
	o := call("", args...)
	var report struct{ Tasks []contained }
	if err := json.Unmarshal([]byte(o.stdout), &report); err != nil || len(report.Tasks) == 0 {
		t.Fatalf("%q: %+v, %v", args, o, err)
	}
	list := map[int]contained{}
	for _, one := range report.Tasks {
		list[one.Pid] = one
	}
	return list
}

// TestAgree compares what ps and show tell of the container of each task: the same, but that
// show, which reads more, may know what is unknown to ps.
func TestAgree(t *testing.T) {
	trees, err := filepath.Glob(filepath.Join(fixture.Dir(t), "proc", "*"))
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, tree := range trees {
		entries, err := os.ReadDir(tree)
		if err != nil {
			continue // the index
		}
		for _, entry := range entries {
			pid := entry.Name()
			if _, err := strconv.Atoi(pid); err != nil {
				continue
			}
			for at, shown := range containedBy(t, "--proc", tree, "--json", pid) {
				listed := containedBy(t, "ps", "--proc", tree, "--full", "--json", pid)[at]
				if why := disagree(listed, shown); why != "" {
					t.Errorf("%s/%s: %s: ps %+v, show %+v", filepath.Base(tree), pid, why, listed, shown)
				}
				compared++
			}
		}
	}
	if compared < 80 {
		t.Errorf("compared %d tasks", compared)
	}
}

// disagree says what of a task ps tells and show does not.
func disagree(listed, shown contained) string {
	switch {
	case listed.Container == nil && listed.Unknown["container"] != "":
		return ""
	case shown.Container == nil && shown.Unknown["container"] != "":
		return "show cannot tell"
	case listed.Container == nil || shown.Container == nil:
		if listed.Container != shown.Container {
			return "one tells a container"
		}
		return ""
	}
	in, also := listed.Container, shown.Container
	for _, member := range [...]struct {
		name         string
		listed, show *string
	}{{"runtime", in.Runtime, also.Runtime}, {"id", in.ID, also.ID}, {"podUID", in.PodUID, also.PodUID}, {"podId", in.PodID, also.PodID}} {
		if member.listed == nil && (member.show == nil || listed.Unknown["container."+member.name] != "") {
			continue
		}
		if member.listed == nil || member.show == nil || *member.listed != *member.show {
			return member.name
		}
	}
	if in.Sandbox != nil && (also.Sandbox == nil || *in.Sandbox != *also.Sandbox) {
		return "sandbox"
	}
	return ""
}

// TestAgreeLive starts a container that has the node's pid and cgroup namespaces and a cgroup
// that any program could have, and a program that has the node's root directory in a mount
// namespace of its own. The one is not plainly the host, the other is.
func TestAgreeLive(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a container")
	}
	need.On(t, "root", "runc", "unshare")
	name := startRunc(t, `{"linux": {"namespaces": [{"type": "mount"}, {"type": "network"}, {"type": "ipc"}, {"type": "uts"}]}}`, nil)
	var state struct{ Pid int }
	if o := run(t, "runc", "state", name); json.Unmarshal([]byte(o.stdout), &state) != nil || state.Pid == 0 {
		t.Fatalf("%+v", o)
	}
	cmd := exec.Command("unshare", "--mount", "cat")
	in, err := cmd.StdinPipe()
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
	comm := fmt.Sprintf("/proc/%d/comm", cmd.Process.Pid)
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if text, err := os.ReadFile(comm); err == nil && string(text) == "cat\n" {
			break
		}
	}
	for pid, want := range map[int]string{
		state.Pid:       "its root directory is not the node's, and no cgroup or mount names a container",
		cmd.Process.Pid: "",
	} {
		shown := containedBy(t, "--json", strconv.Itoa(pid))[pid]
		listed := containedBy(t, "ps", "--full", "--json", strconv.Itoa(pid))[pid]
		if shown.Container != nil || listed.Container != nil || shown.Unknown["container"] != want || listed.Unknown["container"] != want {
			t.Errorf("pid %d: show %+v, ps %+v, want %q", pid, shown, listed, want)
		}
	}
}
