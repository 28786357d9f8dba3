// SPDX-License-Identifier: Apache-2.0

package table

import (
	"slices"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/diff"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// WithChanges returns columns with what became of a task before them, and what it had before
// behind them.
func WithChanges(columns []*Column[*task.Task], of func(*task.Task) *diff.Change) []*Column[*task.Task] {
	kind := &Column[*task.Task]{Name: "CHANGE", append: func(dst []byte, t *task.Task) []byte { return append(dst, changeWord(of(t))...) }}
	before := &Column[*task.Task]{Name: "DIFFERENCE", append: func(dst []byte, t *task.Task) []byte { return appendDifference(dst, of(t)) }}
	return slices.Concat([]*Column[*task.Task]{kind}, columns, []*Column[*task.Task]{before})
}

// changeWord returns what became of a task in one word.
func changeWord(c *diff.Change) string {
	switch {
	case c.Kind != diff.Changed:
		return string(c.Kind)
	case c.Gains() && !c.Loses():
		return "gained"
	case c.Loses() && !c.Gains():
		return "lost"
	}
	return string(c.Kind)
}

// appendDifference appends what a task has more and less in each set, and what its other
// values were.
func appendDifference(dst []byte, c *diff.Change) []byte {
	start := len(dst)
	next := func(name string) {
		if len(dst) > start {
			dst = append(dst, "; "...)
		}
		dst = append(dst, name...)
	}
	last := c.Task.LastCap.Value
	for _, s := range c.Sets {
		next(task.SetName(s.Kind))
		if s.More != 0 {
			dst = render.AppendShort(append(dst, " +"...), s.More, last)
		}
		if s.Less != 0 {
			dst = render.AppendShort(append(dst, " -"...), s.Less, last)
		}
	}
	for _, v := range c.Values {
		next(v.Key + " was ")
		dst = render.AppendEscaped(dst, render.ValueText(v.A))
	}
	if len(dst) == start {
		return append(dst, '-')
	}
	return dst
}
