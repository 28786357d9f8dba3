// SPDX-License-Identifier: Apache-2.0

package report

import (
	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
)

// appendMatrix appends a row for each capability that the task's kernel has,
// and each other one that a set holds, with a column for each set; the last
// row has the hexadecimal masks.
func appendMatrix(dst []byte, r *collect.Record) []byte {
	all := capset.UpTo(r.LastCap.Value)
	for k := range capset.Kind(capset.NumKinds) {
		set, _ := r.Status.Caps(k)
		all |= set
	}
	rows := append([]string{"CAPABILITY"}, names(all, false)...)
	var columns [][]string
	for k := range capset.Kind(capset.NumKinds) {
		set, ok := r.Status.Caps(k)
		columns = append(columns, column(k.String(), set, ok, all))
	}
	return appendGrid(dst, append(rows, "mask"), columns)
}

// appendGrid appends rows whose columns are as wide as what is in them, with
// two spaces between and none at the end.
func appendGrid(dst []byte, rows []string, columns [][]string) []byte {
	grid := append([][]string{rows}, columns...)
	for i := range rows {
		pad := 0
		for _, column := range grid {
			for range pad {
				dst = put(dst, " ")
			}
			dst = put(dst, column[i])
			pad = width(column) + 2 - len(column[i])
		}
		dst = put(dst, "\n")
	}
	return dst
}

// width returns the length of the longest of some texts.
func width(column []string) int {
	n := 0
	for _, text := range column {
		n = max(n, len(text))
	}
	return n
}
