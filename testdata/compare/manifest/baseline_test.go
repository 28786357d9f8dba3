// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/pod-security-admission/api"
	"sigs.k8s.io/yaml"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/podsecurity"
	"github.com/capinspect/capinspect/capset/runtime"
)

// fixtures returns the pods that the library has for its tests: those that pass, or fail, at
// a level in version 1.minor.
func fixtures(t *testing.T, level api.Level, minor int, verdict string) []string {
	t.Helper()
	module, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "k8s.io/pod-security-admission").Output()
	if err != nil {
		t.Fatal(err)
	}
	version := fmt.Sprintf("v1.%d", minor)
	pattern := filepath.Join(strings.TrimSpace(string(module)), "test/testdata", string(level), version, verdict, "*.yaml")
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) < 10 {
		t.Fatalf("%s: %d pods, %v", pattern, len(paths), err)
	}
	return paths
}

// TestBaseline holds that no pod which baseline takes, in any version, has more than baseline
// lets it have, whatever the runtime. One that is refused since it adds NET_RAW has more where
// that is not in the default of the runtime.
func TestBaseline(t *testing.T) {
	binary := build(t)
	seen := map[string]bool{}
	for minor := range podsecurity.LatestVersion + 1 {
		pass := append(fixtures(t, api.LevelBaseline, minor, "pass"), fixtures(t, api.LevelRestricted, minor, "pass")...)
		for i, path := range append(pass, fixtures(t, api.LevelBaseline, minor, "fail")...) {
			text, err := os.ReadFile(path)
			if err == nil {
				text, err = yaml.YAMLToJSON(text)
			}
			if err != nil {
				t.Fatal(err)
			}
			adds := bytes.Contains(text, []byte(`{"add":["NET_RAW"]}`))
			windows := bytes.Contains(text, []byte(`"os":{"name":"windows"}`)) // which has no capabilities
			if seen[string(text)] || i >= len(pass) && !adds || windows {
				continue
			}
			seen[string(text)] = true
			for _, name := range runtime.Names() {
				want := i >= len(pass) && !runtime.Named(name).Default().Has(capset.NetRaw)
				if got := hasMore(t, binary, name, text); got != want {
					t.Errorf("%s, %s: it has more: %t", path, name, got)
				}
			}
		}
	}
	if len(seen) < 90 {
		t.Errorf("%d different pods", len(seen))
	}
}

// hasMore reports whether diff shows that a container of a pod has more of anything than
// baseline lets it have.
func hasMore(t *testing.T, binary, runtime string, pod []byte) (more bool) {
	t.Helper()
	for _, container := range []string{"container1", "initcontainer1"} {
		cmd := exec.Command(binary, "diff", "baseline", "pod:-:"+container, "--runtime", runtime)
		cmd.Stdin = bytes.NewReader(pod)
		out, err := cmd.Output()
		if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || exit.ExitCode() != 1) {
			t.Fatalf("%s: %v", container, err)
		}
		more = more || bytes.Contains(out, []byte("+"))
	}
	return more
}
