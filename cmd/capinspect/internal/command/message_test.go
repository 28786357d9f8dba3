// SPDX-License-Identifier: Apache-2.0

package command

import (
	"errors"
	"strings"
	"testing"
	"unicode"
)

// TestMessage holds that a message has a bound, and nothing that acts on a terminal, whatever
// it repeats.
func TestMessage(t *testing.T) {
	var out strings.Builder
	e := Env{Stderr: &out}
	long := strings.Repeat("\x1b\u009b\n", 1<<20)
	e.Complain(errors.New("what" + long + "why"))
	e.Note("%s", long)
	lines := strings.SplitAfter(out.String(), "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[0], "capinspect: what") || !strings.HasSuffix(lines[0], "why\n") || len(lines[0]) > 8*maxMessage || len(lines[1]) > 8*maxMessage || lines[2] != "" {
		t.Fatalf("%d lines, %d bytes", len(lines), out.Len())
	}
	if strings.ContainsFunc(out.String(), func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
		t.Error("it acts on a terminal")
	}
}
