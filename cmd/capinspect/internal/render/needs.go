// SPDX-License-Identifier: Apache-2.0

package render

import (
	"slices"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/needs"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// printNeeds prints the answer first, then a paragraph for each capability, and what else
// the log tells.
func printNeeds(p *printer, t *report.Told) {
	audited, probes := split(t.Survived)
	printShort(p, t, needs.Set(audited))
	for _, c := range needs.Capabilities(t.Needed) {
		p.line()
		printNeeded(p, &c)
	}
	printRefusals(p, "Perhaps", t.Perhaps)
	printRefusals(p, "Went on without", audited)
	printRefusals(p, "In a child user namespace, where no capability of a container helps", t.Child)
	rest := append(printOthers(p, t.Other), probes...)
	if used := needs.Capabilities(t.Used); used != nil {
		p.line()
		p.line("Granted:")
		for _, c := range used {
			p.line("  ", Wrapped(happened(&c), 2, "    "))
		}
	}
	if rest != nil {
		p.line()
		p.line(Wrapped("Not listed: "+strings.Join(rest, ", ")+".", 0, "    "))
	}
	if t.Dropped > 0 {
		p.paragraph("", "There are "+strconv.Itoa(t.Dropped)+" more of other kinds than are kept.")
	}
	for _, c := range t.Compared {
		p.line()
		printComparison(p, c)
	}
}

// split takes what the kernel asked without auditing, which is no news, out of what programs
// went on without.
func split(survived []needs.Finding) (audited []needs.Finding, probes []string) {
	count := 0
	for _, f := range survived {
		if f.Unaudited() {
			count += f.Count
		} else {
			audited = append(audited, f)
		}
	}
	if count > 0 {
		probes = []string{"checks without auditing, whose refusal is no error, " + times(count)}
	}
	return audited, probes
}

// printShort prints the answer, in up to four lines.
func printShort(p *printer, t *report.Told, without capset.Set) {
	needed := needs.Set(t.Needed)
	if needed == 0 {
		p.printf("needs: nothing for certain (%d lines)\n", t.Lines)
	}
	for _, row := range [...]struct {
		label string
		set   capset.Set
	}{
		{"needs: ", needed},
		{"perhaps: ", needs.Set(t.Perhaps) &^ needed},
		{"went on without: ", without &^ needed},
		{"in a child user namespace: ", needs.Set(t.Child)},
	} {
		if row.set != 0 {
			p.line(row.label, Wrapped(inManifest(row.set, ", "), len(row.label), "  "))
		}
	}
}

// printNeeded prints what is known of a capability.
func printNeeded(p *printer, c *needs.Capability) {
	p.line(Wrapped(happened(c), 0, "    "))
	if len(c.Or) > 0 {
		p.paragraph("    ", "or "+named(c.Or, " or "))
	}
	printReasons(p, c.Reasons)
	printLine(p, &c.First)
}

// happened says how often a capability was asked for, by whom, and for what.
func happened(c *needs.Capability) string {
	text := c.Cap.Kubernetes() + ": " + times(c.Count) + by(c.Programs)
	if len(c.Operations) > 0 {
		text += ": " + Escape(strings.Join(c.Operations, ", "))
	}
	return text
}

// named returns capabilities as Kubernetes writes them.
func named(caps []capset.Cap, between string) string {
	var names []string
	for _, c := range caps {
		names = append(names, c.Kubernetes())
	}
	return strings.Join(names, between)
}

func inManifest(set capset.Set, between string) string {
	return named(slices.Collect(set.Caps()), between)
}

// printRefusals prints what was refused, under a title.
func printRefusals(p *printer, title string, list []needs.Finding) {
	if len(list) == 0 {
		return
	}
	p.line()
	p.line(title, ":")
	for i := range list {
		printRefusal(p, &list[i])
	}
}

func printRefusal(p *printer, f *needs.Finding) {
	what := Escape(f.Operation)
	if f.Errno != "" {
		what = strings.TrimSpace(what + " (" + Escape(f.Errno) + ")")
	}
	happened := times(f.Count) + by(f.Programs)
	head := strings.TrimPrefix(what+": "+happened, ": ")
	if len(f.Caps) > 0 {
		head = named(f.Caps, " and ")
		if len(f.Or) > 0 {
			head += " or " + named(f.Or, " or ")
		}
		head += ": " + happened
		if what != "" {
			head += ": " + what
		}
	}
	p.line("  ", Wrapped(head, 2, "    "))
	if len(f.Paths) > 0 {
		p.paragraph("    ", Escape(strings.Join(f.Paths, " ")))
	}
	printReasons(p, f.Reasons)
	printLine(p, &f.First)
}

// everyday are the reasons that are no news.
var everyday = map[string]bool{"missing": true, "no-call": true, "unsupported": true}

// printOthers prints what no capability changes. It returns what is left out.
func printOthers(p *printer, list []needs.Finding) (errnos []string) {
	var shown []needs.Finding
	count := map[string]int{}
	for _, f := range list {
		if !everyday[f.Reasons[0].Code] {
			shown = append(shown, f)
			continue
		}
		if count[f.Errno] == 0 {
			errnos = append(errnos, f.Errno)
		}
		count[f.Errno] += f.Count
	}
	printRefusals(p, "Not about a capability", shown)
	for i, errno := range errnos {
		errnos[i] = Escape(errno) + " " + times(count[errno])
	}
	return errnos
}

func printReasons(p *printer, reasons []task.Note) {
	for _, r := range reasons {
		p.paragraph("    ", r.Code+": "+Escape(r.Text))
	}
}

// printLine prints a line of a log, without its middle if it is too long, and without what
// strace says of an error.
func printLine(p *printer, at *needs.Place) {
	const margin, gap, end = "    ", " ... ", 30
	line := strings.Join(strings.Fields(at.Text), " ")
	if open := strings.LastIndex(line, " ("); open > 0 && strings.Contains(line, ") = -1 E") && strings.HasSuffix(line, ")") {
		line = line[:open]
	}
	text := strconv.Itoa(at.Line) + ": " + Escape(line)
	if at.File != "" {
		text = Escape(at.File) + ":" + text
	}
	if most := screen - len(margin); len(text) > most {
		text = strings.ToValidUTF8(text[:most-end-len(gap)], "") + gap + strings.ToValidUTF8(text[len(text)-end:], "")
	}
	p.line(margin, text)
}

// printComparison prints what a task has of what is needed.
func printComparison(p *printer, c *needs.Comparison) {
	p.print("In ")
	printWho(p, c.Task)
	p.line(":")
	if c.Missing == 0 {
		p.line("  missing: nothing")
	} else {
		p.line("  missing: ", Wrapped(inManifest(c.Missing, ", "), len("  missing: "), "    "))
		if bounded, known := c.Bounded.Get(); known && bounded != 0 {
			p.paragraph("    ", "in Bounding: "+inManifest(bounded, ", ")+" ('capinspect why' tells what keeps it from them)")
		}
	}
	if c.Held != 0 {
		const held = "  held and refused: "
		p.line(held, Wrapped(inManifest(c.Held, ", ")+" (its user namespace, a seccomp filter or a security module: 'capinspect why' tells)", len(held), "    "))
	}
	const unused = "  held and not used: "
	switch set, known := c.Unused.Get(); {
	case !known:
		p.line(unused, Wrapped("unknown ("+Escape(c.Unused.Why())+")", len(unused), "    "))
	case set == 0:
		p.line(unused, "nothing")
	default:
		p.line(unused, Wrapped(inManifest(set, ", "), len(unused), "    "))
	}
}

// times says how often something happened.
func times(n int) string {
	if n == 1 {
		return "once"
	}
	return strconv.Itoa(n) + " times"
}

// by names the programs that did something.
func by(list []needs.Program) string {
	var names []string
	for _, p := range list {
		switch {
		case p.Name == "":
		case len(list) == 1:
			names = append(names, Escape(p.Name))
		default:
			names = append(names, Escape(p.Name)+" "+strconv.Itoa(p.Count))
		}
	}
	if names == nil {
		return ""
	}
	return ", " + strings.Join(names, ", ")
}
