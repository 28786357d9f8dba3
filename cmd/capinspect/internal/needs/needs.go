// SPDX-License-Identifier: Apache-2.0

// Package needs tells from the events of a log which capabilities a program needs: what the
// kernel refused for lack of one, what it refused for another reason, what may be either,
// and what the program did without.
//
// A refusal that the log lets tell nothing of is said to be unclear, and never guessed: a
// wrong capability is worse than none.
package needs

import (
	"slices"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/denial"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Answer is what a log tells.
type Answer struct {
	// Needed are the refusals for lack of a capability, and the checks of which a log does
	// not tell how they ended.
	Needed []Finding
	// Perhaps are refusals that a capability may have to do with, or something else.
	Perhaps []Finding
	// Survived are refusals for lack of a capability that the program went on after.
	Survived []Finding
	// Child are refusals in a child user namespace, where no capability of a container
	// helps.
	Child []Finding
	// Other are the refusals that no capability changes.
	Other []Finding
	// Used are the capabilities that were asked for and granted.
	Used []Finding

	// TellsUse says that the log has what was granted too, so that what it does not have was
	// not used.
	TellsUse bool
	// Dropped are the events beyond what is kept.
	Dropped int
}

// Finding is something that happened, once or several times.
type Finding struct {
	// Caps are the capabilities that it takes, all of them; any of Or does as well.
	Caps, Or []capset.Cap
	// Operation is its name in the table of operations, or that of the system call; "" if
	// the log does not say.
	Operation string
	Errno     string
	// Reasons say why it is where it is.
	Reasons  []task.Note
	Programs []Program // those that did it, the most frequent first
	Count    int
	Paths    []string // the first ones
	First    Place
}

// Unaudited reports whether the kernel asked without auditing, as it does to choose between
// two ways.
func (f *Finding) Unaudited() bool { return len(f.Reasons) > 0 && f.Reasons[0].Code == notAudited }

// Program is a program, and how often it did something.
type Program struct {
	Name  string
	Count int
}

// Place is a line of a log.
type Place struct {
	File string
	Line int
	Text string
}

// Set returns the capabilities of some findings.
func Set(list []Finding) (set capset.Set) {
	for _, f := range list {
		set |= capset.Of(f.Caps...)
	}
	return set
}

// Capability sums up what is known of one capability.
type Capability struct {
	Cap        capset.Cap
	Or         []capset.Cap
	Count      int
	Programs   []Program
	Operations []string
	Reasons    []task.Note
	First      Place
}

// Capabilities sums findings up by capability, in the order of their numbers.
func Capabilities(list []Finding) (sums []Capability) {
	for c := range Set(list).Caps() {
		sum := Capability{Cap: c}
		for _, f := range list {
			if !slices.Contains(f.Caps, c) {
				continue
			}
			if sum.Count == 0 {
				sum.First, sum.Or = f.First, slices.Clone(f.Or)
			}
			sum.Count += f.Count
			sum.Or = slices.DeleteFunc(sum.Or, func(o capset.Cap) bool { return !slices.Contains(f.Or, o) })
			for _, p := range f.Programs {
				sum.Programs = counted(sum.Programs, p)
			}
			if f.Operation != "" && !slices.Contains(sum.Operations, f.Operation) {
				sum.Operations = append(sum.Operations, f.Operation)
			}
			for _, r := range f.Reasons {
				if !slices.Contains(sum.Reasons, r) {
					sum.Reasons = append(sum.Reasons, r)
				}
			}
		}
		sums = append(sums, sum)
	}
	return sums
}

// counted adds to the count of a program. The most frequent stay first.
func counted(list []Program, p Program) []Program {
	at := slices.IndexFunc(list, func(q Program) bool { return q.Name == p.Name })
	if at < 0 {
		list = append(list, p)
	} else {
		list[at].Count += p.Count
	}
	slices.SortStableFunc(list, func(a, b Program) int { return b.Count - a.Count })
	return list
}

// place returns where an event stands.
func place(e *denial.Event) Place { return Place{e.File, e.Line, e.Text} }
