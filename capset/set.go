// SPDX-License-Identifier: Apache-2.0

package capset

import (
	"errors"
	"iter"
	"math/bits"
	"strings"
)

// Set is a bitmap of capabilities: bit n stands for capability number n.
// The zero Set is empty and ready to use. See capabilities(7).
type Set uint64

// Of returns the set of the given capabilities. One above [Max] has no bit and
// adds nothing.
func Of(caps ...Cap) Set {
	var s Set
	for _, c := range caps {
		s |= 1 << c
	}
	return s
}

// UpTo returns the full set of a kernel whose last capability is last: bits 0
// to last.
func UpTo(last Cap) Set {
	return Set(1)<<last<<1 - 1
}

// Has reports whether the set holds c.
func (s Set) Has(c Cap) bool { return s>>c&1 == 1 }

// Len returns the number of capabilities in the set.
func (s Set) Len() int { return bits.OnesCount64(uint64(s)) }

// First returns the lowest capability in the set, 64 if it is empty.
func (s Set) First() Cap { return Cap(bits.TrailingZeros64(uint64(s))) }

// Last returns the highest capability in the set, 0 if it is empty.
func (s Set) Last() Cap { return Cap(max(bits.Len64(uint64(s)), 1) - 1) }

// Within reports whether the set holds nothing that t does not hold.
func (s Set) Within(t Set) bool { return s&^t == 0 }

// Caps ranges over the capabilities in the set, in ascending order.
func (s Set) Caps() iter.Seq[Cap] {
	return func(yield func(Cap) bool) {
		for ; s != 0; s &= s - 1 {
			if !yield(s.First()) {
				return
			}
		}
	}
}

// String returns the names joined by commas, in ascending order, as capsh(1)
// --decode writes them: "cap_chown,cap_kill,41". The empty set is "".
func (s Set) String() string { return string(s.AppendNames(nil)) }

// AppendNames appends the text of [Set.String] to dst.
func (s Set) AppendNames(dst []byte) []byte {
	start := len(dst)
	for ; s != 0; s &= s - 1 {
		if len(dst) > start {
			dst = append(dst, ',')
		}
		dst = append(dst, s.First().String()...)
	}
	return dst
}

// ParseList returns the set of the capabilities in a list, separated by commas
// or white space, each in any spelling that [Parse] takes. The empty list is
// the empty set. The error is an [*UnknownError] of the first that is none.
func ParseList(list string) (Set, error) {
	var s Set
	for name := range strings.FieldsFuncSeq(list, func(r rune) bool {
		return r == ',' || r == ' ' || r == '\t' || r == '\n'
	}) {
		c, err := Parse(name)
		if err != nil {
			return 0, err
		}
		s |= Of(c)
	}
	return s, nil
}

// Hex returns the 16 lower-case digits with which the kernel prints the set in
// /proc/PID/status (fs/proc/array.c, render_cap_t).
func (s Set) Hex() string { return string(s.AppendHex(nil)) }

// AppendHex appends the 16 digits of [Set.Hex] to dst.
func (s Set) AppendHex(dst []byte) []byte {
	const digits = "0123456789abcdef"
	for shift := 60; shift >= 0; shift -= 4 {
		dst = append(dst, digits[s>>shift&15])
	}
	return dst
}

// The errors of [ParseHex].
var (
	ErrNoDigits = errors.New("no hexadecimal digits")
	ErrNotHex   = errors.New("not a hexadecimal number")
	ErrTooLong  = errors.New("more than 64 bits")
)

// ParseHex returns the set of a hexadecimal bitmap in upper or lower case, with
// or without "0x" before it and with any number of leading zeros:
// "00000000a80425fb". The error is [ErrNoDigits], [ErrNotHex] or [ErrTooLong].
func ParseHex[T string | []byte](s T) (Set, error) {
	if len(s) > 1 && s[0] == '0' && s[1]|0x20 == 'x' {
		s = s[2:]
	}
	if len(s) == 0 {
		return 0, ErrNoDigits
	}
	if len(s) > 16 {
		return parseLongHex(s)
	}
	var set Set
	for i := range len(s) {
		d := digits[s[i]]
		if d == noDigit {
			return 0, ErrNotHex
		}
		set = set<<4 | Set(d)
	}
	return set, nil
}

// parseLongHex is ParseHex for more digits than 64 bits have, which may still
// be zeros.
func parseLongHex[T string | []byte](s T) (Set, error) {
	var set Set
	long := false
	for i := range len(s) {
		d := digits[s[i]]
		if d == noDigit {
			return 0, ErrNotHex
		}
		long = long || set>>60 != 0
		set = set<<4 | Set(d)
	}
	if long {
		return 0, ErrTooLong
	}
	return set, nil
}

const noDigit = 255

// digits are the values of the hexadecimal digits.
var digits = [256]uint8{
	255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
	255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
	255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 255, 255, 255, 255, 255, 255,
	255, 10, 11, 12, 13, 14, 15, 255, 255, 255, 255, 255, 255, 255, 255, 255,
	255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
	255, 10, 11, 12, 13, 14, 15, 255, 255, 255, 255, 255, 255, 255, 255, 255,
	255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
	255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
	255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
	255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
	255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
	255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
	255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
	255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
	255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
}
