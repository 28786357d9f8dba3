// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"fmt"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// wholeStatus is a status file, the values of which the test of the logs knows.
const wholeStatus = "Name:\tcat\nUmask:\t0022\nState:\tR (running)\nTgid:\t15\nPid:\t15\nUid:\t7\t7\t7\t7\nGid:\t8\t8\t8\t8\nGroups:\t \n" +
	"VmPeak:\t    2416 kB\nSigQ:\t0/62793\nCapInh:\t0000000000000000\nCapPrm:\t00000000a80425fb\nCapEff:\t0000000000000400\n" +
	"CapBnd:\t00000000a80425fb\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1\nCpus_allowed_list:\t0-7\nvoluntary_ctxt_switches:\t0\n"

// TestLogs holds that a status file is one task behind whatever a log, a program or a table puts
// before each of its lines, even if that differs from line to line.
func TestLogs(t *testing.T) {
	for name, logged := range map[string]func(i int, line string) string{
		"BuildKit":  func(i int, line string) string { return fmt.Sprintf("#8 0.3%02d %s", i, line) },
		"a clock":   func(i int, line string) string { return fmt.Sprintf("10:00:%02d.123 %s", 10+i, line) },
		"a clock |": func(i int, line string) string { return fmt.Sprintf("10:00:%02d | %s", 10+i, line) },
		"klog": func(i int, line string) string {
			return fmt.Sprintf("I0112 10:00:%02d.123456  1 main.go:12] %s", 10+i, line)
		},
		"package log": func(i int, line string) string { return fmt.Sprintf("2024/01/12 10:00:%02d %s", 10+i, line) },
		"a level":     func(_ int, line string) string { return "INFO  " + line },
		"logging": func(i int, line string) string {
			return fmt.Sprintf("2024-01-12 10:00:%02d,123 - app - INFO - %s", 10+i, line)
		},
		"tracing": func(i int, line string) string {
			return fmt.Sprintf("2024-01-12T10:00:%02d.123456Z  INFO caps: %s", 10+i, line)
		},
		"logback": func(i int, line string) string {
			return fmt.Sprintf("10:00:%02d.123 [main] INFO  c.e.App - %s", 10+i, line)
		},
		"logcat": func(i int, line string) string {
			return fmt.Sprintf("01-12 10:00:%02d.123  1234  1234 I tag     : %s", 10+i, line)
		},
		"zap": func(i int, line string) string {
			return fmt.Sprintf("2024-01-12T10:00:%02d.123Z\tINFO\tmain/main.go:%d\t%s", 10+i, i, line)
		},
		"logrus": func(i int, line string) string {
			return fmt.Sprintf("time=%q level=info msg=%q", fmt.Sprint("2024-01-12T10:00:", 10+i, "Z"), line)
		},
		"JSON": func(i int, line string) string {
			return fmt.Sprintf(`{"level":"info","ts":1705053600.%d,"msg":%q}`, i, line)
		},
		"stern":     func(_ int, line string) string { return "web-7d9f-abcde nginx " + line },
		"terraform": func(_ int, line string) string { return "null_resource.x (remote-exec): " + line },
		"pytest":    func(_ int, line string) string { return "E       " + line },
		"a patch":   func(_ int, line string) string { return "+" + line },
		"rg":        func(_ int, line string) string { return "/proc/15/status:" + strings.TrimSuffix(line, " ") },
		"Ansible":   func(_ int, line string) string { return fmt.Sprintf("        %q,", line) },
		"Go":        func(_ int, line string) string { return fmt.Sprintf("%q +", line+"\n") },
		"a list":    func(i int, line string) string { return fmt.Sprintf("%d. `%s`", i+1, line) },
		"YAML":      func(_ int, line string) string { return "  " + strings.Replace(line, ":\t", `: "`, 1) + `"` },
		"one line":  func(_ int, line string) string { return line + " \x00" },
	} {
		var text string
		for i, line := range strings.Split(strings.TrimSuffix(wholeStatus, "\n"), "\n") {
			text += logged(i, line) + "\n"
		}
		text = strings.ReplaceAll(text, "\x00\n", "")
		tasks, err := Tasks("-", []byte(text), nil)
		if err != nil || len(tasks) != 1 {
			t.Errorf("%s: %d tasks, %v\n%s", name, len(tasks), err, text)
			continue
		}
		s := &tasks[0].Status
		want := map[capset.Kind]capset.Set{capset.Permitted: 0xa80425fb, capset.Effective: 0x400, capset.Bounding: 0xa80425fb, capset.Inheritable: 0, capset.Ambient: 0}
		for k, set := range want {
			if s.Sets[k] != task.Known(set) {
				t.Errorf("%s: %v is %v", name, k, s.Sets[k])
			}
		}
		seccomp, _ := s.Seccomp.Get()
		if s.UID != task.Known(task.AllIDs(7)) || s.GID != task.Known(task.AllIDs(8)) || s.NoNewPrivs != task.Known(true) || seccomp.Mode != task.SeccompFilter {
			t.Errorf("%s: uid %v, gid %v, no_new_privs %v, seccomp %v", name, s.UID, s.GID, s.NoNewPrivs, s.Seccomp)
		}
	}
}

// TestHosts holds that the lines of two hosts are not mixed up, though a time stands in front.
func TestHosts(t *testing.T) {
	const text = "10:00:01.5 node1 app - CapEff:\t0000000000000001\n10:00:02.5 node2 app - CapEff:\t0000000000000002\n" +
		"10:00:03.5 node1 app - NoNewPrivs:\t1\n10:00:04.5 node2 app - NoNewPrivs:\t0\n"
	tasks, err := Tasks("-", []byte(text), nil)
	if err != nil || len(tasks) != 2 {
		t.Fatal(tasks, err)
	}
	for i, want := range []bool{true, false} {
		if tasks[i].NoNewPrivs != task.Known(want) {
			t.Errorf("%s: no_new_privs %v, want %v", tasks[i].Source, tasks[i].NoNewPrivs, want)
		}
	}
}
