// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// TestApart holds that ps does not take a process for one of the host that has a pid or a
// cgroup namespace of its own, and that show knows as little; and that the first process
// of the host is in no container, whoever asks.
func TestApart(t *testing.T) {
	need.On(t, "root")
	none := call("", "ps", "1", "--no-headers", "--columns", "CONTAINER").stdout
	if none != "-\n" {
		need.Lacking(t, "host", fmt.Sprintf("the tests run in a container: %q", none))
	}
	for _, test := range []struct {
		cause string
		flags uintptr
		want  string
	}{
		{"the host's namespaces", 0, "-"},
		{"a mount namespace, as services have", syscall.CLONE_NEWNS, "-"},
		{"a pid namespace", syscall.CLONE_NEWPID, "?"},
		{"a pid namespace below a user namespace, as bubblewrap makes", syscall.CLONE_NEWPID | syscall.CLONE_NEWUSER, "?"},
		{"a cgroup namespace", syscall.CLONE_NEWCGROUP, "?"},
	} {
		cmd := exec.Command("sleep", "60")
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: test.flags, Pdeathsig: syscall.SIGKILL}
		if err := cmd.Start(); err != nil {
			t.Fatal(test.cause, err)
		}
		t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
		pid := strconv.Itoa(cmd.Process.Pid)
		o := call("", "ps", pid, "--no-headers", "--columns", "CONTAINER")
		if o.stdout != test.want+"\n" || o.status != 0 {
			t.Errorf("%s: %+v, want %s", test.cause, o, test.want)
		}
		report := placeOf(t, call("", "--json", pid))
		if unknown := report.Unknown["container"] != ""; report.Container == nil && unknown != (test.want == "?") {
			t.Errorf("%s: show says %q", test.cause, report.Unknown["container"])
		}
	}
	cmd := exec.Command(built(t), "--json", "1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 1000, Gid: 1000}}
	out, err := cmd.Output()
	if err != nil || !strings.Contains(string(out), `"container": null`) || strings.Contains(string(out), `"container": "`) {
		t.Error(fmt.Sprintf("as uid 1000: %s", out), err)
	}
}
