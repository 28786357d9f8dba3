// SPDX-License-Identifier: Apache-2.0

package table

import (
	"bytes"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task/tasktest"
	"github.com/capinspect/capinspect/procstatus/container"
)

// TestUserNamespaceCells holds how the user namespace of a task is shown, and what it holds
// there.
func TestUserNamespaceCells(t *testing.T) {
	hidden := task.Unknown[uint64]("permission denied")
	for _, test := range []struct {
		ns   task.UserNamespace
		want string
	}{
		{task.UserNamespace{ID: task.Known(uint64(4026531837)), Initial: task.Known(true)}, "node net_raw none all"},
		{task.UserNamespace{ID: task.Known(uint64(4026532999)), Initial: task.Known(false)}, "4026532999 net_raw@child none all"},
		{task.UserNamespace{ID: hidden, Initial: task.Known(false)}, "child net_raw@child none all"},
		{task.UserNamespace{ID: hidden, Initial: task.Unknown[bool]("permission denied")}, "? net_raw none all"},
	} {
		x := tasktest.Process()
		x.UserNamespace = task.Known(test.ns)
		x.Sets[capset.Permitted] = task.Known(capset.Set(0))
		var got []string
		for _, name := range []string{"USERNS", "EFFECTIVE", "PERMITTED", "BOUNDING"} {
			column, _ := Tasks.Named(name)
			got = append(got, string(column.append(nil, x)))
		}
		if text := strings.Join(got, " "); text != test.want {
			t.Errorf("%+v: %s, want %s", test.ns, text, test.want)
		}
	}
}

// TestColumns shows every column of a task of which all is known, of one that is in no
// container on a kernel without Ambient, and of one of which nothing is known.
func TestColumns(t *testing.T) {
	host := tasktest.Process()
	host.Container, host.UserNames = task.Known[*task.Container](nil), nil
	host.UserNamespace = task.Known(task.UserNamespace{Initial: task.Known(true)})
	host.KernelThread, host.Whole = true, true
	host.Sets[capset.Ambient] = task.Unknown[capset.Set]("no CapAmb line")
	for name, want := range map[string][3]string{
		"PID":           {"4711", "4711", "?"},
		"TID":           {"4712", "4712", "?"},
		"PPID":          {"1", "1", "?"},
		"USER":          {"www-data", "33", "?"},
		"UID":           {"33", "33", "?"},
		"NAME":          {`a\x1b`, `[a\x1b]`, ""},
		"EFFECTIVE":     {"net_raw@child", "net_raw", "?"},
		"PERMITTED":     {"chown,net_raw@child", "chown,net_raw", "?"},
		"USERNS":        {"4026532999", "node", "?"},
		"INHERITABLE":   {"none", "none", "?"},
		"AMBIENT":       {"none", "-", "?"},
		"BOUNDING":      {"all", "all", "?"},
		"CAPS":          {"cap_net_raw=ep cap_chown+p", "cap_net_raw=ep cap_chown+p", "?"},
		"NNP":           {"yes", "yes", "?"},
		"SECCOMP":       {"filter", "filter", "?"},
		"CONTAINER":     {"0123456789ab", "-", "?"},
		"POD":           {"u-1", "-", "?"},
		"RUNTIME":       {"crio", "-", "?"},
		"NAMESPACE":     {"shop", "-", "?"},
		"PODNAME":       {"shop-1", "-", "?"},
		"CONTAINERNAME": {"web", "-", "?"},
		"THREADS":       {"3", "3", "?"},
		"NSPID":         {"7", "7", "?"},
	} {
		column, ok := Tasks.Named(strings.ToLower(name))
		if !ok {
			t.Errorf("no column %s", name)
			continue
		}
		for i, x := range [...]*task.Task{tasktest.Process(), host, {}} {
			if got := string(column.append(nil, x)); got != want[i] {
				t.Errorf("%s of task %d: got %q, want %q", name, i, got, want[i])
			}
		}
	}
	if len(Tasks) != 23 {
		t.Errorf("%d columns: does each have a row here?", len(Tasks))
	}
	if c, ok := Tasks.Named("nope"); ok {
		t.Errorf("column %q", c.Name)
	}
}

// A task may be in a pod, and in none of its containers.
func TestPodColumns(t *testing.T) {
	pod := task.Known(&task.Container{Container: container.Container{PodUID: "u-1"}})
	for want, of := range map[string]func(*task.Container) string{"-": containerID, "u-1": podUID, "?": podName} {
		if got := ofContainer(pod, of); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := ofContainer(pod, containerRuntime); got != "-" {
		t.Errorf("runtime %q", got)
	}
	pod.Zero().ID = "0123"
	if got := ofContainer(pod, containerRuntime); got != "?" {
		t.Errorf("runtime %q", got)
	}
}

func TestShort(t *testing.T) {
	const last = capset.LastKnown
	all := capset.UpTo(last)
	for _, test := range []struct {
		set  capset.Set
		want string
	}{
		{0, "none"},
		{all, "all"},
		{all &^ capset.Of(capset.SysAdmin), "all but sys_admin"},
		{all &^ capset.Of(0, 1, 2, 3), "all but chown,dac_override,dac_read_search,fowner"},
		{0xa80425fb, "docker"},
		{capset.Of(capset.NetRaw, 63), "net_raw,63"},
		{all | capset.Of(63), "0x800001ffffffffff"},
		{^capset.Set(0), "all + bits 41 to 63"},
		{^capset.Set(0) &^ capset.Of(capset.SysTime), "all but sys_time + bits 41 to 63"},
		{^all, "0xfffffe0000000000"},
		{0xa80425fb | capset.Of(capset.NetAdmin), "docker+net_admin"},
		{0xa80425fb&^capset.Of(capset.Mknod) | capset.Of(capset.NetAdmin), "docker+net_admin-mknod"},
		{capset.Of(capset.NetAdmin, capset.SysAdmin), "net_admin,sys_admin"},
		{capset.Of(capset.DacReadSearch, capset.SysResource, capset.CheckpointRestore), "0x10001000004"},
	} {
		if got := render.Short(test.set, last); got != test.want {
			t.Errorf("%v: got %q, want %q", test.set, got, test.want)
		}
	}
	// Of few capabilities, "all but" says no more than their names.
	if got := render.Short(capset.Of(0), 1); got != "chown" {
		t.Errorf("got %q", got)
	}
}

// shown returns the table of some tasks in two chunks.
func shown(tb testing.TB, t *Table[*task.Task], tasks ...*task.Task) string {
	tb.Helper()
	for _, half := range [...][]*task.Task{tasks[:len(tasks)/2], tasks[len(tasks)/2:]} {
		c := t.Begin()
		for _, x := range half {
			t.Visit(c, x)
		}
		if err := t.Done(c); err != nil {
			tb.Fatal(err)
		}
	}
	var out bytes.Buffer
	n, err := t.WriteTo(&out)
	if err != nil || n != int64(out.Len()) {
		tb.Fatalf("%d bytes of %d, %v", n, out.Len(), err)
	}
	return out.String()
}

func named(pid int, name string) *task.Task {
	x := &task.Task{}
	x.Pid, x.Tid, x.Name = task.Known(pid), task.Known(pid), task.Known(name)
	return x
}

func columnsNamed(names ...string) (list []*Column[*task.Task]) {
	for _, name := range names {
		c, _ := Tasks.Named(name)
		list = append(list, c)
	}
	return list
}

func TestTable(t *testing.T) {
	tasks := []*task.Task{named(9, "c"), named(10, "a-long-name-of-20-by"), named(100, "b"), {}}
	for name, test := range map[string]struct {
		table Table[*task.Task]
		want  string
	}{
		"no header": {
			Table[*task.Task]{Columns: columnsNamed("pid", "name", "nnp")},
			"  9  c                     ?\n 10  a-long-name-of-20-by  ?\n100  b                     ?\n  ?                        ?\n",
		},
		"cut, but no number and no header": {
			Table[*task.Task]{Columns: columnsNamed("name", "pid"), Header: true, Style: render.Style{Width: 12}},
			"NAME     PID\nc          9\na-long+   10\nb        100\n           ?\n",
		},
		"too narrow": {
			Table[*task.Task]{Columns: columnsNamed("name"), Header: true, Style: render.Style{Width: 1}},
			"NAME\nc\na-l+\nb\n\n",
		},
		"by a number that is not shown": {
			Table[*task.Task]{Columns: columnsNamed("name"), Sort: columnsNamed("pid")[0]},
			"c\na-long-name-of-20-by\nb\n\n",
		},
		"by name": {
			Table[*task.Task]{Columns: columnsNamed("name", "pid"), Sort: columnsNamed("name")[0]},
			"                        ?\na-long-name-of-20-by   10\nb                     100\nc                       9\n",
		},
	} {
		if got := shown(t, &test.table, tasks...); got != test.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, test.want)
		}
	}
}

// A column is as wide as its longest cell in characters, and is cut between them.
func TestWideCells(t *testing.T) {
	for width, want := range map[int]string{0: "größe  1\nä      2\n", 7: "grö+  1\nä     2\n"} {
		table := Table[*task.Task]{Columns: columnsNamed("name", "pid"), Style: render.Style{Width: width}}
		if got := shown(t, &table, named(1, "größe"), named(2, "ä")); got != want {
			t.Errorf("width %d: got\n%s\nwant\n%s", width, got, want)
		}
	}
}

// A table that is written in several blocks has all rows.
func TestLongTable(t *testing.T) {
	tasks := make([]*task.Task, 20_000)
	for i := range tasks {
		tasks[i] = named(i, "x")
	}
	table := Table[*task.Task]{Columns: columnsNamed("pid", "name")}
	if got := shown(t, &table, tasks...); strings.Count(got, "\n") != len(tasks) || len(got) != len("19999  x\n")*len(tasks) {
		t.Errorf("%d lines, %d bytes", strings.Count(got, "\n"), len(got))
	}
}

func TestTree(t *testing.T) {
	member := func(pid, tid, parent int, name string, effective capset.Set) *task.Task {
		x := named(pid, name)
		x.Tid, x.PPid, x.LastCap.Value = task.Known(tid), task.Known(parent), capset.LastKnown
		x.Sets[capset.Effective], x.Sets[capset.Permitted] = task.Known(effective), task.Known(effective)
		x.Sets[capset.Ambient] = task.Known(capset.Set(0))
		return x
	}
	raw := capset.Of(capset.NetRaw)
	tasks := []*task.Task{
		member(1, 1, 0, "init", raw), member(2, 2, 1, "a\nb", raw), member(3, 3, 2, "c", 0), member(2, 22, 1, "d", 0),
		member(4, 4, 1, "e", raw), member(5, 5, 99, "orphan", 0), member(7, 7, 8, "f", 0), member(8, 8, 7, "g", 0),
		member(9, 9, 7, "h", 0), member(10, 10, 10, "i", 0),
	}
	want := `1 init  effective, permitted: net_raw
├─ 2 a\x0ab
│  ├─ 3 c  effective, permitted: none
│  └─ thread 22 d  effective, permitted: none
└─ 4 e
5 orphan  effective, permitted: none
7 f  effective, permitted: none
└─ 9 h
8 g  effective, permitted: none
10 i  effective, permitted: none
`
	if got := grown(t, tasks); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// grown returns a tree of tasks.
func grown(t *testing.T, tasks []*task.Task) string {
	t.Helper()
	var tree Tree
	for _, x := range tasks {
		c := tree.Begin()
		tree.Visit(c, x)
		if err := tree.Done(c); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if _, err := tree.WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestDeepTree holds that a line of a tree does not grow with the depth of the tree.
func TestDeepTree(t *testing.T) {
	const depth = 20_000
	tasks := make([]*task.Task, depth)
	for i := range tasks {
		tasks[i] = named(i+1, "x")
		tasks[i].Tid, tasks[i].PPid = task.Known(i+1), task.Known(i)
	}
	lines := strings.Split(grown(t, tasks), "\n")
	if len(lines) != depth+1 {
		t.Fatalf("%d lines", len(lines))
	}
	for n, want := range map[int]string{
		1: "└─ 2 x", deepest: strings.Repeat("   ", deepest-1) + "└─ 41 x", deepest + 1: strings.Repeat("   ", deepest) + "└─ 42 x  below 41",
		depth - 1: strings.Repeat("   ", deepest) + "└─ 20000 x  below 19999",
	} {
		if lines[n] != want {
			t.Errorf("line %d: %q", n, lines[n])
		}
	}
}

// TestColours holds which cells of a table have which colour, and what it is sorted by.
func TestColours(t *testing.T) {
	held := func(pid int, name string, set capset.Set) *task.Task {
		x := named(pid, name)
		x.LastCap = task.LastCap{Value: capset.LastKnown, From: task.FromKernel}
		x.Sets[capset.Effective], x.Sets[capset.Permitted] = task.Known(set), task.Known(set)
		return x
	}
	tasks := []*task.Task{held(1, "a", 0), named(2, "b"), held(3, "c", 0xa80425fb&^capset.Of(capset.NetRaw)), held(4, "d", capset.UpTo(capset.LastKnown))}
	table := Table[*task.Task]{Columns: columnsNamed("name", "effective", "nnp"), Sort: &TaskRisk, Style: render.Style{Color: true}}
	const want = "d  \x1b[31mall\x1b[0m             \x1b[2m?\x1b[0m\n" +
		"c  \x1b[33mdocker-net_raw\x1b[0m  \x1b[2m?\x1b[0m\n" +
		"b  \x1b[2m?\x1b[0m               \x1b[2m?\x1b[0m\n" +
		"a  none            \x1b[2m?\x1b[0m\n"
	if got := shown(t, &table, tasks...); got != want {
		t.Errorf("got\n%q", got)
	}
}
