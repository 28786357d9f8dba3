// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// fullTask is what show and ps --full both tell of where a task is.
type fullTask struct {
	Namespaces map[string]struct {
		ID                                   *uint64
		Node, SharedWithSelf, SharedWithPID1 *bool
	}
	LSM     any
	UID     map[string]any
	Unknown map[string]string
}

// without leaves out what show alone tells.
func (f *fullTask) without() *fullTask {
	for _, name := range []string{"realName", "effectiveName"} {
		delete(f.UID, name)
	}
	lsm := f.Unknown["lsm"]
	f.Unknown = map[string]string{"lsm": lsm, "namespaces": f.Unknown["namespaces"]}
	return f
}

// TestPsFull holds that ps --full tells the namespaces and the label of a process as show
// does, and that diff finds in two such lists who came into a namespace of the node.
func TestPsFull(t *testing.T) {
	need.On(t, "root")
	dir := t.TempDir()
	program := filepath.Join(dir, "wanderer")
	if err := os.Symlink("/bin/sleep", program); err != nil {
		t.Fatal(err)
	}
	var reports []string
	for i, test := range []struct {
		cause string
		flags uintptr
		as    *syscall.Credential
	}{
		{"a network namespace of its own", syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC, nil},
		{"those of the node", 0, nil},
		{"a user namespace", syscall.CLONE_NEWUSER | syscall.CLONE_NEWUTS, nil},
		{"another user", 0, &syscall.Credential{Uid: 4711, Gid: 4711}},
	} {
		cmd := exec.Command(program, "60")
		if test.as != nil { // who may not look into the directory
			cmd = exec.Command("sleep", "60")
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: test.flags, Credential: test.as, Pdeathsig: syscall.SIGKILL}
		if err := cmd.Start(); err != nil {
			t.Fatal(test.cause, err)
		}
		pid := strconv.Itoa(cmd.Process.Pid)
		var one struct{ Tasks []fullTask }
		show := call("", "--json", pid)
		if err := json.Unmarshal([]byte(show.stdout), &one); err != nil || len(one.Tasks) != 1 {
			t.Fatal(test.cause, err, show)
		}
		list := call("", "ps", "--full", "-o", "jsonl", pid)
		cmd.Process.Kill()
		cmd.Wait()
		var of fullTask
		if err := json.Unmarshal([]byte(list.stdout), &of); err != nil || list.status != 0 {
			t.Fatal(test.cause, err, list)
		}
		if got, want := of.without(), one.Tasks[0].without(); !reflect.DeepEqual(got, want) || len(got.Namespaces) != 8 {
			t.Errorf("%s: ps says %+v, show %+v", test.cause, got, want)
		}
		reports = append(reports, filepath.Join(dir, strconv.Itoa(i)))
		if err := os.WriteFile(reports[i], []byte(list.stdout), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o := call("", "diff", "file:"+reports[0], "file:"+reports[1], "--fail-on", "gain")
	if o.status != 1 || !strings.Contains(o.stdout, "runs in the node's network namespace") {
		t.Errorf("%+v", o)
	}
	o = call("", "diff", "file:"+reports[1], "file:"+reports[0], "--fail-on", "gain")
	if o.status != 0 || strings.Contains(o.stdout, "Not compared: host") {
		t.Errorf("%+v", o)
	}
}
