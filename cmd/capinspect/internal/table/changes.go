// SPDX-License-Identifier: Apache-2.0

package table

import (
	"slices"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/diff"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// WithChanges returns columns with what became of a row before them, and what it had before
// behind them. last returns the last capability of its kernel.
func WithChanges[T any](columns []*Column[T], of func(T) *diff.Delta, last func(T) capset.Cap) []*Column[T] {
	kind := &Column[T]{Name: "CHANGE", append: func(dst []byte, row T) []byte { return append(dst, of(row).Word()...) }}
	before := &Column[T]{Name: "DIFFERENCE", append: func(dst []byte, row T) []byte { return appendDifference(dst, of(row), last(row)) }}
	return slices.Concat([]*Column[T]{kind}, columns, []*Column[T]{before})
}

// appendDifference appends what a row has more and less in each set, and what its other
// values were.
func appendDifference(dst []byte, c *diff.Delta, last capset.Cap) []byte {
	start := len(dst)
	next := func(name string) {
		if len(dst) > start {
			dst = append(dst, "; "...)
		}
		dst = append(dst, name...)
	}
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
