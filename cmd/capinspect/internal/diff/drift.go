// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"cmp"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/containers"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Drift is what the list B has other than A, though pids and the random parts of the names
// of pods differ.
type Drift struct {
	A, B        *List
	Entries     []*Entry // the most dangerous first, then what gained, and what is gone last
	Same        int      // how many containers, and processes outside of them, do not differ
	NotCompared []task.Note
}

// Equal reports whether nothing differs.
func (d *Drift) Equal() bool { return len(d.Entries) == 0 }

// Gains reports whether anything gained.
func (d *Drift) Gains() bool {
	return slices.ContainsFunc(d.Entries, (*Entry).Gains)
}

// Entry is a container, or the processes of one name, that two lists do not have alike.
type Entry struct {
	Delta
	Place
	before, after *group // nil of what appeared, or is gone
	// More is what any process holds that appeared and that is not expected: what its
	// container did not hold before, or beyond the default of its runtime.
	More capset.Set

	danger task.Risk // of what it gained, or else of what it holds
}

// latest returns what the processes are, or were if they are gone.
func (e *Entry) latest() *group {
	if e.after == nil {
		return e.before
	}
	return e.after
}

// Sum returns what the processes have together, or had if they are gone.
func (e *Entry) Sum() *containers.Sum { return e.latest().sum }

// Fact returns what the processes have together, or had, of what is compared under a key.
func (e *Entry) Fact(key string) task.Value[any] {
	if i := factAt(key); i >= 0 {
		return e.latest().fact(i)
	}
	return task.Value[any]{}
}

// Gains reports whether it has more than before. What appeared does if it holds what is not
// expected.
func (e *Entry) Gains() bool { return e.Delta.Gains() || e.More != 0 }

// Gained returns what any process holds that none of them held, or if that is all, what is in
// another set, which it returns too.
func (e *Entry) Gained() (set capset.Set, in string) {
	if e.More != 0 {
		return e.More, ""
	}
	var beside SetDifference
	for _, s := range e.Sets {
		switch {
		case s.Kind != capset.Bounding && s.Kind != capset.Inheritable:
			set |= s.More
		case beside.More == 0 || s.Kind == capset.Bounding && s.More != 0:
			beside = s
		}
	}
	if set == 0 && beside.More != 0 {
		return beside.More, beside.Kind.String()
	}
	return set, ""
}

// Compared compares two lists. Containers are the same by what stands in [Place]. Several of
// one place, and several processes of one name, are compared as a set: what any of them has.
// If one of the lists is by container, the other is summed up so too.
func Compared(a, b *List) *Drift {
	d := &Drift{A: a, B: b}
	p := placing{byContainer: a.Sums != nil || b.Sums != nil, pods: map[string]Place{}}
	for _, list := range [...]*List{a, b} {
		p.learn(list)
	}
	if !p.byContainer && !a.nothing() && !b.nothing() && a.tellsContainers() != b.tellsContainers() {
		p.outside = true
		d.NotCompared = append(d.NotCompared, task.Note{Code: "container", Text: "one report has no containers: ps --full writes them"})
	}
	was, is := p.groups(a), p.groups(b)
	held, old := heldIn(was), placesOf(was)
	now := placesOf(is)
	whole := map[string]*Entry{} // of the containers that appeared or are gone
	for at, after := range is {
		before := was[at]
		switch {
		case before != nil:
			d.changed(before, after)
		case at.inContainer() && !old[at.container]:
			d.whole(whole, at, after, Appeared)
		default:
			more := holds(after.sum)
			if at.inContainer() {
				more &^= held[at.container]
			}
			d.Entries = append(d.Entries, &Entry{Delta: Delta{Kind: Appeared}, Place: after.place, after: after, More: more})
		}
	}
	for at, before := range was {
		switch {
		case is[at] != nil:
		case at.inContainer() && !now[at.container]:
			d.whole(whole, at, before, Gone)
		default:
			d.Entries = append(d.Entries, &Entry{Delta: Delta{Kind: Gone}, Place: before.place, before: before})
		}
	}
	for _, e := range whole {
		if e.after != nil {
			sum := e.Sum()
			e.More = (holds(sum) | sum.Bounding.Zero()) &^ expected(sum)
		}
	}
	for _, e := range d.Entries {
		e.danger = e.risk()
	}
	slices.SortFunc(d.Entries, func(a, b *Entry) int {
		return cmp.Or(cmp.Compare(b.rank(), a.rank()), cmp.Compare(b.danger, a.danger), a.Place.compare(&b.Place), cmp.Compare(a.Kind, b.Kind))
	})
	slices.SortFunc(d.NotCompared, func(a, b task.Note) int {
		return cmp.Or(cmp.Compare(factAt(a.Code), factAt(b.Code)), strings.Compare(a.Text, b.Text))
	})
	return d
}

// whole adds the processes of a container of which the other list has none: they are one
// entry.
func (d *Drift) whole(all map[string]*Entry, at groupKey, g *group, kind Kind) {
	e := all[at.container]
	if e == nil {
		e = &Entry{Delta: Delta{Kind: kind}, Place: g.place}
		e.Process = ""
		all[at.container] = e
		d.Entries = append(d.Entries, e)
	}
	to := &e.after
	if kind == Gone {
		to = &e.before
	}
	if *to == nil {
		*to = g.clone()
	} else {
		(*to).add(g.sum, g.told)
	}
}

// changed adds what is in both lists, if it differs.
func (d *Drift) changed(before, after *group) {
	e := &Entry{Delta: Delta{Kind: Changed}, Place: after.place, before: before, after: after}
	d.compare(e, before, after)
	if len(e.Sets)+len(e.Values) > 0 {
		d.Entries = append(d.Entries, e)
	} else {
		d.Same++
	}
}

func (d *Drift) skip(key, why string) {
	if note := (task.Note{Code: key, Text: why}); !slices.Contains(d.NotCompared, note) {
		d.NotCompared = append(d.NotCompared, note)
	}
}

// holds returns what any process holds.
func holds(sum *containers.Sum) capset.Set { return sum.Effective.Zero() | sum.Permitted.Zero() }

// heldIn returns what the processes of each container hold.
func heldIn(groups map[groupKey]*group) map[string]capset.Set {
	held := map[string]capset.Set{}
	for at, g := range groups {
		held[at.container] |= holds(g.sum)
	}
	return held
}

// placesOf returns which containers there are.
func placesOf(groups map[groupKey]*group) map[string]bool {
	there := map[string]bool{}
	for at := range groups {
		there[at.container] = true
	}
	return there
}

// expected returns the default of the runtime of a container: that of docker if it is not
// known, which has the most.
func expected(sum *containers.Sum) capset.Set {
	name := "docker"
	if c := sum.Container.Zero(); c != nil && c.Runtime != "" {
		name = c.Runtime
	}
	p, ok := runtime.ProfileNamed(name, sum.LastCap)
	if !ok {
		p, _ = runtime.ProfileNamed("docker", sum.LastCap)
	}
	return p.Set
}

// rank orders entries: what gained, what differs otherwise, and what is gone.
func (e *Entry) rank() int {
	switch {
	case e.Gains():
		return 2
	case e.Kind != Gone:
		return 1
	}
	return 0
}

// risk returns how dangerous what it gained is, or else what it holds.
func (e *Entry) risk() task.Risk {
	gained, in := e.Gained()
	switch t := e.probe(); {
	case gained != 0 && in != "":
		return task.Risk(gained.Len())
	case gained != 0:
		return t.RiskOf(gained)
	case slices.ContainsFunc(e.Values, func(v ValueDifference) bool { return (v.Key == "uids" || v.Key == "hostRoot") && v.freed() > 0 }):
		return t.RiskOfRoot()
	case e.Gains():
		return 0
	}
	return e.probe().RiskOf(holds(e.Sum()))
}

// OpensNode reports whether the node may be open to what it gained.
func (e *Entry) OpensNode() bool {
	gained, in := e.Gained()
	return in == "" && gained != 0 && e.probe().Opens(gained)
}

// probe returns a task that holds nothing, and is where the processes are.
func (e *Entry) probe() *task.Task {
	sum := e.Sum()
	t := &task.Task{LastCap: task.LastCap{Value: sum.LastCap, From: task.FromReport}}
	t.UserNamespace = task.Known(task.UserNamespace{Initial: task.Known(!sum.InChildren())})
	return t
}
