// SPDX-License-Identifier: Apache-2.0

package procstatus

import "bytes"

// Parser parses the status files of many tasks of one kernel, in half the time of
// [Status.UnmarshalText]. Two lines out of three are of no interest, and it does not
// look at them: it knows from the file before how far it is from one line to the
// next, and looks for it only where it does not stand there.
// So it is for texts that a kernel has just made; in any other one it may pass over
// a line that is repeated, or that stands where no kernel prints it. The zero Parser
// is ready to use.
type Parser struct {
	lines [numFields]struct {
		field Field
		gap   int // in bytes, from the end of the line before
	}
}

// capLength is the length in bytes of a tab and a set, which has no newline in it.
const capLength = 1 + 16

// lastField is the one behind which kernels print no other.
const lastField = FieldSeccompFilters

// Parse is [Status.UnmarshalText] of a text that a kernel has made.
func (p *Parser) Parse(s *Status, text []byte) error {
	*s = Status{Name: s.Name, Groups: s.Groups[:0], NSpid: s.NSpid[:0]}
	pos := 0
	for i := range p.lines {
		line := &p.lines[i]
		f, at := line.field, pos+line.gap
		if !stands(text, at, f) {
			if f, at = next(text, pos); at < 0 {
				break
			}
			line.field, line.gap = f, at-pos
		}
		value := at + len(fields[f].head)
		end := value + capLength
		if f < FieldCapInh || f > FieldCapAmb || end >= len(text) || text[end] != '\n' {
			end = at + bytes.IndexByte(text[at:], '\n')
		}
		if end <= value || text[value] != '\t' || s.Has(f) || fields[f].set(s, text[value+1:end]) != nil {
			return s.UnmarshalText(text) // which tells what is wrong with which line, if anything is
		}
		s.seen |= 1 << f
		pos = end + 1
		if f == lastField {
			break
		}
	}
	if !s.Has(FieldName) {
		return s.UnmarshalText(text)
	}
	return nil
}

// stands reports whether the line of a field begins at a place of a text.
func stands(text []byte, at int, f Field) bool {
	head := fields[f].head
	return at+len(head) <= len(text) && string(text[at:at+len(head)]) == head && (at == 0 || text[at-1] == '\n')
}

// next returns the first line of a field from a place of a text on, where a line
// begins; at is negative if there is none.
func next(text []byte, from int) (f Field, at int) {
	for at = from; at < len(text); {
		if f, ok := lookup(text[at:]); ok {
			return f, at
		}
		end := bytes.IndexByte(text[at:], '\n')
		if end < 0 {
			break
		}
		at += end + 1
	}
	return 0, -1
}
