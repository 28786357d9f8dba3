// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
)

// AppendExplanation appends what is known of a capability. The first line is that of
// capsh(1) --explain on a kernel whose last capability is last.
func AppendExplanation(dst []byte, c, last capset.Cap) []byte {
	p := printer{dst}
	printExplanation(&p, c, last)
	return p.buf
}

func printExplanation(p *printer, c, last capset.Cap) {
	e, named := c.Explain()
	what := c.String()
	switch {
	case !named && c > last:
		what = "<unsupported>"
	case !named:
		what = "<unnamed in libcap>"
	case c > last:
		what = "<reserved for> " + what
	}
	p.printf("%s (%d) [/proc/self/status:CapXXX: 0x%s]\n", what, c, capset.Of(c).Hex())
	if !named {
		return
	}
	const indent = "    "
	p.line()
	p.paragraph(indent, e.Permits)
	p.line()
	for _, row := range [...]struct{ label, text string }{
		{"Need:", e.Needs},
		{"Risk:", e.Risk},
		{"Instead:", e.Instead},
		{"Since:", "Linux " + c.Since()},
		{"Default in:", defaultIn(c)},
	} {
		p.paragraph(fmt.Sprintf("%s%-12s", indent, row.label), row.text)
	}
}

// defaultIn tells who grants a capability by default.
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

// printExplanations prints explanations with an empty line between them, and then a line
// for each capability that is only listed.
func printExplanations(p *printer, found *report.Explaining) {
	separate := p.separated("", "\n")
	for _, c := range found.Whole {
		separate()
		printExplanation(p, c, capset.LastKnown)
	}
	if len(found.Listed) > 0 {
		separate()
	}
	for _, c := range found.Listed {
		p.printf("%2d  %-22v  %s\n", c, c, c.Summary())
	}
}
