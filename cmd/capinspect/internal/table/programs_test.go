// SPDX-License-Identifier: Apache-2.0

package table

import (
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/predict"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// gaining returns the prediction that a program of some mode and capabilities gives a task of
// uid 33 another user id and more capabilities.
func gaining(file string, mode uint32, uid, gid uint32, has, gained capset.Set) *predict.Prediction {
	before := &task.Task{LastCap: task.LastCap{Value: capset.LastKnown, From: task.FromKernel}}
	before.UID, before.GID = task.Known(task.AllIDs(33)), task.Known(task.AllIDs(5))
	before.Sets[capset.Permitted] = task.Known(capset.Set(0))
	before.UserNamespace = task.Known(task.UserNamespace{Initial: task.Known(true)})
	after := *before
	after.UID, after.GID = task.Known(capset.IDs{Real: 33, Effective: uid}), task.Known(capset.IDs{Real: 5, Effective: gid})
	after.Sets[capset.Permitted] = task.Known(gained)
	p := &predict.Prediction{
		Task: before, File: file, Result: predict.OK, Before: before, After: &after,
		Program: &predict.Program{Path: file, Mode: mode, UID: uid, GID: gid},
	}
	if has != 0 {
		p.Program.Caps = &capset.FileCaps{Permitted: has, Effective: true}
	}
	return p
}

// TestPrograms holds the table of a scan in the order of risk, and the line above it.
func TestPrograms(t *testing.T) {
	raw, admin := capset.Of(capset.NetRaw), capset.Of(capset.SysAdmin)
	script := gaining("/bin/s", 0o755, 33, 5, 0, 0)
	script.Program.Path = "/bin/su"
	denied := gaining("/bin/d", 0o755, 33, 5, raw, 0)
	denied.After, denied.Result, denied.Why = nil, "EPERM", "a\x1b"
	hidden := *denied
	hidden.File, hidden.Program, hidden.Result, hidden.Why = "/h", nil, "EACCES", "b"
	child := gaining("/bin/c", 0o4755, 0, 5, 0, capset.UpTo(capset.LastKnown))
	child.After.UserNamespace = task.Known(task.UserNamespace{Initial: task.Known(false)})
	list := []*predict.Prediction{
		denied, script, gaining("/bin/b\x1b", 0o6755, 34, 6, 0, 0), gaining("/bin/m", 0o2745, 33, 5, 0, 0), child, gaining("/bin/ping", 0o755, 33, 5, raw, raw),
		gaining("/bin/r", 0o4711, 0, 5, 0, 0), gaining("/bin/a", 0o755, 33, 5, admin, admin), gaining("/bin/su", 0o4755, 0, 5, 0, capset.UpTo(capset.LastKnown)), &hidden,
	}
	table := Table[*predict.Prediction]{Header: true, Sort: &ProgramRisk, Style: render.Style{Color: true}}
	for i := range Programs {
		if name := Programs[i].Name; name != "WHY" && name != "SECURE" {
			table.Columns = append(table.Columns, &Programs[i])
		}
	}
	const want = `RESULT  MODE  OWNER  MARKED              GAINS             FILE
ok      4755  0:5    setuid 0            R{euid 0, all}       /bin/su
ok      0755  33:5   sys_admin=ep        R{sys_admin}         /bin/a
ok      4711  0:5    setuid 0            Y{euid 0}            /bin/r
ok      0755  33:5   net_raw=ep          Y{net_raw}           /bin/ping
ok      4755  0:5    setuid 0            Y{euid 0, all}       /bin/c
ok      6755  34:6   setuid 34, setgid 6  Y{euid 34, egid 6}  /bin/b\x1b
EPERM   0755  33:5   net_raw=ep          -                 /bin/d
ok      0755  33:5   script              none              /bin/s
ok      2745  33:5   -                   none              /bin/m
EACCES  -     -      -                   -                 /h
`
	var out strings.Builder
	if err := table.Write(&out, list); err != nil {
		t.Fatal(err)
	}
	marked := strings.NewReplacer("\x1b[31m", "R{", "\x1b[33m", "Y{", "\x1b[0m", "}").Replace(out.String())
	words := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	if words(marked) != words(want) {
		t.Errorf("got\n%s\nwant\n%s", marked, want)
	}
	scan := predict.Scan{Programs: list}
	if got, want := scan.Summary(), "10 programs: 4 set-user-ID, 1 set-group-ID, 3 with capabilities, 1 script; 3 would give root, 4 capabilities, 2 would fail (EACCES 1, EPERM 1)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := new(predict.Scan).Summary(), "no programs that give privileges"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	why, _ := Programs.Named("why")
	if got := string(why.append(nil, denied)); got != `a\x1b` {
		t.Errorf("why: %q", got)
	}
}
