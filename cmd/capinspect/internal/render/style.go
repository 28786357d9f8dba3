// SPDX-License-Identifier: Apache-2.0

package render

import (
	"bytes"
	"unicode/utf8"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Style is how text looks on what it is written to. The zero Style is for a file or a pipe.
type Style struct {
	Width int // of the terminal in characters; 0 wraps nothing
	Color bool
}

// The escape sequences of colours.
const (
	red    = "\x1b[31m"
	yellow = "\x1b[33m"
	dim    = "\x1b[2m"
	reset  = "\x1b[0m"
)

// colours are those of the marks; what is plain has none.
var colours = [...]string{task.Danger: red, task.Differs: yellow, task.Doubt: dim}

// AppendMarked appends a text, which is escaped already, in the colour of a mark.
func (s Style) AppendMarked(dst []byte, mark task.Mark, text []byte) []byte {
	colour := colours[mark]
	if !s.Color || colour == "" {
		return append(dst, text...)
	}
	return append(append(append(dst, colour...), text...), reset...)
}

// marked adds a text in the colour of a mark.
func (p *printer) marked(mark task.Mark, text string) {
	p.buf = p.style.AppendMarked(p.buf, mark, AppendEscaped(nil, text))
}

// indent stands before the further lines of a line that is wrapped.
const indent = "    "

// Wrap breaks the lines of a text that are longer than the terminal is wide: behind a comma
// or a blank, or where there is neither, at the edge.
func (s Style) Wrap(text []byte) []byte {
	if s.Width <= 2*len(indent) {
		return text
	}
	var out []byte
	for line := range bytes.Lines(text) {
		for width := s.Width; ; width = s.Width - len(indent) {
			line = bytes.TrimSuffix(line, []byte("\n"))
			n := fitting(line, width)
			out = append(append(out, bytes.TrimRight(line[:n], " ")...), '\n')
			if n == len(line) {
				break
			}
			line = bytes.TrimLeft(line[n:], " ")
			out = append(out, indent...)
		}
	}
	return out
}

// fitting returns how many bytes of a line fit a width. Escape sequences take no room.
func fitting(line []byte, width int) int {
	columns, end := 0, 0
	for i := 0; i < len(line); {
		if line[i] == '\x1b' {
			i += bytes.IndexByte(line[i:], 'm') + 1
			continue
		}
		_, size := utf8.DecodeRune(line[i:])
		if columns == width {
			if line[i] == ' ' {
				return i
			}
			if end == 0 {
				return i
			}
			return end
		}
		columns++
		i += size
		if b := line[i-size]; b == ' ' || b == ',' {
			end = i
		}
	}
	return len(line)
}
