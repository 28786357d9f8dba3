// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"fmt"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// TestCommand holds which lines belong together where a command stands in front of them.
func TestCommand(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"two processes", "$ cat /proc/7/status\nCapPrm:\t0000000000000001\n$ cat /proc/8/status\nNoNewPrivs:\t1\n", "1 nnp=unknown"},
		{"one process", "$ grep CapPrm /proc/7/status\nCapPrm:\t0000000000000001\n$ grep NoNew /proc/7/status\nNoNewPrivs:\t1\n", "1 nnp=true"},
		{"two containers", "$ docker exec a cat /proc/1/status\nCapPrm:\t0000000000000001\n$ docker exec b cat /proc/1/status\nNoNewPrivs:\t1\n", "1 nnp=unknown"},
		{"titles of a script", "$ sh x\n== 7\nCapPrm:\t0000000000000001\n== 8 ==\nNoNewPrivs:\t1\n", "1 nnp=unknown"},
		{"columns of diff -y", "CapPrm:\t0000000000000001\t|\tCapPrm:\t0000000000000002\nCapEff:\t0000000000000001\t|\tCapEff:\t0000000000000002\n", "1 nnp=unknown2 nnp=unknown"},
		{"another command", "$ cat /proc/7/status\nCapPrm:\t0000000000000001\n$ id\nNoNewPrivs:\t1\n", "1 nnp=true"},
	} {
		items, _ := readLines([]byte(test.text))
		got := ""
		for _, it := range items {
			if it.task != nil {
				nnp, ok := it.task.NoNewPrivs.Get()
				got += fmt.Sprintf("%x nnp=%v", uint64(it.task.Sets[capset.Permitted].Zero()), map[bool]any{true: nnp, false: "unknown"}[ok])
			}
		}
		if got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

// TestOutput holds that a number that a command has printed is no bitmap.
func TestOutput(t *testing.T) {
	for _, test := range []struct {
		text string
		sets int
		want string
	}{
		{"$ id -u\n1000\n", 0, `x: line 2: "1000": the output of a command, not a set: write 0x in front of a bitmap`},
		{"root@web:/# pidof nginx\n812\n", 0, `x: line 2: "812": the output of a command, not a set: write 0x in front of a bitmap`},
		{"+ git rev-parse --short HEAD\nabc1234\n", 0, `x: line 2: "abc1234": the output of a command, not a set: write 0x in front of a bitmap`},
		{"$ id -u\n1000\n$ mycaps\n400\n", 1, `x: line 2: "1000": the output of a command, not a set: write 0x in front of a bitmap`},
		{"$ id -u\n0x1000\n", 1, ""},
		{"$ cut -f2 x\n00000000a80425fb\n", 1, ""},
		{"$ awk '/CapEff/ {print $2}' x | sed s/^0*//\na80425fb\n", 1, ""},
		{"# docker\na80425fb\n", 1, ""},
		{"$\na80425fb\n", 1, ""},
		{"$ cat /proc/sys/kernel/cap_last_cap\n40\n", 0, "x: no capability line"},
		{"$ cat /proc/sys/kernel/cap_last_cap\n64\n", 0, `x: line 2: "64": no capability`},
	} {
		list, err := Sets("x", []byte(test.text))
		got := ""
		if err != nil {
			got = err.Error()
		}
		if len(list) != test.sets || got != test.want {
			t.Errorf("%q: %d sets, %q, want %d, %q", test.text, len(list), got, test.sets, test.want)
		}
	}
}

// TestToldLastCap holds that the last capability of a kernel counts that a text tells.
func TestToldLastCap(t *testing.T) {
	const sets = "CapPrm:\t000001ffffffffff\nCapEff:\t000001ffffffffff\n"
	for _, test := range []struct {
		text string
		want task.LastCap
	}{
		{sets, task.LastCap{Value: 40, From: task.FromGuess}},
		{"$ cat /proc/sys/kernel/cap_last_cap\n37\n$ grep Cap x\n" + sets, task.LastCap{Value: 37, From: task.FromKernel}},
		{sets + "kernel.cap_last_cap = 37\n", task.LastCap{Value: 37, From: task.FromKernel}},
		{sets + "/proc/sys/kernel/cap_last_cap:37\n", task.LastCap{Value: 37, From: task.FromKernel}},
		{sets + "cap_last_cap: 37\ncap_last_cap: 40\n", task.LastCap{Value: 40, From: task.FromGuess}},
	} {
		tasks, err := Tasks("x", []byte(test.text), nil)
		if err != nil || len(tasks) != 1 || tasks[0].LastCap != test.want {
			t.Errorf("%q: %+v, %v, want %+v", test.text, tasks[0].LastCap, err, test.want)
		}
	}
	tasks, err := Tasks("x", []byte("$ cat /proc/sys/kernel/cap_last_cap\n36\n$ capsh --print\nCurrent: =ep\n"), nil)
	if err != nil || len(tasks) != 1 || tasks[0].Sets[capset.Effective] != task.Known(capset.UpTo(36)) {
		t.Errorf("%+v, %v", tasks, err)
	}
}

// TestTitles holds whose the sets below a title are, and a bitmap behind a word.
func TestTitles(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"== 7\nCapEff:\t0000000000002000\n== 812:\nCapEff:\t0000000000000001\n", "7=2000 812=1"},
		{"--- pid 7 ---\nCapEff:\t0000000000002000\n", "7=2000"},
		{"== 0x2000\n", "=2000"},
		{"/proc/7 0000000000002000\nnginx\t0x0000000000000001\n", "/proc/7=2000 nginx=1"},
	} {
		list, err := Sets("x", []byte(test.text))
		var got []string
		for _, m := range list {
			got = append(got, fmt.Sprintf("%s=%x", m.Of, uint64(m.Set)))
		}
		if text := strings.Join(got, " "); text != test.want || err != nil {
			t.Errorf("%q: %s, %v, want %s", test.text, text, err, test.want)
		}
	}
	if list, err := Sets("x", []byte("trace 4bf92f3577b34da6\n")); err == nil {
		t.Error(list)
	}
}
