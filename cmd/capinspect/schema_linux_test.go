// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/access"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/containers"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/diff"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/layout"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/why"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/why/userns"
	"github.com/capinspect/capinspect/procstatus"
	"github.com/capinspect/capinspect/procstatus/container"
	"github.com/capinspect/capinspect/testdata/fixture"
)

// elsewhere makes of the report of a task that of one in another state.
var elsewhere = strings.NewReplacer(
	`"value": 0,`, `"value": 1,`,
	`4026531837`, `4026531999`,
	`"groups": []`, `"groups": [{"id": 7, "name": "seven"}]`,
	`"lsm": null`, `"lsm": {"module": "apparmor", "label": "x", "mode": "enforce"}`,
	`"container": null`, `"container": {"runtime": "docker", "id": "1", "sandboxId": "2", "name": "3", "podUID": "4", "podName": "5", "podNamespace": "6", "podId": "7", "hostname": "8", "sandbox": true, "evidence": [], "conflicts": ["id: cgroup: 9"]}`,
)

// placed is a part of the report of a task, and replaced makes of it that of a task in
// another place.
const placed = `{"schemaVersion": 1, "tasks": [{"pid": 7, "tid": 7, "tracerPid": 0, "source": "proc", "otherCaps": [], "lastCap": {"value": 40, "from": "kernel", "limit": null},
	"capabilities": {"bounding": {"hex": "0000000000000400"}}, "seccomp": {"mode": "filter", "filters": 1},
	"userNamespace": {"id": 4026532300, "initial": false, "setgroups": "allow",
		"uidMap": [{"inside": 0, "outside": 1000, "length": 1}], "gidMap": [{"inside": 0, "outside": 1000, "length": 1}]},
	"namespaces": {"uts": {"id": 4026532301, "node": false, "owner": 4026532300, "owned": true, "ownedByUid": true}}}]}`

var replaced = strings.NewReplacer(
	`"tracerPid": 0`, `"tracerPid": 9`, `"value": 40`, `"value": 41`, `"filters": 1`, `"filters": 2`, `"allow"`, `"deny"`,
	`"length": 1`, `"length": 2`, `"node": false`, `"node": true`, `"owned": true, "ownedByUid": true`, `"owned": false, "ownedByUid": false`,
	`"otherCaps": []`, `"otherCaps": [{"name": "CapNew", "value": "0000000000000001"}]`,
)

// samples returns outputs of every command in which every key occurs.
func samples(t *testing.T) (list []any) {
	t.Helper()
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	docker := filepath.Join(fixture.Dir(t), "config", "docker-20.10-two.json")
	live := call("", "--json").stdout
	status := func(caps, uid, gid, groups string) string {
		text := "Name:\tmade\nSeccomp:\t" + caps + "\nNoNewPrivs:\t" + caps + "\nGroups:\t" + groups + "\n"
		for _, set := range []string{"Inh", "Prm", "Eff", "Bnd", "Amb"} {
			text += "Cap" + set + ":\t" + caps + "\n"
		}
		ids := func(id string) string { return strings.Repeat("\t"+id, 4) + "\n" }
		return text + "Uid:" + ids(uid) + "Gid:" + ids(gid)
	}
	for name, text := range map[string]string{
		"live":    live,
		"started": call("", "ps", "-o", "jsonl", "--full", "self").stdout,
		"other":   elsewhere.Replace(live),
		"1.json":  placed, "2.json": replaced.Replace(placed),
		"pod": `{"metadata":{"name":"p","namespace":"n"},"spec":{"hostPID":true,"hostIPC":true,"hostNetwork":true,"hostUsers":false,
			"securityContext":{"supplementalGroups":[9],"runAsUser":0,"runAsGroup":0},"containers":[{"name":"c","securityContext":{"capabilities":{"add":["CAP_KILL"]}}}]}}
			{"kind":"Service"}`,
		"newer":         "CapBnd:\t0\nCapUNs:\t0000000000000001\n",
		"lone/1/status": "Name:\tlone\n",
		"one/1/status":  status("0", "0", "1", ""),
		"pods/1/status": status("0", "0", "1", ""),
		"pods/1/cgroup": string(fixture.Read(t, "cgroup/linux-6.18-containerd-besteffort.cgroup")),
		"pods/2/status": status("0", "0", "1", ""),
		"pods/2/cgroup": "0::/kubepods/pod5e225555-074a-4ed0-86f3-6071644ac2ca\n",
		"pods/3/status": status("0", "0", "1", ""),
		"pods/3/cgroup": "2:cpu:/kubepods/pod5e225555-074a-4ed0-86f3-6071644ac2ca/" + strings.Repeat("1", 64) +
			"\n1:pids:/kubepods/pod6e225555-074a-4ed0-86f3-6071644ac2ca/" + strings.Repeat("1", 64) + "\n",
		"two/1/status":     status("1", "1", "2", "7 "),
		"old":              "CapInh:\t0\nCapPrm:\t0\nCapEff:\t0\nCapBnd:\t0\n",
		"full/1/status":    string(fixture.Read(t, "status/made-linux-4.15-privileged-38.status")),
		"full/1/mountinfo": string(fixture.Read(t, "mountinfo/linux-6.18-containerd-p6-privileged.mountinfo")),
	} {
		err := os.MkdirAll(filepath.Dir(in(name)), 0o755)
		if err = errors.Join(err, os.WriteFile(in(name), []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	elf, err := os.ReadFile("/bin/true") // an empty file cannot be executed
	err = errors.Join(err, os.WriteFile(in("program"), elf, 0o755))
	if err = errors.Join(err, os.Chmod(in("program"), 0o755|os.ModeSetuid|os.ModeSetgid)); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"--json", "self", "999999999"},
		{"-o", "jsonl"},
		{"-o", "jsonl", "-f", in("one/1/status")},
		{"-o", "jsonl", "-f", in("other")},
		{"-o", "jsonl", "-f", in("newer")},
		{"-o", "jsonl", "-f", in("old")},
		{"-o", "jsonl", "-f", in("started")},
		{"ps", "--json", "--full", "self"},
		{"ps", "-o", "jsonl", "--proc", in("two")},
		{"ps", "-o", "jsonl", "self"},
		{"ps", "--json", "--by", "container"},
		{"ps", "-o", "jsonl", "--by", "container", "self"},
		{"ps", "-o", "jsonl", "--by", "container", "--proc", in("lone")},
		{"ps", "-o", "jsonl", "--by", "container", "--proc", in("pods")},
		{"explain", "--json", "chown", (capset.LastKnown + 1).String()},
		{"explain", "--json", "BPF_PROG_TYPE_XDP", "mbind", "supervisord"},
		{"decode", "--json", "CapEff: 3000"},
		{"decode", "--json", "--kubernetes", "ffffffffffffffff"},
		{"profiles", "--json"},
		{"diff", "--json", "file:" + in("one/1/status"), "file:" + in("two/1/status")},
		{"diff", "--json", "file:" + in("live"), "file:" + in("other")},
		{"diff", "--json", "file:" + in("1.json"), "file:" + in("2.json")},
		{"diff", "--json", "file:" + docker + ":capinspect-web", "file:" + docker + ":capinspect-db"},
		{"diff", "--json", "docker", "crio"},
		{"diff", "--json", "pod:" + in("pod"), "pod:../../testdata/pod/linux-6.18-containerd-restricted.json"},
		{"diff", "--json", "pod:" + in("pod"), "file:" + in("two/1/status")},
		{"check", "--json", "--has", "63", "--pss", "restricted", "self", "pod:" + in("pod")},
		{"check", "--json", "pod:" + in("pod")},
		{"why", "--json", "chown", "net_raw"},
		{"why", "--json", "mount", "mbind", "su", "SO_MARK", "-f", in("one/1/status")},
		{"why", "--json", "chown", "-f", in("one/1/status")},
		{"needs", "--json", "-f", in("one/1/status"), "../../testdata/strace/web.strace"},
		{"why", "--json", "userns"},
		{"why", "--json", "access", "self"},
		{"securitycontext", "--json", "-f", "../../testdata/status/linux-6.18-containerd-restricted.status"},
		{"securitycontext", "--json", "--proc", in("full"), "1"},
		{"securitycontext", "--json", "-f", in("one/1/status")},
		{"securitycontext", "--json", "-f", in("two/1/status")},
		{"securitycontext", "--json", "--proc", "../../testdata/proc/debian-12", "1535"},
		{"securitycontext", "--json", "--proc", "../../testdata/proc/kubernetes-1.37", "18009"},
		{"predict", "--json", in("program")},
		{"predict", "--json", in("missing"), "--uid", "1000"},
		{"scan", "--json", dir, "--uid", "1000"},
	} {
		o := call("", args...)
		before := len(list)
		for decode := json.NewDecoder(strings.NewReader(o.stdout)); decode.More(); {
			decode.UseNumber()
			var v any
			if err := decode.Decode(&v); err != nil {
				t.Fatal(err)
			}
			list = append(list, v)
		}
		if len(list) == before {
			t.Fatalf("%v: %+v", args, o)
		}
	}
	return append(list, madeUserns(t), nameless(t), namelessLine(t), changedLine(t), madeDifference(t), madeDrift(t))
}

// nobody is a reader whose hostname cannot be read.
var nobody = report.ReaderInfo{Stamp: task.Stamp{Time: task.Known("2026-11-28T14:05:06Z"), Node: task.Unknown[string]("uname: operation not permitted"), Program: task.Known("v1.2.3")}}

func nameless(t *testing.T) any {
	return made(t, report.FromContainers(nobody, nil, nil, nil, report.NewNotShown(0, 0, "")))
}

func namelessLine(t *testing.T) any {
	list := report.FromContainers(nobody, []*containers.Sum{{Processes: 1}}, nil, nil, nil)
	return made(t, list.Lines()[0])
}

// madeUserns is an answer of why userns with ids, which not every machine gives to a user.
func madeUserns(t *testing.T) any {
	return made(t, report.FromUserns([]*userns.Answer{{
		Task: &task.Task{Source: task.SourceProc}, Reason: task.Note{Code: "chroot"},
		Users:  userns.SubordinateIDs{File: "/etc/subuid", Ranges: task.Known([]task.IDRange{{First: 200000, Count: 65536}})},
		Groups: userns.SubordinateIDs{File: "/etc/subgid"},
	}}))
}

// madeDifference is an answer of diff with the values that two tasks at hand hardly differ in.
func madeDifference(t *testing.T) any {
	d := diff.Difference{A: &diff.Side{Label: "1"}, B: &diff.Side{Label: "2"}}
	for _, key := range []string{"seccomp.filters", "tracerPid", "lastCap"} {
		d.Values = append(d.Values, diff.ValueDifference{Key: key, A: 1, B: 2})
	}
	for _, key := range []string{"otherCaps", "userNamespace.uidMap", "userNamespace.gidMap", "userNamespace.setgroups", "seccompProfile", "appArmorProfile", "seLinuxOptions"} {
		d.Values = append(d.Values, diff.ValueDifference{Key: key, A: "a", B: "b"})
	}
	for _, key := range []string{"procMasked", "sysReadOnly"} {
		d.Values = append(d.Values, diff.ValueDifference{Key: key, A: false, B: true})
	}
	for _, key := range []string{"namespaces.node", "namespaces.owned", "namespaces.ownedByUid"} {
		d.Values = append(d.Values, diff.ValueDifference{Key: key, A: []string{"net"}, B: []string{"pid"}})
	}
	return made(t, report.FromDifference(&d))
}

// madeDrift is an answer of diff for two reports.
func madeDrift(t *testing.T) any {
	at := task.Stamp{Time: task.Known("2026-11-28T14:05:06Z"), Node: task.Known("node1"), Program: task.Known("v1.2.3")}
	one := func(held capset.Set, uid uint32, nnp bool, seccomp int, pid int) *task.Task {
		x := &task.Task{LastCap: task.LastCap{Value: capset.LastKnown, From: task.FromReport}, Container: task.Known[*task.Container](nil)}
		x.Pid, x.Tid, x.Name, x.UID = task.Known(pid), task.Known(pid), task.Known("a"), task.Known(task.AllIDs(uid))
		for k := range x.Sets {
			x.Sets[k] = task.Known(held)
		}
		x.NoNewPrivs, x.Seccomp = task.Known(nnp), task.Known(task.Seccomp{Mode: seccomp})
		return x
	}
	sum := func(x *task.Task, uid uint32) *containers.Sum {
		x.Container = task.Known(&task.Container{Container: container.Container{Runtime: "docker", ID: "0123456789ab"}})
		x.UID = task.Known(task.AllIDs(uid))
		return containers.Of(x)
	}
	a := &diff.List{Label: "a", Reported: at, Sums: []*containers.Sum{sum(one(1, 0, true, 2, 1), 0)}}
	b := &diff.List{Label: "b", Reported: at, Sums: []*containers.Sum{sum(one(2, 1, false, 0, 1), 1)}}
	b.Add(tellsAll(one(1, 7, false, 0, 2)))
	d := diff.Compared(a, b)
	first := d.Entries[0]
	for _, key := range []string{"unconfined", "privileged", "hostPID", "hostIPC", "hostNetwork", "hostUsers", "hostRoot"} {
		first.Values = append(first.Values, diff.ValueDifference{Key: key, A: true, B: false})
	}
	first.Values = append(first.Values, diff.ValueDifference{Key: "securebits", A: []uint32{1}, B: []uint32{}}, diff.ValueDifference{Key: "lsm", A: []string{"a"}, B: []string{}})
	d.Entries[0].UID = task.Known(uint32(1))
	d.NotCompared = []task.Note{{Code: "uids", Text: "x"}}
	return made(t, report.FromDrift(d))
}

// tellsAll makes a task one of a report that tells all that is compared.
func tellsAll(x *task.Task) *task.Task {
	x.Label, x.Securebits = task.Known(procstatus.Label{Module: "apparmor", Label: "a"}), task.Known(capset.NoRoot)
	x.Host = task.Known(task.HostIDs{})
	var all task.Namespaces
	for k := range all {
		all[k].ID = task.Known(4026531840 + uint64(k))
		all[k].Node = task.Known(false)
	}
	x.Namespaces = task.Known(all)
	x.UserNamespace = task.Known(task.UserNamespace{Initial: task.Known(false)})
	return x
}

// changedLine is a line of ps --changes.
func changedLine(t *testing.T) (v any) {
	t.Helper()
	var out bytes.Buffer
	change := diff.Delta{Kind: diff.Changed, Values: []diff.ValueDifference{
		{Key: "uid", A: task.AllIDs(1)},
		{Key: "gid", A: task.AllIDs(2)},
		{Key: "groups", A: []uint32{3}},
		{Key: "noNewPrivs", A: true},
		{Key: "seccomp", A: "filter"},
		{Key: "seccomp.filters", A: 1},
		{Key: "tracerPid", A: 4711},
		{Key: "otherCaps", A: "CapNew: 1"},
		{Key: "lastCap", A: 40},
		{Key: "container", A: "docker"},
		{Key: "userNamespace", A: uint64(4026532000)},
	}}
	for k := range capset.Kind(capset.NumKinds) {
		change.Sets = append(change.Sets, diff.SetDifference{Kind: k, More: 1, Less: 2})
	}
	s := report.Stream{Frame: report.Frame{W: &out, Reader: nobody}, Change: func(*task.Task) *diff.Delta { return &change }}
	x := &task.Task{Source: task.SourceProc, LastCap: task.LastCap{From: task.FromKernel}, StartTime: task.Unknown[uint64]("there is no stat file")}
	x.Pid, x.Tid = task.Known(1), task.Known(1)
	err := s.Start()
	c := s.Begin()
	s.Visit(c, x)
	decode := json.NewDecoder(&out)
	decode.UseNumber()
	if err = errors.Join(err, s.Done(c), decode.Decode(&v)); err != nil {
		t.Fatal(err)
	}
	return v
}

// made returns an output as a reader of JSON sees it.
func made(t *testing.T, output any) (v any) {
	t.Helper()
	text, err := layout.Marshal(output, true)
	if err != nil {
		t.Fatal(err)
	}
	decode := json.NewDecoder(bytes.NewReader(text))
	decode.UseNumber()
	if err := decode.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// optional are the keys that are there if there is something to say.
var optional = regexp.MustCompile(`/(unknown|sets|values|scopes|gained|lost|before)/[^/]+$|^/securityContext/|^/(container|otherCaps|namespaces|lsm)$|^/tasks/\d+/(container|otherCaps|namespaces|lsm|time|node|version|startTime)$|^/(unknown|version|startTime|change|gained|lost|before)$|^/changes/\d+/(gained|lost|before|inheritable|ambient|unconfined|privileged|host[A-Z]\w+|securebits|lsm)$`)

// TestSchemaIsStrict holds that the schema refuses a key that it does not know,
// misses one that is not there, and knows the type of each value.
func TestSchemaIsStrict(t *testing.T) {
	s, err := schema()
	if err != nil {
		t.Fatal(err)
	}
	changes := 0
	for _, sample := range samples(t) {
		refuse := func(path, change string) {
			changes++
			if s.Validate(sample) == nil {
				t.Errorf("%s %s: the schema allows it", path, change)
			}
		}
		walk("", sample, func(path string, object map[string]any) {
			object["another"] = "key"
			refuse(path, "with another key")
			delete(object, "another")
			for key, value := range maps.Clone(object) {
				object[key] = map[string]any{"another": true}
				refuse(path+"/"+key, "as an object")
				delete(object, key)
				if !optional.MatchString(path + "/" + key) {
					refuse(path+"/"+key, "left out")
				}
				object[key] = value
			}
		})
		if err := s.Validate(sample); err != nil {
			t.Fatalf("not put back: %v", err)
		}
	}
	if changes < 1000 {
		t.Errorf("%d changes only", changes)
	}
}

// walk calls f for each object in a value.
func walk(path string, v any, f func(path string, object map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		f(path, v)
		for key, value := range v {
			walk(path+"/"+key, value, f)
		}
	case []any:
		for i, value := range v {
			walk(fmt.Sprintf("%s/%d", path, i), value, f)
		}
	}
}

// TestSchemaIsUsed takes each key away from the schema: an output must then be
// refused.
func TestSchemaIsUsed(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the schema once for each property")
	}
	text, err := schemaText()
	if err != nil {
		t.Fatal(err)
	}
	outputs := samples(t)
	walk("", text, func(path string, object map[string]any) {
		if !strings.HasSuffix(path, "/properties") {
			return
		}
		for key, value := range maps.Clone(object) {
			if value == true || path == "/properties" || key == "code" && path != "/$defs/text/properties" {
				continue // said in two places
			}
			delete(object, key)
			s, err := compileSchema(text)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(outputs, func(o any) bool { return s.Validate(o) != nil }) {
				t.Errorf("%s/%s: no output needs it", path, key)
			}
			object[key] = value
		}
	})
}

// TestSchemaCodes checks the codes of the schema against the tables, and for those that
// have none against the sources.
func TestSchemaCodes(t *testing.T) {
	text, err := schemaText()
	if err != nil {
		t.Fatal(err)
	}
	defs := text.(map[string]any)["$defs"].(map[string]any)
	defs["assumption"] = defs["assumed"].(map[string]any)["items"]
	for def, want := range map[string][]string{
		"note":          task.NoteCodes(),
		"reason":        why.Codes(),
		"usernsReason":  userns.Codes(),
		"accessReason":  access.Codes(),
		"step":          codesIn(t, `\b[px]\.step\(`, "../../capset", "internal/predict"),
		"configuration": codesIn(t, `(?:\.trap\(|\.assume\(|\bNote\{+Code: )`, "internal/saved/config"),
		"assumption":    codesIn(t, `(?:\b(?:Assume|add)\(|\bNote\{\s*Code: )`, "internal/predict", "internal/collect", "internal/why", "internal/why/userns", "internal/image", "internal/cli"),
	} {
		slices.Sort(want)
		if got := codes(defs[def]); len(want) < 8 || !slices.Equal(got, slices.Compact(want)) {
			t.Errorf("%s: the schema has %q, the sources %q", def, got, want)
		}
	}
}

// codesIn returns the codes that stand behind an expression in the sources of packages.
func codesIn(t *testing.T, before string, packages ...string) (found []string) {
	t.Helper()
	match := regexp.MustCompile(before + `"([a-z0-9-]+)",`)
	for _, dir := range packages {
		names, err := filepath.Glob(dir + "/*.go")
		if err != nil || len(names) == 0 {
			t.Fatal(dir, err)
		}
		for _, name := range names {
			source, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			for _, code := range match.FindAllStringSubmatch(string(source), -1) {
				found = append(found, code[1])
			}
		}
	}
	return found
}

// codes returns the codes that a part of the schema allows, sorted.
func codes(def any) (list []string) {
	code := def.(map[string]any)["properties"].(map[string]any)["code"]
	for _, value := range code.(map[string]any)["enum"].([]any) {
		list = append(list, value.(string))
	}
	slices.Sort(list)
	return list
}

// TestSchemaInScripts holds that what a container prints as JSON in a script is held
// against the schema, which `exec` of testscript does not do.
func TestSchemaInScripts(t *testing.T) {
	names, err := filepath.Glob("../../testdata/container/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	passesBy := regexp.MustCompile(`(?m)^exec (docker .* (--json|jsonl?)( .*)?|runs?c .*run .*)$`)
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range passesBy.FindAllString(string(text), -1) {
			t.Errorf("%s: %s: want exits 0", name, line)
		}
	}
}
