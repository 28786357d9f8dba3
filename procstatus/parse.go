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
		f, ok := lookup(row)
		if !ok {
			continue
		}
		value := row[len(fields[f].head):]
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

// slots finds a field by the first four bytes of its line; no line that is
// known is shorter. A field stands in the slot of its bytes or in the next free
// one behind it; a free slot has an empty head. The table is filled in place,
// because one that is returned needs a larger stack at every start.
var slots = fill(&table)

type slotTable [128]struct {
	head  string
	field Field
}

var table slotTable

func fill(t *slotTable) *slotTable {
	for f := range fields {
		head := fields[f].head
		i := slot(head[0], head[1], head[2], head[3])
		for t[i].head != "" {
			i = (i + 1) % uint32(len(t))
		}
		t[i].head, t[i].field = head, Field(f)
	}
	return t
}

// slot spreads four bytes over the slots; the factor is that of Fibonacci
// hashing, 2^32 divided by the golden ratio.
func slot(a, b, c, d byte) uint32 {
	return (uint32(a) | uint32(b)<<8 | uint32(c)<<16 | uint32(d)<<24) * 2654435769 >> 25
}

// lookup returns the field that a line is of. Most lines are of none.
func lookup(row []byte) (Field, bool) {
	if len(row) < 4 {
		return 0, false
	}
	for i := slot(row[0], row[1], row[2], row[3]); ; i = (i + 1) % uint32(len(slots)) {
		head := slots[i].head
		if head == "" {
			return 0, false
		}
		if len(row) >= len(head) && string(row[:len(head)]) == head {
			return slots[i].field, true
		}
	}
}

// LineField returns the field that one line of a status file is of. ok is
// false if it is none that is known.
func LineField(line []byte) (f Field, ok bool) { return lookup(line) }
