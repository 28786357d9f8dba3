// SPDX-License-Identifier: Apache-2.0

package main

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDependencies holds that docs/dependencies.md gives a reason for each module that
// go.mod requires directly, in the table of those that are linked in or of those of tests,
// and for each tool that the Makefile runs by version.
func TestDependencies(t *testing.T) {
	read := func(name string) string {
		text, err := os.ReadFile("../../" + name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	linked := read("testdata/deps.golden")
	want := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^\t(\S+) v\S+$`).FindAllStringSubmatch(read("go.mod"), -1) {
		want[m[1]] = "In the tests of the command and the packages"
		if regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(m[1]) + `[/:]`).MatchString(linked) {
			want[m[1]] = "In the binary"
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^[A-Z]+ +:= (\S+)@v\S+$`).FindAllStringSubmatch(read("Makefile"), -1) {
		want[m[1]] = "Tools"
	}
	got := map[string]string{}
	for _, part := range strings.Split(read("docs/dependencies.md"), "\n## ")[1:] {
		title, rows, _ := strings.Cut(part, "\n")
		for _, m := range regexp.MustCompile("(?m)^\\| `(\\S+)` \\| .").FindAllStringSubmatch(rows, -1) {
			got[m[1]] = title
		}
	}
	if len(want) < 10 {
		t.Errorf("%d modules and tools only", len(want))
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got[name] != want[name] {
			t.Errorf("docs/dependencies.md has %s below %q, want %q", name, got[name], want[name])
		}
		delete(got, name)
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		t.Errorf("docs/dependencies.md has %s, which nothing requires", name)
	}
}
