// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/procstatus"
)

// The forms of a difference.
var (
	DiffText = &Form[collect.Difference]{"text", appendDiff}
	DiffJSON = &Form[collect.Difference]{"json", appendDiffJSON}
)

// appendDiff appends a line for each set and each value that differs, and what there
// is to know of a manifest.
func appendDiff(dst []byte, d *collect.Difference) []byte {
	for _, s := range d.Sets {
		dst = put(dst, s.Kind.String(), ":")
		for c := range s.Less.Caps() {
			dst = put(dst, " -", c.String())
		}
		for c := range s.More.Caps() {
			dst = put(dst, " +", c.String())
		}
		dst = put(dst, "\n")
	}
	for _, v := range d.Values {
		dst = put(dst, v.Key, ": ")
		dst = put(appendValue(dst, v.A), " -> ")
		dst = put(appendValue(dst, v.B), "\n")
	}
	for _, s := range [...]*collect.Side{d.A, d.B} {
		if m := s.Manifest; m != nil {
			of := ""
			if d.A.Manifest != nil && d.B.Manifest != nil {
				of = " of " + Escape(s.Label)
			}
			dst = appendListed(dst, "Traps"+of, m.Traps)
			dst = appendListed(dst, "Assumed"+of, m.Assumed)
		}
	}
	return appendNotCompared(dst, d.NotCompared)
}

// appendNotCompared appends a line of what was not compared, with the reasons.
func appendNotCompared(dst []byte, list []collect.Note) []byte {
	before := "Not compared: "
	for i, n := range list {
		dst = put(dst, before, n.Code[strings.LastIndexByte(n.Code, '.')+1:])
		before = ", "
		if i+1 == len(list) || list[i+1].Text != n.Text {
			dst = put(dst, " (", n.Text, ")")
			before = "; "
		}
	}
	if list != nil {
		dst = put(dst, "\n")
	}
	return dst
}

// appendValue appends a value in words.
func appendValue(dst []byte, value any) []byte {
	switch v := value.(type) {
	case procstatus.IDs:
		return put(dst, collect.IDsText(v))
	case []uint32:
		return put(dst, collect.GroupsText(v))
	case capset.Securebits:
		return fmt.Appendf(dst, "0x%x", uint32(v))
	}
	return fmt.Append(dst, value)
}

func appendDiffJSON(dst []byte, d *collect.Difference) []byte {
	e := encoder{buf: dst, indent: true}
	e.openLines('{')
	e.number("schemaVersion", SchemaVersion)
	e.text("a", d.A.Label)
	e.text("b", d.B.Label)
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
		e.value("a", v.A)
		e.value("b", v.B)
		e.close('}')
	}
	e.close('}')
	e.key("manifests")
	e.openLines('[')
	for _, s := range [...]*collect.Side{d.A, d.B} {
		if s.Manifest != nil {
			e.manifest(s)
		}
	}
	e.close(']')
	e.listed("notCompared", d.NotCompared)
	e.key("errors")
	e.open('[')
	for _, err := range d.Unknown {
		e.string(err.Error())
	}
	e.close(']')
	e.close('}')
	return append(e.buf, '\n')
}

// manifest appends which container of which pod the manifest of a side is of.
func (e *encoder) manifest(s *collect.Side) {
	m := s.Manifest
	e.openLines('{')
	e.text("of", s.Label)
	e.text("namespace", m.Pod.Namespace)
	e.text("name", m.Pod.Name)
	e.text("container", m.Container.Name)
	e.text("runtime", m.Runtime.Name)
	e.listed("traps", m.Traps)
	e.listed("assumed", m.Assumed)
	e.close('}')
}

// value appends a value.
func (e *encoder) value(key string, value any) {
	if ids, ok := value.(procstatus.IDs); ok {
		e.ids(key, true, ids, nil, nil, false)
		return
	}
	e.key(key)
	switch v := value.(type) {
	case bool:
		e.bool(v)
	case string:
		e.string(v)
	case capset.Securebits:
		e.int(int64(v))
	case uint64:
		e.int(int64(v))
	case []uint32:
		e.open('[')
		for _, g := range v {
			e.int(int64(g))
		}
		e.close(']')
	}
}

// names appends the names of a set.
func (e *encoder) names(set capset.Set) {
	e.open('[')
	for c := range set.Caps() {
		e.string(c.String())
	}
	e.close(']')
}
