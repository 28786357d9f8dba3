// SPDX-License-Identifier: Apache-2.0

package render

import (
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/why"
)

// printAnswers prints the answers for each task, with an empty line between them.
func printAnswers(p *printer, tasks *[]*why.Answers) {
	separate := p.separated("", "\n")
	for _, of := range *tasks {
		for i := range of.List {
			separate()
			printAnswer(p, of.Task, &of.List[i])
		}
		for i := range of.Operations {
			separate()
			printOutcome(p, of.Task, &of.Operations[i])
		}
		p.notes("Assumed", of.Assumed)
	}
}

// printAnswer prints whether a capability is effective in a task, in which sets it is, why,
// and what would change that.
func printAnswer(p *printer, t *task.Task, a *why.Answer) {
	is := choose(a.Effective(), "effective", "not effective")
	if a.Reason.Code == why.Undecided && !a.Works.Known() {
		is = "perhaps effective"
	}
	p.printf("%v (%d): %s in ", a.Cap, a.Cap, is)
	printWho(p, t)
	p.line()
	var sets []string
	for k, has := range a.Sets {
		if has {
			sets = append(sets, capset.Kind(k).String())
		}
	}
	if sets == nil {
		sets = []string{none}
	}
	p.line("Sets: ", strings.Join(sets, ", "))
	if a.Reason.Code != why.PlainlyEffective {
		printReason(p, "Reason: ", a.Reason)
	}
	for _, also := range a.Also {
		printReason(p, "Also: ", also)
	}
	printAdvice(p, a.Changes)
}

// printAdvice prints what would change an answer.
func printAdvice(p *printer, list []why.Change) {
	var changes []task.Note
	for _, c := range list {
		changes = append(changes, task.Note{Code: c.Where, Text: c.Text})
	}
	p.notes("To change it", changes)
}

// printOutcome prints whether a task may do an operation, what stops it, and what would
// change that.
func printOutcome(p *printer, t *task.Task, o *why.Outcome) {
	verdict := "cannot tell"
	if works, known := o.Works.Get(); known {
		verdict = choose(works, "yes", "no")
	}
	p.print(o.Operation.Name(), ": ", verdict, ", for ")
	printWho(p, t)
	p.line()
	p.line("About: ", o.Operation.Why)
	p.line("It ", asks(&o.Operation.Operation))
	if o.Reason.Code != why.NeedsNone {
		printReason(p, "Reason: ", o.Reason)
	}
	for _, also := range o.Also {
		printReason(p, "Also: ", also)
	}
	printAdvice(p, o.Changes)
	p.notes("May refuse it too", o.Gates)
}

// printReason prints a reason and its code.
func printReason(p *printer, title string, reason task.Note) {
	p.print(title)
	p.escaped(reason.Text)
	p.line(" (", reason.Code, ")")
}
