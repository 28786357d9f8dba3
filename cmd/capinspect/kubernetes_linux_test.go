// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// asDocker are the lines of a manifest, each with docker's flags for it. What each
// says is there once.
var asDocker = []struct {
	line  *regexp.Regexp
	flags []string
}{
	{regexp.MustCompile(`(?m)^ +hostPID: true$`), []string{"--pid", "host"}},
	{regexp.MustCompile(`(?m)^ +runAsUser: (\d+)$`), []string{"--user", "$1"}},
	{regexp.MustCompile(`(?m)^ +capabilities: \{drop: \[ALL\]\}$`), []string{"--cap-drop", "ALL"}},
	{regexp.MustCompile(`(?m)^ +allowPrivilegeEscalation: false$`), []string{"--security-opt", "no-new-privileges"}},
	{regexp.MustCompile(`(?m)^ +readOnlyRootFilesystem: true$`), []string{"--read-only"}},
	{regexp.MustCompile(`(?m)^ +limits: \{cpu: 500m, memory: (\d+)Mi\}$`), []string{"--memory", "${1}m", "--cpus", "0.5"}},
	{regexp.MustCompile(`(?m)^ +seccompProfile: \{type: RuntimeDefault\}$`), nil}, // docker's default
}

// nodeReport returns docker's flags and the arguments of one of the objects in
// docs/kubernetes/node-report.yaml.
func nodeReport(t *testing.T, kind string) (flags, args []string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/kubernetes/node-report.yaml")
	if err != nil {
		t.Fatal(err)
	}
	documents := strings.Split(string(text), "\n---\n")
	at := slices.IndexFunc(documents, func(d string) bool { return strings.Contains(d, "\nkind: "+kind+"\n") })
	if at < 0 {
		t.Fatal("no", kind)
	}
	for _, as := range asDocker {
		found := as.line.FindAllStringSubmatchIndex(documents[at], -1)
		if len(found) != 1 {
			t.Fatalf("%s: %s %d times", kind, as.line, len(found))
		}
		for _, flag := range as.flags {
			flags = append(flags, string(as.line.ExpandString(nil, flag, documents[at], found[0])))
		}
	}
	_, list, _ := strings.Cut(documents[at], "\n          args: ")
	list, _, _ = strings.Cut(list, "\n")
	if err := json.Unmarshal([]byte(list), &args); err != nil {
		t.Fatalf("%v in %s", err, list)
	}
	return flags, args
}

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
	flags, args := nodeReport(t, "Job")
	for _, cgroups := range []string{"host", "private"} {
		all := slices.Concat([]string{"run", "--rm", "--network", "none", "--cgroupns", cgroups}, flags, []string{image}, args)
		o := run(t, "docker", all...)
		row := rowsOf(t, o)[other]
		if o.status != 0 || o.stderr != "" || row.Processes != 1 || row.Bounding.Hex != "00000000a00425fb" || row.Effective.Hex != "0000000000000000" ||
			!slices.Equal(row.UIDs, []int{1000}) || !row.WithoutNoNewPrivs || row.WithoutSeccomp {
			t.Errorf("%q: %+v, %+v", all, row, o)
		}
	}
	flags, args = nodeReport(t, "DaemonSet")
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
