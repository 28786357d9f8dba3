// SPDX-License-Identifier: Apache-2.0

package capset

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// TextError says what is wrong with a clause of the text form, or with an entry
// of an IAB text.
type TextError struct {
	Clause string // as it was given
	Err    error  // one of the errors below, or an [*UnknownError]
}

// Error names the clause and what is wrong with it.
func (e *TextError) Error() string { return fmt.Sprintf("%q: %v", e.Clause, e.Err) }

// Unwrap returns what is wrong.
func (e *TextError) Unwrap() error { return e.Err }

// The errors of [ParseText].
var (
	ErrNoOperator = errors.New("no =, + or - behind the capabilities")
	ErrNoList     = errors.New("+ and - need a list of capabilities before them")
	ErrNoFlags    = errors.New("+ and - need flags behind them: e, i and p")
	ErrFlag       = errors.New("the flags are e, i and p")
)

// blank are the characters between two clauses: those of isspace(3).
const blank = " \t\n\v\f\r"

// ParseText returns the Effective, Permitted and Inheritable sets that a text form
// means, for a kernel whose last capability is last: "all", and an "=" with no
// list before it, are bits 0 to last. It takes the texts that cap_from_text(3)
// takes, and reads them alike, see cap_text_formats(7): clauses separated by
// blanks, each a list of names in upper or lower case or of numbers (decimal,
// octal, hexadecimal), then "=", "+" or "-" with flags. An empty text is the empty
// state. The error is a [*TextError].
func ParseText(text string, last Cap) (State, error) {
	var s State
	for clause := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(blank, r) }) {
		if err := s.apply(clause, last); err != nil {
			return State{}, &TextError{clause, err}
		}
	}
	return s, nil
}

// apply changes the sets as a clause says.
func (s *State) apply(clause string, last Cap) error {
	at := strings.IndexAny(clause, "=+-")
	if at < 0 {
		if _, err := parseTextList(clause, last); err != nil {
			return err
		}
		return ErrNoOperator
	}
	set, listed := UpTo(last), at > 0
	if listed {
		var err error
		if set, err = parseTextList(clause[:at], last); err != nil {
			return err
		}
	}
	op, actions := clause[at], clause[at+1:]
	if op == '=' {
		for k := range s {
			s[k] &^= set
		}
		if actions == "" {
			return nil
		}
		op = '+'
		if actions[0] == '+' || actions[0] == '-' { // "=+p" is "=p", "=-p" is "="
			if !listed {
				return ErrNoList
			}
			op, actions = actions[0], actions[1:]
		}
	} else if !listed {
		return ErrNoList
	}
	for {
		n := strings.IndexAny(actions, "+-")
		letters := actions
		if n >= 0 {
			letters = actions[:n]
		}
		if err := s.flag(set, op, letters); err != nil {
			return err
		}
		switch {
		case n < 0:
			return nil
		case !listed:
			return ErrNoList
		}
		op, actions = actions[n], actions[n+1:]
	}
}

// flag raises or lowers the capabilities of set in the sets of some letters.
func (s *State) flag(set Set, op byte, letters string) error {
	if letters == "" {
		return ErrNoFlags
	}
	for i := range len(letters) {
		var k Kind
		switch letters[i] {
		case 'e':
			k = Effective
		case 'i':
			k = Inheritable
		case 'p':
			k = Permitted
		default:
			return ErrFlag
		}
		if op == '-' {
			s[k] &^= set
		} else {
			s[k] |= set
		}
	}
	return nil
}

// parseTextList returns the set of the list before an operator.
func parseTextList(list string, last Cap) (Set, error) {
	var s Set
	for name := range strings.SplitSeq(list, ",") {
		if strings.EqualFold(name, "all") {
			s |= UpTo(last)
			continue
		}
		c, err := parseLibcapName(name)
		if err != nil {
			return 0, err
		}
		s |= Of(c)
	}
	return s, nil
}

// parseLibcapName returns the capability of a name or number as cap_from_name(3)
// takes it: a name with its prefix, in upper or lower case, or a number in C's
// notation.
func parseLibcapName(name string) (Cap, error) {
	if name == "" || name[0] < '0' || name[0] > '9' {
		if c, err := Parse(name); err == nil && strings.HasPrefix(strings.ToLower(name), prefix) {
			return c, nil
		}
		return 0, &UnknownError{name}
	}
	base, digits := 10, name
	if hex := strings.TrimPrefix(strings.ToLower(name), "0x"); len(hex) < len(name) {
		base, digits = 16, hex
	} else if name[0] == '0' {
		base = 8
	}
	n, err := strconv.ParseUint(digits, base, 8)
	if err != nil || n > uint64(Max) {
		return 0, &UnknownError{name}
	}
	return Cap(n), nil
}

// ParseIAB returns the Inheritable, Ambient and Bounding sets that an IAB text
// means, such as "!cap_chown,^cap_net_raw", for a kernel whose last capability is last:
// Bounding has bits 0 to last but those with a "!". The marks are those of
// [State.IAB]; cap_iab_from_text(3) reads the same. The error is a [*TextError].
func ParseIAB(text string, last Cap) (State, error) {
	s := State{Bounding: UpTo(last)}
	if text == "" {
		return s, nil
	}
	for entry := range strings.SplitSeq(text, ",") {
		name := strings.TrimLeft(entry, "!^%")
		marks := entry[:len(entry)-len(name)]
		c, err := parseLibcapName(name)
		if err != nil {
			return State{}, &TextError{entry, err}
		}
		if strings.Contains(marks, "!") {
			s[Bounding] &^= Of(c)
		}
		if strings.Contains(marks, "^") {
			s[Ambient] |= Of(c)
		}
		if strings.ContainsAny(marks, "^%") || marks == "" {
			s[Inheritable] |= Of(c)
		}
	}
	return s, nil
}
