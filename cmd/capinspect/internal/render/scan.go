// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/predict"
)

// printScan prints a row for each program, and then how much was looked at.
func printScan(p *printer, scan *predict.Scan) {
	if scan.Programs != nil {
		rows := [][]string{{"RESULT", "MARKED", "GAINS", "FILE"}}
		for _, pred := range scan.Programs {
			rows = append(rows, []string{pred.Result, marks(pred), gains(pred), Escape(pred.File)})
		}
		p.grid(rows)
	}
	if scan.Left > 0 {
		p.printf("... and %d more\n", scan.Left)
	}
	p.printf("%d of %d files in %d directories of ", len(scan.Programs)+scan.Left, scan.Files, scan.Dirs)
	p.escaped(scan.Dir)
	p.print(", for ")
	printWho(p, scan.Task)
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

// The permission bits that make a program set-user-ID and set-group-ID (inode(7)). Without
// the execute bit of the group, the other one is for mandatory locking.
const (
	setUID    = 0o4000
	setGID    = 0o2000
	groupExec = 0o0010
)

// marks tells in few words what a program has that gives privileges.
func marks(pred *predict.Prediction) string {
	f := pred.Program
	switch {
	case f == nil:
		return Nothing
	case f.Path != pred.File:
		return "script"
	}
	var list []string
	if f.Mode&setUID != 0 {
		list = append(list, fmt.Sprintf("setuid %d", f.UID))
	}
	if f.Mode&setGID != 0 && f.Mode&groupExec != 0 {
		list = append(list, fmt.Sprintf("setgid %d", f.GID))
	}
	if f.Caps != nil {
		list = append(list, strings.ReplaceAll(f.CapsText(pred.Task.LastCap.Value), "cap_", ""))
	}
	if list == nil {
		return Nothing
	}
	return strings.Join(list, ", ")
}

// gains tells in few words what a program gives that the task does not have.
func gains(pred *predict.Prediction) string {
	if pred.After == nil {
		return Nothing
	}
	var list []string
	if was, is := pred.Before.UID.Zero().Effective, pred.After.UID.Zero().Effective; was != is {
		list = append(list, fmt.Sprintf("euid %d", is))
	}
	if was, is := pred.Before.GID.Zero().Effective, pred.After.GID.Zero().Effective; was != is {
		list = append(list, fmt.Sprintf("egid %d", is))
	}
	if set := pred.Gained(); set != 0 {
		list = append(list, Short(set, pred.Task.LastCap.Value))
	}
	if list == nil {
		return none
	}
	return strings.Join(list, ", ")
}
