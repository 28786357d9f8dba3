// SPDX-License-Identifier: Apache-2.0

package capset

import "strings"

// Kind is one of the five sets that a task has.
type Kind uint8

// The five sets, in the order in which the kernel prints them.
const (
	Inheritable Kind   = iota // kept over execve of a file that inherits it
	Permitted                 // what the task may make effective
	Effective                 // what permission checks look at
	Bounding                  // what execve can give at most, a task's own since Linux 2.6.25
	Ambient                   // kept over execve of an ordinary file, since Linux 4.3
	NumKinds    = iota        // how many there are
)

var kinds = [NumKinds]struct{ name, letter string }{
	Inheritable: {"Inheritable", "i"},
	Permitted:   {"Permitted", "p"},
	Effective:   {"Effective", "e"},
	Bounding:    {"Bounding", "b"},
	Ambient:     {"Ambient", "a"},
}

// String returns the set's name, such as "Inheritable".
func (k Kind) String() string {
	if int(k) < len(kinds) {
		return kinds[k].name
	}
	return "unknown"
}

// ParseKind returns the set of a full name, "effective", or of one of the
// letters e p i b a, in upper or lower case.
func ParseKind(s string) (k Kind, ok bool) {
	for i, kind := range kinds {
		if strings.EqualFold(s, kind.name) || strings.EqualFold(s, kind.letter) {
			return Kind(i), true
		}
	}
	return 0, false
}

// State is the five sets of a task, indexed by [Kind].
type State [NumKinds]Set

// GuessLastCap returns the last capability of the kernel that a state comes
// from, as far as its bits tell: the largest n of at least 30 for which some
// set is exactly bits 0 to n, as the full sets of a container manager or of
// init are, else 40, the last one that has a name; a higher bit raises it.
func GuessLastCap(s State) Cap {
	guess, all := LastKnown, Set(0)
	full := Cap(0)
	for _, set := range s {
		all |= set
		if n := Cap(set.Len() - 1); set.Len() > 30 && set == UpTo(n) {
			full = max(full, n)
		}
	}
	if full > 0 {
		guess = full
	}
	return max(guess, all.Last())
}

// The flags of cap_text_formats(7) for the three sets of the text
// form, as bits of an index.
const (
	flagE = 1 << iota
	flagP
	flagI
	numFlags = 1 << iota // how many combinations there are
)

// flagNames are the letters of each combination, in libcap's order.
var flagNames = [numFlags]string{"", "e", "p", "ep", "i", "ei", "ip", "eip"}

// flags returns the capabilities whose flags are exactly f.
func (s State) flags(f int) Set {
	match := ^Set(0)
	for bit, kind := range [...]Kind{Effective, Permitted, Inheritable} {
		if f>>bit&1 == 1 {
			match &= s[kind]
		} else {
			match &^= s[kind]
		}
	}
	return match
}

// Text returns the text form of Effective, Permitted and Inheritable, as
// "cap_chown,cap_kill=ep", for a kernel whose last capability is last. It is
// what cap_to_text(3) of libcap 2.41 and later prints on such a kernel, see
// cap_text_formats(7): capabilities above last are listed on their own behind
// the others. "=" is the empty state, "=ep" all in Permitted and Effective.
func (s State) Text(last Cap) string { return string(s.AppendText(nil, last)) }

// AppendText appends the text of [State.Text] to dst.
func (s State) AppendText(dst []byte, last Cap) []byte {
	known := UpTo(last)
	// The flags that most capabilities have are said for all; of two that are
	// equally frequent libcap takes the lower.
	most, count := 0, -1
	for f := range numFlags {
		if n := (s.flags(f) & known).Len(); n > count {
			most, count = f, n
		}
	}
	start := len(dst)
	dst = append(dst, '=')
	dst = append(dst, flagNames[most]...)
	for f := numFlags - 1; f >= 0; f-- {
		set := s.flags(f) & known
		if f == most || set == 0 {
			continue
		}
		op := byte('+')
		if f&^most != 0 && len(dst) == start+1 {
			// "= cap_x+ep" is written "cap_x=ep".
			dst, op = dst[:start], '='
		} else {
			dst = append(dst, ' ')
		}
		dst = set.AppendNames(dst)
		dst = appendFlags(dst, op, f&^most)
		dst = appendFlags(dst, '-', most&^f)
	}
	// Capabilities that the kernel does not know start lowered, whatever was
	// said for all.
	for f := numFlags - 1; f > 0; f-- {
		if set := s.flags(f) &^ known; set != 0 {
			dst = append(dst, ' ')
			dst = set.AppendNames(dst)
			dst = appendFlags(dst, '+', f)
		}
	}
	return dst
}

// appendFlags appends an operator and the letters of the flags f, if any.
func appendFlags(dst []byte, op byte, f int) []byte {
	if f == 0 {
		return dst
	}
	return append(append(dst, op), flagNames[f]...)
}

// IAB returns libcap's notation of Inheritable, Ambient and not-Bounding, as
// "!cap_chown,^cap_net_raw", for a kernel whose last capability is last: "!"
// is not in Bounding, "^" in Ambient, "%" in Inheritable while not in
// Bounding, no mark in Inheritable alone. It is what cap_iab_to_text(3)
// prints; capabilities above last, which libcap leaves out, are listed as far
// as they are in Inheritable or Ambient.
func (s State) IAB(last Cap) string { return string(s.AppendIAB(nil, last)) }

// AppendIAB appends the text of [State.IAB] to dst.
func (s State) AppendIAB(dst []byte, last Cap) []byte {
	known := UpTo(last)
	start := len(dst)
	listed := s[Inheritable] | s[Ambient] | known&^s[Bounding]
	for c := range listed.Caps() {
		if len(dst) > start {
			dst = append(dst, ',')
		}
		outside := !s[Bounding].Has(c)
		if outside {
			dst = append(dst, '!')
		}
		switch {
		case s[Ambient].Has(c):
			dst = append(dst, '^')
		case outside && s[Inheritable].Has(c):
			dst = append(dst, '%')
		}
		dst = append(dst, c.String()...)
	}
	return dst
}
