// SPDX-License-Identifier: Apache-2.0

// Package measure runs programs turn by turn, and prints what they take beside
// what they may take.
package measure

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Table is rows of cells, the first of which are the titles of the columns.
type Table [][]string

// Add adds a row.
func (t *Table) Add(cells ...string) { *t = append(*t, cells) }

// Judge adds a row of a table of budgets.
func (t *Table) Judge(what string, measured, limit float64, digits int) {
	number := func(f float64) string { return fmt.Sprintf("%.*f", digits, f) }
	t.Add(what, number(measured), number(limit), Verdict(measured, limit))
}

// Verdict tells whether a budget is kept.
func Verdict(measured, limit float64) string {
	if measured <= limit {
		return "ok"
	}
	return "OVER"
}

// Write prints an empty line and the table: the first column to the left, the
// others, which are numbers, to the right.
func (t Table) Write(w io.Writer) {
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

// Median returns the middle of the values, the lower one of two.
func Median[T cmp.Ordered](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)-1)/2]
}
