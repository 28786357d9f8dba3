// SPDX-License-Identifier: Apache-2.0

package render

import (
	"cmp"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
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

// printMasks prints a line for each bitmap, behind what has it and the label that it had,
// and before what is known of the set.
func printMasks(p *printer, m *report.Decoded) {
	for _, found := range m.List {
		if found.Of != "" {
			p.escaped(found.Of)
			p.print(": ")
		}
		if found.Label != "" {
			p.escaped(found.Label)
			p.print(":", found.Gap)
		}
		p.print(mask(found.Set, m.Kubernetes))
		if known := remark(found.Set); known != "" {
			p.print("  # ", known)
		}
		p.line()
	}
}

// remark says which profile a set is, or how it differs from the nearest one; "" if there
// is nothing to say.
func remark(set capset.Set) string {
	var list []string
	var defaults, earlier []string
	for _, p := range runtime.ProfilesOf(set, capset.LastKnown) {
		switch {
		case p.Runtime == p.Name:
			defaults = append(defaults, p.Name)
		case p.Runtime != "":
			earlier = append(earlier, p.Name)
		case p.Like == "" && p.Name != "privileged":
			list = append(list, p.Title)
		}
	}
	if defaults == nil {
		defaults = earlier
	}
	if defaults != nil {
		list = append(list, strings.Join(defaults, " and ")+choose(len(defaults) == 1, " default", " defaults"))
	}
	if relative, ok := runtime.Relative(set); ok {
		list = append(list, relative)
	}
	if last := set.Last(); set == capset.UpTo(last) && last >= capset.Setfcap && last <= capset.LastKnown {
		list = append(list, "all up to "+last.String())
	}
	return strings.Join(list, ", ")
}

// printMaskMatrix prints a column for each bitmap.
func printMaskMatrix(p *printer, m *report.Decoded) {
	all := capset.UpTo(m.LastCap)
	var columns []matrixColumn
	for _, found := range m.List {
		all |= found.Set
		title := Escape(cmp.Or(found.Label, found.Input))
		if found.Of != "" {
			title = Escape(found.Of) + ":" + title
		}
		columns = append(columns, matrixColumn{title, task.Known(found.Set)})
	}
	p.matrix(all, m.Kubernetes, columns)
}
