// SPDX-License-Identifier: Apache-2.0

package render

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// Escape returns a text that somebody else chose in a form that is safe to show on a
// terminal. What is not printable becomes \x1b or \u202e, a byte that is not UTF-8 becomes
// \xff, and a backslash becomes \\, so that the text differs from its escapes.
func Escape(text string) string { return string(AppendEscaped(nil, text)) }

// Printable returns a message that may quote somebody else's text in a form that is safe
// to show on a terminal. Backslashes stay as they are, because the quoted text may have
// escapes already.
func Printable(message string) string {
	return strings.ReplaceAll(Escape(message), `\\`, `\`)
}

// AppendEscaped appends a text as Escape returns it.
func AppendEscaped(dst []byte, text string) []byte {
	for i := 0; i < len(text); {
		b := text[i]
		if b < utf8.RuneSelf {
			i++
			switch {
			case b == '\\':
				dst = append(dst, '\\', '\\')
			case b < ' ' || b == 0x7f:
				dst = appendByteEscape(dst, b)
			default:
				dst = append(dst, b)
			}
			continue
		}
		r, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			dst = appendByteEscape(dst, b)
		case strconv.IsPrint(r):
			dst = append(dst, text[i:i+n]...)
		default:
			dst = appendRuneEscape(dst, r)
		}
		i += n
	}
	return dst
}

// appendByteEscape appends \x and two digits.
func appendByteEscape(dst []byte, b byte) []byte {
	return append(dst, '\\', 'x', hexDigits[b>>4], hexDigits[b&15])
}

// appendRuneEscape appends \u and four digits, or \U and eight.
func appendRuneEscape(dst []byte, r rune) []byte {
	kind, digits := byte('u'), 4
	if r > 0xffff {
		kind, digits = 'U', 8
	}
	dst = append(dst, '\\', kind)
	for shift := 4 * (digits - 1); shift >= 0; shift -= 4 {
		dst = append(dst, hexDigits[r>>shift&15])
	}
	return dst
}
