// SPDX-License-Identifier: Apache-2.0

package render

import (
	"errors"
	"fmt"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/check"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// printChecked prints whether all conditions hold, a line for each that does not, and one
// with the rules that no run time shows.
func printChecked(p *printer, c *check.Checked) {
	if summary := c.Summary(inSentence); summary != "" {
		verdict, rest, _ := strings.Cut(summary, ":")
		p.marked(map[string]task.Mark{"no": task.Differs, "unknown": task.Doubt}[verdict], verdict)
		p.line(":", rest)
	}
	for _, f := range c.Findings {
		if f.Err == nil {
			p.print(SubjectName(&f.Subject), ": ")
			p.escaped(f.Short())
			p.line()
			if f.Write != "" {
				p.print("    write ")
				p.escaped(f.Write)
				p.line()
			}
		}
	}
	if s := c.Standard; s != nil && len(s.Unseen) > 0 {
		p.printf("not shown at run time, of %v (%s): %s\n", s.Level, s.Asked, strings.Join(s.Unseen, ", "))
	}
	for _, o := range c.PassedOver {
		printPassedOver(p, &o)
	}
}

// printPassedOver prints how many objects of a file have no containers, and their kinds.
func printPassedOver(p *printer, o *check.PassedOver) {
	objects := "objects"
	if o.Count == 1 {
		objects = "object"
	}
	p.escaped(fmt.Sprintf("%s: passed over %d %s without the containers of a pod", task.InputName(o.File), o.Count, objects))
	if kinds := o.Named(); len(kinds) > 0 {
		p.print(": ")
		p.escaped(strings.Join(kinds, ", "))
	}
	p.line()
}

// The characters that end a message or a property of a command of GitHub Actions
// (actions/toolkit, packages/core/src/command.ts).
var (
	githubMessage  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// printAnnotations prints a line for each finding, and for what could not be read, that
// makes GitHub Actions show it at its line of the file.
func printAnnotations(p *printer, c *check.Checked) {
	property := func(s string) string { return githubProperty.Replace(Escape(s)) }
	for _, f := range c.Findings {
		level := f.Severity.String()
		switch {
		case f.Err != nil:
			level = "warning"
		case f.Severity == check.Note:
			level = "notice"
		}
		p.print("::", level, " ")
		if f.Pod != nil && f.File != "-" {
			p.printf("file=%s,line=%d,", property(f.File), f.Line)
		}
		p.print("title=capinspect%3A ", property(f.Code), "::")
		p.print(githubMessage.Replace(subjectInFile(&f.Subject) + ": " + Escape(f.Advice())))
		p.line()
	}
	for _, err := range c.Failures {
		p.print("::error ")
		if in, ok := errors.AsType[*task.InputError](err); ok && in.Name != "-" {
			p.printf("file=%s,", property(in.Name))
			if line := in.Line(); line > 0 {
				p.printf("line=%d,", line)
			}
		}
		p.print("title=capinspect::", githubMessage.Replace(Escape(err.Error())))
		p.line()
	}
}

// checked returns the JSON form of what check finds.
func checked(c *check.Checked) report.Check { return report.FromChecked(c, inSentence) }

// sarif returns the findings as SARIF.
func sarif(c *check.Checked) report.SARIF { return report.SARIFOf(c, subjectInFile) }

// subjectInFile is SubjectName without the name of the file and the line.
func subjectInFile(s *check.Subject) string {
	if s.Task != nil {
		return taskName(s.Task)
	}
	name := s.Pod.FullName()
	if s.Container != nil {
		name += ": " + s.Container.FullName()
	}
	return Escape(name)
}

// inSentence is SubjectName without the line.
func inSentence(s *check.Subject) string {
	if s.Task != nil {
		return taskName(s.Task)
	}
	return Escape(task.InputName(s.File)) + ": " + subjectInFile(s)
}

// SubjectName is what a message calls what was checked. It is escaped.
func SubjectName(s *check.Subject) string {
	if s.Task != nil {
		return taskName(s.Task)
	}
	return Escape(fmt.Sprintf("%s:%d: ", task.InputName(s.File), s.Line)) + subjectInFile(s)
}

// taskName is what a message calls a task.
func taskName(t *task.Task) string {
	name := "name unknown"
	if known, ok := t.Title().Get(); ok {
		name = Escape(known)
	}
	if tid, ok := t.Tid.Get(); ok {
		return fmt.Sprintf("pid %d (%s)", tid, name)
	}
	return fmt.Sprintf("%s (%s)", Escape(task.InputName(t.Source)), name)
}
