// SPDX-License-Identifier: Apache-2.0

package check_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/check"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/manifest"
	"github.com/capinspect/capinspect/testdata/fixture"
)

// lint returns what lint finds in a pod: codes, and what to write where.
func lint(t *testing.T, spec string) (found []string) {
	t.Helper()
	var c check.Checked
	_, err := manifest.Pods(strings.NewReader(`{"kind":"Pod","spec":`+spec+`}`), func(p *manifest.Pod) bool {
		c.Lint(p, check.Source{File: "f", Last: capset.LastKnown}, func(*manifest.Container) bool { return true })
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range c.Findings {
		found = append(found, f.Code+": "+strings.Join(f.Where, ".")+": "+f.Write)
	}
	slices.Sort(found)
	return found
}

// clean is what lint wants of a securityContext, but for capabilities and seccomp.
const clean = `"runAsNonRoot":true,"allowPrivilegeEscalation":false,"readOnlyRootFilesystem":true`

// TestLint changes one thing in a pod in which lint finds nothing. That the lines make
// random pods such, testdata/compare holds.
func TestLint(t *testing.T) {
	const c, filtered, seccomp = "spec.containers.0: ", `,"seccompProfile":{"type":"RuntimeDefault"}`, "seccompProfile"
	const dropped = `,"capabilities":{"drop":["ALL"]}`
	for _, test := range []struct {
		name, pod, context string
		want               []string
	}{
		{"nothing", "", dropped, nil},
		{"for Windows", `"os":{"name":"windows"},`, "", nil},
		{"for nodes of Windows", `"nodeSelector":{"kubernetes.io/os":"windows"},`, "", nil},
		{"for nodes of Windows, as they were labelled before", `"nodeSelector":{"beta.kubernetes.io/os":"windows"},`, "", nil},
		{"for nodes of Linux", `"nodeSelector":{"kubernetes.io/os":"linux"},`, "", []string{"default-capabilities: " + c + "securityContext: {capabilities: {drop: [ALL]}}"}},
		{"for Linux, on nodes of Windows", `"os":{"name":"linux"},"nodeSelector":{"kubernetes.io/os":"windows"},`, "", []string{"default-capabilities: " + c + "securityContext: {capabilities: {drop: [ALL]}}"}},
		{"the default", "", "", []string{"default-capabilities: " + c + "securityContext: {capabilities: {drop: [ALL]}}"}},
		{"one dropped", "", `,"capabilities":{"drop":["NET_RAW"]}`, []string{"all-not-dropped: " + c + "securityContext: {capabilities: {drop: [ALL]}}"}},
		{"all in lower case", "", `,"capabilities":{"drop":["all"]}`, []string{"lower-case-name: " + c + "securityContext: {capabilities: {drop: [ALL]}}"}},
		{"privileged, and no privilege escalation", "", dropped + `,"privileged":true`, []string{
			"add-without-effect: " + c + "securityContext: {capabilities: {drop: [ALL]}, privileged: false}",
			"no-new-privs-with-sys-admin: " + c + "securityContext: {capabilities: {drop: [ALL]}, privileged: false}",
			"privileged-ignores-lists: " + c + "securityContext: {capabilities: {drop: [ALL]}, privileged: false}",
			"privileged: " + c + "securityContext: {capabilities: {drop: [ALL]}, privileged: false}",
		}},
		{"privileged, and one added", "", `,"privileged":true,"capabilities":{"add":["SYS_ADMIN","NET_BIND_SERVICE"]}`, []string{
			"add-without-effect: " + c + "securityContext: {capabilities: {add: [NET_BIND_SERVICE], drop: [ALL]}, privileged: false}",
			"no-new-privs-with-sys-admin: " + c + "securityContext: {capabilities: {add: [NET_BIND_SERVICE], drop: [ALL]}, privileged: false}",
			"privileged-ignores-lists: " + c + "securityContext: {capabilities: {add: [NET_BIND_SERVICE], drop: [ALL]}, privileged: false}",
			"privileged: " + c + "securityContext: {capabilities: {add: [NET_BIND_SERVICE], drop: [ALL]}, privileged: false}",
		}},
		{"added", "", `,"capabilities":{"drop":["ALL"],"add":["NET_ADMIN","NET_BIND_SERVICE"]}`, []string{
			"add-without-effect: " + c + "securityContext: {capabilities: {add: [], drop: [ALL]}}",
			"added-capability: " + c + "securityContext: {capabilities: {add: [NET_BIND_SERVICE]}}",
		}},
		{"prefixed", "", `,"capabilities":{"drop":["ALL"],"add":["CAP_NET_ADMIN","NET_ADMN"]}`, []string{
			"cap-prefix: " + c + "securityContext: {capabilities: {add: [NET_ADMIN], drop: [ALL]}}",
			"unknown-capability: " + c + "securityContext: {capabilities: {add: [NET_ADMIN], drop: [ALL]}}",
		}},
		{"a namespace of the node", `"hostIPC":true,`, dropped, []string{"host-namespace: spec: hostIPC: false"}},
		{"misspelt", `"hostIpc":true,`, dropped, []string{"unknown-field: : "}},
		{"root for all", `"securityContext":{"runAsUser":0},`, dropped, []string{
			"root-as-non-root: " + c + "securityContext: {runAsUser: 1000}",
			"root: spec: securityContext: {runAsUser: 1000}",
		}},
		{"no AppArmor", "", dropped + `,"appArmorProfile":{"type":"Unconfined"}`, []string{"no-apparmor: " + c + "securityContext: {appArmorProfile: null}"}},
		{"no seccomp", "", dropped + `,"seccompProfile":{"type":"Unconfined"}`, []string{"no-seccomp: " + c + "securityContext: {seccompProfile: {type: RuntimeDefault}}"}},
	} {
		context := clean + test.context
		if !strings.Contains(context, seccomp) {
			context += filtered
		}
		got := lint(t, `{`+test.pod+`"containers":[{"name":"a","securityContext":{`+context+`}}]}`)
		if !slices.Equal(got, test.want) {
			t.Errorf("%s:\n%s\nwant\n%s", test.name, strings.Join(got, "\n"), strings.Join(test.want, "\n"))
		}
	}
}

// TestLintDocs holds that docs/lint.md has a row for each code, in the order of the table.
func TestLintDocs(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(fixture.Dir(t), "../docs/lint.md"))
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\| ([a-z]+) \\| (.*) \\|$").FindAllStringSubmatch(string(text), -1) {
		rows = append(rows, row[1])
		f := check.Finding{Code: row[1], Lint: true}
		if about, _ := f.About(); about != strings.ReplaceAll(row[3], "`", "") {
			t.Errorf("%s is about %q, docs/lint.md has %q", row[1], about, row[3])
		}
	}
	if want := check.LintCodes(); !slices.Equal(rows, want) {
		t.Errorf("docs/lint.md has %v, want %v", rows, want)
	}
	for _, code := range manifest.TrapCodes() {
		if !slices.Contains(check.LintCodes(), code) {
			t.Errorf("lint does not know the trap %s", code)
		}
	}
}
