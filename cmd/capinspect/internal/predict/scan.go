// SPDX-License-Identifier: Apache-2.0

package predict

import (
	"cmp"
	"slices"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Scan is what the programs below a directory would give a task. It lists the programs
// that give more to one task than to another: those that are set-user-ID or set-group-ID
// or have capabilities.
type Scan struct {
	Task         *task.Task
	Dir          string // as it was asked for
	Programs     []*Prediction
	Files, Dirs  int // how many were looked at
	Closed       int // directories that the task may not search, and the reader not read
	Others       int // directories on other devices, as subvolumes, that were not asked for
	Left         int // programs that are too many to list
	Assumed      []task.Note
	Failures     []error // why something could not be looked at
	MoreFailures int     // how many more there were

	subject *Subject
}

// How much a Scan keeps.
const (
	maxPrograms = 10_000
	maxFailures = 20
)

// Scan begins a scan of a directory. The caller looks for the programs, calls [Scan.Add]
// for each and then [Scan.Finish].
func (s *Subject) Scan(dir string) *Scan { return &Scan{Task: s.Task, Dir: dir, subject: s} }

// Add predicts what a program that was found gives. The error says why that is unknown.
func (scan *Scan) Add(f *Found) error {
	if len(scan.Programs) >= maxPrograms {
		scan.Left++
		return nil
	}
	p, err := scan.subject.predict(f.Path)
	if err != nil {
		return err
	}
	if p.Program == nil { // the task does not get to it
		p.Program = programOf(f)
	}
	if p.After == nil && p.Program.Path == f.Path { // nobody went by its capabilities
		p.Program.showCaps(f)
	}
	scan.Programs = append(scan.Programs, p)
	return nil
}

// Fail keeps why something could not be looked at.
func (scan *Scan) Fail(err error) {
	if len(scan.Failures) < maxFailures {
		scan.Failures = append(scan.Failures, err)
	} else {
		scan.MoreFailures++
	}
}

// Finish sorts the programs by path, and lists what was assumed of them.
func (scan *Scan) Finish() {
	scan.Assumed = scan.subject.Assumed()
	slices.SortFunc(scan.Programs, func(a, b *Prediction) int { return cmp.Compare(a.File, b.File) })
}
