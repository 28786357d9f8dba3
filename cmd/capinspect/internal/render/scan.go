// SPDX-License-Identifier: Apache-2.0

package render

import "github.com/capinspect/capinspect/cmd/capinspect/internal/predict"

// printScan prints, below the table of programs, how much was looked at.
func printScan(p *printer, scan *predict.Scan) {
	if scan.Left > 0 {
		p.printf("... and %d more\n", scan.Left)
	}
	p.printf("%d of %d files in %d directories of ", len(scan.Programs)+scan.Left, scan.Files, scan.Dirs)
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
	p.notes("Assumed", scan.Assumed)
	p.line("Not examined: ", predict.NotExamined)
}
