// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// The expected outputs of testdata/container are of a kernel whose last
// capability is 40, which is every kernel since Linux 5.9.

// TestContainers runs the real image under docker.
func TestContainers(t *testing.T) {
	if testing.Short() {
		t.Skip("starts containers")
	}
	need.On(t, "root", "docker")
	image := buildImage(t)
	env := map[string]string{
		"IMAGE": image, "HOLDER": buildHolderImage(t, image), "CAPABLE": buildCapableImage(t, image), "BINARY": built(t),
	}
	runContainerScripts(t, "docker", env)
}

// TestRunc runs the binary under runc, in a root that has nothing else.
func TestRunc(t *testing.T) {
	if testing.Short() {
		t.Skip("starts containers")
	}
	need.On(t, "root", "runc")
	runContainerScripts(t, "runc", map[string]string{"BINARY": built(t), "HOLDER": buildHolder(t)})
}

// TestGVisor runs the binary under gVisor, whose kernel is not Linux.
func TestGVisor(t *testing.T) {
	if testing.Short() {
		t.Skip("starts containers")
	}
	need.On(t, "root", "runc", "runsc")
	runContainerScripts(t, "runsc", map[string]string{"BINARY": built(t)})
}

// runContainerScripts runs the scripts of a runtime. Each has a NAME for its
// container, and ids that differ from those of another run of the tests.
func runContainerScripts(t *testing.T, runtime string, vars map[string]string) {
	files, err := filepath.Glob("../../testdata/container/" + runtime + "*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts for", runtime, err)
	}
	vars = maps.Clone(vars)
	for _, name := range []string{"HOME", "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG"} {
		if value, ok := os.LookupEnv(name); ok {
			vars[name] = value
		}
	}
	testscript.Run(t, testscript.Params{
		Files:               files,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Condition:           condition,
		Setup: func(env *testscript.Env) error {
			script := strings.TrimPrefix(filepath.Base(env.WorkDir), "script-")
			env.Setenv("NAME", fmt.Sprintf("capinspect-test-%d-%s", os.Getpid(), script))
			for name, value := range vars {
				env.Setenv(name, value)
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "start": start, "pid": pid, "bundle": bundle, "capable": capable, "masks": masks, "blank": blank, "ids": ids, "rules": rules,
		},
	})
}

// start runs a container in the background until the script ends, and waits
// until the holder in it is ready: start [FLAG ...] IMAGE [ARG ...].
func start(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: start [FLAG ...] IMAGE [ARG ...]")
	}
	name := ts.Getenv("NAME")
	ts.Defer(func() { exec.Command("docker", "rm", "-f", name).Run() })
	ts.Check(ts.Exec("docker", append([]string{"run", "-d", "--network", "none", "--name", name}, args...)...))
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		ts.Check(ts.Exec("docker", "logs", name))
		if ts.ReadFile("stdout") == "ready\n" {
			return
		}
	}
	ts.Fatalf("the container is not ready: %s", ts.ReadFile("stderr"))
}

// pid sets PID to that of the container's main process on the host.
func pid(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: pid")
	}
	ts.Check(ts.Exec("docker", "inspect", "--format", "{{.State.Pid}}", ts.Getenv("NAME")))
	ts.Setenv("PID", strings.TrimSpace(ts.ReadFile("stdout")))
}

// capable gives files cap_net_bind_service=ep: capable FILE...
func capable(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: capable FILE...")
	}
	for _, name := range args {
		ts.Check(unix.Setxattr(ts.MkAbs(name), "security.capability", netBindService(), 0))
	}
}

// netBindService is the attribute of a file that has cap_net_bind_service=ep.
func netBindService() []byte {
	return (&capset.FileCaps{Version: 2, Effective: true, Permitted: capset.Of(capset.NetBindService)}).Attribute()
}

// bundle makes an OCI bundle in the directory bundle: what `runc spec` writes,
// changed by a JSON merge patch, and a root that has programs and mount points
// and nothing else: bundle PATCH PROGRAM...
func bundle(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: bundle PATCH PROGRAM...")
	}
	dir := ts.MkAbs("bundle")
	ts.Check(os.RemoveAll(dir))
	for _, mountPoint := range []string{"proc", "dev", "sys"} {
		ts.Check(os.MkdirAll(filepath.Join(dir, "rootfs", mountPoint), 0o755))
	}
	for _, program := range args[1:] {
		ts.Check(copyFile(ts.MkAbs(program), filepath.Join(dir, "rootfs")))
	}
	ts.Check(ts.Exec("runc", "spec", "--bundle", dir))
	var config, patch any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("bundle/config.json")), &config))
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &patch))
	text, err := json.Marshal(merge(config, patch))
	ts.Check(err)
	ts.Check(os.WriteFile(filepath.Join(dir, "config.json"), text, 0o644))
}

// merge applies a JSON merge patch (RFC 7396).
func merge(target, patch any) any {
	changes, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	object, ok := target.(map[string]any)
	if !ok {
		object = map[string]any{}
	}
	for key, value := range changes {
		if value == nil {
			delete(object, key)
		} else {
			object[key] = merge(object[key], value)
		}
	}
	return object
}

// masks writes the five sets of each task of a JSON report on standard output
// to a file, in hexadecimal: masks FILE.
func masks(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: masks FILE")
	}
	type set struct{ Hex string }
	var report struct {
		Tasks []struct {
			Capabilities struct{ Inheritable, Permitted, Effective, Bounding, Ambient set }
		}
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &report))
	var text strings.Builder
	for _, task := range report.Tasks {
		c := task.Capabilities
		fmt.Fprintln(&text, "Inheritable", c.Inheritable.Hex)
		fmt.Fprintln(&text, "Permitted", c.Permitted.Hex)
		fmt.Fprintln(&text, "Effective", c.Effective.Hex)
		fmt.Fprintln(&text, "Bounding", c.Bounding.Hex)
		fmt.Fprintln(&text, "Ambient", c.Ambient.Hex)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text.String()), 0o644))
}

// ownPID matches the pid of capinspect in the first line of a report, unless it is PID 1.
var ownPID = regexp.MustCompile(`(?m)^capinspect \(pid (?:[2-9]|\d{2,})\): `)

// ids writes standard output to a file, with ID in place of each container's id
// and N in place of each inode of a namespace and of capinspect's own pid, which vary, and
// without the lines that differ from one kernel and cgroup version to another: ids FILE.
func ids(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: ids FILE")
	}
	text := containerID.ReplaceAllString(ts.ReadFile("stdout"), "ID")
	text = inode.ReplaceAllString(text, "[N]")
	text = ownPID.ReplaceAllString(text, "capinspect (pid N): ")
	text = ofTheHost.ReplaceAllString(text, "")
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o644))
}

// rules writes what a check has printed of the rules of Pod Security that do not hold
// to a file, without the task: rules FILE.
func rules(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: rules FILE")
	}
	var text strings.Builder
	for line := range strings.Lines(ts.ReadFile("stdout")) {
		if _, rule, ok := strings.Cut(line, "): "); ok && strings.HasPrefix(line, "pid ") {
			text.WriteString(rule)
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text.String()), 0o644))
}

var (
	containerID = regexp.MustCompile(`\b[0-9a-f]{64}\b`)
	ofTheHost   = regexp.MustCompile(`(?m)^(LSM: | known from ).*\n`)
	inode       = regexp.MustCompile(`\[40265\d{5}\]`)
)
