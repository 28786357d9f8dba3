// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/layout"
)

// Object is a JSON object whose keys are not those of a struct, in its order.
type Object[T any] []Member[T]

// Member is a key of an Object and its value.
type Member[T any] struct {
	Key   string
	Value T
}

// Get returns the value of a key, or the zero value.
func (o Object[T]) Get(key string) (value T) {
	for _, m := range o {
		if m.Key == key {
			return m.Value
		}
	}
	return value
}

// MarshalJSON writes the object in its order.
func (o Object[T]) MarshalJSON() ([]byte, error) {
	text := []byte{'{'}
	for i, m := range o {
		key, err := json.Marshal(m.Key)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(m.Value)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			text = append(text, ',')
		}
		text = append(append(append(text, key...), ':'), value...)
	}
	return append(text, '}'), nil
}

// UnmarshalJSON reads an object in its order.
func (o *Object[T]) UnmarshalJSON(text []byte) error {
	*o = nil
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t == nil {
		return err
	}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		m := Member[T]{}
		m.Key, _ = t.(string)
		if err := d.Decode(&m.Value); err != nil {
			return err
		}
		*o = append(*o, m)
	}
	return nil
}

// Shape returns a type that looks the same in JSON.
func (o Object[T]) Shape() reflect.Type { return reflect.TypeFor[map[string]T]() }

// Unknown says of values that are unknown why, by their paths: the keys that lead to the
// value, with dots between. The elements of an array have one path together, as
// "groups[].name". The tag unknown:"*" on a field puts * in place of its key in the paths
// of what is below, as "namespaces.*.sharedWithSelf". A path stands once, with the first
// reason. A field with the tags json:"-" and unknown:"PATH" is listed and not written.
type Unknown = Object[string]

// unknowable is a [task.Value] of some type.
type unknowable interface {
	Reason() (why string, unknown bool)
	Because(why string)
	Inner() any
}

// unknownOf returns the reasons of the values that are unknown in what v points to, in
// their order. A value without a reason is not listed.
func unknownOf(v any) Unknown {
	list := Unknown{}
	eachUnknown(reflect.ValueOf(v).Elem(), "", "", func(path string, value unknowable) {
		same := func(m Member[string]) bool { return m.Key == path }
		if why, _ := value.Reason(); why != "" && !slices.ContainsFunc(list, same) {
			list = append(list, Member[string]{path, why})
		}
	})
	return list
}

// explain gives the values that are unknown in what v points to their reasons.
func explain(v any, reasons Unknown) {
	if len(reasons) == 0 {
		return
	}
	eachUnknown(reflect.ValueOf(v).Elem(), "", "", func(path string, value unknowable) {
		value.Because(reasons.Get(path))
	})
}

// eachUnknown calls visit for each value in v that is unknown, with its path. What is below
// v has paths that begin with below.
func eachUnknown(v reflect.Value, path, below string, visit func(path string, value unknowable)) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			eachUnknown(v.Elem(), path, below, visit)
		}
	case reflect.Slice:
		if elem := v.Type().Elem().Kind(); elem != reflect.Struct && elem != reflect.Pointer {
			return
		}
		for i := range v.Len() {
			eachUnknown(v.Index(i), path+"[]", below+"[]", visit)
		}
	case reflect.Struct:
		value, ok := v.Addr().Interface().(unknowable)
		if !ok {
			eachMember(v, below, visit)
			return
		}
		if _, unknown := value.Reason(); unknown {
			visit(path, value)
			return
		}
		eachUnknown(reflect.ValueOf(value.Inner()).Elem(), path, below, visit)
	}
}

func eachMember(v reflect.Value, below string, visit func(path string, value unknowable)) {
	if below != "" {
		below += "."
	}
	for _, m := range layout.ShapeOf(v.Type()).Members {
		if f, err := v.FieldByIndexErr(m.Index); err == nil { // else it is of an embedded pointer that is nil
			eachUnknown(f, below+m.Key, below+m.Below, visit)
		}
	}
}
