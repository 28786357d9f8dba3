// SPDX-License-Identifier: Apache-2.0

package strictjson

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
)

// Shaped is a type that has a MarshalJSON and an UnmarshalJSON of its own.
type Shaped interface {
	// Shape returns a type that looks the same in JSON.
	Shape() reflect.Type
}

// Bounded is an integer type that takes fewer values than its kind has.
type Bounded interface {
	// Bounds returns the least and the greatest value.
	Bounds() (low, high int64)
}

// Limited is a slice type that takes only so many elements.
type Limited interface {
	// Most returns how many.
	Most() int
}

// filter copies a value, without the keys that its type does not have.
type filter struct {
	d   *Decoder
	out []byte
}

func typeOf(v any) reflect.Type { return reflect.TypeOf(v).Elem() }

// value copies the next value, which is to be stored in a variable of type t.
func (f *filter) value(t reflect.Type) error {
	t = plain(t)
	if t == reflect.TypeFor[json.RawMessage]() || t.Kind() == reflect.Interface {
		raw, err := f.d.raw()
		f.out = append(f.out, raw...)
		return err
	}
	token, err := f.d.token()
	if err != nil {
		return err
	}
	return f.token(token, t)
}

// token copies the value that a token is, or begins.
func (f *filter) token(token json.Token, t reflect.Type) error {
	switch token := token.(type) {
	case nil:
		f.out = append(f.out, "null"...)
		return nil
	case json.Delim:
		return f.collection(token, t)
	case json.Number:
		if err := fits(token.String(), t); err != nil {
			if errors.Is(err, errMisplaced) {
				break
			}
			return f.d.fail(err)
		}
		f.out = append(f.out, token...)
		return nil
	case bool:
		if t.Kind() == reflect.Bool {
			f.out = strconv.AppendBool(f.out, token)
			return nil
		}
	case string:
		if t.Kind() == reflect.String {
			return f.string(token)
		}
	}
	if err := meant(token, t); err != nil {
		return f.d.fail(err)
	}
	return f.d.misplaced(token)
}

// meant says what to write in place of a token that cannot be stored in a variable of type
// t. It returns nil if nobody can tell.
func meant(token json.Token, t reflect.Type) error {
	kind := t.Kind()
	switch token := token.(type) {
	case string:
		switch truth, ok := truths[strings.ToLower(token)]; {
		case kind == reflect.Bool && ok && strings.EqualFold(token, strconv.FormatBool(truth)):
			return fmt.Errorf("%q is a string: write %t without quotes", token, truth)
		case kind == reflect.Bool && ok:
			return fmt.Errorf("%q is no boolean: write %t", token, truth)
		case strings.Contains(token, "{{") || strings.Contains(token, "${") || strings.Contains(token, "$("):
			return fmt.Errorf("%s is a placeholder: render the file first, as with helm template or envsubst", quote(token))
		case kind == reflect.Slice && plain(t.Elem()).Kind() == reflect.String:
			return fmt.Errorf("%s is a string, not a list: write [%[1]s]", quote(token))
		case kind == reflect.Struct && fieldsOf(t)["type"] != nil:
			return fmt.Errorf("%s is a string, not an object: write {type: %[1]s}", quote(token))
		case kind == reflect.Struct:
			return fmt.Errorf("%s is a string, not an object", quote(token))
		case reflect.Int <= kind && kind <= reflect.Uint64 && fits(token, t) == nil:
			return fmt.Errorf("%q is a string: write %[1]s without quotes", token)
		case reflect.Int <= kind && kind <= reflect.Uint64:
			return fmt.Errorf("%s is a string, not a number", quote(token))
		case kind == reflect.Bool:
			return fmt.Errorf("%s is a string, not a boolean: write true or false", quote(token))
		}
	case json.Number:
		switch truth, ok := truths[token.String()]; {
		case kind == reflect.Bool && ok:
			return fmt.Errorf("%v is no boolean: write %t", token, truth)
		case kind == reflect.String:
			return fmt.Errorf("%.*s is a number, not a string: put quotes around it", maxKey, token)
		}
	case bool:
		if kind == reflect.String {
			return fmt.Errorf("%t is a boolean, not a string: put quotes around it", token)
		}
	}
	return nil
}

// truths is the table of what is meant for booleans. YAML 1.1 has the words.
var truths = map[string]bool{
	"true": true, "yes": true, "on": true, "y": true, "1": true,
	"false": false, "no": false, "off": false, "n": false, "0": false,
}

// plain returns the type of a value itself: what a pointer leads to, and the shape of a
// type that has one.
func plain(t reflect.Type) reflect.Type {
	for {
		if shaped, ok := reflect.New(t).Interface().(Shaped); ok {
			t = shaped.Shape()
			continue
		}
		if t.Kind() != reflect.Pointer {
			return t
		}
		t = t.Elem()
	}
}

func (f *filter) string(s string) error {
	text, err := json.Marshal(s)
	f.out = append(f.out, text...)
	return err
}

// collection copies an object or an array, behind its bracket.
func (f *filter) collection(open json.Delim, t reflect.Type) error {
	var err error
	switch kind := t.Kind(); {
	case open == '{' && (kind == reflect.Struct || kind == reflect.Map):
		f.out = append(f.out, '{')
		err = f.object(t)
		f.out = append(f.out, '}')
	case open == '[' && kind == reflect.Slice:
		f.out = append(f.out, '[')
		limited, _ := reflect.Zero(t).Interface().(Limited)
		for n := 1; f.d.tokens.More() && err == nil; n++ {
			if limited != nil && n > limited.Most() {
				return f.d.fail(fmt.Errorf("more than %d elements", limited.Most()))
			}
			f.comma()
			err = f.value(t.Elem())
		}
		f.out = append(f.out, ']')
	default:
		return f.d.misplaced(open)
	}
	if err == nil {
		_, err = f.d.inner()
	}
	return err
}

// object copies the members of an object that its type has.
func (f *filter) object(t reflect.Type) error {
	members, seen := fieldsOf(t), map[string]bool{}
	for f.d.tokens.More() {
		key, err := f.d.key(seen)
		if err != nil {
			return err
		}
		member, known := members[key]
		if t.Kind() == reflect.Map {
			member, known = t.Elem(), true
		}
		f.d.path = append(f.d.path, key)
		if !known {
			_, err = f.d.raw()
		} else {
			f.comma()
			if err = f.string(key); err == nil {
				f.out = append(f.out, ':')
				err = f.value(member)
			}
		}
		if err != nil {
			return err
		}
		f.d.path = f.d.path[:len(f.d.path)-1]
	}
	return nil
}

// comma separates a member from the one before it.
func (f *filter) comma() {
	if last := f.out[len(f.out)-1]; last != '{' && last != '[' {
		f.out = append(f.out, ',')
	}
}

// fields are the types of the members of structs that were met, by their keys.
var fields sync.Map // reflect.Type to map[string]reflect.Type

// fieldsOf returns the types of the members of a struct, by their keys.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	if known, ok := fields.Load(t); ok {
		return known.(map[string]reflect.Type)
	}
	found := map[string]reflect.Type{}
	if t.Kind() == reflect.Struct {
		for _, f := range reflect.VisibleFields(t) {
			if key, _, _ := strings.Cut(f.Tag.Get("json"), ","); key != "" && key != "-" {
				found[key] = f.Type
			}
		}
	}
	fields.Store(t, found)
	return found
}

var (
	errMisplaced  = errors.New("no number belongs here")
	errNotInteger = errors.New("not an integer")
)

// fits returns an error if a number cannot be stored in a variable of type t.
func fits(number string, t reflect.Type) (err error) {
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		_, err = strconv.ParseInt(number, 10, t.Bits())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		_, err = strconv.ParseUint(strings.TrimPrefix(number, "-"), 10, t.Bits())
		if err == nil && number[0] == '-' {
			err = strconv.ErrRange
		}
	default:
		return errMisplaced
	}
	if bounded, ok := reflect.Zero(t).Interface().(Bounded); ok && err == nil {
		low, high := bounded.Bounds()
		if n, _ := strconv.ParseInt(number, 10, 64); n < low || n > high {
			err = strconv.ErrRange
		}
	}
	switch {
	case errors.Is(err, strconv.ErrSyntax):
		err = errNotInteger
	case errors.Is(err, strconv.ErrRange):
		err = strconv.ErrRange
	}
	if err != nil {
		return fmt.Errorf("%.32s: %w", number, err)
	}
	return nil
}
