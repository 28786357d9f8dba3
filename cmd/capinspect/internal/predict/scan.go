// SPDX-License-Identifier: Apache-2.0

package predict

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Scan is what the programs below a directory would give a task. It lists the programs
// that give more to one task than to another: those that are set-user-ID or set-group-ID
// or have capabilities.
type Scan struct {
	Task         *task.Task
	Who          string // who executes the programs; "" for the task itself
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
func (s *Subject) Scan(dir string) *Scan {
	return &Scan{Task: s.Task, Who: s.who, Dir: dir, subject: s}
}

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

// The permission bits that make a program set-user-ID and set-group-ID (inode(7)). Without
// the execute bit of the group, the other one is for mandatory locking.
const (
	setUID    = 0o4000
	setGID    = 0o2000
	groupExec = 0o0010
)

// SetsUID reports whether the program is set-user-ID.
func (p *Program) SetsUID() bool { return p.Mode&setUID != 0 }

// SetsGID reports whether the program is set-group-ID.
func (p *Program) SetsGID() bool { return p.Mode&setGID != 0 && p.Mode&groupExec != 0 }

// GivesRoot reports whether execve(2) makes the effective user id 0 that is another.
func (p *Prediction) GivesRoot() bool {
	return p.After != nil && p.After.UID.Zero().Effective == 0 && p.Before.UID.Zero().Effective != 0
}

// Risk returns how dangerous what execve(2) gives is: that of the capabilities alone, where
// they may open the node; root's user id comes next, then other capabilities and ids.
func (p *Prediction) Risk() task.Risk {
	if p.After == nil {
		return 0
	}
	risk := task.Risk(0)
	if set := p.Gained(); set != 0 {
		risk = p.After.RiskOf(set)
	}
	switch {
	case risk.OpensNode():
	case p.GivesRoot():
		return max(risk, p.After.RiskOfRoot())
	case risk == 0 && (p.Before.UID.Zero().Effective != p.After.UID.Zero().Effective || p.Before.GID.Zero().Effective != p.After.GID.Zero().Effective):
		return 1
	}
	return risk
}

// Summary says in a line how many programs are listed, and what they give.
func (scan *Scan) Summary() string {
	var uid, gid, caps, scripts, root, more, secure, fail int
	errnos := map[string]int{}
	for _, p := range scan.Programs {
		switch f := p.Program; {
		case f != nil && f.Path != p.File:
			scripts++
		case f != nil:
			uid, gid, caps = uid+one(f.SetsUID()), gid+one(f.SetsGID()), caps+one(f.Caps != nil)
		}
		root, more, secure = root+one(p.GivesRoot()), more+one(p.Gained() != 0), secure+one(p.Secure())
		if p.Result != OK {
			fail++
			errnos[p.Result]++
		}
	}
	if len(scan.Programs) == 0 {
		return "no programs that give privileges"
	}
	text := task.Counted(len(scan.Programs), "program", "programs") +
		fmt.Sprintf(": %d set-user-ID, %d set-group-ID, %d with capabilities", uid, gid, caps)
	if scripts > 0 {
		text += ", " + task.Counted(scripts, "script", "scripts")
	}
	text += fmt.Sprintf("; %d would give root, %d capabilities", root, more)
	if secure > 0 {
		text += fmt.Sprintf(", %d in secure execution", secure)
	}
	if fail > 0 {
		var list []string
		for errno, n := range errnos {
			list = append(list, fmt.Sprintf("%s %d", errno, n))
		}
		slices.Sort(list)
		text += fmt.Sprintf(", %d would fail (%s)", fail, strings.Join(list, ", "))
	}
	return text
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
