// SPDX-License-Identifier: Apache-2.0

package denial

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func TestStracePrefix(t *testing.T) {
	for _, test := range []struct {
		line, program, rest string
		pid                 int
	}{
		{"mount(", "", "mount(", 0},
		{"42 mount(", "", "mount(", 42},
		{"42    11:49:49 mount(", "", "mount(", 42},
		{"42 11:49:49.646114 (+     0.000027) mount(", "", "mount(", 42},
		{"1795866593.443652 mount(", "", "mount(", 0},
		{"     0.000073 mount(", "", "mount(", 0},
		{"[pid 42] mount(", "", "mount(", 42},
		{"[pid     7] 1795866593.443652 mount(", "", "mount(", 7},
		{"[pid 42<a b>] mount(", "a b", "mount(", 42},
		{"42<tmux: server> mount(", "tmux: server", "mount(", 42},
		{"42<sh> 11:49:49 mount(", "sh", "mount(", 42},
		{"[pid 42", "", "[pid 42", 0},
		{"12 34 mount(", "", "34 mount(", 12},
		{"99999999999 mount(", "", "99999999999 mount(", 0},
		{"42 ", "", "", 42},
		{"     0.036 ( 0.005 ms): sh/42 mount(", "sh", "mount(", 42},
		{"(+", "", "(+", 0},
	} {
		pid, program, rest := stracePrefix([]byte(test.line))
		if pid != test.pid || program != test.program || string(rest) != test.rest {
			t.Errorf("%q: %d, %q, %q", test.line, pid, program, rest)
		}
	}
}

func TestFirstPath(t *testing.T) {
	for _, test := range []struct{ call, args, want string }{
		{"open", `"a/b", O_RDONLY`, "a/b"},
		{"open", `"/a\tb\\\"\101\x7f\0", O_RDONLY`, "/a\tb\\\"A\x7f\x00"},
		{"open", `"/cut`, ""},
		{"openat", `5</dir>, "x", 0`, "/dir/x"},
		{"openat", `5<socket:[1]>, "x", 0`, "x"},
		{"mount", `"none", "/mnt", "tmpfs"`, "/mnt"},
		{"fchmod", `3</a>`, "/a"},
		{"fchmod", `3</cut`, ""},
		{"write", `3<pipe:[1]>, "text", 4`, ""},
		{"setxattr", `"/f", "security.capability", "\1\0\0\2", 20, 0`, "/f"},
		{"bind", `3, {sa_family=AF_UNIX, sun_path="/run/x.sock"}, 16`, "/run/x.sock"},
	} {
		if got := firstPath(test.call, test.args); got != test.want {
			t.Errorf("%s(%s): %q, want %q", test.call, test.args, got, test.want)
		}
	}
}

// A line that is longer than the buffer keeps its end, and the next ones are read.
func TestLongLine(t *testing.T) {
	for _, n := range []int{maxLine - 20, maxLine - 1, maxLine, maxLine + 1, 3*maxLine + 5, 1 << 22} {
		line := "write(1, \"" + strings.Repeat("x", n) + "\", 9) = -1 EPERM (Operation not permitted)\n"
		list, stats := events(t, []byte(line+line+"chroot(\"/\") = -1 EPERM (Operation not permitted)"), "-")
		if len(list) != 3 || list[0].Call != "write" || list[1].Errno != "EPERM" || list[2].Call != "chroot" || list[2].Line != 3 {
			t.Errorf("%d: %d events", n, len(list))
		}
		if len(list[0].Text) > maxText || !strings.HasSuffix(list[0].Text, "(Operation not permitted)") || stats.Lines != 3 {
			t.Errorf("%d: %q, %+v", n, list[0].Text, stats)
		}
	}
}

// What is kept of threads has an end.
func TestManyThreads(t *testing.T) {
	var log bytes.Buffer
	for pid := 1; pid < 3*maxThreads; pid++ {
		fmt.Fprintf(&log, "%d execve(\"/bin/a%d\", [], 0) = 0\n%[1]d read(3,  <unfinished ...>\n", pid, pid)
	}
	var r Reader
	for _, err := range r.Read(&log, "-") {
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(r.threads) > maxThreads {
		t.Errorf("%d threads", len(r.threads))
	}
}

// A stack belongs to the call before it, also if that tells nothing.
func TestStraceStack(t *testing.T) {
	const log = "setuid(0) = -1 EPERM (Operation not permitted)\n > /lib/libc.so.6(setuid+0x24) [0xd5594]\n > /bin/a() [0x1]\n" +
		"getpid() = 7\n > /lib/libc.so.6(getpid+0x24) [0xd5594]\n"
	list, _ := events(t, []byte(log), "-")
	if len(list) != 1 || fmt.Sprint(list[0].Stack) != "[setuid]" {
		t.Errorf("%v", list)
	}
}

// The files of strace -ff are of one trace: a child has the program of its parent until it
// executes another.
func TestStraceFiles(t *testing.T) {
	var r Reader
	var got []string
	for _, f := range []struct{ file, log string }{
		{"/tmp/t.10", "execve(\"/bin/server\", [], 0) = 0\nclone(child_stack=NULL, flags=SIGCHLD) = 11\n"},
		{"/tmp/t.11", "setuid(0) = -1 EPERM (Operation not permitted)\n"},
		{"/tmp/other.11", "setuid(0) = -1 EPERM (Operation not permitted)\n"},
		{"log", "[pid 11] setuid(0) = -1 EPERM (Operation not permitted)\n"},
	} {
		for e, err := range r.Read(strings.NewReader(f.log), f.file) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprint(e.Program, e.PID, e.Call))
		}
	}
	if want := "server11setuid 11setuid 11setuid"; strings.Join(got, " ") != want {
		t.Errorf("%q, want %q", got, want)
	}
}
