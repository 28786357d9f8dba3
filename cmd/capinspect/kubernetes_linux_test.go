// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// TestNodeReport runs what docs/kubernetes/node-report.yaml runs, with the same rights,
// in the node's cgroup namespace and in one of its own, as containerd does on cgroup v2.
func TestNodeReport(t *testing.T) {
	if testing.Short() {
		t.Skip("starts containers")
	}
	need.On(t, "root", "docker")
	image := buildImage(t)
	name := fmt.Sprintf("capinspect-test-%d-node-report", os.Getpid())
	begin := func(name string, args ...string) string {
		t.Cleanup(func() { exec.Command("docker", "rm", "-f", name).Run() })
		o := run(t, "docker", append([]string{"run", "-d", "--network", "none", "--name", name}, args...)...)
		if o.status != 0 {
			t.Fatalf("%+v", o)
		}
		return strings.TrimSpace(o.stdout)
	}
	other := begin(name, "--user", "1000", "--cap-drop", "MKNOD", buildHolderImage(t, image))
	report := func(kind string) (flags, args []string) {
		flags, args, err := nodeReport("../../docs/kubernetes", kind)
		if err != nil || len(flags) != 13 {
			t.Fatalf("%s: %q, %v", kind, flags, err)
		}
		return flags, args
	}
	flags, args := report("Job")
	for _, cgroups := range []string{"host", "private"} {
		all := slices.Concat([]string{"run", "--rm", "--network", "none", "--cgroupns", cgroups}, flags, []string{image}, args)
		o := run(t, "docker", all...)
		row := rowsOf(t, o)[other]
		if o.status != 0 || !onlyKernelThreads.MatchString(o.stderr) || row.Processes != 1 || row.Bounding.Hex != "00000000a00425fb" || row.Effective.Hex != "0000000000000000" ||
			!slices.Equal(row.UIDs, []int{1000}) || !row.WithoutNoNewPrivs || row.WithoutSeccomp {
			t.Errorf("%q: %+v, %+v", all, row, o)
		}
	}
	flags, args = report("DaemonSet")
	daemon := begin(name+"-daemon", slices.Concat([]string{"--cgroupns", "host"}, flags, []string{image}, args)...)
	var o outcome
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline) && !strings.Contains(o.stdout, other); time.Sleep(20 * time.Millisecond) {
		o = run(t, "docker", "logs", daemon)
	}
	rows := rowsOf(t, o)
	if own := rows[daemon]; rows[other].Processes != 1 || own.Processes != 1 || own.Bounding.Hex != "0000000000000000" || own.WithoutNoNewPrivs || own.WithoutSeccomp {
		t.Errorf("%+v, of itself %+v", o, own)
	}
	if state := docker(t, "inspect", "--format", "{{.State.Running}} {{.RestartCount}}", daemon); string(state) != "true 0\n" {
		t.Errorf("afterwards: %s", state)
	}
}
