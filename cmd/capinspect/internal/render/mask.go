// SPDX-License-Identifier: Apache-2.0

package render

import (
	"cmp"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// AppendMask appends a set as capsh(1) --decode writes it, without the end of the line, as
// "0x0000000000003000=cap_net_admin,cap_net_raw". kubernetes asks for the names that a
// securityContext has.
func AppendMask(dst []byte, set capset.Set, kubernetes bool) []byte {
	return append(dst, mask(set, kubernetes)...)
}

func mask(set capset.Set, kubernetes bool) string {
	return "0x" + set.Hex() + "=" + strings.Join(names(set, kubernetes), ",")
}

// printMasks prints a line for each bitmap, behind the label that it had.
func printMasks(p *printer, m *report.Decoded) {
	for _, found := range m.List {
		if found.Label != "" {
			p.escaped(found.Label)
			p.print(":", found.Gap)
		}
		p.line(mask(found.Set, m.Kubernetes))
	}
}

// printMaskMatrix prints a column for each bitmap.
func printMaskMatrix(p *printer, m *report.Decoded) {
	all := capset.UpTo(m.LastCap)
	var columns []matrixColumn
	for _, found := range m.List {
		all |= found.Set
		title := Escape(cmp.Or(found.Label, found.Input))
		columns = append(columns, matrixColumn{title, task.Known(found.Set)})
	}
	p.matrix(all, m.Kubernetes, columns)
}
