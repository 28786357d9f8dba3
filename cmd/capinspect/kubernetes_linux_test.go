// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"golang.org/x/sys/unix"

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
		if err != nil || len(flags) != 15 {
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

// TestNodeMetrics runs the shell of docs/kubernetes/node-metrics.yaml with another directory,
// as root without any capability. What it writes appears as a whole, and SIGTERM ends it.
func TestNodeMetrics(t *testing.T) {
	need.On(t, "root", "setpriv")
	text, err := os.ReadFile("../../docs/kubernetes/node-metrics.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var set struct {
		Spec struct {
			Template struct {
				Spec struct {
					Containers []struct{ Command, Args []string }
				}
			}
		}
	}
	if err := yaml.Unmarshal(text, &set); err != nil {
		t.Fatal(err)
	}
	container, dir := set.Spec.Template.Spec.Containers[0], t.TempDir()
	script := strings.ReplaceAll(container.Args[0], "/textfile/", dir+"/")
	args := slices.Concat([]string{"--no-new-privs", "--inh-caps", "-all", "--bounding-set", "-all"}, container.Command, []string{script})
	cmd := exec.Command("setpriv", args...)
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(built(t))+":"+os.Getenv("PATH"))
	cmd.SysProcAttr = &unix.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	defer unix.Kill(-cmd.Process.Pid, unix.SIGKILL) // and sleep
	var got []byte
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline) && err == nil && len(got) == 0; time.Sleep(10 * time.Millisecond) {
		got, _ = os.ReadFile(filepath.Join(dir, "capinspect.prom"))
	}
	if all := samplesOf(t, string(got)); all[`processes{where="host"}`]+all[`processes{where="unknown"}`] == 0 || all["processes_unreadable"] != 0 {
		t.Errorf("%s", got)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("%v, %v", left, err)
	}
	cmd.Process.Signal(unix.SIGTERM)
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("SIGTERM does not end it")
	}
}
