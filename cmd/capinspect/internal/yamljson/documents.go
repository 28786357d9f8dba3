// SPDX-License-Identifier: Apache-2.0

package yamljson

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// Documents splits a text into documents at the lines that begin with `---` or `...`, which
// no document of JSON or YAML has in it, and at the fences around code in Markdown. It reads the text no further than it needs to, but
// for some kilobytes.
type Documents struct {
	in     *bufio.Reader
	line   int    // the number of the line of chunk
	chunk  []byte // what is read and not yet used: a line, or a part of a long one
	begins bool   // chunk begins its line
	ended  bool   // chunk ends its line
	open   bool   // a document is being read
	err    error  // with which the text ends
}

// Split returns the documents of a text.
func Split(text io.Reader) *Documents {
	return &Documents{in: bufio.NewReaderSize(text, 16<<10), ended: true}
}

// Next goes to the next document that has more than comments, and returns the line on which
// that begins. It passes over what is left of the document before it. At the end of the text
// it returns io.EOF.
func (d *Documents) Next() (line int, err error) {
	skipped, err := io.Copy(io.Discard, io.LimitReader(d, MaxText))
	if err != nil {
		return 0, err
	}
	comment := false
	for {
		if skipped >= MaxText {
			return 0, errSkipped
		}
		if err := d.fill(); err != nil {
			return 0, err
		}
		text := d.chunk
		if d.separates() {
			text = text[len("---"):]
		}
		text = bytes.TrimLeft(text, " \t\r\n\ufeff")
		if len(text) > 0 {
			comment = comment && !d.begins || text[0] == '#' || text[0] == '%' && d.begins
			if !comment {
				if d.separates() {
					copy(d.chunk, "   ")
				}
				d.open, d.begins = true, false
				return d.line, nil
			}
		}
		skipped += int64(len(d.chunk))
		d.chunk = nil
	}
}

var errSkipped = errors.New("more than 16 MiB of comments and blank lines")

// Read reads from the document. It returns io.EOF at its end.
func (d *Documents) Read(p []byte) (int, error) {
	if !d.open {
		return 0, io.EOF
	}
	err := d.fill()
	if err == nil && d.separates() {
		err = io.EOF
	}
	if err != nil {
		d.open = err != io.EOF
		return 0, err
	}
	n := copy(p, d.chunk)
	d.chunk = d.chunk[n:]
	d.begins = d.begins && n == 0
	return n, nil
}

// fill reads the next chunk, if the last is used.
func (d *Documents) fill() error {
	if len(d.chunk) > 0 {
		return nil
	}
	if d.err != nil {
		return d.err
	}
	chunk, err := d.in.ReadSlice('\n')
	if err != bufio.ErrBufferFull {
		d.err = err
	}
	if len(chunk) == 0 {
		return err
	}
	if d.begins = d.ended; d.begins {
		d.line++
	}
	if rest, marked := bytes.CutPrefix(chunk, bom); marked && d.begins && len(rest) > 0 && (!d.open || bytes.HasPrefix(rest, header)) {
		chunk = rest
	}
	d.chunk, d.ended = chunk, chunk[len(chunk)-1] == '\n'
	if d.begins && bytes.HasPrefix(chunk, fence) {
		d.chunk = []byte("---\n")
	}
	return nil
}

// A document may begin with a mark of the byte order, where files were put one behind the
// other.
var (
	bom    = []byte("\ufeff")
	header = []byte("---")
	fence  = []byte("```")
)

// separates reports whether the chunk is a line that ends a document.
func (d *Documents) separates() bool {
	if !d.begins || !bytes.HasPrefix(d.chunk, header) && !bytes.HasPrefix(d.chunk, []byte("...")) {
		return false
	}
	return len(d.chunk) == 3 || bytes.IndexByte([]byte(" \t\r\n"), d.chunk[3]) >= 0
}
