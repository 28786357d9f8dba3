// SPDX-License-Identifier: Apache-2.0

package procstatus

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// FieldError says which line of a status file is malformed.
type FieldError struct {
	Line  int    // 1 is the first
	Field Field  // which line it is
	Value []byte // the text behind the name; a copy of its first 64 bytes
	Err   error  // what is wrong with it, such as [ErrSyntax]
}

// Error names line, field, value and cause.
func (e *FieldError) Error() string {
	return fmt.Sprintf("line %d: %s: %q: %v", e.Line, e.Field, e.Value, e.Err)
}

// Unwrap returns the cause.
func (e *FieldError) Unwrap() error { return e.Err }

// The other reasons why a known line, or a whole text, is refused.
var (
	ErrNoTab    = errors.New("no tab after the colon")
	ErrRepeated = errors.New("second line of this name")
	ErrNoFields = errors.New("no line of a status file")
)

// Parse parses the text of a /proc/PID/status. Lines may stand in any order and
// may be missing. It skips lines that it does not know. A known line that is
// malformed, repeated or truncated gives a [*FieldError], a text without any known
// line gives [ErrNoFields]. The last line may lack its newline where no number in it
// can have been cut; one that ends within the name of a known line gives a
// [*LineError].
func Parse(text []byte) (*Status, error) {
	s := new(Status)
	if err := s.UnmarshalText(text); err != nil {
		return nil, err
	}
	return s, nil
}

// UnmarshalText is [Parse] into a Status that is used again. It keeps the memory
// of the slices, so that only a new name allocates. After an error the Status
// holds nothing of use.
func (s *Status) UnmarshalText(text []byte) error {
	*s = Status{Name: s.Name, Groups: s.Groups[:0], NSpid: s.NSpid[:0]}
	line := 0
	for row := range bytes.Lines(text) {
		line++
		row, ended := bytes.CutSuffix(row, []byte("\n"))
		f, ok := lookup(row)
		if !ok {
			if !ended && beginsHead(row) {
				return newLineError(line, row, io.ErrUnexpectedEOF)
			}
			s.keepCapLine(row)
			continue
		}
		value := row[len(fields[f].head):]
		tab := len(value) > 0 && value[0] == '\t'
		err := error(nil)
		switch {
		case !ended && !(tab && fields[f].whole(value[1:])):
			err = io.ErrUnexpectedEOF
		case s.Has(f):
			err = ErrRepeated
		case !tab:
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

// byFirst lists the fields by the first byte of their names. Most lines of a status
// file are of no field that is known, and most of those begin with another byte.
var byFirst = func() (m [256][]Field) {
	for f := range fields {
		first := fields[f].head[0]
		m[first] = append(m[first], Field(f))
	}
	return m
}()

// lookup returns the field that a line is of.
func lookup(line []byte) (Field, bool) {
	if len(line) == 0 {
		return 0, false
	}
	for _, f := range byFirst[line[0]] {
		if head := fields[f].head; len(line) >= len(head) && string(line[:len(head)]) == head {
			return f, true
		}
	}
	return 0, false
}

// beginsHead reports whether a text is the beginning of the name of a known line.
func beginsHead(text []byte) bool {
	for _, f := range fields {
		if strings.HasPrefix(f.head, string(text)) {
			return true
		}
	}
	return false
}

// keepCapLine keeps a line that looks as those of capability sets do, and is of none
// that is known here.
func (s *Status) keepCapLine(row []byte) {
	if len(row) < len("CapX") || string(row[:3]) != "Cap" || row[3]-'A' > 'Z'-'A' {
		return
	}
	if name, value, ok := strings.Cut(string(row), ":\t"); ok {
		s.OtherCaps = append(s.OtherCaps, CapLine{name, value})
	}
}

// FieldNamed returns the field with a name as the kernel spells it, such as "CapEff".
func FieldNamed(name string) (f Field, ok bool) {
	for f := range Field(numFields) {
		if f.String() == name {
			return f, true
		}
	}
	return 0, false
}
