// SPDX-License-Identifier: Apache-2.0

package strictjson

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
)

// Raw is a value that is decoded later.
type Raw struct {
	text []byte // valid JSON, without blanks around it
	line int
	path []string
}

// Text returns the value as it stands in the text.
func (r Raw) Text() []byte { return r.text }

// Decode decodes the value into what v points to. A Raw that was not read leaves it as it
// is.
func (r Raw) Decode(v any) error {
	if r.text == nil {
		return nil
	}
	d := r.decoder()
	if t := plain(typeOf(v)); !r.is('{') && !r.is('[') && t != reflect.TypeFor[json.RawMessage]() && t.Kind() != reflect.Interface {
		known := filter{d: d}
		token, err := r.scalar()
		if err == nil {
			err = known.token(token, t)
		}
		if err != nil {
			return err
		}
		return json.Unmarshal(known.out, v)
	}
	return d.Decode(v)
}

func (r Raw) decoder() *Decoder {
	d := NewDecoderAt(bytes.NewReader(r.text), r.line)
	d.path = r.path
	return d
}

// is reports whether the value begins with c.
func (r Raw) is(c byte) bool { return len(r.text) > 0 && r.text[0] == c }

// scalar returns a value that is neither an object nor an array, as a token.
func (r Raw) scalar() (token json.Token, err error) {
	switch r.text[0] {
	case 'n':
		return nil, nil
	case 't', 'f':
		return r.text[0] == 't', nil
	case '"':
		return unquote(r.text)
	}
	return json.Number(r.text), nil
}

// unquote returns the string that a text in quotes stands for.
func unquote(text []byte) (s string, err error) {
	if bytes.IndexByte(text, '\\') < 0 {
		return string(text[1 : len(text)-1]), nil
	}
	err = json.Unmarshal(text, &s)
	return s, err
}

// Object calls member for each member of the value, which must be an object or null, in the
// order of the text.
func (r Raw) Object(member func(key string, value Raw) error) error {
	if !r.is('{') {
		return r.notNull()
	}
	seen := map[string]bool{}
	return r.each(func(s *scan) error {
		key, err := unquote(s.value())
		if err != nil {
			return err
		}
		if seen[key] {
			return s.decoder().repeated(key)
		}
		seen[key] = true
		s.skip(" \t\r\n:")
		return member(key, s.raw(append(slices.Clip(r.path), key)))
	})
}

// Array calls element for each element of the value, which must be an array or null.
func (r Raw) Array(element func(value Raw) error) error {
	if !r.is('[') {
		return r.notNull()
	}
	return r.each(func(s *scan) error { return element(s.raw(r.path)) })
}

// notNull returns an error unless the value is null.
func (r Raw) notNull() error {
	d := r.decoder()
	token, err := d.token()
	if err == nil && token != nil {
		err = d.misplaced(token)
	}
	return err
}

// each calls next at each member or element of the value.
func (r Raw) each(next func(*scan) error) error {
	s := &scan{Raw: r, at: 1, counted: 1}
	for {
		s.skip(" \t\r\n,")
		if c := s.text[s.at]; c == '}' || c == ']' {
			return nil
		}
		if err := next(s); err != nil {
			return err
		}
	}
}

// scan goes through the text of a Raw. The text is valid JSON: what cannot be in such is not
// looked for.
type scan struct {
	Raw
	at      int
	counted int // up to where line has the line ends
}

// skip goes on to what is none of some characters.
func (s *scan) skip(chars string) {
	for bytes.IndexByte([]byte(chars), s.text[s.at]) >= 0 {
		s.at++
	}
}

// here returns the line on which s is.
func (s *scan) here() int {
	s.line += bytes.Count(s.text[s.counted:s.at], newline)
	s.counted = s.at
	return s.line
}

// raw returns the value that begins here, and goes on to its end.
func (s *scan) raw(path []string) Raw {
	line := s.here()
	return Raw{s.value(), line, path}
}

// value returns the text of the value that begins here, and goes on to its end.
func (s *scan) value() []byte {
	start, depth := s.at, 0
	for {
		switch c := s.text[s.at]; c {
		case '"':
			s.str()
		case '{', '[':
			depth++
			s.at++
		case '}', ']':
			depth--
			s.at++
		default:
			if depth == 0 {
				s.literal()
			} else {
				s.at++
			}
		}
		if depth == 0 {
			return s.text[start:s.at:s.at]
		}
	}
}

// str goes on to the end of a string.
func (s *scan) str() {
	for s.at++; s.text[s.at] != '"'; s.at++ {
		if s.text[s.at] == '\\' {
			s.at++
		}
	}
	s.at++
}

// literal goes on to the end of a number, true, false or null.
func (s *scan) literal() {
	for s.at < len(s.text) && bytes.IndexByte([]byte(" \t\r\n,:]}"), s.text[s.at]) < 0 {
		s.at++
	}
}

// decoder returns one that tells the line on which s is.
func (s *scan) decoder() *Decoder {
	return NewDecoderAt(bytes.NewReader(nil), s.here())
}

// At returns the value to which a path leads: keys of members, and indices of elements in
// decimal. It returns the zero Raw if there is none.
func (r Raw) At(path []string) Raw {
	for _, key := range path {
		var next Raw
		n := 0
		element := func(value Raw) error {
			if strconv.Itoa(n) == key {
				next = value
			}
			n++
			return nil
		}
		member := func(name string, value Raw) error {
			if name == key {
				next = value
			}
			return nil
		}
		if err := r.Object(member); err != nil {
			if r.Array(element) != nil {
				return Raw{}
			}
		}
		r = next
	}
	return r
}
