// SPDX-License-Identifier: Apache-2.0

package runtime

import (
	"strings"

	"github.com/capinspect/capinspect/capset"
)

// Grant is what a runtime makes of the two lists of a manifest.
type Grant struct {
	Bounding        capset.Set // also Permitted and Effective if the user is root
	AddAll, DropAll bool       // the list has ALL
	Added, Dropped  capset.Set // the other capabilities of the lists, as the runtime takes them
	Entries         []*Entry   // of add and then of drop, in the order in which they are written
	Conflict        bool       // the runtime makes no container, because both lists name the same
}

// Entry is one name in one of the lists.
type Entry struct {
	Text     string     // as it is written
	Drop     bool       // it is in the list to drop
	All      bool       // it is ALL; Meant and Set are empty
	Prefixed bool       // it begins with CAP_
	Meant    capset.Set // what it names without the prefix, for CAP_ALL all; empty if that is unknown
	Set      capset.Set // what the runtime takes it for
}

// Grant returns what the runtime makes of the lists of capabilities that a
// manifest adds and drops, on a kernel whose last capability is last. A name is
// in upper or lower case and has no CAP_ before it, or it is ALL, as in the
// securityContext of Kubernetes. A nil Runtime grants nothing.
func (r *Runtime) Grant(add, drop []string, last capset.Cap) *Grant {
	g := new(Grant)
	if r == nil {
		return g
	}
	g.AddAll, g.Added = r.list(g, add, false, last)
	g.DropAll, g.Dropped = r.list(g, drop, true, last)

	all := capset.UpTo(last)
	var start capset.Set
	switch {
	case g.AddAll && (r.addWins || !g.DropAll):
		start = all
	case !g.DropAll:
		start = r.Default() & all
	}
	if r.addWins && !g.AddAll {
		g.Bounding = start&^g.Dropped | g.Added
	} else {
		g.Bounding = (start | g.Added) &^ g.Dropped
	}

	overlap := g.AddAll && g.DropAll || !g.AddAll && !g.DropAll && g.Added&g.Dropped != 0
	g.Conflict = r.refusesOverlap && overlap
	return g
}

// list appends the entries of one list to g. It returns whether the list has ALL,
// and the other capabilities in it.
func (r *Runtime) list(g *Grant, names []string, drop bool, last capset.Cap) (all bool, set capset.Set) {
	for _, name := range names {
		e := r.entry(name, last)
		e.Drop = drop
		g.Entries = append(g.Entries, e)
		all = all || e.All
		set |= e.Set
	}
	return all, set
}

// prefix begins the names of capabilities in C, and in a manifest by mistake.
const prefix = "CAP_"

// entry returns what the runtime takes a name for.
func (r *Runtime) entry(text string, last capset.Cap) *Entry {
	e := &Entry{Text: text}
	name := text
	if len(text) > len(prefix) && strings.EqualFold(text[:len(prefix)], prefix) {
		name, e.Prefixed = text[len(prefix):], true
	}
	if strings.EqualFold(name, "ALL") {
		// No runtime knows CAP_ALL.
		if e.All = !e.Prefixed; e.Prefixed {
			e.Meant = capset.UpTo(last)
		}
		return e
	}
	for c := range capset.LastKnown + 1 {
		if strings.EqualFold(name, c.Short()) {
			e.Meant = capset.Of(c)
		}
	}
	if r.Strict || !e.Prefixed {
		e.Set = e.Meant & capset.UpTo(last)
	}
	return e
}
