// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// The words of a table for what has no value of its own.
const (
	none    = "none" // an empty set
	Unknown = "?"
	Nothing = "-"
)

// screen is the width that text is wrapped to.
const screen = 79

// printer collects text. Our own words go through print, line and printf; text that another
// process, a file or the user chose goes through escaped.
type printer struct {
	buf   []byte
	style Style
}

// print adds some texts.
func (p *printer) print(texts ...string) {
	for _, text := range texts {
		p.buf = append(p.buf, text...)
	}
}

// line adds some texts and ends the line.
func (p *printer) line(texts ...string) {
	p.print(texts...)
	p.buf = append(p.buf, '\n')
}

// printf adds a formatted text.
func (p *printer) printf(format string, args ...any) {
	p.buf = fmt.Appendf(p.buf, format, args...)
}

// escaped adds a text that somebody else chose.
func (p *printer) escaped(text string) { p.buf = AppendEscaped(p.buf, text) }

// unknown says that a value is unknown, and why.
func (p *printer) unknown(why string) {
	p.marked(task.Doubt, "unknown ("+why+")")
}

// separated returns a function that adds first the first time that it is called, and
// between every other time.
func (p *printer) separated(first, between string) func() {
	next := first
	return func() {
		p.print(next)
		next = between
	}
}

// notes adds a line for each note, with its code, under a title. It adds nothing if the
// list is nil.
func (p *printer) notes(title string, list []task.Note) {
	if list == nil {
		return
	}
	p.line(title, ":")
	width := 0
	for _, n := range list {
		width = max(width, len(n.Code))
	}
	for _, n := range list {
		p.printf("  %-*s  ", width, n.Code)
		p.escaped(n.Text)
		p.line()
	}
}

// paragraph adds a wrapped text behind a margin. Its further lines are indented as far.
func (p *printer) paragraph(margin, text string) {
	p.line(margin, Wrapped(text, len(margin), strings.Repeat(" ", len(margin))))
}

// grid adds rows of cells. Columns are as wide as their longest cell, with two spaces
// between them; the last one is not padded.
func (p *printer) grid(rows [][]string) {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], len(cell))
		}
	}
	for _, row := range rows {
		for i, cell := range row {
			p.print(cell)
			if i < len(row)-1 {
				p.buf = AppendSpaces(p.buf, widths[i]+2-len(cell))
			}
		}
		p.line()
	}
}

// AppendSpaces appends n spaces.
func AppendSpaces(dst []byte, n int) []byte {
	for range n {
		dst = append(dst, ' ')
	}
	return dst
}

// Wrapped breaks a text into lines of at most 79 bytes. The first line begins at the given
// column; the other lines begin with mark.
func Wrapped(text string, column int, mark string) string {
	var out strings.Builder
	for i, word := range strings.Fields(text) {
		switch {
		case i > 0 && column+1+len(word) > screen:
			out.WriteString("\n" + mark)
			column = len(mark)
		case i > 0:
			out.WriteByte(' ')
			column++
		}
		out.WriteString(word)
		column += len(word)
	}
	return out.String()
}

// choose returns a if yes is set, else b.
func choose[T any](yes bool, a, b T) T {
	if yes {
		return a
	}
	return b
}
