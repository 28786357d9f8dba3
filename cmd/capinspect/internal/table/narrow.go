// SPDX-License-Identifier: Apache-2.0

package table

import (
	"bytes"
	"strings"
)

// spare is a column that a table can do without on a narrow terminal.
type spare struct {
	name string
	as   string // only if each of its cells is the same as in this column; "" for whatever it has
	all  string // only if each of its cells is this text
}

// spares are left out in this order, until a row fits: first what tells nothing that the row
// does not have anyway.
var spares = [...]spare{
	{name: "AMBIENT", all: "none"},
	{name: "PERMITTED", as: "EFFECTIVE"},
	{name: "RUNTIME"},
	{name: "PPID"},
	{name: "POD"},
	{name: "PROCESSES"},
}

// narrow returns the columns that are shown, by their number, and says which are left out
// because the terminal is too narrow for all of them.
func (t *Table[T]) narrow(rows []row[T]) (shown []int, leftOut string) {
	for i := range t.Columns {
		shown = append(shown, i)
	}
	if t.Chosen || t.Style.Width == 0 {
		return shown, ""
	}
	widths := t.natural(rows)
	total := -2
	for _, n := range widths {
		total += n + 2
	}
	var names []string
	for _, s := range spares {
		i := t.index(s.name)
		if total <= t.Style.Width || i < 0 || !t.spares(s, i, rows) {
			continue
		}
		total -= widths[i] + 2
		shown[i] = -1
		switch {
		case s.as != "":
			s.name += " (same as " + s.as + ")"
		case s.all != "":
			s.name += " (" + s.all + ")"
		}
		names = append(names, s.name)
	}
	if names == nil {
		return shown, ""
	}
	kept := shown[:0]
	for _, i := range shown {
		if i >= 0 {
			kept = append(kept, i)
		}
	}
	return kept, "Not shown at this width: " + strings.Join(names, ", ")
}

// index returns the number of the column with a name; -1 if there is none.
func (t *Table[T]) index(name string) int {
	for i, column := range t.Columns {
		if column.Name == name {
			return i
		}
	}
	return -1
}

// spares reports whether the i-th column may be left out.
func (t *Table[T]) spares(s spare, i int, rows []row[T]) bool {
	other := t.index(s.as)
	for _, r := range rows {
		cell := r.chunk.cell(r.first + i)
		if s.all != "" && string(cell) != s.all || s.as != "" && (other < 0 || !bytes.Equal(cell, r.chunk.cell(r.first+other))) {
			return false
		}
	}
	return true
}
