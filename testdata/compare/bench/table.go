// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// table is rows of cells, the first of which are the titles of the columns.
type table [][]string

func (t *table) add(cells ...string) { *t = append(*t, cells) }

// judge adds a row of a table of budgets.
func (t *table) judge(what string, measured, limit float64, digits int) {
	number := func(f float64) string { return fmt.Sprintf("%.*f", digits, f) }
	t.add(what, number(measured), number(limit), verdict(measured, limit))
}

func verdict(measured, limit float64) string {
	if measured <= limit {
		return "ok"
	}
	return "OVER"
}

// write prints an empty line and the table: the first column to the left, the
// others, which are numbers, to the right.
func (t table) write(w io.Writer) {
	var widths []int
	for _, row := range t {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], len(cell))
		}
	}
	fmt.Fprintln(w)
	for _, row := range t {
		var line strings.Builder
		for i, cell := range row {
			if i == 0 {
				fmt.Fprintf(&line, "%-*s", widths[i], cell)
			} else {
				fmt.Fprintf(&line, "  %*s", widths[i], cell)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}

// median returns the middle of the values, the lower one of two.
func median[T cmp.Ordered](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)-1)/2]
}
