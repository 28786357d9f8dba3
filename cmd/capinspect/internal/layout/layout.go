// SPDX-License-Identifier: Apache-2.0

// Package layout writes structs as JSON that people read: small objects on a line, the keys
// of a line break by the tag "lines", and nothing that acts on a terminal.
package layout

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"sync"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/strictjson"
)

// Marshal returns a struct as JSON, and a newline: laid out in lines, or on
// one line. No text of another process acts on a terminal: see [writer.string].
func Marshal(v any, lines bool) ([]byte, error) {
	text, err := Value(v, lines, 0)
	if err != nil {
		return nil, err
	}
	return append(text, '\n'), nil
}

// MarshalLines returns the elements of a list as JSON, each on a line.
func MarshalLines[T any](list []T) ([]byte, error) {
	var all []byte
	for i := range list {
		line, err := Marshal(&list[i], false)
		if err != nil {
			return nil, err
		}
		all = append(all, line...)
	}
	return all, nil
}

// Value returns a struct as JSON. The brace that ends it is indented by a depth, if the
// struct is laid out in lines.
func Value(v any, lines bool, depth int) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	w := writer{in: text, out: make([]byte, 0, len(text)+len(text)/4)}
	if lines {
		w.value(ShapeOf(reflect.TypeOf(v)), 1, depth)
	} else {
		w.compact()
	}
	return w.out, nil
}

// writer copies the compact JSON of encoding/json, in the layout and with the escapes that
// our reports have.
type writer struct {
	in  []byte // what is left
	out []byte
}

// compact copies everything on one line.
func (w *writer) compact() {
	for {
		quote := bytes.IndexByte(w.in, '"')
		if quote < 0 {
			w.copy(len(w.in))
			return
		}
		w.copy(quote)
		w.string()
	}
}

// value copies the next value, which has a shape. Its first levels of objects and arrays
// have a line for each member or element.
func (w *writer) value(s *Shape, levels, depth int) {
	switch w.in[0] {
	case '{', '[':
		w.collection(s, levels, depth)
	case '"':
		w.string()
	default:
		end := bytes.IndexAny(w.in, ",]}")
		if end < 0 {
			end = len(w.in)
		}
		w.copy(end)
	}
}

// collection copies an object or an array.
func (w *writer) collection(s *Shape, levels, depth int) {
	object := w.in[0] == '{'
	w.copy(1)
	if w.in[0] == '}' || w.in[0] == ']' { // it is empty
		w.copy(1)
		return
	}
	for {
		if levels > 0 {
			w.newline(depth + 1)
		}
		inner, innerLevels := s.Elem, levels-1
		if object {
			start := len(w.out)
			w.string()
			if m := s.ByKey[string(w.out[start+1:len(w.out)-1])]; m != nil {
				inner, innerLevels = m.Shape, m.lines
			}
			w.copy(1) // the colon
			w.out = append(w.out, ' ')
		}
		if inner == nil {
			inner, innerLevels = &Shape{}, 0
		}
		w.value(inner, innerLevels, depth+1)
		if w.in[0] != ',' {
			break
		}
		w.copy(1)
		if levels <= 0 {
			w.out = append(w.out, ' ')
		}
	}
	if levels > 0 {
		w.newline(depth)
	}
	w.copy(1)
}

// copy copies the next n bytes.
func (w *writer) copy(n int) {
	w.out = append(w.out, w.in[:n]...)
	w.in = w.in[n:]
}

func (w *writer) newline(depth int) { w.out = append(w.out, Newline(depth)...) }

// Newline returns the end of a line and the indentation of the next one.
func Newline(depth int) string { return "\n" + strings.Repeat("  ", depth) }

// Shape is what a type looks like in JSON. That of a type which is neither a struct nor a
// list nor a map is empty.
type Shape struct {
	Members []Member // of a struct, those that it embeds in their places
	ByKey   map[string]*Member
	Elem    *Shape // of a slice or a map
}

// Member is a field of a struct.
type Member struct {
	Key   string
	Index []int // for reflect.Value.FieldByIndex
	Shape *Shape
	lines int    // how many levels of it have lines
	Below string // what stands in place of the key in the paths of what is below it
}

// shapes has the shapes of types that were asked for.
var shapes sync.Map

// ShapeOf returns the shape of a type.
func ShapeOf(t reflect.Type) *Shape {
	if s, ok := shapes.Load(t); ok {
		return s.(*Shape)
	}
	s := newShape(t)
	shapes.Store(t, s)
	return s
}

func newShape(t reflect.Type) *Shape {
	if shaped, ok := reflect.Zero(t).Interface().(strictjson.Shaped); ok && t.Kind() != reflect.Pointer {
		return ShapeOf(shaped.Shape())
	}
	switch t.Kind() {
	case reflect.Pointer:
		return ShapeOf(t.Elem())
	case reflect.Slice, reflect.Map:
		return &Shape{Elem: ShapeOf(t.Elem())}
	case reflect.Struct:
		return shapeOfStruct(t)
	}
	return &Shape{}
}

func shapeOfStruct(t reflect.Type) *Shape {
	s := &Shape{ByKey: map[string]*Member{}}
	for _, f := range reflect.VisibleFields(t) {
		key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		path := f.Tag.Get("unknown")
		m := Member{Key: key, Index: f.Index, Below: key}
		switch {
		case key == "" || key == "-" && path == "":
			continue
		case key == "-": // it is not written, only its reason is
			m.Key, m.Below = path, path
		case path != "":
			m.Below = path
		}
		if lines := f.Tag.Get("lines"); lines != "" {
			m.lines = 1 + strings.Count(lines, ",")
		}
		m.Shape = ShapeOf(f.Type)
		s.Members = append(s.Members, m)
		if key != "-" {
			s.ByKey[key] = &m
		}
	}
	return s
}
