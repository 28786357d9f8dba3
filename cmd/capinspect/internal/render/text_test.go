// SPDX-License-Identifier: Apache-2.0

package render

import (
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
	"github.com/capinspect/capinspect/procstatus/container"
	"github.com/capinspect/capinspect/testdata/fixture"
)

// saved returns the task of a status file that somebody saved.
func saved(t *testing.T, name string, text []byte) *task.Task {
	t.Helper()
	s, err := procstatus.Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	x := &task.Task{Source: name, Status: task.StatusOf(s, task.PartOfFile)}
	if x.EveryKernelTells() {
		x.Status = task.StatusOf(s, task.WholeFile)
	}
	x.Securebits = task.Unknown[capset.Securebits]("a status file does not say")
	x.WithoutNames("a status file has no names")
	x.Nowhere(task.NotTold)
	x.Guess()
	x.FindProfile()
	x.Remark()
	return x
}

// printed returns what a function prints.
func printed[T any](print func(*printer, *T), of *T) string {
	var p printer
	print(&p, of)
	return string(p.buf)
}

// TestStatusFiles compares the text of each status file of testdata with the one that
// stands beside it.
func TestStatusFiles(t *testing.T) {
	for _, file := range fixture.Status(t) {
		want := string(fixture.Read(t, "status/"+file.Name+".txt"))
		if got := printed(printTask, saved(t, file.Name, file.Text)); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", file.Name, got, want)
		}
	}
}

// TestPlace covers what no status file tells.
func TestPlace(t *testing.T) {
	known := task.Known[uint64]
	child := task.UserNamespace{
		ID: known(4026531900), Initial: task.Known(false), Setgroups: task.Known("deny"),
		UIDMap: task.Known(procstatus.IDMap{{Inside: 0, Outside: 1000, Length: 1}, {Inside: 1, Outside: 100000, Length: 65536}}),
		GIDMap: task.Unknown[procstatus.IDMap]("permission denied"),
	}
	var apart task.Namespaces
	apart[procstatus.NamespaceNet] = task.Namespace{ID: known(4026532000), WithSelf: task.Known(false), WithPID1: task.Known(false)}
	both := apart
	both[procstatus.NamespacePID] = task.Namespace{ID: known(4026532001), WithSelf: task.Known(false), WithPID1: task.Known(true)}
	in := &task.Container{
		Container: container.Container{Runtime: "containerd", ID: "0123", PodUID: "u-1"}, PodName: "web", PodNamespace: "shop",
		Evidence: []container.Evidence{{What: "id", From: "cgroup"}, {What: "podUID", From: "mount"}, {What: "runtime", From: "cgroup"}},
	}
	const denied = "permission denied"
	for name, test := range map[string]struct {
		task task.Task
		want string
	}{
		"nothing known": {task.Task{}, ""},
		"no news": {task.Task{
			Label: task.Unknown[procstatus.Label](task.NoLabels), Container: task.Unknown[*task.Container](task.NotSaved),
		}, ""},
		"refused": {
			task.Task{Label: task.Unknown[procstatus.Label](denied), Container: task.Unknown[*task.Container](denied)},
			"LSM: unknown (permission denied)\nContainer: unknown (permission denied)\n",
		},
		"namespaces refused": {task.Task{
			UserNamespace: task.Known(task.UserNamespace{Initial: task.Unknown[bool](denied)}),
			Namespaces:    task.Unknown[task.Namespaces](denied),
		}, "User namespace and others: unknown (permission denied)\n"},
		"child user namespace": {task.Task{UserNamespace: task.Known(child)}, "User namespace: 4026531900, not the initial one, setgroups denied\n" +
			" uid map to capinspect's: 0 is 1000, 1-65536 are 100000-165535\n gid map: unknown (permission denied)\n"},
		"apart from both": {task.Task{Namespaces: task.Known(apart)}, "Namespaces apart from capinspect and PID 1: net:[4026532000]\n"},
		"apart from each": {task.Task{Namespaces: task.Known(both)}, "Namespaces apart from capinspect: net:[4026532000] pid:[4026532001]\n" +
			"Namespaces apart from PID 1: net:[4026532000]\n"},
		"label": {
			task.Task{Label: task.Known(procstatus.Label{Module: "apparmor", Label: "a\x1b", Mode: "enforce"})},
			"LSM: apparmor a\\x1b (enforce)\n",
		},
		"container": {
			task.Task{Container: task.Known(in), Profile: task.Known([]string{"privileged", "docker"})},
			"Container: containerd 0123\nPod: shop/web uid u-1\n known from cgroup (id, runtime), mount (podUID)\nProfile: privileged, docker\n",
		},
		"pod alone": {
			task.Task{Container: task.Known(&task.Container{PodNamespace: "shop", Evidence: in.Evidence[1:2]})},
			"Container: unknown runtime\nPod: in shop\n known from mount (podUID)\n",
		},
		"reported":        {task.Task{Reported: task.Stamp{Time: task.Known("2026-11-28T14:05:06Z"), Node: task.Known("n\x1b")}}, "Reported: 2026-11-28T14:05:06Z on n\\x1b\n"},
		"in no container": {task.Task{Container: task.Known[*task.Container](nil), Profile: task.Known([]string{"privileged"})}, ""},
	} {
		if got := printed(printPlace, &test.task); got != test.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, test.want)
		}
	}
}

func TestSecurebits(t *testing.T) {
	x := &task.Task{Securebits: task.Known(capset.NoRoot | capset.NoRoot.Lock() | 1<<8)}
	x.NoNewPrivs = task.Known(true)
	want := "Securebits: 0403/0x103/9'b100000011 (no-new-privs=1)\n" +
		" secure-noroot: yes (locked)\n secure-no-suid-fixup: no (unlocked)\n secure-keep-caps: no (unlocked)\n secure-no-ambient-raise: no (unlocked)\n"
	if got := printed(printSecurebits, x); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got, want := printed(printOtherSecurebits, x), "Securebit exec_restrict_file: yes (unlocked)\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Several tasks stand under headers, and one does if another could not be read.
func TestHeaders(t *testing.T) {
	one := &task.Task{Source: "-"}
	two := &task.Task{}
	two.Tid, two.Name = task.Known(4711), task.Known("a\nb")
	for _, test := range []struct {
		found report.Results
		want  []string
	}{
		{report.Results{Tasks: []*task.Task{one}}, nil},
		{report.Results{Tasks: []*task.Task{one, two}}, []string{"==> standard input (name unknown) <==", "==> 4711 (a\\x0ab) <=="}},
		{report.Results{Tasks: []*task.Task{two}, Failures: make([]report.Failure, 1)}, []string{"==> 4711 (a\\x0ab) <=="}},
	} {
		var got []string
		for line := range strings.Lines(string(writtenForm{Capsh}.Append(nil, &test.found))) {
			if strings.HasPrefix(line, "==>") {
				got = append(got, strings.TrimSuffix(line, "\n"))
			}
		}
		if strings.Join(got, "\n") != strings.Join(test.want, "\n") {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

func TestWrapped(t *testing.T) {
	word := strings.Repeat("x", 30)
	got := Wrapped(word+" "+word+"  "+word, 10, "# ")
	if want := word + " " + word + "\n# " + word; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
