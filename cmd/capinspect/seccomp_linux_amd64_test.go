// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// laterDocker are what older releases of docker than the first that is named here do not have
// of the table: a gate, or a refusal.
var laterDocker = map[string]int{"set_mempolicy_home_node": 23, "io_uring_setup": 25}

// TestSeccompGatesOfDocker holds the table of the gates against docker's default filter: as
// a user other than root, with each capability in Bounding alone, and with none.
func TestSeccompGatesOfDocker(t *testing.T) {
	if testing.Short() {
		t.Skip("starts containers")
	}
	need.On(t, "docker")
	image, helper := buildImage(t), filepath.Join(t.TempDir(), "gated")
	buildHelper(t, helper, "container/gated")
	version := string(docker(t, "version", "--format", "{{.Server.Version}}"))
	var major int
	if _, err := fmt.Sscanf(version, "%d.", &major); err != nil {
		t.Fatalf("version %q: %v", version, err)
	}
	gates := map[capset.Cap]runtime.Gate{}
	gated := map[string]bool{}
	for c := range capset.LastKnown + 1 {
		g, ok := runtime.Named("docker").SeccompGate(c)
		if !ok {
			continue
		}
		for _, call := range g.Calls {
			gated[call] = true
		}
		if g.Since != "" && major < 23 {
			t.Logf("docker %s has no gate for %s, which is in the table since %s", strings.TrimSpace(version), c, g.Since)
			continue
		}
		gates[c] = g
	}
	run := func(args ...string) (answers map[string]string) {
		args = slices.Concat([]string{"run", "--rm", "--user", "1000", "--cap-drop", "ALL", "-v", helper + ":/gated:ro", "--entrypoint", "/gated"}, args, []string{image})
		if err := json.Unmarshal(docker(t, args...), &answers); err != nil {
			t.Fatal(err)
		}
		return answers
	}
	verified := 0
	check := func(answers map[string]string, with string, opened []string) {
		for call, got := range answers {
			if major < laterDocker[call] {
				continue
			}
			switch open := slices.Contains(opened, call); {
			case !open && !gated[call] && !runtime.Named("docker").SeccompRefuses(call):
				t.Errorf("%s is no call that the table knows", call)
			case open != (got == ""):
				t.Errorf("%s with %s: %q; by the table it is let through: %t", call, with, got, open)
			case open:
				verified++
			}
		}
	}
	for call, release := range laterDocker {
		if major < release {
			t.Logf("%s is not verified: docker %s is older than %d", call, strings.TrimSpace(version), release)
		}
	}
	none := run()
	for call := range gated {
		if _, ok := none[call]; !ok {
			t.Logf("%s is not verified: this processor has no such call", call)
		}
	}
	check(none, "no capability", nil)
	for c, g := range gates {
		check(run("--cap-add", c.Kubernetes()), c.String(), g.Calls)
	}
	t.Logf("%d calls are refused without and let through with the capability, by %d gates", verified, len(gates))
}
