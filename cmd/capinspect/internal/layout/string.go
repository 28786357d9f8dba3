// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// string copies the next value, a string as encoding/json writes it. What is not printable
// is escaped, so that no text of another process acts on a terminal; all else stands for
// itself. A byte that is not UTF-8 is U+FFFD.
func (w *writer) string() {
	w.copy(1)
	for w.in[0] != '"' {
		plain := 0
		for isPlain(w.in[plain]) {
			plain++
		}
		w.copy(plain)
		if w.in[0] == '"' {
			break
		}
		r, n := character(w.in)
		w.out = appendRune(w.out, r)
		w.in = w.in[n:]
	}
	w.copy(1)
}

// isPlain reports whether a byte is a character that stands for itself.
func isPlain(b byte) bool { return b >= ' ' && b < 0x7f && b != '"' && b != '\\' }

// shortEscapes are the escapes of one letter that encoding/json writes.
var shortEscapes = map[byte]rune{'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// character returns the first character of the inside of a string, and how many bytes it
// takes. Encoding/json writes no surrogates.
func character(text []byte) (r rune, size int) {
	if text[0] != '\\' {
		return utf8.DecodeRune(text)
	}
	if text[1] == 'u' {
		n, err := strconv.ParseUint(string(text[2:6]), 16, 16)
		if err != nil {
			return utf8.RuneError, 6
		}
		return rune(n), 6
	}
	if r, ok := shortEscapes[text[1]]; ok {
		return r, 2
	}
	return rune(text[1]), 2
}

// appendRune appends a character, with an escape if it needs one.
func appendRune(dst []byte, r rune) []byte {
	switch {
	case r == '"' || r == '\\':
		return append(dst, '\\', byte(r))
	case r == '\n':
		return append(dst, `\n`...)
	case r == '\t':
		return append(dst, `\t`...)
	case strconv.IsPrint(r):
		return utf8.AppendRune(dst, r)
	case r > 0xffff:
		high, low := utf16.EncodeRune(r)
		return fmt.Appendf(dst, `\u%04x\u%04x`, high, low)
	}
	return fmt.Appendf(dst, `\u%04x`, r)
}
