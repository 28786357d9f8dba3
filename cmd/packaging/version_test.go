// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

type row struct{ tag, deb, apk string }

// versions reads the table of them, which testdata/apk reads too. They ascend.
func versions(t *testing.T) []row {
	t.Helper()
	text, err := os.ReadFile("testdata/versions")
	if err != nil {
		t.Fatal(err)
	}
	var rows []row
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); !strings.HasPrefix(line, "#") {
			rows = append(rows, row{f[0], f[1], f[2]})
		}
	}
	return rows
}

func TestVersions(t *testing.T) {
	for _, want := range versions(t) {
		got, err := parseVersion(want.tag)
		if err != nil || got.deb != want.deb || got.apk != want.apk {
			t.Errorf("parseVersion(%s) = %+v, %v, want %+v", want.tag, got, err, want)
		}
	}
	for _, bad := range []string{"(devel)", "", "1.2.3", "v1.2.3-nightly.1"} {
		if got, err := parseVersion(bad); err == nil {
			t.Errorf("parseVersion(%s) = %+v, want an error", bad, got)
		}
	}
}

func TestDebVersionsAscend(t *testing.T) {
	dpkg, err := exec.LookPath("dpkg")
	if err != nil {
		t.Skip("no dpkg")
	}
	all := versions(t)
	for i := range all[1:] {
		older, newer := all[i].deb+"-1", all[i+1].deb+"-1"
		if out, err := exec.Command(dpkg, "--compare-versions", older, "lt", newer).CombinedOutput(); err != nil {
			t.Errorf("%s is not before %s: %v %s", older, newer, err, out)
		}
	}
}

func TestRPMVersionsAscend(t *testing.T) {
	rpm, err := exec.LookPath("rpm")
	if err != nil {
		t.Skip("no rpm")
	}
	all := versions(t)
	for i := range all[1:] {
		older, newer := all[i].deb, all[i+1].deb
		out, err := exec.Command(rpm, "--eval", `%{lua: print(rpm.vercmp("`+older+`", "`+newer+`"))}`).CombinedOutput()
		if got := strings.TrimSpace(string(out)); err != nil || got != "-1" {
			t.Errorf("rpm compares %s with %s: %s, %v", older, newer, got, err)
		}
	}
}
