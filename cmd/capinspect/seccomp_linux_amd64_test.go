// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// laterGates are the calls for which a runtime's releases before the one that is named here
// may have another rule than the table: a gate, or a refusal. Docker 20.10 and podman 4.3.1
// do.
var laterGates = map[string]map[string]int{
	"docker": {"set_mempolicy_home_node": 23, "io_uring_setup": 25},
	"podman": {"set_mempolicy_home_node": 6, "fanotify_init": 6, "quotactl_fd": 6, "bpf": 6, "perf_event_open": 6},
}

// TestSeccompGatesOfDocker holds the table of the gates against docker's default filter: as
// a user other than root, with each capability in Bounding alone, and with none.
func TestSeccompGatesOfDocker(t *testing.T) {
	if testing.Short() {
		t.Skip("starts containers")
	}
	need.On(t, "docker")
	image, helper := buildImage(t), filepath.Join(t.TempDir(), "gated")
	buildHelper(t, helper, "container/gated")
	holdSeccompGates(t, "docker", string(docker(t, "version", "--format", "{{.Server.Version}}")), func(flags ...string) string {
		args := []string{"run", "--rm", "-v", helper + ":/gated:ro", "--entrypoint", "/gated"}
		return string(docker(t, slices.Concat(args, flags, []string{image})...))
	})
}

// TestSeccompGatesOfPodman holds it against podman's in the same way.
func TestSeccompGatesOfPodman(t *testing.T) {
	if testing.Short() {
		t.Skip("starts containers")
	}
	need.On(t, "root", "podman")
	image, helper := importHolder(t), filepath.Join(t.TempDir(), "gated")
	buildHelper(t, helper, "container/gated")
	holdSeccompGates(t, "podman", podman(t, "version", "--format", "{{.Client.Version}}"), func(flags ...string) string {
		args := []string{"--rm", "-v", helper + ":/gated:ro", "--entrypoint", "/gated"}
		var stderr strings.Builder
		cmd := exec.Command("podman", slices.Concat(podmanRun, args, flags, []string{image})...)
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("podman %q: %v\n%s", flags, err, &stderr)
		}
		return string(out)
	})
}

// holdSeccompGates holds the table of a runtime's gates against its default filter. run
// starts a container with the flags and returns what the helper prints there.
func holdSeccompGates(t *testing.T, name, version string, run func(flags ...string) string) {
	t.Helper()
	of := runtime.Named(name)
	var major int
	if _, err := fmt.Sscanf(version, "%d.", &major); err != nil {
		t.Fatalf("version %q: %v", version, err)
	}
	version = name + " " + strings.TrimSpace(version)
	gates := map[capset.Cap]runtime.Gate{}
	gated := map[string]bool{}
	for c := range capset.LastKnown + 1 {
		g, ok := of.SeccompGate(c)
		if !ok {
			continue
		}
		for _, call := range g.Calls {
			gated[call] = true
		}
		if name == "docker" && major < 23 && g.Since != "" { // nor does it know the capability
			t.Logf("%s has no gate for %s, which is in the table since %s", version, c, g.Since)
			continue
		}
		gates[c] = g
	}
	verified, refused := 0, 0
	check := func(with string, opened []string, flags ...string) {
		var answers map[string]string
		if err := json.Unmarshal([]byte(run(append(flags, "--user", "1000", "--cap-drop", "ALL")...)), &answers); err != nil {
			t.Fatal(err)
		}
		for call := range gated {
			if _, ok := answers[call]; !ok && with == "" {
				t.Logf("%s is not verified: this processor has no such call", call)
			}
		}
		for call, got := range answers {
			if major < laterGates[name][call] {
				continue
			}
			free := !gated[call] && !of.SeccompRefuses(call)
			if open := free || slices.Contains(opened, call); open != (got == "") {
				t.Errorf("%s with %q: %q; by the table it is let through: %t", call, with, got, open)
			} else if open && !free {
				verified++
			} else if with == "" && of.SeccompRefuses(call) {
				refused++
			}
		}
	}
	for call, release := range laterGates[name] {
		if major < release {
			t.Logf("%s is not verified: %s is older than %d", call, version, release)
		}
	}
	check("", nil)
	for c, g := range gates {
		check(c.String(), g.Calls, "--cap-add", c.Kubernetes())
	}
	if verified < 15 || refused < 8 {
		t.Errorf("only %d gates and %d refusals were seen", verified, refused)
	}
	t.Logf("%d calls are refused without and let through with the capability, by %d gates; %d are refused to all", verified, len(gates), refused)
}
