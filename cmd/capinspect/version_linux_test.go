// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// TestReleasedVersion holds that a build of an annotated tag says that version, in
// --version, in a report and in SARIF, and that one of changed sources says that they are
// changed.
func TestReleasedVersion(t *testing.T) {
	need.On(t, "git", "make")
	if _, err := os.Stat("../../.git"); err != nil {
		need.Lacking(t, "git", "the sources are not a clone")
	}
	dir := filepath.Join(t.TempDir(), "clone")
	do := func(name string, args ...string) string {
		t.Helper()
		c := exec.Command(name, args...)
		c.Env = append(os.Environ(), "MAKEFLAGS=")
		if name == "make" {
			c.Dir = dir
		}
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %q: %v\n%s", name, args, err, out)
		}
		return string(out)
	}
	const version = "v1.2.3"
	do("git", "clone", "-q", "../..", dir)
	do("git", "-C", dir, "-c", "user.name=a", "-c", "user.email=a@example.com", "tag", "-a", version, "-m", "notes")
	do("make", "-s", "build")
	binary := filepath.Join(dir, "bin", "capinspect")
	commit := strings.TrimSpace(do("git", "-C", dir, "rev-parse", "HEAD"))
	if got := do(binary, "--version"); !strings.HasPrefix(got, "capinspect "+version+" (go1.") || !strings.HasSuffix(got, ", commit "+commit+")\n") {
		t.Errorf("--version says %q, want %s of commit %s", got, version, commit)
	}
	for _, args := range [][]string{{"--json"}, {"ps", "-o", "jsonl", "self"}, {"ps", "--by", "container", "-o", "json", "self"}} {
		var report struct{ Version string }
		if err := json.NewDecoder(strings.NewReader(do(binary, args...))).Decode(&report); err != nil || report.Version != version {
			t.Errorf("%q: version %q, %v, want %s", args, report.Version, err, version)
		}
	}
	sarif := do(binary, "check", "-o", "sarif", "--within", "0x1ffffffffff")
	var log struct {
		Runs []struct {
			Tool struct{ Driver struct{ Version string } }
		}
	}
	if err := json.Unmarshal([]byte(sarif), &log); err != nil || len(log.Runs) != 1 || log.Runs[0].Tool.Driver.Version != version {
		t.Errorf("SARIF: %v, %+v, want %s", err, log, version)
	}
	if err := os.WriteFile(filepath.Join(dir, "LICENSE"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	do("make", "-s", "build")
	if got := do(binary, "--version"); !strings.HasPrefix(got, "capinspect v1.2.3+dirty (") {
		t.Errorf("--version of changed sources says %q", got)
	}
}
