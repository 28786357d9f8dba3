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
	Value []byte // the line; a copy of its first 64 bytes
	Err   error  // what is wrong with it, such as [ErrColumns]
}

// Error names line, text and cause.
func (e *LineError) Error() string { return fmt.Sprintf("line %d: %q: %v", e.Line, e.Value, e.Err) }

// Unwrap returns the cause.
func (e *LineError) Unwrap() error { return e.Err }

func newLineError(line int, row []byte, err error) *LineError {
	return &LineError{Line: line, Value: bytes.Clone(row[:min(len(row), 64)]), Err: err}
}

// parseLines calls parse for each line of a text, and returns a [*LineError] for
// the first one that parse refuses or that has no newline.
func parseLines(text []byte, parse func(row []byte) error) error {
	line := 0
	for row := range bytes.Lines(text) {
		line++
		row, ended := bytes.CutSuffix(row, []byte("\n"))
		err := parse(row)
		if !ended {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return newLineError(line, row, err)
		}
	}
	return nil
}
