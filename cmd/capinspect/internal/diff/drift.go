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
	Before, After *containers.Sum // nil of what appeared, or is gone
	// More is what any process holds that appeared and that is not expected: what its
	// container did not hold before, or beyond the default of its runtime.
	More capset.Set

	danger task.Risk // of what it gained, or else of what it holds
}

// Sum returns what the processes have together, or had if they are gone.
func (e *Entry) Sum() *containers.Sum {
	if e.After == nil {
		return e.Before
	}
	return e.After
}

// Gains reports whether it has more than before. What appeared does if it holds what is not
// expected.
func (e *Entry) Gains() bool { return e.Delta.Gains() || e.More != 0 }

// Gained returns what any process holds that none of them held, or what is in Bounding if that
// is all.
func (e *Entry) Gained() (set capset.Set, bounding bool) {
	if e.More != 0 {
		return e.More, false
	}
	var limit capset.Set
	for _, s := range e.Sets {
		if s.Kind == capset.Bounding {
			limit |= s.More
		} else {
			set |= s.More
		}
	}
	if set == 0 {
		return limit, limit != 0
	}
	return set, false
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
	if !p.byContainer && a.tellsContainers() != b.tellsContainers() {
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
			d.changed(at, before, after)
		case at.inContainer() && !old[at.container]:
			d.whole(whole, at, after, Appeared)
		default:
			more := holds(after.sum)
			if at.inContainer() {
				more &^= held[at.container]
			}
			d.Entries = append(d.Entries, &Entry{Delta: Delta{Kind: Appeared}, Place: after.place, After: after.sum, More: more})
		}
	}
	for at, before := range was {
		switch {
		case is[at] != nil:
		case at.inContainer() && !now[at.container]:
			d.whole(whole, at, before, Gone)
		default:
			d.Entries = append(d.Entries, &Entry{Delta: Delta{Kind: Gone}, Place: before.place, Before: before.sum})
		}
	}
	for _, e := range whole {
		if e.After != nil {
			e.More = (holds(e.After) | e.After.Bounding.Zero()) &^ expected(e.After)
		}
	}
	for _, e := range d.Entries {
		e.danger = e.risk()
	}
	slices.SortFunc(d.Entries, func(a, b *Entry) int {
		return cmp.Or(cmp.Compare(b.rank(), a.rank()), cmp.Compare(b.danger, a.danger), a.Place.compare(&b.Place), cmp.Compare(a.Kind, b.Kind))
	})
	slices.SortFunc(d.NotCompared, func(a, b task.Note) int {
		return cmp.Or(strings.Compare(a.Code, b.Code), strings.Compare(a.Text, b.Text))
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
	to := &e.After
	if kind == Gone {
		to = &e.Before
	}
	if *to == nil {
		sum := *g.sum
		*to = &sum
	} else {
		(*to).Add(g.sum)
	}
}

// changed adds what is in both lists, if it differs.
func (d *Drift) changed(at groupKey, before, after *group) {
	e := &Entry{Delta: Delta{Kind: Changed}, Place: after.place, Before: before.sum, After: after.sum}
	for _, k := range [...]capset.Kind{capset.Permitted, capset.Effective, capset.Bounding} {
		was, is := before.sum.Set(k), after.sum.Set(k)
		switch {
		case !was.Known() || !is.Known():
			d.skip("capabilities."+task.SetName(k), cmp.Or(unknownOfOne(was, is), task.Untold))
		case was.Zero() != is.Zero():
			e.Sets = append(e.Sets, SetDifference{k, is.Zero() &^ was.Zero(), was.Zero() &^ is.Zero()})
		}
	}
	for _, v := range [...]struct {
		key     string
		was, is task.Value[bool]
	}{
		{"withoutNoNewPrivs", before.sum.WithoutNoNewPrivs, after.sum.WithoutNoNewPrivs},
		{"withoutSeccomp", before.sum.WithoutSeccomp, after.sum.WithoutSeccomp},
	} {
		switch {
		case !v.was.Known() || !v.is.Known():
			d.skip(v.key, cmp.Or(unknownOfOne(v.was, v.is), task.Untold))
		case v.was.Zero() != v.is.Zero():
			e.Values = append(e.Values, ValueDifference{v.key, v.was.Zero(), v.is.Zero()})
		}
	}
	was, is := before.sum.UIDs, after.sum.UIDs
	switch {
	case !was.Known() || !is.Known():
		d.skip("uids", cmp.Or(unknownOfOne(was, is), task.Untold))
	case !slices.Equal(was.Zero(), is.Zero()):
		e.Values = append(e.Values, ValueDifference{"uids", was.Zero(), is.Zero()})
	}
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

// freed returns 1 if something that held back a process is gone, -1 if there is more of it.
// A uid other than 0 is neither.
func (v *ValueDifference) freed() int {
	switch v.Key {
	case "withoutNoNewPrivs", "withoutSeccomp":
		if v.B == true {
			return 1
		}
		return -1
	case "uids":
		was, is := slices.Contains(v.A.([]uint32), 0), slices.Contains(v.B.([]uint32), 0)
		switch {
		case is && !was:
			return 1
		case was && !is:
			return -1
		}
	}
	return 0
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
	gained, bounding := e.Gained()
	switch t := e.probe(); {
	case gained != 0 && bounding:
		return task.Risk(gained.Len())
	case gained != 0:
		return t.RiskOf(gained)
	case slices.ContainsFunc(e.Values, func(v ValueDifference) bool { return v.Key == "uids" && v.freed() > 0 }):
		return t.RiskOfRoot()
	case e.Gains():
		return 0
	}
	return e.probe().RiskOf(holds(e.Sum()))
}

// OpensNode reports whether the node may be open to what it gained.
func (e *Entry) OpensNode() bool {
	gained, bounding := e.Gained()
	return !bounding && gained != 0 && e.probe().Opens(gained)
}

// probe returns a task that holds nothing, and is where the processes are.
func (e *Entry) probe() *task.Task {
	sum := e.Sum()
	t := &task.Task{LastCap: task.LastCap{Value: sum.LastCap, From: task.FromReport}}
	t.UserNamespace = task.Known(task.UserNamespace{Initial: task.Known(!sum.InChildren())})
	return t
}
