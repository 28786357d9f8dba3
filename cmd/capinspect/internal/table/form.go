// SPDX-License-Identifier: Apache-2.0

package table

import (
	"encoding/csv"
	"io"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
)

// Form is how a table is written, as -o has it.
type Form string

// The forms.
const (
	Text     Form = "table"    // for people: columns with spaces between
	CSV      Form = "csv"      // RFC 4180, with a line feed at the end of a line
	Markdown Form = "markdown" // as GitHub reads it
)

// Valid reports whether a word names a form.
func (f Form) Valid() bool { return f == Text || f == CSV || f == Markdown }

// write writes rows of cells. The first row has the names of the columns, if there are any.
func (f Form) write(w io.Writer, rows [][]string) error {
	switch f {
	case CSV:
		return csv.NewWriter(w).WriteAll(rows)
	case Markdown:
		var out strings.Builder
		for i, row := range rows {
			for _, cell := range row {
				out.WriteString("| " + inMarkdown.Replace(cell) + " ")
			}
			out.WriteString("|\n")
			if i == 0 {
				out.WriteString(strings.Repeat("|---", len(row)) + "|\n")
			}
		}
		_, err := io.WriteString(w, out.String())
		return err
	}
	_, err := w.Write(render.AppendGrid(nil, rows))
	return err
}

// inMarkdown escapes what Markdown and HTML would take for theirs.
var inMarkdown = strings.NewReplacer(`\`, `\\`, "|", `\|`, "<", "&lt;", "&", "&amp;", "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "~", `\~`)
