// SPDX-License-Identifier: Apache-2.0

package report

import (
	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
)

// The forms of a difference.
var (
	DiffText = &Form[collect.Difference]{"text", appendDiff}
	DiffJSON = &Form[collect.Difference]{"json", appendDiffJSON}
)

// appendDiff appends a line for each set and each value that differs.
func appendDiff(dst []byte, d *collect.Difference) []byte {
	for _, s := range d.Sets {
		dst = append(append(dst, s.Kind.String()...), ':')
		for c := range s.Less.Caps() {
			dst = append(append(dst, " -"...), c.String()...)
		}
		for c := range s.More.Caps() {
			dst = append(append(dst, " +"...), c.String()...)
		}
		dst = append(dst, '\n')
	}
	for _, v := range d.Values {
		dst = append(append(dst, v.Key...), ": "...)
		dst = append(append(append(dst, v.A...), " -> "...), v.B...)
		dst = append(dst, '\n')
	}
	return dst
}

func appendDiffJSON(dst []byte, d *collect.Difference) []byte {
	e := encoder{buf: dst, indent: true}
	e.openLines('{')
	e.key("schemaVersion")
	e.int(SchemaVersion)
	e.key("a")
	e.string(d.A)
	e.key("b")
	e.string(d.B)
	e.key("equal")
	e.bool(d.Equal())
	e.key("sets")
	e.openLines('{')
	for _, s := range d.Sets {
		e.key(setKeys[s.Kind])
		e.open('{')
		e.key("more")
		e.names(s.More)
		e.key("less")
		e.names(s.Less)
		e.close('}')
	}
	e.close('}')
	e.key("values")
	e.openLines('{')
	for _, v := range d.Values {
		e.key(v.Key)
		e.open('{')
		e.key("a")
		e.string(v.A)
		e.key("b")
		e.string(v.B)
		e.close('}')
	}
	e.close('}')
	e.key("errors")
	e.open('[')
	for _, err := range d.Unknown {
		e.string(err.Error())
	}
	e.close(']')
	e.close('}')
	return append(e.buf, '\n')
}

// names appends the names of a set.
func (e *encoder) names(set capset.Set) {
	e.open('[')
	for c := range set.Caps() {
		e.string(c.String())
	}
	e.close(']')
}
