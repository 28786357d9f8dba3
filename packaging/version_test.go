// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// versions ascend.
var versions = []struct{ tag, deb, apk string }{
	{"v0.0.0-20260102030405-0123456789ab", "0.0~git20260102030405.0123456789ab", "0.0.0_git20260102_p030405"},
	{"v0.0.0-20261128182322-a540c42abcde", "0.0~git20261128182322.a540c42abcde", "0.0.0_git20261128_p182322"},
	{"v1.2.3-alpha", "1.2.3~alpha", "1.2.3_alpha"},
	{"v1.2.3-rc.1", "1.2.3~rc1", "1.2.3_rc1"},
	{"v1.2.3-rc.1.0.20261128182322-a540c42abcde", "1.2.3~rc1+git20261128182322.a540c42abcde", "1.2.3_rc1_git20261128_p182322"},
	{"v1.2.3-rc2", "1.2.3~rc2", "1.2.3_rc2"},
	{"v1.2.3", "1.2.3", "1.2.3"},
	{"v1.2.4-0.20261128182322-a540c42abcde", "1.2.3+git20261128182322.a540c42abcde", "1.2.3_git20261128_p182322"},
	{"v1.2.4-0.20261128182323-00042abcdeff", "1.2.3+git20261128182323.00042abcdeff", "1.2.3_git20261128_p182323"},
	{"v1.2.4-0.20261128182323-00042abcdeff+dirty", "1.2.3+git20261128182323.00042abcdeff+dirty", "1.2.3_git20261128_p182323"},
	{"v1.2.4", "1.2.4", "1.2.4"},
	{"v1.10.0", "1.10.0", "1.10.0"},
}

// apkVersion is the grammar of apk-package(5).
var apkVersion = regexp.MustCompile(`^[0-9]+(\.[0-9]+)*[a-z]?(_(alpha|beta|pre|rc|cvs|svn|git|hg|p)[0-9]*)*(-r[0-9]+)?$`)

func TestVersions(t *testing.T) {
	for _, want := range versions {
		got, err := parseVersion(want.tag)
		if err != nil || got.deb != want.deb || got.apk != want.apk {
			t.Errorf("parseVersion(%s) = %+v, %v, want %+v", want.tag, got, err, want)
		}
		if !apkVersion.MatchString(want.apk) {
			t.Errorf("%s is no version of apk", want.apk)
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
	for i := range versions[1:] {
		older, newer := versions[i].deb+"-1", versions[i+1].deb+"-1"
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
	for i := range versions[1:] {
		older, newer := versions[i].deb, versions[i+1].deb
		out, err := exec.Command(rpm, "--eval", `%{lua: print(rpm.vercmp("`+older+`", "`+newer+`"))}`).CombinedOutput()
		if got := strings.TrimSpace(string(out)); err != nil || got != "-1" {
			t.Errorf("rpm compares %s with %s: %s, %v", older, newer, got, err)
		}
	}
}
