// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// An action is what GitHub reads of .github/actions/check/action.yml.
type action struct {
	Inputs map[string]struct {
		Description string
		Required    bool
		Default     string
	}
	Runs struct {
		Using string
		Steps []struct {
			Name, If, Shell, Run string
			Env                  map[string]string
		}
	}
}

// run does the steps of the action as a runner does: with the inputs and what it knows of
// itself in place of the expressions, and bash as GitHub calls it.
func (a *action) run(t *testing.T, dir string, inputs, github map[string]string, env ...string) (output string, status int) {
	t.Helper()
	expression := regexp.MustCompile(`\$\{\{ (inputs|github)\.(\w+) \}\}`)
	input := func(name string) string {
		if value, ok := inputs[name]; ok {
			return value
		}
		in, ok := a.Inputs[name]
		if !ok {
			t.Fatalf("no input %q", name)
		}
		return in.Default
	}
	for _, step := range a.Runs.Steps {
		switch {
		case step.If == "inputs.capinspect == ''" && input("capinspect") != "":
			continue
		case step.Shell != "bash" || strings.Contains(step.Run, "${{"):
			t.Fatalf("%s: %q with an expression in the script or another shell", step.Name, step.Shell)
		}
		c := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step.Run)
		c.Dir = dir
		c.Env = append(os.Environ(), env...)
		for name, value := range step.Env {
			value = expression.ReplaceAllStringFunc(value, func(s string) string {
				if m := expression.FindStringSubmatch(s); m[1] == "github" {
					return github[m[2]]
				}
				return input(expression.FindStringSubmatch(s)[2])
			})
			c.Env = append(c.Env, name+"="+value)
		}
		text, err := c.CombinedOutput()
		output += string(text)
		if err != nil {
			if c.ProcessState == nil {
				t.Fatal(err)
			}
			return output, c.ProcessState.ExitCode()
		}
	}
	return output, 0
}

// TestAction runs the action for GitHub workflows, with a stand-in for curl that serves a
// release from a folder.
func TestAction(t *testing.T) {
	need.On(t, "bash")
	text, err := os.ReadFile("../../.github/actions/check/action.yml")
	if err != nil {
		t.Fatal(err)
	}
	var a action
	if err := yaml.UnmarshalWithOptions(text, &a, yaml.UseJSONUnmarshaler()); err != nil {
		t.Fatal(err)
	}
	if a.Runs.Using != "composite" || len(a.Runs.Steps) != 2 {
		t.Fatalf("%+v", a.Runs)
	}

	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("bin/curl", `#!/bin/sh
while [ $# -gt 1 ]; do
	[ "$1" = -o ] && out=$2
	shift
done
echo "$1" >>"$FETCHED"
cp "$RELEASE/${1##*/}" "$out"
`, 0o755)
	binary, err := os.ReadFile(built(t))
	if err != nil {
		t.Fatal(err)
	}
	write("release/capinspect-linux-amd64", string(binary), 0o644)
	write("release/capinspect-linux-arm64", "another", 0o644)
	write("release/SHA256SUMS", fmt.Sprintf("%x  capinspect-linux-amd64\n%x  capinspect-linux-amd64.cdx.json\n%x  capinspect-linux-arm64\n",
		sha256.Sum256(binary), sha256.Sum256(nil), sha256.Sum256(nil)), 0o644)
	pod := func(add string) string {
		return "kind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n    - name: app\n      image: app\n" +
			"      securityContext: {capabilities: {drop: [ALL], add: [" + add + "]}}\n"
	}
	write("deploy/good.yaml", pod("NET_BIND_SERVICE"), 0o644)
	write("deploy/more/bad one.yaml", pod("SYS_ADMIN"), 0o644)

	for _, c := range []struct {
		name    string
		inputs  map[string]string
		ref, at string
		want    string // a part of the output
		fetched string // what was fetched, in this folder of the releases
		status  int
	}{
		{"good", map[string]string{"files": "deploy/good.yaml", "conditions": "--lacks sys_admin"}, "v1", "Linux-X64", "capinspect-linux-amd64: OK\n", "latest/download", 0},
		{
			"bad",
			map[string]string{"files": "deploy/*.yaml\n\n  \ndeploy/**/bad*.yaml\n", "conditions": "--lacks sys_admin\n--lacks  sys_module"},
			"v1.2.3", "Linux-X64",
			"::error file=deploy/more/bad one.yaml,line=8,title=capinspect%3A lacks::Pod/web: container app: ", "download/v1.2.3", 1,
		},
		{"lint", map[string]string{"files": "deploy/more/bad one.yaml", "version": "v1.2.2"}, "v1.2.3", "Linux-X64", "title=capinspect%3A opens-node::Pod/web", "download/v1.2.2", 1},
		{"no match", map[string]string{"files": "deploy/good.yaml\nprod/*.yaml"}, "", "Linux-X64", "::error title=capinspect::no file matches prod/*.yaml\n", "latest/download", 2},
		{"no file", map[string]string{"files": " \n"}, "", "Linux-X64", "::error title=capinspect::files names no manifest\n", "latest/download", 2},
		{"bad usage", map[string]string{"files": "deploy/good.yaml", "conditions": "--pss lax"}, "", "Linux-X64", `capinspect: --pss "lax": want baseline or restricted`, "latest/download", 2},
		{"another sum", map[string]string{"files": "deploy/good.yaml"}, "", "Linux-ARM64", "/capinspect-linux-arm64 is not what SHA256SUMS says\n", "latest/download", 2},
		{"not in the release", map[string]string{"files": "deploy/good.yaml"}, "", "macOS-ARM64", "::error title=capinspect::cannot fetch https://", "", 2},
		{"Windows", map[string]string{"files": "deploy/good.yaml"}, "", "Windows-X64", "::error title=capinspect::there is no release for Windows on X64\n", "", 2},
		{"one that is here", map[string]string{"files": "deploy/good.yaml", "conditions": "--lacks sys_admin", "capinspect": built(t)}, "", "Windows-X64", "", "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			system, arch, _ := strings.Cut(c.at, "-")
			fetched := filepath.Join(t.TempDir(), "fetched")
			output, status := a.run(t, dir, c.inputs, map[string]string{"action_ref": c.ref},
				"PATH="+filepath.Join(dir, "bin")+":"+os.Getenv("PATH"), "RELEASE="+filepath.Join(dir, "release"), "FETCHED="+fetched,
				"RUNNER_OS="+system, "RUNNER_ARCH="+arch, "RUNNER_TEMP="+t.TempDir())
			if status != c.status || !strings.Contains(output, c.want) {
				t.Errorf("status %d, want %d with %q:\n%s", status, c.status, c.want, output)
			}
			if c.fetched == "" {
				return
			}
			list, err := os.ReadFile(fetched)
			if want := "https://github.com/capinspect/capinspect/releases/" + c.fetched + "/SHA256SUMS\n"; err != nil || !strings.HasSuffix(string(list), want) {
				t.Errorf("fetched %q, %v, want %q", list, err, want)
			}
		})
	}
}

// TestIssueForms holds that each form has what GitHub asks of one: without it GitHub shows
// no form at all.
func TestIssueForms(t *testing.T) {
	forms, err := filepath.Glob("../../.github/ISSUE_TEMPLATE/*.yml")
	if err != nil || len(forms) < 4 {
		t.Fatalf("%q, %v", forms, err)
	}
	names := map[string]bool{}
	for _, path := range forms {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(path) == "config.yml" {
			var config struct {
				Blank bool                                `yaml:"blank_issues_enabled"`
				Links []struct{ Name, URL, About string } `yaml:"contact_links"`
			}
			if err := yaml.UnmarshalWithOptions(text, &config, yaml.Strict()); err != nil {
				t.Errorf("%s: %v", path, err)
			}
			for _, l := range config.Links {
				if l.Name == "" || l.About == "" || !strings.HasPrefix(l.URL, "https://") {
					t.Errorf("%s: %+v", path, l)
				}
			}
			continue
		}
		var form struct {
			Name, Description string
			Labels            []string
			Body              []struct {
				Type, ID    string
				Attributes  struct{ Label, Description, Render string }
				Validations struct{ Required bool }
			}
		}
		if err := yaml.UnmarshalWithOptions(text, &form, yaml.Strict()); err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if form.Name == "" || names[form.Name] || form.Description == "" || len(form.Body) == 0 {
			t.Errorf("%s: name %q, description %q, %d fields", path, form.Name, form.Description, len(form.Body))
		}
		names[form.Name] = true
		ids := map[string]bool{}
		for _, f := range form.Body {
			if f.Type != "textarea" && f.Type != "input" || f.ID == "" || ids[f.ID] || f.Attributes.Label == "" || f.Type == "input" && f.Attributes.Render != "" {
				t.Errorf("%s: %+v", path, f)
			}
			ids[f.ID] = true
		}
	}
}

// TestPinned holds that the workflows name the actions of others by commit: a tag can move to
// another one.
func TestPinned(t *testing.T) {
	files, err := filepath.Glob("../../.github/workflows/*.yml")
	if err != nil || len(files) < 3 {
		t.Fatalf("%q, %v", files, err)
	}
	by := map[string]string{}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`uses: (\S+)(.*)`).FindAllStringSubmatch(string(text), -1) {
			if strings.HasPrefix(m[1], "./") {
				continue
			}
			name, commit, _ := strings.Cut(m[1], "@")
			if !regexp.MustCompile(`^[0-9a-f]{40}$`).MatchString(commit) || !regexp.MustCompile(`^ # v\d+\.\d+\.\d+$`).MatchString(m[2]) {
				t.Errorf("%s: %s: want a commit and the version that it is", filepath.Base(path), m[0])
			}
			if by[name] != "" && by[name] != commit {
				t.Errorf("%s: %s at two commits", filepath.Base(path), name)
			}
			by[name] = commit
		}
	}
	if len(by) < 5 {
		t.Errorf("%d actions only", len(by))
	}
}
