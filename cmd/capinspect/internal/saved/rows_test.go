// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"fmt"
	"strings"
	"testing"
)

// TestPrefixes holds what may stand before a line, and what of it says whose the line is.
func TestPrefixes(t *testing.T) {
	for _, test := range []struct{ before, of string }{
		{"", ""},
		{"  \u00a0\t", ""},
		{"> ", ""},
		{">> ", ""},
		{"+ ", ""},
		{"* ", ""},
		{"54:", ""},
		{"  12  ", ""},
		{"\x1b[01;31m", ""},
		{"2026-11-28T09:00:00.1Z ", ""},
		{"2026-11-28T09:00:00.1Z stdout F ", ""},
		{"[  12.345678] ", ""},
		{"/proc/1/status:", "/proc/1/status"},
		{"/proc/1/status:54:", "/proc/1/status"},
		{"status:", "status"},
		{"web_1  | ", "web_1"},
		{"[pod/web-6d4cf56db6-abcde/web] ", "pod/web-6d4cf56db6-abcde/web"},
		{"[pid  4711] ", "pid  4711"},
		{"pid 4711: ", "pid 4711"},
		{"> [pod/x/y] ", "pod/x/y"},
		{"Nov 28 09:00:00 node prog[12]: ", "node prog[12]"},
		{"web-1 app ", "web-1 app"}, // stern
	} {
		list, err := Sets("-", []byte(test.before+"CapEff:\t0000000000002000\n"))
		if err != nil || len(list) != 1 || list[0].Set != 1<<13 || list[0].Label != "CapEff" || list[0].Of != test.of {
			t.Errorf("%q: %+v, %v, want of %q", test.before, list, err, test.of)
		}
	}
}

// TestNoise holds which lines are passed over without a word.
func TestNoise(t *testing.T) {
	for _, line := range []string{
		"", " ", "```", "```console", "~~~", "$", "$ grep Cap /proc/1/status", "# id", "/ # ", "/app $ ls", "root@web:/# ls",
		"[root@host ~]# capsh --print", "user@host:~$ x", "bash-5.1$ x", "user@host ~ % x", "PS C:\\> kubectl exec x", "+ grep Cap /proc/1/status",
		`Defaulted container "web" out of: web, sidecar`, "command terminated with exit code 1", "--", "...", "WARNING: libcap needs an update (cap=40 should have a name).",
	} {
		if list, err := Sets("-", []byte(line+"\nCapEff:\t0000000000002000\n"+line+"\n")); err != nil || len(list) != 1 {
			t.Errorf("%q: %+v, %v", line, list, err)
		}
	}
	for _, line := range []string{"hello world", "cat: /proc/1/status: No such file or directory", "Error: it failed", "web | starting"} {
		if list, err := Sets("-", []byte("CapEff:\t0000000000002000\n"+line+"\n")); err == nil || len(list) != 1 {
			t.Errorf("%q: %+v, %v", line, list, err)
		}
	}
}

// TestBounds holds that a text that goes on and on ends in an error.
func TestBounds(t *testing.T) {
	for _, test := range []struct{ line, want string }{
		{"00000000a80425fb\n", fmt.Sprintf("line %d: more than %d tasks, files or sets", maxItems+1, maxItems)},
		{"CapEff:\t0\n", fmt.Sprintf("line %d: more than %d tasks, files or sets", maxItems+1, maxItems)},
		{"```\n", fmt.Sprintf("line %d: more than %d lines that do not belong to a status file", maxExamined+1, maxExamined)},
		{"x y\n", `no line tells a capability: it begins with "x y"`},
		{`{"process":{"cap":{}}}` + "\n", fmt.Sprintf("more than %d events", maxEvents)},
	} {
		_, err := Sets("x", []byte(strings.Repeat(test.line, maxExamined+10)))
		if err == nil || err.Error() != "x: "+test.want {
			t.Errorf("%q: %v, want %s", test.line, err, test.want)
		}
	}
}
