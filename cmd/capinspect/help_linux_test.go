// SPDX-License-Identifier: Apache-2.0

package main

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestHelpExamples runs the examples of each command's help as they are
// printed.
func TestHelpExamples(t *testing.T) {
	dir := filepath.Dir(built(t))
	for _, command := range commandNames(t) {
		help := call("", command, "--help")
		_, examples, ok := strings.Cut(help.stdout, "\nExamples:\n")
		lines := strings.Split(strings.TrimSpace(examples), "\n")
		if help.status != 0 || !ok || lines[0] == "" {
			t.Errorf("%s: no example in %+v", command, help)
		}
		for _, line := range lines {
			o := run(t, "sh", "-c", "PATH="+dir+":$PATH; exec "+strings.TrimSpace(line)+" </dev/null")
			// The answer of check may be no, but nothing may be wrong.
			if !onlyKernelThreads.MatchString(o.stderr) || o.status == 2 || o.status != 0 && command != "check" {
				t.Errorf("%s: %+v", line, o)
			}
		}
	}
}

// commandNames returns the commands that the help lists.
func commandNames(t *testing.T) (names []string) {
	t.Helper()
	overview := call("", "--help")
	if overview.status != 0 || overview.stderr != "" {
		t.Fatalf("%+v", overview)
	}
	_, list, _ := strings.Cut(overview.stdout, "\nCommands (")
	list, _, _ = strings.Cut(list, "\nExamples:")
	for _, command := range regexp.MustCompile(`(?m)^  ([a-z]+) `).FindAllStringSubmatch(list, -1) {
		names = append(names, command[1])
	}
	if len(names) < 4 {
		t.Fatalf("no list of commands in %s", overview.stdout)
	}
	return names
}
