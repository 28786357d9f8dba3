// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/procstatus"
)

// The forms of a scan.
var (
	ScanText = &Form[collect.Scan]{"text", appendScan}
	ScanJSON = &Form[collect.Scan]{"json", appendScanJSON}
)

// appendScan appends a row for each program, and how much was looked at.
func appendScan(dst []byte, scan *collect.Scan) []byte {
	rows := [][]string{{"RESULT"}, {"MARKED"}, {"GAINS"}, {"FILE"}}
	for _, p := range scan.Programs {
		for i, cell := range [...]string{p.Result, marks(p), gains(p), Escape(p.File)} {
			rows[i] = append(rows[i], cell)
		}
	}
	if scan.Programs != nil {
		dst = appendGrid(dst, rows[0], rows[1:])
	}
	if scan.Left > 0 {
		dst = fmt.Appendf(dst, "... and %d more\n", scan.Left)
	}
	dst = fmt.Appendf(dst, "%d of %d files in %d directories of ", len(scan.Programs)+scan.Left, scan.Files, scan.Dirs)
	dst = appendWho(put(appendEscaped(dst, scan.Dir), ", for "), scan.Task)
	if scan.Closed > 0 {
		dst = fmt.Appendf(dst, ", without %d that it may not search", scan.Closed)
	}
	dst = put(dst, "\n")
	return appendListed(dst, "Assumed", scan.Assumed)
}

// marks says in few words what a program has that gives something.
func marks(p *collect.Prediction) string {
	f := p.Program
	if f == nil {
		return nothing
	}
	if f.Path != p.File {
		return "script"
	}
	var list []string
	if f.Mode&0o4000 != 0 {
		list = append(list, fmt.Sprintf("setuid %d", f.UID))
	}
	if f.Mode&0o2010 == 0o2010 {
		list = append(list, fmt.Sprintf("setgid %d", f.GID))
	}
	if f.Caps != nil {
		list = append(list, strings.ReplaceAll(fileCapsText(f.Caps, p.Task.LastCap.Value), "cap_", ""))
	}
	if list == nil {
		return nothing
	}
	return strings.Join(list, ", ")
}

// gains says in few words what a program gives that the task has not.
func gains(p *collect.Prediction) string {
	if p.After == nil {
		return nothing
	}
	was, is := &p.Before.Status, &p.After.Status
	var list []string
	if was.UID.Effective != is.UID.Effective {
		list = append(list, fmt.Sprintf("euid %d", is.UID.Effective))
	}
	if was.GID.Effective != is.GID.Effective {
		list = append(list, fmt.Sprintf("egid %d", is.GID.Effective))
	}
	if set := gained(p); set != 0 {
		list = append(list, string(appendShort(nil, set, p.Task.LastCap.Value)))
	}
	if list == nil {
		return none
	}
	return strings.Join(list, ", ")
}

// gained returns the capabilities that a task is permitted after execve(2) only.
func gained(p *collect.Prediction) capset.Set {
	was, _ := p.Before.Status.Caps(capset.Permitted)
	is, _ := p.After.Status.Caps(capset.Permitted)
	return is &^ was
}

func appendScanJSON(dst []byte, scan *collect.Scan) []byte {
	e := encoder{buf: dst, indent: true}
	e.openLines('{')
	e.number("schemaVersion", SchemaVersion)
	e.key("pid")
	e.ifHas(scan.Task, procstatus.FieldPid, scan.Task.Status.Pid)
	e.member("dir", scan.Dir)
	e.number("files", int64(scan.Files))
	e.number("directories", int64(scan.Dirs))
	e.number("unsearchable", int64(scan.Closed))
	e.key("programs")
	e.openLines('[')
	for _, p := range scan.Programs {
		e.scanned(p)
	}
	e.close(']')
	e.number("left", int64(scan.Left))
	e.listed("assumed", scan.Assumed)
	e.key("errors")
	e.openLines('[')
	for _, err := range scan.Failures {
		e.string(err.Error())
	}
	e.close(']')
	e.number("moreErrors", int64(scan.MoreFailures))
	e.close('}')
	return append(e.buf, '\n')
}

// scanned appends one program.
func (e *encoder) scanned(p *collect.Prediction) {
	e.openLines('{')
	e.member("file", p.File)
	e.program(p.Program, p.Task.LastCap.Value)
	e.member("result", p.Result)
	e.text("why", p.Why)
	e.key("gains")
	if p.After == nil {
		e.null()
		e.close('}')
		return
	}
	is := &p.After.Status
	e.open('{')
	e.key("permitted")
	e.set(gained(p))
	e.key("effectiveUid")
	e.ifOther(p.Before.Status.UID.Effective, is.UID.Effective)
	e.key("effectiveGid")
	e.ifOther(p.Before.Status.GID.Effective, is.GID.Effective)
	e.close('}')
	e.close('}')
}

// ifOther appends an id if it is another than before, else null.
func (e *encoder) ifOther(was, is uint32) {
	if was == is {
		e.null()
		return
	}
	e.int(int64(is))
}
