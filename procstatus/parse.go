// SPDX-License-Identifier: Apache-2.0

package procstatus

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// FieldError says which line of a status file is malformed.
type FieldError struct {
	Line  int    // 1 is the first
	Field Field  // which line it is
	Value []byte // what stands after the name; a copy, cut to 64 bytes
	Err   error  // what is wrong with it, as [ErrSyntax]
}

// Error names line, field, value and cause.
func (e *FieldError) Error() string {
	return fmt.Sprintf("line %d: %s: %q: %v", e.Line, e.Field, e.Value, e.Err)
}

// Unwrap returns the cause.
func (e *FieldError) Unwrap() error { return e.Err }

// The other reasons for which a known line is refused, and a whole text.
var (
	ErrNoTab    = errors.New("no tab after the colon")
	ErrRepeated = errors.New("second line of this name")
	ErrNoFields = errors.New("no line of a status file")
)

// Parse returns what a /proc/PID/status says. Lines may stand in any order and
// may be missing; lines that are not known are skipped, whatever they hold. A
// known line that is malformed, repeated, or cut short by the end of the text
// gives a [*FieldError]; a text without any known line [ErrNoFields].
func Parse(text []byte) (*Status, error) {
	s := new(Status)
	if err := s.UnmarshalText(text); err != nil {
		return nil, err
	}
	return s, nil
}

// UnmarshalText is [Parse] into a Status that is used again: its slices are
// kept as buffers, and only a new name allocates. After an error the Status
// holds nothing of use.
func (s *Status) UnmarshalText(text []byte) error {
	*s = Status{Name: s.Name, Groups: s.Groups[:0], NSpid: s.NSpid[:0]}
	for line := 1; len(text) > 0; line++ {
		row := text
		end := bytes.IndexByte(text, '\n')
		if end >= 0 {
			row, text = text[:end], text[end+1:]
		} else {
			text = nil
		}
		f, value, ok := lookup(row)
		if !ok {
			continue
		}
		err := error(nil)
		switch {
		case end < 0:
			err = io.ErrUnexpectedEOF
		case s.Has(f):
			err = ErrRepeated
		case len(value) == 0 || value[0] != '\t':
			err = ErrNoTab
		default:
			value = value[1:]
			err = fields[f].set(s, value)
		}
		if err != nil {
			return &FieldError{Line: line, Field: f, Value: bytes.Clone(value[:min(len(value), 64)]), Err: err}
		}
		s.seen |= 1 << f
	}
	if s.seen == 0 {
		return ErrNoFields
	}
	if !s.Has(FieldName) {
		s.Name = ""
	}
	return nil
}

// slots finds a field by its name: a name stands in its slot or in the next
// free one behind it. Most lines of a status file are not known, and their
// slot is empty. An entry is the field's number plus one.
var slots = func() (t [128]uint8) {
	for f := range fields {
		i := slot(fields[f].name)
		for t[i] != 0 {
			i = (i + 1) % len(t)
		}
		t[i] = uint8(f) + 1
	}
	return t
}()

func slot[T string | []byte](name T) int {
	return (len(name)*31 + int(name[0]) + int(name[len(name)-1])*7) % 128
}

// lookup returns the field that a line is of and what follows the colon.
func lookup(row []byte) (f Field, value []byte, ok bool) {
	colon := bytes.IndexByte(row, ':')
	if colon <= 0 {
		return 0, nil, false
	}
	for i := slot(row[:colon]); slots[i] != 0; i = (i + 1) % len(slots) {
		f = Field(slots[i] - 1)
		if fields[f].name == string(row[:colon]) {
			return f, row[colon+1:], true
		}
	}
	return 0, nil, false
}
