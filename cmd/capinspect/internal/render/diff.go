// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/diff"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// printDifference prints in a sentence what differs, a line for each set and each value
// that does, then what there is to say of the manifests.
func printDifference(p *printer, d *diff.Difference) {
	for _, part := range d.SummaryParts() {
		p.marked(part.Mark, part.Text)
	}
	p.line()
	for _, s := range d.Sets {
		p.print(s.Kind.String(), ":")
		for c := range s.Less.Caps() {
			p.print(" -", c.String())
		}
		for c := range s.More.Caps() {
			p.print(" +", c.String())
		}
		p.line()
	}
	for _, v := range d.Values {
		p.print(v.Key, ": ")
		p.escaped(ValueText(v.A))
		p.print(" -> ")
		p.escaped(ValueText(v.B))
		p.line()
	}
	for _, s := range [...]*diff.Side{d.A, d.B} {
		asked := s.Asks()
		if asked == nil {
			continue
		}
		of := ""
		if d.A.Asks() != nil && d.B.Asks() != nil {
			of = " of " + Escape(s.Label)
		}
		p.notes("Traps"+of, asked.Traps)
		p.notes("Assumed"+of, asked.Assumed)
	}
	printNotCompared(p, "Not compared: ", d.NotCompared)
}

// printNotCompared prints a line with the values that were not compared. Those that have
// one reason stand together.
func printNotCompared(p *printer, lead string, list []task.Note) {
	if len(list) == 0 {
		return
	}
	var reasons []string
	keys := map[string][]string{}
	for _, n := range list {
		if keys[n.Text] == nil {
			reasons = append(reasons, n.Text)
		}
		keys[n.Text] = append(keys[n.Text], strings.TrimPrefix(n.Code, "capabilities."))
	}
	next := p.separated(lead, "; ")
	for _, why := range reasons {
		next()
		p.print(strings.Join(keys[why], ", "), " (")
		p.escaped(why)
		p.print(")")
	}
	p.line()
}

// ValueText returns a value that differs in words.
func ValueText(value any) string {
	switch v := value.(type) {
	case capset.IDs:
		return task.IDsText(v)
	case []uint32:
		return task.GroupsText(v)
	case capset.Securebits:
		return fmt.Sprintf("0x%x", uint32(v))
	case []string:
		return choose(len(v) == 0, none, strings.Join(v, ", "))
	case string:
		return choose(v == "", none, v)
	}
	return fmt.Sprint(value)
}
