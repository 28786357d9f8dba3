// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"slices"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// truth is something that holds of some namespaces of a task, and is compared as the list of
// their kinds.
type truth struct {
	key string // in JSON
	of  func(*task.Namespace) task.Value[bool]

	// leaves is set for the kinds that have a value of their own, as hostPID.
	leaves []procstatus.NamespaceKind
}

// truths is the table of what is compared of all namespaces.
var truths = [...]truth{
	{
		"namespaces.node", func(ns *task.Namespace) task.Value[bool] { return ns.Node },
		[]procstatus.NamespaceKind{procstatus.NamespacePID, procstatus.NamespaceIPC, procstatus.NamespaceNet, procstatus.NamespaceUser},
	},
	{"namespaces.owned", func(ns *task.Namespace) task.Value[bool] { return ns.Owned }, nil},
	{"namespaces.ownedByUid", func(ns *task.Namespace) task.Value[bool] { return ns.ByUID }, nil},
}

// compareNamespaces compares the namespaces of two tasks. That each is in one of its own is no
// difference: so it is with any two containers.
func (d *Difference) compareNamespaces() {
	if !d.A.Task.Namespaces.Known() || !d.B.Task.Namespaces.Known() {
		if why := unknownOfOne(d.A.Task.Namespaces, d.B.Task.Namespaces); why != "" {
			d.skip("namespaces", why)
		}
		return
	}
	var apart []string
	for k := range procstatus.NamespaceKind(procstatus.NumNamespaces) {
		was, is := d.A.Task.Namespace(k), d.B.Task.Namespace(k)
		switch same := task.SameInode(was.ID, is.ID); {
		case !same.Known():
			if why := unknownOfOne(was.ID, is.ID); why != "" {
				d.skip("namespaces", why)
			}
		case !same.Zero() && k != procstatus.NamespaceUser && !(was.Node.Known() && is.Node.Known() && was.Node != is.Node):
			apart = append(apart, k.String())
		}
	}
	switch {
	case apart == nil:
	case d.saved():
		d.skip("namespaces", "in a saved report their numbers say nothing about others")
	default:
		d.skip("namespaces", "each is in its own: "+strings.Join(apart, ", "))
	}
	for i := range truths {
		d.compareTruth(&truths[i])
	}
}

// compareTruth compares for which namespaces something holds, as far as both sides tell it.
func (d *Difference) compareTruth(row *truth) {
	was, is := []string{}, []string{}
	for k := range procstatus.NamespaceKind(procstatus.NumNamespaces) {
		a, b := d.A.Task.Namespace(k), d.B.Task.Namespace(k)
		x, y := row.of(&a), row.of(&b)
		switch {
		case slices.Contains(row.leaves, k):
		case !x.Known() || !y.Known():
			if why := unknownOfOne(x, y); why != "" {
				d.skip(row.key, why)
			}
		default:
			if x.Zero() {
				was = append(was, k.String())
			}
			if y.Zero() {
				is = append(is, k.String())
			}
		}
	}
	if !slices.Equal(was, is) {
		d.Values = append(d.Values, ValueDifference{row.key, was, is})
	}
}

// compareFilters compares how many seccomp filters two tasks have, where both have some, and
// notes that these may differ.
func (d *Difference) compareFilters() {
	was, is := d.A.Task, d.B.Task
	if was.Seccomp.Zero().Mode != task.SeccompFilter || is.Seccomp.Zero().Mode != task.SeccompFilter {
		return
	}
	if x, y := was.Seccomp.Zero().Filters, is.Seccomp.Zero().Filters; x.Known() && y.Known() && x != y {
		d.Values = append(d.Values, ValueDifference{"seccomp.filters", x.Zero(), y.Zero()})
	}
	same := was.Source == task.SourceProc && is.Source == task.SourceProc && was.Tid.Known() && was.Tid == is.Tid
	if !same {
		d.skip("seccomp.rules", "the kernel does not show what a filter refuses")
	}
}

// compareOverflow notes that an id may stand for another one.
func (d *Difference) compareOverflow() {
	for _, s := range [...]*Side{d.A, d.B} {
		if s.Task.Overflow != "" {
			d.skip("uid", s.Task.Overflow)
		}
	}
}
