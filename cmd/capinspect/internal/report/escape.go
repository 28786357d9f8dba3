// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// Printable returns a message in which somebody else's text may stand, as a
// terminal may show it. Backslashes stay as they are: the message has escapes of
// its own.
func Printable(message string) string {
	return strings.ReplaceAll(Escape(message), `\\`, `\`)
}

// Escape returns a text that somebody else chose as a terminal may show it.
func Escape(text string) string { return string(appendEscaped(nil, text)) }

// appendEscaped appends text that another process chose, so that a terminal
// shows it and nothing else: what is not printable is written \x1b or \u202e,
// a byte that is not UTF-8 \xff, and a backslash \\, so that the text can be
// told from its escapes.
func appendEscaped[T string | []byte](dst []byte, text T) []byte {
	s := string(text)
	for i := 0; i < len(s); {
		b := s[i]
		if b < utf8.RuneSelf {
			i++
			switch {
			case b == '\\':
				dst = append(dst, '\\', '\\')
			case b < ' ' || b == 0x7f:
				dst = appendHexByte(dst, b)
			default:
				dst = append(dst, b)
			}
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			dst = appendHexByte(dst, b)
		case strconv.IsPrint(r):
			dst = append(dst, s[i:i+n]...)
		default:
			dst = appendRuneEscape(dst, r)
		}
		i += n
	}
	return dst
}

func appendHexByte(dst []byte, b byte) []byte {
	return append(dst, '\\', 'x', hexDigits[b>>4], hexDigits[b&15])
}

// appendRuneEscape writes \u and four digits, or \U and eight.
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
