// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/layout"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
	"github.com/capinspect/capinspect/procstatus/container"
	"github.com/capinspect/capinspect/testdata/fixture"
)

// TestReadErrors holds what is said of a report that cannot be read.
func TestReadErrors(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{``, "no task"},
		{`{}`, "line 1: schemaVersion 0, want 1"},
		{`null`, "line 1: schemaVersion 0, want 1"},
		{`{"schemaVersion":null,"tasks":[]}`, "line 1: schemaVersion 0, want 1"},
		{"{\"schemaVersion\":1,\"tasks\":[]}\n\n{\"schemaVersion\":3,\n\"tasks\":[{\"pid\":true}]}", "line 3: schemaVersion 3, want 1"},
		{`{"schemaVersion":"1"}`, `line 1: schemaVersion: "1" is a string: write 1 without quotes`},
		{`{"SchemaVersion":1}`, "line 1: schemaVersion 0, want 1"},
		{`{"schemaVersion":1,"tasks":[]}`, "no task"},
		{`{"schemaVersion":1,"tasks":[null]}`, "task 1: no capabilities"},
		{`{"schemaVersion":1,"capabilities":null}`, "task 1: no capabilities"},
		{`{"schemaVersion":1,"capabilities":{"effective":null}}`, "task 1: no capability line"},
		{`{"schemaVersion":1,"capabilities":{"effective":{}}}`, "task 1: capabilities.effective: no hex"},
		{`{"schemaVersion":1,"capabilities":{"ambient":{"hex":"` + "\x7f" + `"}}}`, `task 1: capabilities.ambient.hex: "\x7f": not a hexadecimal number`},
		{`{"schemaVersion":1,"capabilities":{"ambient":{"hex":1}}}`, "line 1: capabilities.ambient.hex: 1 is a number, not a string: put quotes around it"},
		{`{"schemaVersion":1,"tasks":[{"capabilities":{"ambient":{"hex":"1"}}},` + "\n{\"pid\":1.0}]}", "line 2: tasks.pid: 1.0: not an integer"},
		{`{"schemaVersion":1,"tasks":[{"capabilities":{"ambient":{"hex":"1"}}},{}]}`, "task 2: no capabilities"},
		{`{"schemaVersion":1,"uid":{"real":4294967296}}`, "line 1: uid.real: 4294967296: value out of range"},
		{`{"schemaVersion":1,"groups":[{"id":-1}]}`, "line 1: groups.id: -1: value out of range"},
		{`{"schemaVersion":1,"lastCap":{"value":64},"capabilities":{}}`, "task 1: lastCap: 64: value out of range"},
		{`{"schemaVersion":1,"lastCap":{"value":-1},"capabilities":{}}`, "task 1: lastCap: -1: value out of range"},
		{`{"schemaVersion":1,"seccomp":{"mode":"-1"},"capabilities":{}}`, `task 1: seccomp: mode: "-1": invalid syntax`},
		{`{"schemaVersion":1,"unknown":{"` + `\u001b":1}}`, `line 1: unknown."\x1b": 1 is a number, not a string: put quotes around it`},
		{"{\"schemaVersion\":1,\"tasks\":[\n{\"pid\":1,\"pid\":1}]}", `line 2: key "pid" appears twice`},
		{"{\"schemaVersion\":1,\"name\":\"\xff\"}", "line 1: invalid UTF-8"},
		{"{\"schemaVersion\":1,\n\"tasks\":[{\"capabilities\":{\"ambient\":{\"hex\":\"1\"}}}", "line 2: cut short"},
		{`{"schemaVersion":1,"tasks":[]} []`, "line 1: an array does not belong here"},
		{"{\"schemaVersion\":1,\n tasks", "line 2: invalid character 't' looking for beginning of object key string"},
	} {
		if tasks, err := Read([]byte(test.text)); err == nil || err.Error() != test.want || tasks != nil {
			t.Errorf("%s: %v, want %s", test.text, err, test.want)
		}
	}
}

// TestReadMost holds how many tasks are read at most.
func TestReadMost(t *testing.T) {
	r := reportReader{part: &bounded{}, count: maxListed - 1}
	if err := r.next("task", nil); err != nil || r.part.left != maxOne {
		t.Errorf("the last: %v", err)
	}
	if err := r.next("task", nil); err == nil || err.Error() != "more than 4194304 tasks or containers, which no kernel has" {
		t.Errorf("one more: %v", err)
	}
}

// TestReadLong holds that objects are not kept however long they are.
func TestReadLong(t *testing.T) {
	in, out := io.Pipe()
	go func() {
		for n := range 32 {
			fmt.Fprintf(out, `{"schemaVersion":1,"capabilities":{"effective":{"hex":"1"}},"uid":{"real":%d,"effective":0,"saved":0,"filesystem":0,"x":"%s"}}`+"\n", n, strings.Repeat("x", 1<<20))
		}
		out.Close()
	}()
	tasks, most := 0, uint64(0)
	err := Each(in, Visitor{Task: func(task *task.Task) {
		tasks++
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		most = max(most, m.HeapInuse)
		if ids, ok := task.UID.Get(); !ok || ids.Real != uint32(tasks-1) {
			t.Errorf("task %d: uid %+v", tasks, task.UID)
		}
	}, End: func(task.Stamp) {}})
	if err != nil || tasks != 32 || most > 24<<20 {
		t.Errorf("%d tasks, %v, %d MiB", tasks, err, most>>20)
	}
}

// readOne reads a report of one task.
func readOne(t *testing.T, text string) *task.Task {
	t.Helper()
	tasks, err := Read([]byte(text))
	if err != nil || len(tasks) != 1 {
		t.Fatalf("%s: %d tasks, %v", text, len(tasks), err)
	}
	return tasks[0]
}

// TestReadUnknown holds that a value that is told only in part is unknown, and that it has
// the reason of the report, if that has one.
func TestReadUnknown(t *testing.T) {
	got := readOne(t, `{"schemaVersion":1,"future":[{"pid":2}],"tasks":[{"PID":1,"pid":null,"tid":2,"state":"%",
		"nsPid":[1,null],"groups":[{"id":1,"name":"a"},{"name":"b"}],"uid":{"real":1,"effective":1,"saved":1,"realName":"a"},
		"gid":{"real":1,"effective":1,"saved":1,"filesystem":1,"realName":"","effectiveName":"c","hostReal":1},"seccomp":{"mode":null,"filters":1},
		"securebits":{},"userNamespace":{"id":0,"setgroups":""},"namespaces":{"user":{"sharedWithSelf":true},"other":{"id":1}},"profile":[null],
		"unknown":{"threads":"c","future":"a","gid.hostEffective":"d","namespaces.net":"e"},"capabilities":{"effective":{"hex":"1"}}}]}`)
	untold := task.Untold
	want := Unknown{
		{"pid", untold},
		{"ppid", untold},
		{"name", untold},
		{"state", untold},
		{"threads", "c"},
		{"nsPid", untold},
		{"tracerPid", untold},
		{"capabilities.inheritable", untold},
		{"capabilities.permitted", untold},
		{"capabilities.bounding", untold},
		{"capabilities.ambient", untold},
		{"uid", untold},
		{"gid.hostReal", "d"},
		{"gid.hostEffective", "d"},
		{"groups", untold},
		{"noNewPrivs", untold},
		{"seccomp", untold},
		{"securebits", "the report does not say"},
		{"mode", "needs securebits"},
		{"userNamespace.initial", untold},
		{"scopes", untold},
	}
	if r := FromTask(got); !reflect.DeepEqual(r.Unknown, want) {
		t.Errorf("unknown: %q\nwant %q", r.Unknown, want)
	}
	ones := capset.IDs{Real: 1, Effective: 1, Saved: 1, Filesystem: 1}
	if !task.Is(got.Tid, 2) || !task.Is(got.GID, ones) || !task.Is(got.Sets[capset.Effective], capset.Set(1)) {
		t.Errorf("%+v", got)
	}
	ns := got.UserNamespace.Zero()
	if got.Namespaces.Known() || got.Host.Known() || len(got.Profile.Zero()) != 0 || ns.ID.Known() || ns.Setgroups.Known() || ns.Own || got.Whole || got.LastCap.From != "" {
		t.Errorf("%+v", got)
	}
	if name := got.GroupNames[1]; !task.Is(name, "c") || len(got.UserNames) != 0 {
		t.Errorf("names %v, %v", got.GroupNames, got.UserNames)
	}
	if in, ok := got.Container.Get(); in != nil || !ok {
		t.Errorf("container %v", got.Container)
	}
	if v := got.Mounts.ProcMasked; v.Why() != untold {
		t.Errorf("mounts %+v", v)
	}
}

// everything is a task of which all is known that a report tells.
func everything() *task.Task {
	same := func(id uint64) task.Namespace {
		return task.Namespace{
			ID: task.Known(id), WithSelf: task.Known(true), WithPID1: task.Known(false), Node: task.Known(id%2 == 0),
			Owner: task.Known(id + 10), Owned: task.Known(true), ByUID: task.Known(false),
		}
	}
	t := &task.Task{
		Self: true, LastCap: task.LastCap{Value: 40, From: task.FromReport},
		Reported: task.Stamp{Time: task.Known("2026-11-28T14:05:06Z"), Node: task.Known("node-1\x1b"), Program: task.Known("v1.2.3")}, StartTime: task.Known(uint64(1<<64 - 1)),
		Status: task.Status{
			Pid: task.Known(7), Tid: task.Known(8), PPid: task.Known(0), Name: task.Known("a\x1b\"\u202e<"), RunState: task.Known(byte('S')),
			Threads: task.Known(2), NSPid: task.Known([]int{7, 1}), TracerPid: task.Known(0),
			UID: task.Known(capset.IDs{Real: 1, Effective: 2, Saved: 3, Filesystem: 4}), GID: task.Known(task.AllIDs(5)), Groups: task.Known([]uint32{5, 6}),
			NoNewPrivs: task.Known(true), Seccomp: task.Known(task.Seccomp{Mode: 2, Filters: task.Known(3)}), Whole: true,
		},
		Securebits: task.Known(capset.NoRoot | 1<<31),
		UserNames:  task.Names{1: task.Known("one"), 2: task.Known("two")},
		GroupNames: task.Names{5: task.Known("five"), 6: task.Unknown[string]("no entry in /etc/group")},
		Host:       task.Known(task.HostIDs{UID: capset.IDs{Real: 100001, Effective: 100002}, GID: capset.IDs{Real: 100005, Effective: 100005}}),
		UserNamespace: task.Known(task.UserNamespace{
			ID: task.Known(uint64(4026531837)), Initial: task.Known(false), Own: true, Setgroups: task.Known("deny"),
			UIDMap: task.Known(procstatus.IDMap{{Inside: 0, Outside: 100000, Length: 65536}, {Inside: 70000, Outside: 7, Length: 1}}), GIDMap: task.Known(procstatus.IDMap{}),
		}),
		Label: task.Known(procstatus.Label{Module: "apparmor", Label: "x", Mode: "enforce"}),
		Container: task.Known(&task.Container{
			Container: container.Container{Runtime: "docker", ID: "1", PodUID: "2", PodID: "7", SandboxID: "3", Name: "4"},
			PodName:   "5", Why: task.Reasons{PodNamespace: "no token"}, Hostname: "8", Sandbox: task.Known(true),
			Evidence: []container.Evidence{{What: "runtime", From: "cgroup: x"}}, Conflicts: []string{"id: mount of /etc/hosts: 9"},
		}),
		Profile: task.Known([]string{"docker", "containerd"}), Mounts: task.UnknownMounts(task.Untold), Notes: []task.Note{{Code: "a", Text: "b"}},
	}
	var all task.Namespaces
	for k := range all {
		all[k] = same(4026531837 + uint64(k))
		t.Sets[k%capset.NumKinds] = task.Known(capset.Set(1) << k)
	}
	all[procstatus.NamespaceTime] = task.HiddenNamespace("Linux has it since 5.6")
	all[procstatus.NamespaceNet].Owned = task.Unknown[bool]("no such ioctl")
	all[procstatus.NamespaceIPC].WithPID1 = task.Unknown[bool]("PID 1: permission denied")
	all[procstatus.NamespaceMnt].WithPID1 = task.Unknown[bool]("PID 1: permission denied")
	t.Namespaces = task.Known(all)
	return t
}

// TestReadStamp holds that a task keeps when and where the report was made that it was read
// from.
func TestReadStamp(t *testing.T) {
	const sets = `"capabilities":{"effective":{"hex":"1"}}`
	stamp := func(time, node task.Value[string]) task.Stamp { return task.Stamp{Time: time, Node: node} }
	noon, n1 := task.Known("2026-11-28T12:00:00Z"), task.Known("n1")
	for _, test := range []struct {
		text string
		want []task.Stamp
	}{
		{`{"schemaVersion":1,` + sets + `}`, []task.Stamp{{}}},
		{`{"schemaVersion":1,"time":"2026-11-28T12:00:00Z","node":"n1",` + sets + `}`, []task.Stamp{stamp(noon, n1)}},
		{`{"schemaVersion":1,"time":"noon","node":"",` + sets + `}`, []task.Stamp{{}}},
		{`{"schemaVersion":1,"node":null,"unknown":{"node":"no uname"},"tasks":[{` + sets + `}],"time":"2026-11-28T12:00:00Z"}`, []task.Stamp{stamp(noon, task.Unknown[string]("no uname"))}},
		{
			`{"schemaVersion":1,"time":"2026-11-28T12:00:00Z","node":"n1","tasks":[{` + sets + `},{"node":"n2",` + sets + `}]}{"schemaVersion":1,"tasks":[{` + sets + `}]}`,
			[]task.Stamp{stamp(noon, n1), stamp(task.Value[string]{}, task.Known("n2")), {}},
		},
	} {
		tasks, err := Read([]byte(test.text))
		if err != nil {
			t.Fatal(err)
		}
		var got []task.Stamp
		for _, x := range tasks {
			got = append(got, x.Reported)
		}
		if !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %+v, want %+v", test.text, got, test.want)
		}
	}
}

// TestReadEverything holds that nothing of a task that a report tells is lost in it.
func TestReadEverything(t *testing.T) {
	want := everything()
	for _, lines := range []bool{false, true} {
		line := TaskLine{Version{SchemaVersion}, FromTask(want)}
		text, err := layout.Marshal(&line, lines)
		if err != nil {
			t.Fatal(err)
		}
		if got := readOne(t, string(text)); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got\n%+v\nwant\n%+v", text, got, want)
		}
		wantUnknown := Unknown{
			{"groups[].name", "no entry in /etc/group"},
			{"namespaces.*.sharedWithPid1", "PID 1: permission denied"},
			{"namespaces.*.owned", "no such ioctl"},
			{"namespaces.time", "Linux has it since 5.6"},
			{"container.podNamespace", "no token"},
		}
		if !reflect.DeepEqual(line.Unknown, wantUnknown) {
			t.Errorf("unknown %q, want %q", line.Unknown, wantUnknown)
		}
	}
}

// TestReadFixtures holds that a report of each saved report is the same.
func TestReadFixtures(t *testing.T) {
	for _, file := range fixture.Reports(t) {
		first, err := Read(file.Text)
		if err != nil {
			t.Errorf("%s: %v", file.Name, err)
			continue
		}
		again(t, file.Name, first)
	}
}

// TestReadStatusFixtures holds it of what a status file tells, whole or in part.
func TestReadStatusFixtures(t *testing.T) {
	for _, file := range fixture.Status(t) {
		again(t, file.Name, []*task.Task{fromStatus(t, file.Text, task.WholeFile)})
		var part []byte
		for line := range bytes.Lines(file.Text) {
			if bytes.HasPrefix(line, []byte("Cap")) {
				part = append(part, line...)
			}
		}
		again(t, "a part of "+file.Name, []*task.Task{fromStatus(t, part, task.PartOfFile)})
	}
}

// fromStatus returns the task that a saved status file tells of.
func fromStatus(t *testing.T, text []byte, from task.Origin) *task.Task {
	t.Helper()
	var s procstatus.Status
	if err := s.UnmarshalText(text); err != nil {
		t.Fatal(err)
	}
	saved := &task.Task{Status: task.StatusOf(&s, from), Securebits: task.Unknown[capset.Securebits]("a status file does not say")}
	saved.WithoutNames("a status file has no names")
	saved.Nowhere(task.NotTold)
	saved.Guess()
	saved.FindProfile()
	saved.Remark()
	return saved
}

// again holds that a report of some tasks is the same after it was read, as an object and
// as lines.
func again(t *testing.T, name string, tasks []*task.Task) {
	t.Helper()
	write := func(tasks []*task.Task, lines bool) []byte {
		rep := FromResults(&Results{Tasks: tasks})
		text, err := layout.Marshal(&rep, lines)
		if !lines {
			text, err = layout.MarshalLines(rep.Lines())
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return text
	}
	for _, lines := range []bool{true, false} {
		first := write(tasks, lines)
		read, err := Read(first)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, saved := range read {
			saved.Guess()
		}
		if got := write(read, lines); !bytes.Equal(got, first) {
			t.Errorf("%s: %s\nread back: %s", name, first, got)
		}
	}
}

// FuzzRead holds that any text is tasks or an error, and that a report of the tasks tells
// the same after it was read.
func FuzzRead(f *testing.F) {
	for _, file := range fixture.Reports(f) {
		f.Add(file.Text)
	}
	line := TaskLine{Version{SchemaVersion}, FromTask(everything())}
	text, err := layout.Marshal(&line, false)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"schemaVersion":1,"capabilities":{"effective":{"hex":"1"}},"state":"","unknown":null}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		before := bytes.Clone(text)
		tasks, err := Read(text)
		if (len(tasks) > 0) == (err != nil) {
			t.Fatalf("%d tasks, %v: want exactly one", len(tasks), err)
		}
		if !bytes.Equal(text, before) {
			t.Fatal("the text has changed")
		}
		for _, saved := range tasks {
			if !saved.HasSets() || saved.LastCap.Value > capset.Max {
				t.Fatalf("%+v", saved)
			}
			saved.Guess()
		}
		if err == nil {
			again(t, "report", tasks)
		}
	})
}
