// SPDX-License-Identifier: Apache-2.0

package table

import (
	"fmt"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/predict"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Programs are the columns of a table with a row for each program that a scan found. The one
// that can be of any width comes last.
var Programs = Columns[*predict.Prediction]{
	{"RESULT", "ok, or the errno with which execve fails", "result", false, true, false, Needs{}, textCell(func(p *predict.Prediction) string { return p.Result }), nil},
	{"WHY", "why execve fails", "why", false, false, false, Needs{}, textCell(func(p *predict.Prediction) string { return p.Why }), nil},
	{"MODE", "its permission bits", "program.mode", false, false, false, Needs{}, programCell(func(f *predict.Program) string { return fmt.Sprintf("%04o", f.Mode) }), nil},
	{"OWNER", "the ids of its owner and its group", "program.uid", false, false, false, Needs{}, programCell(func(f *predict.Program) string { return fmt.Sprintf("%d:%d", f.UID, f.GID) }), nil},
	{"MARKED", "what it has that gives privileges", "program", false, true, false, Needs{}, textCell(marks), nil},
	{"GAINS", "what it gives that the task does not have", "gains", false, true, false, Needs{}, textCell(gains), gainsMark},
	{"SECURE", "whether it runs in secure execution, which ignores LD_PRELOAD and the like", "secureExecution", false, false, false, Needs{}, textCell(secure), nil},
	{"FILE", "its path", "file", false, true, false, Needs{}, textCell(func(p *predict.Prediction) string { return p.File }), nil},
}

// ProgramRisk sorts by what programs give, the most dangerous first, and is no column to show.
var ProgramRisk = Column[*predict.Prediction]{Name: "RISK", Number: true, append: riskCell((*predict.Prediction).Risk)}

func textCell[T any](of func(T) string) cell[T] {
	return func(dst []byte, row T) []byte {
		text := of(row)
		if text == "" {
			return append(dst, render.Nothing...)
		}
		return render.AppendEscaped(dst, text)
	}
}

func programCell(of func(*predict.Program) string) cell[*predict.Prediction] {
	return textCell(func(p *predict.Prediction) string {
		if p.Program == nil {
			return ""
		}
		return of(p.Program)
	})
}

// marks tells in few words what a program has that gives privileges.
func marks(p *predict.Prediction) string {
	f := p.Program
	switch {
	case f == nil:
		return ""
	case f.Path != p.File:
		return "script"
	}
	var list []string
	if f.SetsUID() {
		list = append(list, fmt.Sprintf("setuid %d", f.UID))
	}
	if f.SetsGID() {
		list = append(list, fmt.Sprintf("setgid %d", f.GID))
	}
	if f.Caps != nil {
		list = append(list, strings.ReplaceAll(f.CapsText(p.Task.LastCap.Value), "cap_", ""))
	}
	return strings.Join(list, ", ")
}

// gains tells in few words what a program gives that the task does not have.
func gains(p *predict.Prediction) string {
	if p.After == nil {
		return ""
	}
	var list []string
	if was, is := p.Before.UID.Zero().Effective, p.After.UID.Zero().Effective; was != is {
		list = append(list, fmt.Sprintf("euid %d", is))
	}
	if was, is := p.Before.GID.Zero().Effective, p.After.GID.Zero().Effective; was != is {
		list = append(list, fmt.Sprintf("egid %d", is))
	}
	if set := p.Gained(); set != 0 {
		list = append(list, render.Short(set, p.Task.LastCap.Value))
	}
	if list == nil {
		return "none"
	}
	return strings.Join(list, ", ")
}

// secure tells whether a program runs in secure execution.
func secure(p *predict.Prediction) string {
	switch {
	case p.After == nil:
		return ""
	case p.Secure():
		return "yes"
	}
	return "no"
}

func gainsMark(p *predict.Prediction) task.Mark {
	switch {
	case p.After == nil:
		return task.Plain
	case p.After.Opens(p.Gained()):
		return task.Danger
	case gains(p) != "none":
		return task.Differs
	}
	return task.Plain
}
