// SPDX-License-Identifier: Apache-2.0

// Package jsonread reads JSON from outside: reports of ours, and what kubectl
// prints. It goes through the text once and holds one token of it, so that a list
// may be longer than memory is large.
//
// A program walks down to the values that it knows. What it does not read is
// skipped:
//
//	for key := range r.Object() {
//		switch key {
//		case "name":
//			r.String(&name)
//		case "ports":
//			for range r.Array() {
//				if r.Int(&port) {
//					ports = append(ports, port)
//				}
//			}
//		}
//	}
//	return r.Err()
//
// Null stands for what is not known: it is no error, whatever should be there,
// and nothing is stored. The first error stays and ends every loop, so that one
// look at Err is enough. It names the line and the keys that lead to the value.
//
// A key that stands twice in an object, text that is not UTF-8, and more than
// 10,000 levels are errors. The package does not write JSON, and it has no
// fractions.
package jsonread

import (
	"bytes"
	"io"
	"iter"

	"github.com/go-json-experiment/json/jsontext"
)

// Reader reads JSON values that stand one after the other.
type Reader struct {
	d    *jsontext.Decoder
	text *lines
	left bool // a loop has ended early
	err  error
}

// New returns a Reader of a text, which it reads as far as it needs to.
func New(text io.Reader) *Reader {
	counted := &lines{from: text}
	return &Reader{d: jsontext.NewDecoder(counted), text: counted}
}

// lines counts the line ends in what is read from a text.
type lines struct {
	from io.Reader
	ends int
}

func (l *lines) Read(p []byte) (int, error) {
	n, err := l.from.Read(p)
	l.ends += bytes.Count(p[:n], []byte("\n"))
	return n, err
}

// Line returns the line of what was read last.
func (r *Reader) Line() int { return r.lineAt(r.d.InputOffset()) }

// lineAt returns the line of a byte that was not yet passed when the last token
// was read.
func (r *Reader) lineAt(offset int64) int {
	ahead := r.d.UnreadBuffer()
	skip := min(max(0, offset-r.d.InputOffset()), int64(len(ahead)))
	return 1 + r.text.ends - bytes.Count(ahead[skip:], []byte("\n"))
}

// Values loops over the values that stand one after the other on the topmost
// level. The loop reads each or leaves it. After a loop that ends early, this and
// the others, nothing more is read.
func (r *Reader) Values() func(yield func() bool) {
	return func(yield func() bool) { r.values(yield) }
}

// Array loops over the members of the next value, which must be an array. The
// loop reads each or leaves it.
func (r *Reader) Array() func(yield func() bool) {
	return func(yield func() bool) { r.array(yield) }
}

// Object loops over the keys of the next value, which must be an object, in the
// order of the text. The loop reads the value of each or leaves it.
func (r *Reader) Object() iter.Seq[string] {
	return func(yield func(string) bool) { r.object(yield) }
}

// Members calls read for each key of the next value, as a loop over [Reader.Object]
// would.
func (r *Reader) Members(read func(key string)) {
	for key := range r.Object() {
		read(key)
	}
}

// Elements calls read for each member of the next value, as a loop over
// [Reader.Array] would.
func (r *Reader) Elements(read func()) {
	for range r.Array() {
		read()
	}
}

func (r *Reader) values(yield func() bool) {
	for r.peek() != jsontext.KindInvalid && r.member(yield) {
	}
}

func (r *Reader) array(yield func() bool) {
	if _, ok := r.expect(jsontext.KindBeginArray); !ok {
		return
	}
	for r.peek() != jsontext.KindEndArray {
		if !r.member(yield) {
			return
		}
	}
	r.token()
}

func (r *Reader) object(yield func(string) bool) {
	if _, ok := r.expect(jsontext.KindBeginObject); !ok {
		return
	}
	for r.peek() != jsontext.KindEndObject {
		key, ok := r.token()
		if !ok || !r.member(func() bool { return yield(key.String()) }) {
			return
		}
	}
	r.token()
}

// member gives a value to a loop, and skips it if the loop did not read it. It
// reports whether the loop goes on.
func (r *Reader) member(yield func() bool) bool {
	if r.over() {
		return false
	}
	at := r.d.InputOffset()
	r.left = !yield() || r.left
	if !r.over() && r.d.InputOffset() == at {
		r.note(r.d.SkipValue())
	}
	return !r.over()
}

// over reports whether nothing more is to be read.
func (r *Reader) over() bool { return r.err != nil || r.left }

// expect reads a token, which must be of a kind or null. ok is false for null.
func (r *Reader) expect(kind jsontext.Kind) (t jsontext.Token, ok bool) {
	t, ok = r.token()
	if !ok || t.Kind() == jsontext.KindNull {
		return t, false
	}
	if t.Kind() != kind {
		r.Fail(misplaced(t.Kind()))
		return t, false
	}
	return t, true
}

// token reads a token. ok is false where there is none to be read.
func (r *Reader) token() (t jsontext.Token, ok bool) {
	if r.over() {
		return t, false
	}
	t, err := r.d.ReadToken()
	r.note(err)
	return t, err == nil
}

// peek returns the kind of the next token, [jsontext.KindInvalid] where there is
// none.
func (r *Reader) peek() jsontext.Kind {
	if r.over() {
		return jsontext.KindInvalid
	}
	kind := r.d.PeekKind()
	if kind == jsontext.KindInvalid {
		r.token() // which tells why
	}
	return kind
}
