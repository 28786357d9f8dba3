// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strconv"
	"unicode/utf8"
)

// encoder appends JSON to a buffer, in the order of its calls. encoding/json
// takes several times as long over a task, most of it for names that are the
// same again and again.
type encoder struct {
	buf    []byte
	indent bool   // an object or array that is opened with openLines has a line for each member
	lines  []bool // for each open object or array, whether it has
	cache  map[capsKey][]byte
}

// next starts a new member: a comma if there is one before it, and a new line
// if the object or array has lines.
func (e *encoder) next() {
	depth := len(e.lines)
	if depth == 0 {
		return
	}
	last := e.buf[len(e.buf)-1]
	if last == ':' || last == ' ' && e.buf[len(e.buf)-2] == ':' {
		return // the value of a key
	}
	if last != '{' && last != '[' {
		e.buf = append(e.buf, ',')
	}
	if e.lines[depth-1] {
		e.newline(depth)
	} else if e.indent && last != '{' && last != '[' {
		e.buf = append(e.buf, ' ')
	}
}

func (e *encoder) newline(depth int) {
	e.buf = append(e.buf, '\n')
	for range depth {
		e.buf = append(e.buf, ' ', ' ')
	}
}

// open starts an object or an array on one line, openLines one with a line for
// each member.
func (e *encoder) open(bracket byte) { e.start(bracket, false) }

func (e *encoder) openLines(bracket byte) { e.start(bracket, e.indent) }

func (e *encoder) start(bracket byte, lines bool) {
	e.next()
	e.buf = append(e.buf, bracket)
	e.lines = append(e.lines, lines)
}

// close ends the innermost object or array.
func (e *encoder) close(bracket byte) {
	depth := len(e.lines) - 1
	if last := e.buf[len(e.buf)-1]; e.lines[depth] && last != '{' && last != '[' {
		e.newline(depth)
	}
	e.lines = e.lines[:depth]
	e.buf = append(e.buf, bracket)
}

// key starts a member of an object. Keys are ours and need no escapes.
func (e *encoder) key(name string) {
	e.next()
	e.buf = append(e.buf, '"')
	e.buf = append(e.buf, name...)
	e.buf = append(e.buf, '"', ':')
	if e.indent {
		e.buf = append(e.buf, ' ')
	}
}

func (e *encoder) null() {
	e.next()
	e.buf = append(e.buf, "null"...)
}

func (e *encoder) bool(v bool) {
	e.next()
	e.buf = strconv.AppendBool(e.buf, v)
}

func (e *encoder) int(v int64) {
	e.next()
	e.buf = strconv.AppendInt(e.buf, v, 10)
}

// string appends text as a JSON string. A byte that is not UTF-8 becomes
// U+FFFD; what is not printable is escaped, so that no text of another process
// acts on a terminal.
func (e *encoder) string(s string) {
	e.next()
	e.buf = append(e.buf, '"')
	from := 0 // where the bytes start that need no escape
	for i := 0; i < len(s); {
		if b := s[i]; b >= ' ' && b < 0x7f && b != '"' && b != '\\' {
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		e.buf = append(e.buf, s[from:i]...)
		e.rune(r)
		i += n
		from = i
	}
	e.buf = append(e.buf, s[from:]...)
	e.buf = append(e.buf, '"')
}

// rune appends a character that may need an escape.
func (e *encoder) rune(r rune) {
	switch {
	case r == '"' || r == '\\':
		e.buf = append(e.buf, '\\', byte(r))
	case r == '\n':
		e.buf = append(e.buf, '\\', 'n')
	case r == '\t':
		e.buf = append(e.buf, '\\', 't')
	case strconv.IsPrint(r):
		e.buf = utf8.AppendRune(e.buf, r)
	case r > 0xffff: // a surrogate pair
		r -= 0x10000
		e.buf = appendRuneEscape(e.buf, 0xd800+r>>10)
		e.buf = appendRuneEscape(e.buf, 0xdc00+r&0x3ff)
	default:
		e.buf = appendRuneEscape(e.buf, r)
	}
}
