// SPDX-License-Identifier: Apache-2.0

package jsonread

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

var errCutShort = errors.New("cut short")

// Err returns the first error, as "line 3: tasks.pid: a string is not what belongs
// here". One of reading the text itself is returned as it is.
func (r *Reader) Err() error { return r.err }

// Fail makes err the error of the value that was read last, unless there is an
// error already. What err quotes of the text it must escape.
func (r *Reader) Fail(err error) {
	if r.err != nil {
		return
	}
	if path := r.path(); path != "" {
		err = fmt.Errorf("%s: %w", path, err)
	}
	r.err = fmt.Errorf("line %d: %w", r.Line(), err)
}

// note takes over an error of the decoder.
func (r *Reader) note(err error) {
	if err == nil || err == io.EOF || r.err != nil { // EOF is the end of a whole text
		return
	}
	bad, ok := errors.AsType[*jsontext.SyntacticError](err)
	if !ok {
		if cause := errors.Unwrap(err); cause != nil {
			err = cause
		}
		r.err = err
		return
	}
	err = bad.Err
	switch err {
	case io.ErrUnexpectedEOF:
		err = errCutShort
	case jsontext.ErrDuplicateName:
		err = fmt.Errorf("key %s stands twice", quote(bad.JSONPointer.LastToken()))
	}
	r.err = fmt.Errorf("line %d: %w", r.lineAt(bad.ByteOffset), err)
}

// misplaced is the error of a value of a kind that does not belong there.
func misplaced(kind jsontext.Kind) error {
	what := kind.String() // null, true, false
	switch kind {
	case jsontext.KindBeginObject:
		what = "an object"
	case jsontext.KindBeginArray:
		what = "an array"
	case jsontext.KindString:
		what = "a string"
	case jsontext.KindNumber:
		what = "a number"
	}
	return errors.New(what + " is not what belongs here")
}

// path returns the keys that lead to the value that was read last, as
// "capabilities.effective.hex". Where in an array it is, the line tells.
func (r *Reader) path() string {
	var keys []string
	level := 1
	for key := range r.d.StackPointer().Tokens() {
		if kind, _ := r.d.StackIndex(level); kind == jsontext.KindBeginObject {
			keys = append(keys, key)
		}
		level++
	}
	for i, key := range keys {
		if strings.ContainsFunc(key, odd) || len(key) > maxKey {
			keys[i] = quote(key)
		}
	}
	return strings.Join(keys, ".")
}

// maxKey is how many characters of a key an error repeats.
const maxKey = 64

// odd reports whether a character does not stand in a key that is printed as it is.
func odd(c rune) bool { return c <= ' ' || c >= 0x7f || c == '"' || c == '\\' || c == ':' }

func quote(key string) string { return fmt.Sprintf("%.*q", maxKey, key) }
