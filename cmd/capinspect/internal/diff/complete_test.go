// SPDX-License-Identifier: Apache-2.0

package diff_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/diff"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// field is a row of the table of what a report shows: a change of that alone, and the key
// under which diff lists it as a difference or as not compared; or why diff leaves it out.
type field struct {
	change func(*task.Task)
	key    string
	why    string
}

// Why diff leaves a field out.
const (
	which   = "it tells which task it is, not what it may do"
	doing   = "it tells what the task does at the moment"
	reading = "it tells how the task was read"
	from    = "it follows from other fields: "
	naming  = "it is the name of an id, as the task's passwd has it"
)

// fields has a row for each field of report.Task.
func fields() map[string]field {
	rows := map[string]field{
		"pid": {why: which}, "tid": {why: which}, "ppid": {why: which}, "name": {why: which}, "nsPid": {why: which},
		"state": {why: doing}, "threads": {why: doing},
		"startTime": {why: which}, "time": {why: reading}, "node": {why: which}, "version": {why: reading}, "self": {why: reading}, "source": {why: reading}, "notes": {why: from + "all"}, "summary": {why: from + "all"},
		"profile": {why: from + "capabilities.bounding"}, "unknown": {why: from + "all"},
		"mode":          {why: from + "capabilities and securebits"},
		"tracerPid":     {change: func(t *task.Task) { t.TracerPid = task.Known(9) }, key: "tracerPid"},
		"otherCaps":     {change: func(t *task.Task) { t.OtherCaps = []procstatus.CapLine{{Name: "CapNew", Value: "1"}} }, key: "otherCaps"},
		"lastCap.value": {change: func(t *task.Task) { t.LastCap.Value = capset.AuditRead }, key: "lastCap"},
		"lastCap.from":  {why: reading}, "lastCap.limit": {why: reading},
		"capabilities.text": {why: from + "capabilities"}, "capabilities.iab": {why: from + "capabilities"},
		"groups":                  {change: func(t *task.Task) { t.Groups = task.Known([]uint32{7}) }, key: "groups"},
		"noNewPrivs":              {change: func(t *task.Task) { t.NoNewPrivs = task.Known(false) }, key: "noNewPrivs"},
		"seccomp.mode":            {change: func(t *task.Task) { t.Seccomp = task.Known(task.Seccomp{Mode: 0, Filters: task.Known(1)}) }, key: "seccomp"},
		"seccomp.filters":         {change: func(t *task.Task) { t.Seccomp = task.Known(task.Seccomp{Mode: 2, Filters: task.Known(2)}) }, key: "seccomp.filters"},
		"securebits.value":        {change: func(t *task.Task) { t.Securebits = task.Known(capset.NoRoot) }, key: "securebits"},
		"securebits.flags":        {why: from + "securebits.value"},
		"userNamespace.id":        {change: userNamespace(func(ns *task.UserNamespace) { ns.ID = task.Known(uint64(4026532300)) }), key: "userNamespace"},
		"userNamespace.initial":   {change: userNamespace(func(ns *task.UserNamespace) { ns.Initial = task.Known(true) }), why: from + "userNamespace.id"},
		"userNamespace.uidMap":    {change: userNamespace(func(ns *task.UserNamespace) { ns.UIDMap = task.Known(procstatus.IDMap{{Length: 9}}) }), key: "userNamespace.uidMap"},
		"userNamespace.gidMap":    {change: userNamespace(func(ns *task.UserNamespace) { ns.GIDMap = task.Known(procstatus.IDMap{{Length: 9}}) }), key: "userNamespace.gidMap"},
		"userNamespace.setgroups": {change: userNamespace(func(ns *task.UserNamespace) { ns.Setgroups = task.Known("deny") }), key: "userNamespace.setgroups"},
		"lsm.module": {change: func(t *task.Task) {
			t.Label = task.Known(procstatus.Label{Module: "smack", Label: "l", Mode: "enforce"})
		}, key: "lsm"},
		"lsm.label": {change: func(t *task.Task) {
			t.Label = task.Known(procstatus.Label{Module: "apparmor", Label: "m", Mode: "enforce"})
		}, key: "lsm"},
		"lsm.mode": {change: func(t *task.Task) {
			t.Label = task.Known(procstatus.Label{Module: "apparmor", Label: "l", Mode: "complain"})
		}, key: "lsm"},
		"container.runtime": {change: func(t *task.Task) { c := *t.Container.Zero(); c.Runtime = "crio"; t.Container = task.Known(&c) }, key: "container"},
		"scopes":            {why: from + "capabilities and namespaces.*.owned"},
	}
	for _, id := range []string{"id", "sandboxId", "name", "podUID", "podName", "podNamespace", "podId", "hostname", "sandbox"} {
		rows["container."+id] = field{why: which}
	}
	rows["container.evidence"], rows["container.conflicts"] = field{why: reading}, field{why: reading}
	for k := range capset.Kind(capset.NumKinds) {
		at := "capabilities." + task.SetName(k)
		rows[at+".hex"] = field{change: func(t *task.Task) { t.Sets[k] = task.Known(capset.Of(capset.Chown, capset.NetRaw)) }, key: at}
		rows[at+".names"] = field{why: from + at + ".hex"}
	}
	for i, name := range []string{"real", "effective", "saved", "filesystem"} {
		one := func(ids task.Value[capset.IDs]) task.Value[capset.IDs] {
			v := ids.Zero()
			*[]*uint32{&v.Real, &v.Effective, &v.Saved, &v.Filesystem}[i] = 77
			return task.Known(v)
		}
		rows["uid."+name] = field{change: func(t *task.Task) { t.UID = one(t.UID) }, key: "uid"}
		rows["gid."+name] = field{change: func(t *task.Task) { t.GID = one(t.GID) }, key: "gid"}
	}
	for _, of := range []string{"uid.", "gid."} {
		rows[of+"realName"], rows[of+"effectiveName"] = field{why: naming}, field{why: naming}
		rows[of+"hostReal"], rows[of+"hostEffective"] = field{why: from + of + "real and userNamespace." + of}, field{why: from + of + "effective and userNamespace." + of}
	}
	for k := range procstatus.NamespaceKind(procstatus.NumNamespaces) {
		at := "namespaces." + k.String() + "."
		change := func(f func(*task.Namespace)) func(*task.Task) {
			return func(t *task.Task) {
				all := t.Namespaces.Zero()
				f(&all[k])
				t.Namespaces = task.Known(all)
			}
		}
		rows[at+"id"] = field{change: change(func(ns *task.Namespace) { ns.ID = task.Known(uint64(4026532400)) }), key: "namespaces"}
		rows[at+"node"] = field{change: change(func(ns *task.Namespace) { ns.Node = task.Known(true) }), key: "namespaces.node"}
		rows[at+"owned"] = field{change: change(func(ns *task.Namespace) { ns.Owned = task.Known(false) }), key: "namespaces.owned"}
		rows[at+"ownedByUid"] = field{change: change(func(ns *task.Namespace) { ns.ByUID = task.Known(true) }), key: "namespaces.ownedByUid"}
		rows[at+"owner"] = field{why: from + at + "owned"}
		rows[at+"sharedWithSelf"], rows[at+"sharedWithPid1"] = field{why: from + at + "id"}, field{why: from + at + "id"}
	}
	rows["namespaces.user.id"] = field{why: "userNamespace.id has it"}
	for kind, key := range map[string]string{"pid": "hostPID", "ipc": "hostIPC", "user": "hostUsers"} {
		rows["namespaces."+kind+".node"] = field{why: from + "the id; " + key + " has it"}
	}
	node := rows["namespaces.net.node"]
	node.key = "hostNetwork"
	rows["namespaces.net.node"] = node
	return rows
}

func userNamespace(change func(*task.UserNamespace)) func(*task.Task) {
	return func(t *task.Task) {
		ns := t.UserNamespace.Zero()
		change(&ns)
		t.UserNamespace = task.Known(ns)
	}
}

// known returns a task of which everything is known.
func known() *task.Task {
	t := &task.Task{Source: task.SourceProc, LastCap: task.LastCap{Value: capset.LastKnown, From: task.FromKernel}}
	t.Pid, t.Tid, t.TracerPid, t.Whole = task.Known(5), task.Known(5), task.Known(0), true
	for k := range t.Sets {
		t.Sets[k] = task.Known(capset.Of(capset.Chown))
	}
	t.UID, t.GID, t.Groups = task.Known(task.AllIDs(0)), task.Known(task.AllIDs(0)), task.Known([]uint32{})
	t.NoNewPrivs, t.Seccomp = task.Known(true), task.Known(task.Seccomp{Mode: 2, Filters: task.Known(1)})
	t.Securebits = task.Known(capset.Securebits(0))
	var all task.Namespaces
	for k := range all {
		all[k] = task.Namespace{
			ID: task.Known(4026532200 + uint64(k)), WithSelf: task.Known(false), WithPID1: task.Known(false), Node: task.Known(false),
			Owner: task.Known(uint64(4026532200)), Owned: task.Known(true), ByUID: task.Known(false),
		}
	}
	t.Namespaces = task.Known(all)
	t.UserNamespace = task.Known(task.UserNamespace{
		ID: all[procstatus.NamespaceUser].ID, Initial: task.Known(false), Setgroups: task.Known("allow"),
		UIDMap: task.Known(procstatus.IDMap{{Length: 5}}), GIDMap: task.Known(procstatus.IDMap{{Length: 5}}),
	})
	t.Label = task.Known(procstatus.Label{Module: "apparmor", Label: "l", Mode: "enforce"})
	in := &task.Container{}
	in.Runtime = "docker"
	t.Container = task.Known(in)
	t.Mounts = task.Mounts{ReadOnlyRoot: task.Known(true), ProcMasked: task.Known(true), SysReadOnly: task.Known(true)}
	return t
}

// TestComplete holds that each field that a report shows is compared, listed as not compared,
// or left out for a reason.
func TestComplete(t *testing.T) {
	rows := fields()
	for _, path := range paths(reflect.TypeFor[report.Task](), "") {
		row, ok := rows[path]
		delete(rows, path)
		switch {
		case !ok:
			t.Errorf("%s has no row", path)
		case row.key == "" && row.why == "" || row.key != "" && row.why != "":
			t.Errorf("%s: want a key or a reason", path)
		case row.key != "":
			differs(t, path, row)
		}
	}
	for path := range rows {
		t.Errorf("%s is no field of a report", path)
	}
	// What no report has a field of its own for, notes tell.
	for key, change := range map[string]func(*task.Task){
		"readOnlyRootFilesystem": func(t *task.Task) { t.Mounts.ReadOnlyRoot = task.Known(false) },
		"procMasked":             func(t *task.Task) { t.Mounts.ProcMasked = task.Known(false) },
		"sysReadOnly":            func(t *task.Task) { t.Mounts.SysReadOnly = task.Known(false) },
		"uid":                    func(t *task.Task) { t.Overflow = "it may be any" },
	} {
		told(t, key, key, change)
	}
}

// differs holds that two tasks that differ in one field alone are not called equal.
func differs(t *testing.T, path string, row field) {
	t.Helper()
	other := known()
	row.change(other)
	if bytes.Equal(text(t, path, known()), text(t, path, other)) {
		t.Errorf("%s: the change is not of that field", path)
	}
	told(t, path, row.key, row.change)
}

// told holds that a change is told under a key, whichever side has it, and what becomes
// unknown too.
func told(t *testing.T, path, key string, change func(*task.Task)) {
	t.Helper()
	one, other := known(), known()
	one.Tid = task.Known(4)
	for _, same := range keys(one, other) {
		if same != "seccomp.rules" {
			t.Fatalf("the same: %s", same)
		}
	}
	change(other)
	for _, got := range [][]string{keys(one, other), keys(other, one)} {
		if len(got) != 2 && !(len(got) == 1 && key == "seccomp") || !contains(got, key) {
			t.Errorf("%s: %v, want %s", path, got, key)
		}
	}
}

func contains(list []string, key string) bool {
	return strings.Contains(" "+strings.Join(list, " ")+" ", " "+key+" ")
}

// keys returns the keys of what differs and of what is not compared.
func keys(one, other *task.Task) (list []string) {
	d := diff.Compare(&diff.Side{Task: one}, &diff.Side{Task: other}, capset.Bounding)
	for _, s := range d.Sets {
		list = append(list, "capabilities."+task.SetName(s.Kind))
	}
	for _, v := range d.Values {
		list = append(list, v.Key)
	}
	for _, n := range d.NotCompared {
		list = append(list, n.Code)
	}
	return list
}

// text returns a field of the report on a task.
func text(t *testing.T, path string, of *task.Task) []byte {
	t.Helper()
	whole, err := json.Marshal(report.FromTask(of))
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range strings.Split(path, ".") {
		var members map[string]json.RawMessage
		if err := json.Unmarshal(whole, &members); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		whole = members[key]
	}
	return whole
}

// paths returns the paths of the fields of a struct. A list, and what has members of any
// name, is one field.
func paths(of reflect.Type, prefix string) (list []string) {
	for of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	if zero, ok := of.MethodByName("Zero"); ok {
		return paths(zero.Type.Out(0), prefix)
	}
	if of.Kind() != reflect.Struct || of == reflect.TypeFor[report.Limit]() {
		return []string{strings.TrimSuffix(prefix, ".")}
	}
	for i := range of.NumField() {
		f := of.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous:
			list = append(list, paths(f.Type, prefix)...)
		default:
			list = append(list, paths(f.Type, prefix+name+".")...)
		}
	}
	return list
}
