// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/check"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// printChecked prints a line for each condition that is not met, and one with the rules
// that no run time shows.
func printChecked(p *printer, c *check.Checked) {
	for _, f := range c.Findings {
		if f.Err == nil {
			p.print(SubjectName(&f.Subject), ": ")
			p.escaped(f.Why())
			p.line()
		}
	}
	if s := c.Standard; s != nil && len(s.Unseen) > 0 {
		p.printf("not shown at run time, of %v (%s): %s\n", s.Level, s.Asked, strings.Join(s.Unseen, ", "))
	}
}

// SubjectName is what a message calls what was checked. It is escaped.
func SubjectName(s *check.Subject) string {
	if s.Task != nil {
		return taskName(s.Task)
	}
	name := fmt.Sprintf("%s:%d: %s", task.InputName(s.File), s.Line, s.Pod.FullName())
	if s.Container != nil {
		name += ": " + s.Container.FullName()
	}
	return Escape(name)
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
