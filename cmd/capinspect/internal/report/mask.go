// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strconv"

	"github.com/capinspect/capinspect/capset"
)

// Mask is one decoded bitmap.
type Mask struct {
	Label string // what stood before a colon, "" if nothing
	Gap   string // what stood between the colon and the digits
	Input string // as it was given
	Set   capset.Set
}

// Masks is what one run of decode has found.
type Masks struct {
	List       []Mask
	Kubernetes bool       // names as a securityContext has them
	LastCap    capset.Cap // where the matrix ends
}

// The forms of decoded bitmaps.
var (
	MaskText   = &Form[Masks]{"text", appendMaskText}
	MaskJSON   = &Form[Masks]{"json", appendMaskJSON}
	MaskMatrix = &Form[Masks]{"matrix", appendMaskMatrix}
)

func appendMaskText(dst []byte, m *Masks) []byte {
	for _, mask := range m.List {
		if mask.Label != "" {
			dst = put(appendEscaped(dst, mask.Label), ":")
			dst = put(dst, mask.Gap)
		}
		dst = append(AppendMask(dst, mask.Set, m.Kubernetes), '\n')
	}
	return dst
}

func appendMaskJSON(dst []byte, m *Masks) []byte {
	e := encoder{buf: dst, indent: true}
	e.openLines('{')
	e.number("schemaVersion", SchemaVersion)
	e.key("masks")
	e.openLines('[')
	for _, mask := range m.List {
		e.open('{')
		e.text("label", mask.Label)
		e.member("input", mask.Input)
		e.member("hex", mask.Set.Hex())
		e.key("names")
		e.open('[')
		for _, name := range names(mask.Set, m.Kubernetes) {
			e.string(name)
		}
		e.close(']')
		e.close('}')
	}
	e.close(']')
	e.close('}')
	return append(e.buf, '\n')
}

func appendMaskMatrix(dst []byte, m *Masks) []byte {
	all := capset.UpTo(m.LastCap)
	for _, mask := range m.List {
		all |= mask.Set
	}
	rows := append([]string{"CAPABILITY"}, names(all, m.Kubernetes)...)
	var columns [][]string
	for _, mask := range m.List {
		title := mask.Label
		if title == "" {
			title = mask.Input
		}
		columns = append(columns, column(Escape(title), mask.Set, true, all))
	}
	return appendGrid(dst, append(rows, "mask"), columns)
}

// column returns the cells of one set: a title, whether it has each capability
// of all, and its mask.
func column(title string, set capset.Set, known bool, all capset.Set) []string {
	cells := []string{title}
	for c := range all.Caps() {
		switch {
		case !known:
			cells = append(cells, "?")
		case set.Has(c):
			cells = append(cells, "yes")
		default:
			cells = append(cells, "-")
		}
	}
	if !known {
		return append(cells, "?")
	}
	return append(cells, strconv.FormatUint(uint64(set), 16))
}
