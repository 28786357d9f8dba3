// SPDX-License-Identifier: Apache-2.0

package render

import "github.com/capinspect/capinspect/cmd/capinspect/internal/diff"

// printDrift prints in a sentence what two reports do not have alike. The table follows it.
func printDrift(p *printer, d *diff.Drift) {
	for _, part := range d.SummaryParts() {
		p.marked(part.Mark, part.Text)
	}
	p.line()
	printNotCompared(p, "Not compared: ", d.NotCompared)
}

// printDriftNote prints a note about a table that a program reads.
func printDriftNote(p *printer, d *diff.Drift) { printNotCompared(p, "not compared: ", d.NotCompared) }
