// SPDX-License-Identifier: Apache-2.0

package procstatus

import (
	"bytes"
	"fmt"
	"io"
)

// LineError says which line of a file is malformed.
type LineError struct {
	Line  int    // 1 is the first
	Value []byte // the line; a copy, cut to 64 bytes
	Err   error  // what is wrong with it, as [ErrColumns]
}

// Error names line, text and cause.
func (e *LineError) Error() string { return fmt.Sprintf("line %d: %q: %v", e.Line, e.Value, e.Err) }

// Unwrap returns the cause.
func (e *LineError) Unwrap() error { return e.Err }

var newline = []byte("\n")

// parseLines calls parse for each line of a text, and says of the first that is
// malformed, or cut short, which one it is.
func parseLines(text []byte, parse func(row []byte) error) error {
	for line := 1; len(text) > 0; line++ {
		row, rest, ended := bytes.Cut(text, newline)
		err := parse(row)
		if !ended {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return &LineError{Line: line, Value: bytes.Clone(row[:min(len(row), 64)]), Err: err}
		}
		text = rest
	}
	return nil
}
