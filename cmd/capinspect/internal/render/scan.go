// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/predict"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// printScan prints, below the table of programs, how much was looked at.
func printScan(p *printer, scan *predict.Scan) {
	if scan.Left > 0 {
		p.printf("... and %d more\n", scan.Left)
	}
	p.printf("%d of %s in %s of ", len(scan.Programs)+scan.Left, task.Counted(scan.Files, "file", "files"), task.Counted(scan.Dirs, "directory", "directories"))
	p.escaped(scan.Dir)
	p.print(", for ")
	if scan.Who != "" {
		p.escaped(scan.Who)
	} else {
		printWho(p, scan.Task)
	}
	if scan.Closed > 0 {
		p.printf(", without %d that it may not search", scan.Closed)
	}
	if scan.Others > 0 {
		p.printf(", without %d on another device, as a subvolume is (see --all)", scan.Others)
	}
	p.line()
	p.notes("Not permitted", notPermitted(scan.Programs))
	p.notes("Assumed", scan.Assumed)
	p.line("Not examined: ", predict.NotExamined)
}

// maxNotPermitted is how many programs are named that fail with EPERM.
const maxNotPermitted = 10

// notPermitted returns why programs fail with EPERM, which is what a container notices first
// that lacks a capability of a file.
func notPermitted(list []*predict.Prediction) (notes []task.Note) {
	more := 0
	for _, p := range list {
		switch {
		case p.Result != "EPERM":
		case len(notes) == maxNotPermitted:
			more++
		default:
			notes = append(notes, task.Note{Code: p.Result, Text: p.Why})
		}
	}
	if more > 0 {
		notes = append(notes, task.Note{Code: "...", Text: fmt.Sprintf("and %d more: --columns +why has them", more)})
	}
	return notes
}
