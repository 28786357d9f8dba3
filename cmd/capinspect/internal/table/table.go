// SPDX-License-Identifier: Apache-2.0

// Package table writes what ps lists: columns, a table of tasks or of containers, and a tree.
package table

import (
	"bytes"
	"cmp"
	"io"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// blockSize is how many bytes are written at once.
const blockSize = 64 << 10

// Table is a table with a row for each T. Its rows are made in chunks, so that several
// goroutines can each fill one at the same time.
type Table[T any] struct {
	Columns []*Column[T]
	Chosen  bool // somebody asked for these columns, and none is left out
	Header  bool
	Sort    *Column[T]   // nil leaves the rows as they come; it need not be one of Columns
	Style   render.Style // its width cuts cells, if it is not 0
	Form    Form         // "" is Text

	chunks []*Chunk[T]
}

// Chunk has some rows: the text of all cells, and where each cell ends.
type Chunk[T any] struct {
	columns []*Column[T]
	cells   []byte
	ends    []uint32
	marks   []task.Mark // of each cell, if the table has colours
}

// stored returns the columns whose cells are kept: those that are shown, and the one to
// sort by.
func (t *Table[T]) stored() []*Column[T] {
	if t.Sort == nil || slices.Contains(t.Columns, t.Sort) {
		return t.Columns
	}
	return append(slices.Clip(t.Columns), t.Sort)
}

// Begin returns an empty chunk.
func (t *Table[T]) Begin() *Chunk[T] {
	const rows, bytes = 64, 8 // that a chunk and a cell mostly have
	columns := t.stored()
	n := rows * len(columns)
	return &Chunk[T]{columns: columns, cells: make([]byte, 0, n*bytes), ends: make([]uint32, 0, n)}
}

// Visit adds a row to a chunk.
func (t *Table[T]) Visit(c *Chunk[T], of T) {
	for _, column := range c.columns {
		c.cells = column.append(c.cells, of)
		c.ends = append(c.ends, uint32(len(c.cells)))
	}
	if t.Style.Color {
		for i, column := range c.columns {
			c.marks = append(c.marks, column.markOf(of, c.cell(len(c.ends)-len(c.columns)+i)))
		}
	}
}

// markOf says how a cell is to be read.
func (c *Column[T]) markOf(of T, cell []byte) task.Mark {
	switch {
	case string(cell) == render.Unknown:
		return task.Doubt
	case c.mark == nil:
		return task.Plain
	}
	return c.mark(of)
}

// Done adds the rows of a chunk to the table.
func (t *Table[T]) Done(c *Chunk[T]) error {
	t.chunks = append(t.chunks, c)
	return nil
}

// Write writes a table of some rows.
func (t *Table[T]) Write(w io.Writer, list []T) error {
	c := t.Begin()
	for _, of := range list {
		t.Visit(c, of)
	}
	err := t.Done(c)
	if err == nil {
		_, err = t.WriteTo(w)
	}
	return err
}

// cell returns the i-th cell of the chunk.
func (c *Chunk[T]) cell(i int) []byte {
	start := uint32(0)
	if i > 0 {
		start = c.ends[i-1]
	}
	return c.cells[start:c.ends[i]]
}

// mark returns how the i-th cell of the chunk is to be read.
func (c *Chunk[T]) mark(i int) task.Mark {
	if c.marks == nil {
		return task.Plain
	}
	return c.marks[i]
}

// row is a row of a chunk, by the number of its first cell.
type row[T any] struct {
	chunk *Chunk[T]
	first int
}

// rows returns the rows in the order in which they are written.
func (t *Table[T]) rows() []row[T] {
	total := 0
	for _, c := range t.chunks {
		total += len(c.ends) / len(c.columns)
	}
	rows := make([]row[T], 0, total)
	for _, c := range t.chunks {
		for i := 0; i < len(c.ends); i += len(c.columns) {
			rows = append(rows, row[T]{c, i})
		}
	}
	if t.Sort == nil {
		return rows
	}
	at := slices.Index(t.stored(), t.Sort)
	slices.SortStableFunc(rows, func(a, b row[T]) int {
		return t.Sort.compare(a.chunk.cell(a.first+at), b.chunk.cell(b.first+at))
	})
	return rows
}

// compare compares two cells of a column.
func (c *Column[T]) compare(x, y []byte) int {
	if c.Number {
		m, mErr := strconv.Atoi(string(x))
		n, nErr := strconv.Atoi(string(y))
		if mErr == nil && nErr == nil {
			return cmp.Compare(m, n)
		}
	}
	return bytes.Compare(x, y)
}

// WriteTo writes the table.
func (t *Table[T]) WriteTo(w io.Writer) (written int64, err error) {
	rows := t.rows()
	if write := t.Form.write(); write != nil {
		var text bytes.Buffer
		if err := write(&text, t.cells(rows)); err != nil {
			return 0, err
		}
		return text.WriteTo(w)
	}
	shown, leftOut := t.narrow(rows)
	widths := t.widths(rows, shown)
	out := make([]byte, 0, blockSize+4096)
	flush := func() {
		var n int
		n, err = w.Write(out)
		written += int64(n)
		out = out[:0]
	}
	if t.Header {
		for at, i := range shown {
			out = t.appendCell(out, t.Columns[i], []byte(t.Columns[i].Name), task.Plain, widths[at:])
		}
	}
	for _, r := range rows {
		for at, i := range shown {
			out = t.appendCell(out, t.Columns[i], r.chunk.cell(r.first+i), r.chunk.mark(r.first+i), widths[at:])
		}
		if len(out) >= blockSize {
			if flush(); err != nil {
				return written, err
			}
		}
	}
	if leftOut != "" && t.Header {
		out = append(out, t.Style.Wrap([]byte(leftOut+"\n"))...)
	}
	if len(out) > 0 {
		flush()
	}
	return written, err
}

// cells returns the cells of rows, with the names of the columns before them.
func (t *Table[T]) cells(rows []row[T]) (list [][]string) {
	add := func(cell func(i int) string) {
		cells := make([]string, len(t.Columns))
		for i := range cells {
			cells[i] = cell(i)
		}
		list = append(list, cells)
	}
	if t.Header {
		add(func(i int) string { return t.Columns[i].Name })
	}
	for _, r := range rows {
		add(func(i int) string { return string(r.chunk.cell(r.first + i)) })
	}
	return list
}

// longest returns how many characters the longest cell of each column has.
func (t *Table[T]) longest(rows []row[T]) []int {
	widths := make([]int, len(t.Columns))
	for _, r := range rows {
		for i := range t.Columns {
			cell := r.chunk.cell(r.first + i)
			if len(cell) > widths[i] { // only then can it have more characters
				widths[i] = max(widths[i], utf8.RuneCount(cell))
			}
		}
	}
	return widths
}

// natural returns how wide each column is where there is space for all.
func (t *Table[T]) natural(rows []row[T]) []int {
	widths := t.longest(rows)
	for i, column := range t.Columns {
		if t.Header {
			widths[i] = max(widths[i], len(column.Name))
		}
	}
	return widths
}

// widths returns the width of each column that is shown, in characters: that of its longest
// cell, or less if the terminal is too narrow.
func (t *Table[T]) widths(rows []row[T], shown []int) []int {
	longest := t.longest(rows)
	widths, numbers := make([]int, len(shown)), make([]int, len(shown))
	for at, i := range shown {
		widths[at], numbers[at] = longest[i], longest[i]
		if t.Header {
			widths[at] = max(widths[at], len(t.Columns[i].Name))
		}
	}
	for _, least := range [...]func(name int) int{
		func(name int) int { return max(name, legible) }, func(int) int { return legible }, func(int) int { return shortest },
	} {
		floors := make([]int, len(widths))
		for at, i := range shown {
			floors[at] = least(len(t.Columns[i].Name))
			if t.Columns[i].Number {
				floors[at] = max(floors[at], numbers[at])
			}
		}
		t.shrink(widths, floors)
	}
	return widths
}

// legible is how many characters of a cell mostly tell it from others, and shortest how many
// are left where the terminal is too narrow for the names of the columns.
const legible, shortest = 8, 4

// shrink makes the widest columns narrower until a row fits the terminal, but none narrower
// than its floor.
func (t *Table[T]) shrink(widths, floors []int) {
	total := 2 * (len(widths) - 1)
	for _, n := range widths {
		total += n
	}
	for t.Style.Width > 0 && total > t.Style.Width {
		widest := -1
		for i, n := range widths {
			if n > floors[i] && (widest < 0 || n > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		widths[widest]--
		total--
	}
}

// appendCell appends a cell, and the space before the next one. The widths begin with that
// of its column.
func (t *Table[T]) appendCell(dst []byte, column *Column[T], cell []byte, mark task.Mark, widths []int) []byte {
	length := utf8.RuneCount(cell)
	if length > widths[0] {
		if column.Name == pathColumn {
			cell = cutPath(cell, widths[0])
		} else {
			cell = cut(cell, widths[0])
		}
		length = widths[0]
	}
	last := len(widths) == 1
	if column.Number {
		dst = render.AppendSpaces(dst, widths[0]-length)
	}
	dst = t.Style.AppendMarked(dst, mark, cell)
	switch {
	case last:
		return append(dst, '\n')
	case column.Number:
		return append(dst, ' ', ' ')
	}
	return render.AppendSpaces(dst, widths[0]-length+2)
}

// pathColumn is the column that has paths.
const pathColumn = "FILE"

// cutPath leaves characters of a path out before its last part, with a "+" in their place.
func cutPath(cell []byte, width int) []byte {
	name := cell[max(bytes.LastIndexByte(cell, '/'), 0):]
	if rest := width - utf8.RuneCount(name); rest > 0 {
		return append(cut(cell, rest), name...)
	}
	return cut(name, width)
}

// cut returns the first characters of a cell, with a "+" as the last one.
func cut(cell []byte, width int) []byte {
	end := 0
	for range width - 1 {
		_, n := utf8.DecodeRune(cell[end:])
		end += n
	}
	return append(slices.Clone(cell[:end]), '+')
}
