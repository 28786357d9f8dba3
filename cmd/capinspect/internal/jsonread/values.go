// SPDX-License-Identifier: Apache-2.0

package jsonread

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

var errNotInteger = errors.New("not an integer")

// Null reports whether the next value is null. If it is, it is read.
func (r *Reader) Null() bool {
	if r.peek() != jsontext.KindNull {
		return false
	}
	_, ok := r.token()
	return ok
}

// String stores the next value, a string. It returns false for null.
func (r *Reader) String(to *string) bool {
	t, ok := r.expect(jsontext.KindString)
	if ok {
		*to = t.String()
	}
	return ok
}

// Strings stores the next value, an array of strings, without those that are
// null. It returns false for null.
func (r *Reader) Strings(to *[]string) bool {
	if r.Null() {
		return false
	}
	list := []string{}
	for range r.Array() {
		var s string
		if r.String(&s) {
			list = append(list, s)
		}
	}
	if r.err != nil {
		return false
	}
	*to = list
	return true
}

// Bool stores the next value, true or false. It returns false for null.
func (r *Reader) Bool(to *bool) bool {
	t, ok := r.token()
	if !ok {
		return false
	}
	switch t.Kind() {
	case jsontext.KindTrue, jsontext.KindFalse:
		*to = t.Bool()
		return true
	case jsontext.KindNull:
	default:
		r.Fail(misplaced(t.Kind()))
	}
	return false
}

// Int stores the next value, an integer. It returns false for null.
func (r *Reader) Int(to *int) bool {
	n, ok := r.integer(-math.MinInt, math.MaxInt)
	if ok {
		*to = int(n)
	}
	return ok
}

// Int64 stores the next value, an integer. It returns false for null.
func (r *Reader) Int64(to *int64) bool {
	n, ok := r.integer(-math.MinInt64, math.MaxInt64)
	if ok {
		*to = int64(n)
	}
	return ok
}

// Uint32 stores the next value, an integer. It returns false for null.
func (r *Reader) Uint32(to *uint32) bool {
	n, ok := r.integer(0, math.MaxUint32)
	if ok {
		*to = uint32(n)
	}
	return ok
}

// Uint64 stores the next value, an integer. It returns false for null.
func (r *Reader) Uint64(to *uint64) bool {
	n, ok := r.integer(0, math.MaxUint64)
	if ok {
		*to = n
	}
	return ok
}

// integer returns the next value, an integer from -below to above, as its two's
// complement. It must be written in digits alone, as 10 and not as 1e1.
func (r *Reader) integer(below, above uint64) (n uint64, ok bool) {
	t, ok := r.expect(jsontext.KindNumber)
	if !ok {
		return 0, false
	}
	text := t.String()
	digits, limit := text, above
	if text[0] == '-' {
		digits, limit = text[1:], below
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrSyntax):
		err = errNotInteger
	case err != nil || n > limit:
		err = strconv.ErrRange
	}
	if err != nil {
		r.Fail(fmt.Errorf("%.32s: %w", text, err))
		return 0, false
	}
	if digits != text {
		n = -n
	}
	return n, true
}
