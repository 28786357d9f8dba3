// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"reflect"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/procstatus"
)

// TestReportErrors holds what is said of a report that cannot be read.
func TestReportErrors(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{`{}`, "line 1: schemaVersion 0, want 1"},
		{"{\"schemaVersion\":1,\"tasks\":[]}\n\n{\"schemaVersion\":3,\n\"tasks\":[{\"pid\":true}]}", "line 3: schemaVersion 3, want 1"},
		{`{"schemaVersion":"1"}`, "line 1: schemaVersion: a string is not what belongs here"},
		{`{"SchemaVersion":1}`, "line 1: schemaVersion 0, want 1"},
		{`{"schemaVersion":1,"tasks":[]}`, "no task"},
		{`{"schemaVersion":1,"tasks":[null]}`, "task 1: no capabilities"},
		{`{"schemaVersion":1,"capabilities":null}`, "task 1: no capabilities"},
		{`{"schemaVersion":1,"capabilities":{"effective":null}}`, "task 1: no capability line"},
		{`{"schemaVersion":1,"capabilities":{"effective":{}}}`, "task 1: capabilities.effective: no hex"},
		{`{"schemaVersion":1,"capabilities":{"ambient":{"hex":"` + "\x7f" + `"}}}`, `task 1: capabilities.ambient.hex: "\x7f": not a hexadecimal number`},
		{`{"schemaVersion":1,"capabilities":{"ambient":{"hex":1}}}`, "line 1: capabilities.ambient.hex: a number is not what belongs here"},
		{`{"schemaVersion":1,"tasks":[{"capabilities":{"ambient":{"hex":"1"}}},` + "\n{\"pid\":1.0}]}", "line 2: tasks.pid: 1.0: not an integer"},
		{`{"schemaVersion":1,"tasks":[{"capabilities":{"ambient":{"hex":"1"}}},{}]}`, "task 2: no capabilities"},
		{`{"schemaVersion":1,"uid":{"real":4294967296}}`, "line 1: uid.real: 4294967296: value out of range"},
		{`{"schemaVersion":1,"groups":[{"id":-1}]}`, "line 1: groups.id: -1: value out of range"},
		{`{"schemaVersion":1,"lastCap":{"value":64},"capabilities":{}}`, "task 1: lastCap: 64: value out of range"},
		{`{"schemaVersion":1,"seccomp":{"mode":"-1"},"capabilities":{}}`, `task 1: seccomp: mode: "-1": invalid syntax`},
		{`{"schemaVersion":1,"unknown":{"` + `\u001b":1}}`, `line 1: unknown."\x1b": a number is not what belongs here`},
		{"{\"schemaVersion\":1,\"tasks\":[\n{\"pid\":1,\"pid\":1}]}", `line 2: key "pid" stands twice`},
		{"{\"schemaVersion\":1,\"name\":\"\xff\"}", "line 1: invalid UTF-8"},
		{"{\"schemaVersion\":1,\n\"tasks\":[{\"capabilities\":{\"ambient\":{\"hex\":\"1\"}}}", "line 2: cut short"},
		{`{"schemaVersion":1,"tasks":[]} []`, "line 1: an array is not what belongs here"},
	} {
		if records, err := fromJSON([]byte(test.text)); err == nil || err.Error() != test.want || records != nil {
			t.Errorf("%s: %v, want %s", test.text, err, test.want)
		}
	}
}

// TestReportedUnknown holds that a value that is only told in part is unknown, and
// that the reasons of the report stand first, in its order.
func TestReportedUnknown(t *testing.T) {
	records, err := fromJSON([]byte(`{"schemaVersion":1,"future":[{"pid":2}],"tasks":[{"PID":1,"pid":null,"tid":2,
		"nsPid":[1,null],"groups":[{"id":1,"name":"a"},{"name":"b"}],"uid":{"real":1,"effective":1,"saved":1,"realName":"a"},
		"gid":{"real":1,"effective":1,"saved":1,"filesystem":1,"realName":"a","hostReal":1},"seccomp":{"mode":null,"filters":1},
		"securebits":{},"userNamespace":{},"namespaces":{"user":{"sharedWithSelf":true},"other":{"id":1}},"profile":[null],
		"unknown":{"threads":"c","future":"a","capabilities":"b"},"capabilities":{"effective":{"hex":"1"}}}]}`))
	if err != nil || len(records) != 1 {
		t.Fatal(records, err)
	}
	r := records[0]
	want := []Unknown{{"threads", "c"}, {"future", "a"}, {"capabilities", "b"}, {"userNamespace.initial", untold}, {"securebits", "the report does not tell them"}}
	for _, path := range strings.Fields("pid ppid name state nsPid tracerPid uid groups noNewPrivs seccomp") {
		want = append(want, Unknown{path, untold})
	}
	if want = append(want, Unknown{"mode", "needs securebits"}); !reflect.DeepEqual(r.Unknown, want) {
		t.Errorf("unknown: %q\nwant %q", r.Unknown, want)
	}
	known := procstatus.Status{Pid: 2, GID: procstatus.IDs{Real: 1, Effective: 1, Saved: 1, Filesystem: 1}}
	known.SetCaps(capset.Effective, 1)
	known.Mark(procstatus.FieldPid, procstatus.FieldGID)
	if !reflect.DeepEqual(r.Status, known) || r.Namespaces.Known() || r.Host != nil || r.GroupNames[1] != "a" || len(r.Profile) != 0 {
		t.Errorf("%+v", r)
	}
}
