// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"fmt"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
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
		{"build\t1 of 2\t2026-11-28T09:00:00.1234567Z ", "build"},
		{"2026-11-28T09:00:00.123456Z 01O ", ""},
		{"2026-11-28T09:00:00+0100 node1 prog[12]: ", "node1 prog[12]"},
		{"<34>1 2026-11-28T09:00:00.003Z node1 prog 123 ID47 - ", "node1 prog"},
		{"[32m", ""},
		{"< ", "<"},
		{"+", "+"},
		{"+ eff='", "eff="},
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
		"[root@host ~]# capsh --print", "user@host:~$ x", "bash-5.1$ x", "user@host ~ % x", "PS C:\\> kubectl exec x", "Apptainer> capsh --print", "+ grep Cap /proc/1/status",
		"|-----|:----|", "+-----+-----+", "{", "],", "##[group]Run grep", "::group::x", "section_start:1560896352:x",
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

// TestWorn holds which lines are read though a program, a page or a person has changed them.
func TestWorn(t *testing.T) {
	const eff, bnd = "CapEff 00000000a80425fb", "CapBnd 000001ffffffffff"
	for _, test := range []struct{ text, want string }{
		{"CapEff:&#9;00000000a80425fb", eff},
		{"&lt;pre&gt;CapEff:&nbsp;00000000a80425fb&lt;/pre&gt;", eff},
		{"<pre>CapEff: 00000000a80425fb\nCapBnd: 000001ffffffffff</pre>", eff + ", " + bnd},
		{"CapEff:^I00000000a80425fb$", eff},
		{"“CapEff: 00000000a80425fb”", eff},
		{"[1mCapEff[0m:\t[32m00000000a80425fb[0m\x1b[K", eff},
		{"| CapEff: | `00000000a80425fb` | docker |\n|---|---|---|\n| CapBnd | 0x1ffffffffff |", eff + ", " + bnd},
		{"CapEff: 00000000a80425fb /proc/1/status", eff},
		{"CapEff,00000000a80425fb\nCapBnd;000001ffffffffff", eff + ", " + bnd},
		{"CapEff is 00000000a80425fb but CapBnd shows 000001ffffffffff.", eff + ", " + bnd},
		{"CapEff → 0xa80425fb", eff},
		{"CapEff:\t00000000a80425fb CapBnd:\t000001ffffffffff", eff + ", " + bnd},
		{"1. CapEff: 00000000a80425fb\n2) **CapBnd:** 000001ffffffffff", eff + ", " + bnd},
		{"CapEff = 00000000a80425fb\nroot@x:/#", eff},
		{"CapEff: 0000_0000_a804_25fb", eff},
		{"cap_eff: 00000000a80425fb", eff},
		{"Eff:\t00000000a80425fb", eff},
		{"pEff:\t00000000a80425fb\nCapBnd:\t000001ffffffffff", eff + ", " + bnd},
		{"CapEff:\t00000000a804\n25fb\nCapBnd:\t000001ffffffffff", eff + ", " + bnd},
		{`"CapEff:\t00000000a80425fb\nCapBnd:\t000001ffffffffff\n"`, eff + ", " + bnd},
		{`  "stdout": "CapEff:\t00000000a80425fb\nCapBnd:\t000001ffffffffff",`, eff + ", " + bnd},
		{`{"log":"CapEff:\t00000000a80425fb\n","stream":"stdout","time":"2026-11-28T09:00:00Z"}`, eff},
		{"b'CapEff:\\t00000000a80425fb\\nCapBnd:\\t000001ffffffffff\\n'", eff + ", " + bnd},
		{"+ eff='CapEff:\t00000000a80425fb'", eff},
		{"$ grep CapEff a.txt\nCapBnd:\t000001ffffffffff", bnd},
		{"Bounding set =cap_chown,cap_dac_over\nride,cap_kill\nAmbient set =", "CapBnd 0000000000000023, CapAmb 0000000000000000"},
		{"Bounding set =cap_chown,\n  cap_kill\nAmbient set =", "CapBnd 0000000000000021, CapAmb 0000000000000000"},
		{"Current: cap_chown\n,cap_kill=ep cap_net_\nraw+p", "CapInh 0000000000000000, CapPrm 0000000000002021, CapEff 0000000000000021"},
		{"cap_net_raw\ncap_chown", " 0000000000002000,  0000000000000001"},
	} {
		list, err := Sets("-", []byte(test.text+"\n"))
		var got []string
		for _, m := range list {
			got = append(got, m.Label+" "+m.Set.Hex())
		}
		if text := strings.Join(got, ", "); text != test.want || err != nil {
			t.Errorf("%q: %s, %v, want %s", test.text, text, err, test.want)
		}
	}
	for _, text := range []string{"CapEff:\t00000000a804\n", "CapEff:\t00000000a804\n25\n", "CapEff:\t0000000000\nCapBnd:\t1\n"} {
		if _, err := Sets("x", []byte(text)); err == nil || !strings.Contains(err.Error(), "cut short: the kernel prints 16 digits") {
			t.Errorf("%q: %v", text, err)
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

// TestAside holds what is said of lines that stand beside those with sets.
func TestAside(t *testing.T) {
	const set = "0x0000000000002000\n"
	for _, test := range []struct{ line, want string }{
		{`type=SYSCALL msg=audit(1.2:3): arch=c000003e syscall=126 success=yes exit=0`, ""},
		{`type=PATH msg=audit(1.2:3): item=0 name="/x" cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0`, ""},
		{"type=PROCTITLE msg=audit(1.2:3): proctitle=6C73", ""},
		{"type=AVC msg=audit(1.2:3): avc:  denied  { x } for pid=1", "x: line 2: a record of SELinux, which is about one check, not a set: 'capinspect needs FILE' reads it"},
		{"ab5743f41e0d", `x: line 2: "ab5743f41e0d": the id of a container or an image, not a set: write 0x in front of a bitmap`},
		{" ---> ab5743f41e0d", `x: line 2: "ab5743f41e0d": the id of a container or an image, not a set: write 0x in front of a bitmap`},
		{"         0     100000      65536", `x: line 2: "0     100000      65536": not understood`},
		{"✗ CapabilityBoundingSet=~CAP_SYS_TIME  Service may change the clock  0.2", "x: line 2: the table of systemd-analyze security, which judges the settings: save the output of systemctl show instead"},
	} {
		list, err := Sets("x", []byte(set+test.line+"\n"+set))
		got := ""
		if err != nil {
			got = err.Error()
		}
		if len(list) != 2 || got != test.want {
			t.Errorf("%q: %d sets, %q, want %q", test.line, len(list), got, test.want)
		}
	}
	for _, mask := range []string{"0xab5743f41e0d", "00000000ab57", "3fffffffff"} {
		if list, err := Sets("x", []byte(mask+"\n")); len(list) != 1 || err != nil {
			t.Errorf("%s: %v, %v", mask, list, err)
		}
	}
}

// TestJournal holds that the effective set of a process is read in the journal.
func TestJournal(t *testing.T) {
	const text = `{"_UID":"0","_CAP_EFFECTIVE":"1ffffffffff","_PID":"1","_COMM":"systemd"}
{"MESSAGE":"of the kernel"}
{"_CAP_EFFECTIVE":"400","_PID":"812","_COMM":"nginx"}
`
	tasks, err := Tasks("x", []byte(text), nil)
	if err != nil || len(tasks) != 2 || tasks[1].Tid.Zero() != 812 || tasks[1].Name.Zero() != "nginx" || tasks[1].Sets[capset.Effective].Zero() != 0x400 || tasks[1].Sets[capset.Permitted].Known() {
		t.Errorf("%+v, %v", tasks, err)
	}
	if _, err := Tasks("x", []byte(`{"_CAP_EFFECTIVE":"x"}`), nil); err == nil || err.Error() != `x: event 1: _CAP_EFFECTIVE: "x": not a hexadecimal number` {
		t.Error(err)
	}
}
