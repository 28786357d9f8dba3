// SPDX-License-Identifier: Apache-2.0

package table

import (
	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/diff"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Drift are the columns of a table with a row for each container, or process, that two
// reports do not have alike. The one that can be of any width comes last.
var Drift = Columns[*diff.Entry]{
	{"CHANGE", "what became of it", "change", false, true, false, Needs{}, func(dst []byte, e *diff.Entry) []byte { return append(dst, e.Word()...) }, driftMark},
	{"WHAT", "the workload and the container, the process in brackets; or the process and its uid", "workload", false, true, false, Needs{}, textCell(func(e *diff.Entry) string { return e.Name() }), nil},
	{"EFFECTIVE", "what any process has in effect", "effective", false, true, false, Needs{}, func(dst []byte, e *diff.Entry) []byte {
		return sumCell(capset.Effective)(dst, e.Sum())
	}, nil},
	{"DIFFERENCE", "what it has more and less", "gained", false, true, false, Needs{}, appendDrift, driftMark},
}

// appendDrift appends what an entry has more and less. Of what appeared it is what is not
// expected.
func appendDrift(dst []byte, e *diff.Entry) []byte {
	if e.More != 0 {
		return render.AppendShort(append(dst, "new: +"...), e.More, e.Last())
	}
	return appendDifference(dst, &e.Delta, e.Last())
}

func driftMark(e *diff.Entry) task.Mark {
	switch {
	case e.OpensNode():
		return task.Danger
	case e.Gains():
		return task.Differs
	}
	return task.Plain
}

// All returns all columns, as a table has them.
func (l Columns[T]) All() []*Column[T] {
	list := make([]*Column[T], len(l))
	for i := range l {
		list[i] = &l[i]
	}
	return list
}
