// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/operation"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// AppendExplanation appends what is known of a capability. The first line is that of
// capsh(1) --explain on a kernel whose last capability is last.
func AppendExplanation(dst []byte, c, last capset.Cap) []byte {
	p := printer{buf: dst}
	printExplanation(&p, c, last)
	return p.buf
}

func printExplanation(p *printer, c, last capset.Cap) {
	e, named := c.Explain()
	what := c.String()
	switch {
	case !named && c > last:
		what = "<unsupported>"
	case !named:
		what = "<unnamed in libcap>"
	case c > last:
		what = "<reserved for> " + what
	}
	p.printf("%s (%d) [/proc/self/status:CapXXX: 0x%s]\n", what, c, capset.Of(c).Hex())
	if !named {
		return
	}
	const indent = "    "
	p.line()
	p.paragraph(indent, e.Permits)
	p.line()
	for _, row := range [...]struct{ label, text string }{
		{"Need:", e.Needs},
		{"Risk:", e.Risk},
		{"Instead:", e.Instead},
		{"Counts in:", task.ScopePlaces(c.Scopes()...)},
		{"Since:", "Linux " + c.Since()},
		{"Default in:", defaultIn(c)},
	} {
		p.paragraph(fmt.Sprintf("%s%-12s", indent, row.label), row.text)
	}
}

// defaultIn tells who grants a capability by default.
func defaultIn(c capset.Cap) string {
	var titles []string
	for _, p := range runtime.GrantedBy(c) {
		titles = append(titles, p.Title)
	}
	if titles == nil {
		return "no known runtime"
	}
	return strings.Join(titles, ", ")
}

// printOperation prints what the kernel asks for when a program does something.
func printOperation(p *printer, o *operation.Operation) {
	p.line(o.Name(), ": ", asks(o))
	const indent = "    "
	p.line()
	p.paragraph(indent, o.Why)
	row := func(label, text string) { p.paragraph(fmt.Sprintf("%s%-12s", indent, label), text) }
	p.line()
	if len(o.Caps) > 0 {
		row("Counts in:", task.ScopePlaces(o.Scope))
	}
	for s := range capset.Scope(capset.NumScopes) {
		if names := elsewhere(o, s); names != nil {
			row("", strings.Join(names, ", ")+": "+task.ScopePlaces(s))
		}
	}
	label := "Instead:"
	for _, n := range o.Instead {
		row(label, n.Code+": "+n.Text)
		label = ""
	}
	label = "Gates:"
	for _, n := range slices.Concat(report.SeccompGates(o), o.Gates) {
		row(label, n.Code+": "+n.Text)
		label = ""
	}
	if o.Unverified != "" {
		row("Unverified:", o.Unverified)
	}
	if len(o.Names) > 1 {
		row("Also:", strings.Join(o.Names[1:], ", "))
	}
}

// elsewhere names what an operation asks for in another user namespace than its usual one.
func elsewhere(o *operation.Operation, s capset.Scope) (names []string) {
	for _, c := range slices.Sorted(maps.Keys(o.Elsewhere)) {
		if o.Elsewhere[c] == s {
			names = append(names, c.String())
		}
	}
	return names
}

// asks says what an operation asks for, and what comes back without.
func asks(o *operation.Operation) string {
	if len(o.Caps) == 0 {
		text := "needs no capability"
		if o.Errno != "" {
			text += ", and none helps (" + o.Errno + ")"
		}
		return text
	}
	between := " or "
	if o.All {
		between = " and "
	}
	var names []string
	for _, c := range o.Caps {
		names = append(names, c.String())
	}
	text := "asks for "
	if o.Program {
		text = "usually needs "
	}
	text += strings.Join(names, between)
	for _, c := range o.Alone {
		text += ", or " + c.String() + " alone"
	}
	if o.Errno != "" {
		text += " (" + o.Errno + ")"
	}
	return text
}

// printExplanations prints explanations with an empty line between them, and then a line
// for each capability that is only listed.
func printExplanations(p *printer, found *report.Explaining) {
	separate := p.separated("", "\n")
	for i := range found.Operations {
		separate()
		printOperation(p, &found.Operations[i])
	}
	for _, c := range found.Whole {
		separate()
		printExplanation(p, c, capset.LastKnown)
	}
	if len(found.Listed) > 0 {
		separate()
	}
	for _, c := range found.Listed {
		p.printf("%2d  %-22v  %s\n", c, c, c.Summary())
	}
}
