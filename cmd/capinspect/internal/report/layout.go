// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"sync"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/strictjson"
)

// Marshal returns a struct of this package as JSON, and a newline: laid out in lines, or on
// one line. No text of another process acts on a terminal: see [writer.string].
func Marshal(v any, lines bool) ([]byte, error) {
	text, err := written(v, lines, 0)
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

// written returns a struct as JSON. The brace that ends it is indented by a depth, if the
// struct is laid out in lines.
func written(v any, lines bool, depth int) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	w := writer{in: text, out: make([]byte, 0, len(text)+len(text)/4)}
	if lines {
		w.value(shapeOf(reflect.TypeOf(v)), 1, depth)
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
func (w *writer) value(s *shape, levels, depth int) {
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
func (w *writer) collection(s *shape, levels, depth int) {
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
		inner, innerLevels := s.elem, levels-1
		if object {
			start := len(w.out)
			w.string()
			if m := s.byKey[string(w.out[start+1:len(w.out)-1])]; m != nil {
				inner, innerLevels = m.shape, m.lines
			}
			w.copy(1) // the colon
			w.out = append(w.out, ' ')
		}
		if inner == nil {
			inner, innerLevels = &shape{}, 0
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

func (w *writer) newline(depth int) { w.out = append(w.out, newline(depth)...) }

// newline returns the end of a line and the indentation of the next one.
func newline(depth int) string { return "\n" + strings.Repeat("  ", depth) }

// shape is what a type looks like in JSON. That of a type which is neither a struct nor a
// list nor a map is empty.
type shape struct {
	members []member // of a struct, those that it embeds in their places
	byKey   map[string]*member
	elem    *shape // of a slice or a map
}

// member is a field of a struct.
type member struct {
	key   string
	index []int // for reflect.Value.FieldByIndex
	shape *shape
	lines int    // how many levels of it have lines
	below string // what stands in place of the key in the paths of what is below it
}

// shapes has the shapes of types that were asked for.
var shapes sync.Map

// shapeOf returns the shape of a type.
func shapeOf(t reflect.Type) *shape {
	if s, ok := shapes.Load(t); ok {
		return s.(*shape)
	}
	s := newShape(t)
	shapes.Store(t, s)
	return s
}

func newShape(t reflect.Type) *shape {
	if shaped, ok := reflect.Zero(t).Interface().(strictjson.Shaped); ok && t.Kind() != reflect.Pointer {
		return shapeOf(shaped.Shape())
	}
	switch t.Kind() {
	case reflect.Pointer:
		return shapeOf(t.Elem())
	case reflect.Slice, reflect.Map:
		return &shape{elem: shapeOf(t.Elem())}
	case reflect.Struct:
		return shapeOfStruct(t)
	}
	return &shape{}
}

func shapeOfStruct(t reflect.Type) *shape {
	s := &shape{byKey: map[string]*member{}}
	for _, f := range reflect.VisibleFields(t) {
		key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		path := f.Tag.Get("unknown")
		m := member{key: key, index: f.Index, below: key}
		switch {
		case key == "" || key == "-" && path == "":
			continue
		case key == "-": // it is not written, only its reason is
			m.key, m.below = path, path
		case path != "":
			m.below = path
		}
		if lines := f.Tag.Get("lines"); lines != "" {
			m.lines = 1 + strings.Count(lines, ",")
		}
		m.shape = shapeOf(f.Type)
		s.members = append(s.members, m)
		if key != "-" {
			s.byKey[key] = &m
		}
	}
	return s
}
