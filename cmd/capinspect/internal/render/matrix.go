// SPDX-License-Identifier: Apache-2.0

package render

import (
	"strconv"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// printTaskMatrix prints a column for each set of a task, and a row for each capability
// that its kernel has or that a set holds.
func printTaskMatrix(p *printer, t *task.Task) {
	all := capset.UpTo(t.LastCap.Value)
	var columns []matrixColumn
	for k, set := range t.Sets {
		all |= set.Zero()
		columns = append(columns, matrixColumn{capset.Kind(k).String(), set})
	}
	p.matrix(all, false, columns)
}

// matrixColumn is one set in a matrix.
type matrixColumn struct {
	title string // escaped
	set   task.Value[capset.Set]
}

// matrix adds a row for each capability of all, with its name as a securityContext has it
// if kubernetes asks for that. The last row has the hexadecimal masks.
func (p *printer) matrix(all capset.Set, kubernetes bool, columns []matrixColumn) {
	var rows [][]string
	add := func(title string, cell func(matrixColumn) string) {
		row := []string{title}
		for _, column := range columns {
			row = append(row, cell(column))
		}
		rows = append(rows, row)
	}
	add("CAPABILITY", func(column matrixColumn) string { return column.title })
	for c := range all.Caps() {
		add(capName(c, kubernetes), func(column matrixColumn) string {
			has := func(set capset.Set) string { return choose(set.Has(c), "yes", Nothing) }
			return task.Map(column.set, has).Or(Unknown)
		})
	}
	add("mask", func(column matrixColumn) string {
		mask := func(set capset.Set) string { return strconv.FormatUint(uint64(set), 16) }
		return task.Map(column.set, mask).Or(Unknown)
	})
	p.grid(rows)
}
