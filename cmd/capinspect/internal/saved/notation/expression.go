// SPDX-License-Identifier: Apache-2.0

package notation

import (
	"strings"

	"github.com/capinspect/capinspect/capset"
)

var (
	// bitMacro is a bit in the words of the kernel's and other projects' headers, bitShift
	// one of C, which comes from the first as well.
	bitMacro = pattern(`\b(?:CAP_TO_MASK|_?BIT(?:_ULL|UL|ULL)?)\(\s*(\w+)\s*\)`)
	bitShift = pattern(`\b1(?:[uU]?[lL]{0,2}|[lL]{1,2}[uU])\s*<<\s*(\w+)`)

	// operator is what an expression has and a plain list has not.
	operator = pattern(`<<|\||^[\[({][^\[\](){}]*[\])}]$|(?i:\sand\s|\sor\s)`)
)

// Expression returns the set of an expression as programs have it: bits that are shifted and
// joined, as "(1<<12)|BIT(13)", names with "|" or "and" between, and a list in brackets. ok is
// false if a text is none.
func Expression(text string) (set capset.Set, ok bool) {
	text = strings.TrimRight(text, ";, ")
	if !strings.ContainsAny(text, "<|[({") && !strings.Contains(text, " ") {
		return 0, false
	}
	text = bitMacro().ReplaceAllString(text, "1<<$1")
	if !operator().MatchString(text) {
		return 0, false
	}
	text = bitShift().ReplaceAllString(text, "<<$1")
	words := 0
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune("|,()[]{}\"'` \t", r) }) {
		bit, shifted := strings.CutPrefix(word, "<<")
		switch {
		case strings.EqualFold(word, "and"), strings.EqualFold(word, "or"):
			continue
		case !shifted && strings.HasPrefix(word, "0x"):
			mask, err := capset.ParseHex(word)
			if err != nil {
				return 0, false
			}
			set |= mask
		case strings.EqualFold(word, "all"):
			set |= capset.UpTo(capset.LastKnown)
		default:
			c, err := capset.Parse(bit)
			if err != nil || !shifted && word[0] <= '9' {
				return 0, false
			}
			set |= capset.Of(c)
		}
		words++
	}
	return set, words > 0
}
