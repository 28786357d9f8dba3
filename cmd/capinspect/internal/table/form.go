// SPDX-License-Identifier: Apache-2.0

package table

import (
	"encoding/csv"
	"io"
	"strings"
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

// write returns what writes rows of cells in that form, nil for a text.
func (f Form) write() func(io.Writer, [][]string) error {
	switch f {
	case CSV:
		return writeCSV
	case Markdown:
		return writeMarkdown
	}
	return nil
}

// writeCSV writes rows of cells.
func writeCSV(w io.Writer, rows [][]string) error { return csv.NewWriter(w).WriteAll(rows) }

// writeMarkdown writes rows of cells. The first row has the names of the columns.
func writeMarkdown(w io.Writer, rows [][]string) error {
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

// inMarkdown escapes what Markdown and HTML would take for theirs.
var inMarkdown = strings.NewReplacer(`\`, `\\`, "|", `\|`, "<", "&lt;", "&", "&amp;", "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "~", `\~`)
