// SPDX-License-Identifier: Apache-2.0

package denial

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The numbers are those of the kernel's tables (arch/*/syscalls, asm-generic/unistd.h).
func TestAuditCalls(t *testing.T) {
	for _, test := range []struct {
		arch, number, want string
	}{
		{"c000003e", "165", "mount"},
		{"x86_64", "165", "mount"},
		{"c000003e", "1073741989", "mount"}, // x32
		{"c000003e", "435", "clone3"},
		{"40000003", "21", "mount"},
		{"40000003", "206", "setgroups32"},
		{"c00000b7", "40", "mount"},
		{"c00000b7", "97", "unshare"},
		{"40000028", "21", "mount"},
		{"40000028", "375", "setns"},
		{"80000016", "21", "mount"},
		{"c0000015", "21", "mount"},
		{"c0000015", "282", "unshare"},
		{"c00000f3", "40", "mount"},
		{"c0000102", "40", "mount"},
		{"c000003e", "400", "syscall_400"}, // a hole
		{"c000003e", "99999", "syscall_99999"},
		{"deadbeef", "1", "syscall_1"},
		{"c000003e", "-1", ""},
		{"", "mount", "mount"},
	} {
		if got := record("arch=" + test.arch + " syscall=" + test.number).call(); got != test.want {
			t.Errorf("%s %s: %q, want %q", test.arch, test.number, got, test.want)
		}
	}
}

func TestRecord(t *testing.T) {
	const line = "ppid=1 xpid=2 pid=3 comm=\"a b\" exe=2F612062 name=\"open key=(null)\x1dUID=\"root\" last=\"cut"
	for _, test := range []struct{ key, want string }{
		{"pid", "3"},
		{"comm", "a b"},
		{"exe", "/a b"},
		{"key", "(null)"},
		{"UID", "root"},
		{"last", `"cut`},
		{"none", ""},
	} {
		if got := record(line).text(test.key); got != test.want {
			t.Errorf("%s: %q, want %q", test.key, got, test.want)
		}
	}
}

func TestTracedTask(t *testing.T) {
	for _, test := range []struct {
		head, program string
		pid           int
		ok            bool
	}{
		{"          chroot-21676   [001] ..... 37135.467504: ", "chroot", 21676, true},
		{"   tmux: server-77 [000] .... 36726.358300: ", "tmux: server", 77, true},
		{"  a-b-77   (   70) [000] d..1. 36726.3: ", "a-b", 77, true},
		{"  a-77   (-------) [000] d..1. 36726.3: ", "a", 77, true},
		{"  <...>-77 [000] 36726.3: ", "", 77, true},
		{"chroot 18227 [001] 36738.512820: capability:", "chroot", 18227, true},
		{"my prog 18719/18720 36739.823204: capability:", "my prog", 18720, true},
		{"my prog 18720 36739.823204: capability:", "my prog", 18720, true},
		{"     0.000 true/19093 capability:", "true", 19093, true},
		{"-1", "", 0, false},
		{"", "", 0, false},
		{"no number here: ", "", 0, false},
	} {
		pid, program, ok := tracedTask(test.head)
		if pid != test.pid || program != test.program || ok != test.ok {
			t.Errorf("%q: %d, %q, %v", test.head, pid, program, ok)
		}
	}
}

func TestCallOfFunction(t *testing.T) {
	for function, want := range map[string]string{
		"__x64_sys_chroot": "chroot", "__arm64_sys_chroot": "chroot", "__do_sys_setgroups": "setgroups", "__sys_setresuid": "setresuid",
		"ksys_write": "write", "SyS_mount": "mount", "__ia32_compat_sys_execve": "execve", "__s390x_sys_mount": "mount", "sys_setns": "setns",
		"do_sys_openat2": "openat2", "__x64_sys_ptrace.isra.0": "ptrace", "do_syscall_64": "", "security_capable": "", "": "",
	} {
		if got := callOfFunction(function); got != want {
			t.Errorf("%q: %q, want %q", function, got, want)
		}
	}
}

// Each line is recognised by itself: the logs of the corpus one after the other tell what
// each of them tells.
func TestMixed(t *testing.T) {
	files, err := filepath.Glob("testdata/*.log*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no logs, %v", err)
	}
	var all bytes.Buffer
	apart := map[Format]int{}
	for _, file := range files {
		log, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(log)
		all.WriteString(strings.Repeat("\n", 20)) // what a traced program says is no event
		list, _ := events(t, log, "log")
		for _, e := range list {
			apart[e.Format]++
		}
	}
	list, stats := events(t, all.Bytes(), "log")
	for _, e := range list {
		apart[e.Format]--
	}
	for _, f := range formats {
		if apart[f.name] != 0 || stats.Recognised[f.name] == 0 {
			t.Errorf("%s: %d events less than apart, %d lines", f.name, apart[f.name], stats.Recognised[f.name])
		}
	}
}
