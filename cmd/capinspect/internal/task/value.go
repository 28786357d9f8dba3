// SPDX-License-Identifier: Apache-2.0

package task

import (
	"encoding/json"
	"reflect"
)

// Value is a value that is known, or the reason why it is not. The zero Value is
// unknown without a reason: nobody looked for it.
type Value[T any] struct {
	value T
	known bool
	why   string
}

// Known returns a value that is known.
func Known[T any](v T) Value[T] { return Value[T]{value: v, known: true} }

// Unknown returns a value that is not known, and why: a few words in lower case that
// read well in brackets behind "unknown".
func Unknown[T any](why string) Value[T] { return Value[T]{why: why} }

// Get returns the value. ok is false if it is unknown, and the value is the zero value
// of its type then.
func (v Value[T]) Get() (value T, ok bool) { return v.value, v.known }

// Or returns the value, or another one if it is unknown.
func (v Value[T]) Or(other T) T {
	if v.known {
		return v.value
	}
	return other
}

// Zero returns the value, or the zero value of its type if it is unknown.
func (v Value[T]) Zero() T { return v.value }

// Known reports whether the value is known.
func (v Value[T]) Known() bool { return v.known }

// Why returns the reason for which the value is unknown. It is "" for a value that is
// known, and for one that nobody looked for.
func (v Value[T]) Why() string { return v.why }

// Is reports whether a value is known and is a given one.
func Is[T comparable](v Value[T], other T) bool { return v.known && v.value == other }

// Map returns f of a value, or that it is unknown for the same reason.
func Map[T, U any](v Value[T], f func(T) U) Value[U] {
	if !v.known {
		return Value[U]{why: v.why}
	}
	return Known(f(v.value))
}

// First returns the first of some values that is known. If none is, it returns the
// first that has a reason.
func First[T any](values ...Value[T]) Value[T] {
	for _, v := range values {
		if v.known {
			return v
		}
	}
	for _, v := range values {
		if v.why != "" {
			return v
		}
	}
	return Value[T]{}
}

// MarshalJSON writes the value, or null if it is unknown. The reason is not written.
func (v Value[T]) MarshalJSON() ([]byte, error) {
	if !v.known {
		return []byte("null"), nil
	}
	return json.Marshal(v.value)
}

// UnmarshalJSON reads a value, which is unknown without a reason if it is null.
func (v *Value[T]) UnmarshalJSON(text []byte) error {
	*v = Value[T]{}
	if string(text) == "null" {
		return nil
	}
	if err := json.Unmarshal(text, &v.value); err != nil {
		return err
	}
	v.known = true
	return nil
}

// Because gives a reason to a value that is unknown without one.
func (v *Value[T]) Because(why string) {
	if !v.known && v.why == "" {
		v.why = why
	}
}

// Reason returns the reason of an unknown value. ok is false if the value is known.
func (v Value[T]) Reason() (why string, ok bool) { return v.why, !v.known }

// Inner returns the value itself, as whatever its type is.
func (v *Value[T]) Inner() any { return &v.value }

// Shape returns the type of the value, as which it looks in JSON.
func (v Value[T]) Shape() reflect.Type { return reflect.TypeFor[T]() }
