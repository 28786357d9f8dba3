// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
)

// textWidth is the width that explanations are wrapped to.
const textWidth = 79

// AppendMask appends a set as capsh(1) --decode writes it, without the end of
// the line: "0x0000000000003000=cap_net_admin,cap_net_raw". kubernetes asks
// for the names as a securityContext has them.
func AppendMask(dst []byte, set capset.Set, kubernetes bool) []byte {
	dst = append(set.AppendHex(put(dst, "0x")), '=')
	if !kubernetes {
		return set.AppendNames(dst)
	}
	return put(dst, strings.Join(names(set, true), ","))
}

func names(set capset.Set, kubernetes bool) []string {
	list := make([]string, 0, set.Len())
	for c := range set.Caps() {
		if kubernetes {
			list = append(list, c.Kubernetes())
		} else {
			list = append(list, c.String())
		}
	}
	return list
}

// AppendExplanation appends what is known of a capability. The first line is
// that of capsh(1) --explain on a kernel whose last capability is last.
func AppendExplanation(dst []byte, c, last capset.Cap) []byte {
	e, named := c.Explain()
	mask := capset.Of(c).Hex()
	switch {
	case !named:
		what := "<unsupported>"
		if c <= last {
			what = "<unnamed in libcap>"
		}
		return fmt.Appendf(dst, "%s (%d) [/proc/self/status:CapXXX: 0x%s]\n", what, c, mask)
	case c > last:
		dst = put(dst, "<reserved for> ")
	}
	dst = fmt.Appendf(dst, "%v (%d) [/proc/self/status:CapXXX: 0x%s]\n\n", c, c, mask)
	dst = appendParagraph(dst, "", e.Permits)
	dst = put(dst, "\n")
	dst = appendParagraph(dst, "Need:", e.Needs)
	dst = appendParagraph(dst, "Risk:", e.Risk)
	dst = appendParagraph(dst, "Instead:", e.Instead)
	dst = appendParagraph(dst, "Since:", "Linux "+c.Since())
	return appendParagraph(dst, "Default in:", defaultIn(c))
}

// defaultIn says who grants a capability by default.
func defaultIn(c capset.Cap) string {
	var titles []string
	for _, p := range runtime.GrantedBy(c) {
		titles = append(titles, p.Title)
	}
	if titles == nil {
		return "no known runtime"
	}
	return strings.Join(titles, ", ")
}

// appendParagraph appends a text wrapped to textWidth and indented, behind a
// label if there is one.
func appendParagraph(dst []byte, label, text string) []byte {
	const indent = "    "
	margin := indent
	if label != "" {
		margin = fmt.Sprintf("%s%-12s", indent, label)
	}
	column := 0
	for word := range strings.FieldsSeq(text) {
		switch {
		case column == 0:
			dst = put(dst, margin)
			column = len(margin)
		case column+1+len(word) > textWidth:
			dst = put(dst, "\n")
			margin = strings.Repeat(" ", len(margin))
			dst = put(dst, margin)
			column = len(margin)
		default:
			dst = put(dst, " ")
			column++
		}
		dst = put(dst, word)
		column += len(word)
	}
	return put(dst, "\n")
}

// Explanations is what one run of explain has found.
type Explanations struct {
	Whole  []capset.Cap // those to explain
	Listed []capset.Cap // those to list, a line each
}

// Once leaves each capability in at one place.
func (e *Explanations) Once() {
	var seen capset.Set
	for _, list := range [...]*[]capset.Cap{&e.Whole, &e.Listed} {
		*list = slices.DeleteFunc(*list, func(c capset.Cap) bool {
			had := seen.Has(c)
			seen |= capset.Of(c)
			return had
		})
	}
}

// The forms of explanations.
var (
	ExplainText = &Form[Explanations]{"text", appendExplanations}
	ExplainJSON = &Form[Explanations]{"json", appendExplanationsJSON}
)

func appendExplanations(dst []byte, found *Explanations) []byte {
	for i, c := range found.Whole {
		if i > 0 {
			dst = put(dst, "\n")
		}
		dst = AppendExplanation(dst, c, capset.LastKnown)
	}
	if len(found.Whole) > 0 && len(found.Listed) > 0 {
		dst = put(dst, "\n")
	}
	for _, c := range found.Listed {
		dst = fmt.Appendf(dst, "%2d  %-22v  %s\n", c, c, c.Summary())
	}
	return dst
}

func appendExplanationsJSON(dst []byte, found *Explanations) []byte {
	e := encoder{buf: dst, indent: true}
	e.openLines('{')
	e.number("schemaVersion", SchemaVersion)
	e.key("capabilities")
	e.openLines('[')
	for _, c := range append(append([]capset.Cap(nil), found.Whole...), found.Listed...) {
		e.explanation(c)
	}
	e.close(']')
	e.close('}')
	return append(e.buf, '\n')
}

func (e *encoder) explanation(c capset.Cap) {
	text, _ := c.Explain()
	e.openLines('{')
	e.number("number", int64(c))
	e.member("hex", capset.Of(c).Hex())
	for _, member := range [...]struct{ key, text string }{
		{"name", c.String()},
		{"kubernetes", c.Kubernetes()},
		{"since", c.Since()},
		{"summary", c.Summary()},
		{"permits", text.Permits},
		{"needs", text.Needs},
		{"risk", text.Risk},
		{"instead", text.Instead},
	} {
		e.key(member.key)
		e.optional(member.text)
	}
	e.key("defaultIn")
	e.open('[')
	for _, p := range runtime.GrantedBy(c) {
		e.string(p.Name)
	}
	e.close(']')
	e.close('}')
}
