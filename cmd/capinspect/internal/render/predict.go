// SPDX-License-Identifier: Apache-2.0

package render

import (
	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/predict"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// printPrediction prints what execve(2) of a file gives a task, what it changes, and then
// the steps that lead to it.
func printPrediction(p *printer, pred *predict.Prediction) {
	if pred.Image != "" {
		printStart(p, pred)
	} else {
		p.print("execve of ")
		p.escaped(pred.File)
		p.print(" by ")
		printWho(p, pred.Task)
		p.line(": ", pred.Result)
	}
	if pred.After == nil {
		p.print("Why: ")
		p.escaped(pred.Why)
		p.line()
	}
	if pred.Program != nil {
		printProgram(p, pred.Program, pred.Task.LastCap.Value)
	}
	if pred.After != nil {
		printAfter(p, pred.After)
		if pred.Image == "" {
			printChanges(p, pred)
		}
	}
	p.notes("Notes", pred.Notes)
	p.notes("Steps", pred.Steps)
	p.notes("To change it", changes(pred.Changes))
	p.notes("Assumed", pred.Assumed)
	p.line("Not examined: ", predict.NotExamined)
}

// printStart prints whether an image starts, as whom and with what.
func printStart(p *printer, pred *predict.Prediction) {
	p.print("image ")
	p.escaped(pred.Image)
	if pred.After == nil {
		p.print(" does not start")
		if pred.File != "" {
			p.print(" ")
			p.escaped(pred.File)
		}
		p.line(": ", pred.Result)
		return
	}
	p.print(" starts ")
	p.escaped(pred.File)
	p.print(": ")
	p.line(pred.After.Summary())
}

// changes returns changes as notes.
func changes(list []predict.Change) (notes []task.Note) {
	for _, c := range list {
		notes = append(notes, task.Note{Code: c.Where, Text: c.Text})
	}
	return notes
}

// printProgram prints the attributes of a program.
func printProgram(p *printer, f *predict.Program, last capset.Cap) {
	p.print("Program: ")
	p.escaped(f.Path)
	p.printf(", mode %04o of uid %d, gid %d", f.Mode, f.UID, f.GID)
	switch text := f.CapsText(last); {
	case text != "":
		p.print(", ", text)
	case f.None:
		p.print(", without file capabilities")
	}
	p.line(choose(f.NoSuid, ", on a nosuid mount", ""))
}

// printAfter prints the values of a task that execve(2) may change.
func printAfter(p *printer, t *task.Task) {
	printCurrent(p, t)
	uid, gid := t.UID.Zero(), t.GID.Zero()
	p.print("uid=")
	printID(p, uid.Real, t.UserNames)
	p.print(" euid=")
	printID(p, uid.Effective, t.UserNames)
	p.print("\ngid=")
	printID(p, gid.Real, t.GroupNames)
	p.print(" egid=")
	printID(p, gid.Effective, t.GroupNames)
	p.line()
}

// printChanges prints the sets and ids that execve(2) changes.
func printChanges(p *printer, pred *predict.Prediction) {
	p.print("Changes: ")
	before := len(p.buf)
	separate := p.separated("", "; ")
	for k := range capset.Kind(capset.NumKinds) {
		was, is := pred.Before.Sets[k].Zero(), pred.After.Sets[k].Zero()
		if was == is {
			continue
		}
		separate()
		p.print(k.String(), setChange(was, is, pred.After.LastCap.Value))
	}
	for _, id := range [...]struct {
		name string
		of   func(*task.Task) uint32
	}{
		{"uid", func(t *task.Task) uint32 { return t.UID.Zero().Real }},
		{"euid", func(t *task.Task) uint32 { return t.UID.Zero().Effective }},
		{"gid", func(t *task.Task) uint32 { return t.GID.Zero().Real }},
		{"egid", func(t *task.Task) uint32 { return t.GID.Zero().Effective }},
	} {
		if was, is := id.of(pred.Before), id.of(pred.After); was != is {
			separate()
			p.printf("%s %d to %d", id.name, was, is)
		}
	}
	if len(p.buf) == before {
		p.print("none")
	}
	p.line()
}

// setChange says how a set changes: what it has more and less, or in few words what it was
// and is if that is shorter.
func setChange(was, is capset.Set, last capset.Cap) (text string) {
	if more := is &^ was; more != 0 {
		text += " +" + more.String()
	}
	if less := was &^ is; less != 0 {
		text += " -" + less.String()
	}
	if short := " " + Short(was, last) + " to " + Short(is, last); len(text) > longest && len(short) < len(text) {
		return short
	}
	return text
}
