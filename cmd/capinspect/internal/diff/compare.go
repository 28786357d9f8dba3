// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Compare compares two sides: two tasks or manifests in all that both tell, and a set with
// the set k of a task or a manifest, or with another set.
func Compare(a, b *Side, k capset.Kind) *Difference {
	d := &Difference{A: a, B: b}
	if a.Task == nil || b.Task == nil {
		d.compareSet(k)
		return d
	}
	for k := range capset.Kind(capset.NumKinds) {
		d.compareSet(k)
	}
	for i := range values {
		d.compareValue(&values[i])
	}
	if a.Asks() == nil && b.Asks() == nil {
		d.compareOverflow()
		d.compareNamespaces()
		d.compareFilters()
	}
	slices.SortStableFunc(d.NotCompared, func(a, b task.Note) int { return rank(a) - rank(b) })
	return d
}

// rank puts last what can be compared of no two tasks that run.
func rank(n task.Note) int {
	switch n.Code {
	case "seccomp.rules":
		return 1
	case "securebits":
		return 2
	}
	return 0
}

// saved reports whether a side was read from a file, and may be of another node or boot.
func (d *Difference) saved() bool {
	return d.A.Task.Source != task.SourceProc || d.B.Task.Source != task.SourceProc
}

// skip notes that something is not compared, once.
func (d *Difference) skip(key, why string) {
	if note := (task.Note{Code: key, Text: why}); !slices.Contains(d.NotCompared, note) {
		d.NotCompared = append(d.NotCompared, note)
	}
}

// compareSet compares one set. A set of a task that is unknown is an error. A manifest may
// leave one to the image.
func (d *Difference) compareSet(k capset.Kind) {
	was, errA := d.A.set(k, d.B)
	is, errB := d.B.set(k, d.A)
	if errA == nil && errB == nil {
		if was != is {
			d.Sets = append(d.Sets, SetDifference{k, is &^ was, was &^ is})
		}
		return
	}
	alone := d.A.Task == nil || d.B.Task == nil
	for i, s := range [...]*Side{d.A, d.B} {
		switch err := [...]error{errA, errB}[i]; {
		case err == nil:
		case s.Asks() == nil || alone:
			d.Unknown = append(d.Unknown, err)
		case i == 0 || errA == nil: // once is enough
			d.skip("capabilities."+task.SetName(k), s.Task.Sets[k].Why())
		}
	}
}

// set returns one set of a task, or the set that the side is. Of what is to be started beside
// a task, it is what the kernel of that task knows.
func (s *Side) set(k capset.Kind, beside *Side) (capset.Set, error) {
	if s.Task == nil {
		return s.Set, nil
	}
	set, err := s.Task.Set(k)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", s.Label, err)
	}
	if s.Asks() != nil && beside.Task != nil && beside.Task.LastCap.From != task.FromGuess {
		set = beside.Task.Counting(set)
	}
	return set &^ s.Task.Void(), nil
}

// compareValue compares one value, if both sides tell it.
func (d *Difference) compareValue(v *value) {
	was, is := v.of(d.A.Task), v.of(d.B.Task)
	if !was.Known() || !is.Known() {
		d.untold(v, was, is)
		return
	}
	x, y := was.Zero(), is.Zero()
	equal, node := v.same(x, y), false
	switch {
	case d.A.Asks() != nil && d.B.Asks() == nil:
		equal, node = v.meets(x, y), x == true
	case d.A.Asks() == nil && d.B.Asks() != nil:
		equal, node = v.meets(y, x), y == true
	}
	switch {
	case equal:
	case v.ofNode && node:
		d.skip(v.key, "it asks for the node's, which need not be the initial one")
	case v.ofBoot && d.saved() && child(x) && child(y):
		d.skip(v.key, "in a saved report the number of a child user namespace says nothing about another one")
	case v.void != nil && v.void(d.A.Task, d.B.Task) != "":
		if !slices.ContainsFunc(d.Values, func(other ValueDifference) bool { return other.Key == v.under }) {
			d.skip(v.key, v.void(d.A.Task, d.B.Task))
		}
	default:
		d.Values = append(d.Values, ValueDifference{v.key, x, y})
	}
}

// untold notes that a value is not compared, and why: a manifest does not say, or a task.
// It notes nothing of what no manifest tells, nor of what neither task has.
func (d *Difference) untold(v *value, was, is task.Value[any]) {
	asked, other := was, is
	if d.A.Asks() == nil {
		asked, other = is, was
	}
	why := asked.Why()
	switch {
	case d.A.Asks() == nil && d.B.Asks() == nil:
		why = unknownOfOne(was, is)
	case v.onlyTasks:
		return
	case asked.Known():
		if why = other.Why(); why == "" {
			why = "it is not known of the task"
		}
	}
	if why != "" && !slices.Contains(d.NotCompared, task.Note{Code: v.under, Text: why}) {
		d.skip(v.key, why)
	}
}

// unknownOfOne says why one of two values is unknown; "" if nobody looked for either.
func unknownOfOne[T any](was, is task.Value[T]) string {
	why := cmp.Or(was.Why(), is.Why())
	if why == "" && was.Known() != is.Known() {
		return "it is known of one alone"
	}
	return why
}
