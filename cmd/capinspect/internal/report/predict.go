// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strconv"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/procstatus"
)

// The forms of a prediction.
var (
	PredictText = &Form[collect.Prediction]{"text", appendPrediction}
	PredictJSON = &Form[collect.Prediction]{"json", appendPredictionJSON}
)

// appendPrediction appends what comes of an execve(2), what of it is another than
// before, and then the steps that led to it.
func appendPrediction(dst []byte, p *collect.Prediction) []byte {
	dst = put(dst, "execve of ")
	dst = appendEscaped(dst, p.File)
	dst = put(dst, " by ")
	dst = appendWho(dst, p.Task)
	dst = put(dst, ": ", p.Result, "\n")
	if f := p.Program; f != nil {
		dst = appendEscaped(put(dst, "Program: "), f.Path)
		dst = fmt.Appendf(dst, ", mode %04o of uid %d, gid %d", f.Mode, f.UID, f.GID)
		if f.Caps != nil {
			dst = put(dst, ", ", fileCapsText(f.Caps, p.Task.LastCap.Value))
		}
		dst = put(dst, choose(f.NoSuid, ", on a nosuid mount\n", "\n"))
	}
	if p.After == nil {
		dst = put(appendEscaped(put(dst, "Why: "), p.Why), "\n")
	} else {
		dst = appendCurrentText(dst, p.After)
		s := &p.After.Status
		dst = appendID(put(dst, "uid="), s.UID.Real, p.After.UserNames)
		dst = appendID(put(dst, " euid="), s.UID.Effective, p.After.UserNames)
		dst = appendID(put(dst, "\ngid="), s.GID.Real, p.After.GroupNames)
		dst = appendID(put(dst, " egid="), s.GID.Effective, p.After.GroupNames)
		dst = appendChanges(put(dst, "\n"), p)
	}
	dst = appendListed(dst, "Steps", p.Steps)
	dst = appendListed(dst, "Assumed", p.Assumed)
	return put(dst, "Not examined: ", collect.NotExamined, "\n")
}

// fileCapsText returns the text form of the capabilities of a file, as getcap(8) has
// it.
func fileCapsText(c *capset.FileCaps, last capset.Cap) string {
	state := capset.State{capset.Permitted: c.Permitted, capset.Inheritable: c.Inheritable}
	if c.Effective {
		state[capset.Effective] = c.Permitted | c.Inheritable
	}
	return state.Text(last)
}

// appendWho appends what a text calls a task.
func appendWho(dst []byte, r *collect.Record) []byte {
	if !r.Status.Has(procstatus.FieldPid) {
		return appendEscaped(dst, collect.InputName(r.Source))
	}
	dst = put(dst, "pid ")
	dst = strconv.AppendInt(dst, int64(r.Status.Pid), 10)
	if r.Status.Has(procstatus.FieldName) {
		dst = put(appendEscaped(put(dst, " ("), r.Status.Name), ")")
	}
	return dst
}

// appendChanges appends which sets and ids an execve(2) changes.
func appendChanges(dst []byte, p *collect.Prediction) []byte {
	dst = put(dst, "Changes: ")
	start := len(dst)
	sep := func() {
		if len(dst) > start {
			dst = put(dst, "; ")
		}
	}
	for k := range capset.Kind(capset.NumKinds) {
		was, _ := p.Before.Status.Caps(k)
		is, _ := p.After.Status.Caps(k)
		if was == is {
			continue
		}
		sep()
		dst = put(dst, k.String())
		for _, change := range [...]struct {
			sign string
			set  capset.Set
		}{{" +", is &^ was}, {" -", was &^ is}} {
			if change.set != 0 {
				dst = change.set.AppendNames(put(dst, change.sign))
			}
		}
	}
	was, is := &p.Before.Status, &p.After.Status
	for _, id := range [...]struct {
		name    string
		was, is uint32
	}{
		{"uid", was.UID.Real, is.UID.Real},
		{"euid", was.UID.Effective, is.UID.Effective},
		{"gid", was.GID.Real, is.GID.Real},
		{"egid", was.GID.Effective, is.GID.Effective},
	} {
		if id.was != id.is {
			sep()
			dst = fmt.Appendf(dst, "%s %d to %d", id.name, id.was, id.is)
		}
	}
	if len(dst) == start {
		dst = put(dst, "none")
	}
	return put(dst, "\n")
}

// appendListed appends notes with their codes, a line each, below a title.
func appendListed(dst []byte, title string, notes []collect.Note) []byte {
	if notes == nil {
		return dst
	}
	dst = put(dst, title, ":\n")
	width := 0
	for _, n := range notes {
		width = max(width, len(n.Code))
	}
	for _, n := range notes {
		dst = fmt.Appendf(dst, "  %-*s  ", width, n.Code)
		dst = put(appendEscaped(dst, n.Text), "\n")
	}
	return dst
}

func appendPredictionJSON(dst []byte, p *collect.Prediction) []byte {
	e := encoder{buf: dst, indent: true}
	e.openLines('{')
	e.number("schemaVersion", SchemaVersion)
	e.key("pid")
	e.ifHas(p.Task, procstatus.FieldPid, p.Task.Status.Pid)
	e.member("file", p.File)
	e.program(p.Program, p.Task.LastCap.Value)
	e.member("result", p.Result)
	e.text("why", p.Why)
	e.key("after")
	e.after(p.After)
	e.listed("steps", p.Steps)
	e.listed("assumed", p.Assumed)
	e.member("notExamined", collect.NotExamined)
	e.close('}')
	return append(e.buf, '\n')
}

// program appends the member that has the attributes of a program.
func (e *encoder) program(f *collect.Program, last capset.Cap) {
	e.key("program")
	if f == nil {
		e.null()
		return
	}
	e.open('{')
	e.member("path", f.Path)
	e.member("mode", fmt.Sprintf("%04o", f.Mode))
	e.number("uid", int64(f.UID))
	e.number("gid", int64(f.GID))
	e.key("capabilities")
	if f.Caps != nil {
		e.string(fileCapsText(f.Caps, last))
	} else {
		e.null()
	}
	e.key("nosuid")
	e.bool(f.NoSuid)
	e.close('}')
}

// after appends the members of a task that an execve(2) may change, null if there is
// no task.
func (e *encoder) after(r *collect.Record) {
	if r == nil {
		e.null()
		return
	}
	var hostUID, hostGID *procstatus.IDs
	if r.Host != nil {
		hostUID, hostGID = &r.Host.UID, &r.Host.GID
	}
	e.openLines('{')
	e.ids("uid", true, r.Status.UID, r.UserNames, hostUID, true)
	e.ids("gid", true, r.Status.GID, r.GroupNames, hostGID, true)
	e.capabilities(r)
	e.noNewPrivs(r)
	e.securebits(r)
	e.close('}')
}
