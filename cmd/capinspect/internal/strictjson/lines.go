// SPDX-License-Identifier: Apache-2.0

package strictjson

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// Lines returns the lines of the values to which paths lead: keys of members, and indices
// of elements in decimal. The line of a member is that of its key. Of a path that leads
// nowhere, it is the line of the last value on it that is there.
func (r Raw) Lines(paths [][]string) []int {
	root := &wanted{line: r.line}
	for _, path := range paths {
		root.add(path)
	}
	f := finder{in: json.NewDecoder(bytes.NewReader(r.text)), text: r.text, line: r.line}
	f.value(root)
	lines := make([]int, len(paths))
	for i, path := range paths {
		lines[i] = root.lineOf(path)
	}
	return lines
}

// wanted is a value whose line is wanted, and those in it.
type wanted struct {
	line int // 0 if it was not found
	in   map[string]*wanted
}

func (w *wanted) add(path []string) {
	for _, key := range path {
		if w.in == nil {
			w.in = map[string]*wanted{}
		}
		if w.in[key] == nil {
			w.in[key] = &wanted{}
		}
		w = w.in[key]
	}
}

func (w *wanted) lineOf(path []string) int {
	line := w.line
	for _, key := range path {
		if w = w.in[key]; w.line == 0 {
			break
		}
		line = w.line
	}
	return line
}

// finder finds values in a text that was read before.
type finder struct {
	in   *json.Decoder
	text []byte
	at   int64 // an offset in text
	line int   // there
}

// here returns the line on which the next token begins.
func (f *finder) here() int {
	next := f.in.InputOffset()
	for next < int64(len(f.text)) && bytes.IndexByte([]byte(" \t\r\n,:"), f.text[next]) >= 0 {
		next++
	}
	f.line += bytes.Count(f.text[f.at:next], newline)
	f.at = next
	return f.line
}

// value finds what is wanted in the next value, and passes over the rest of it. It returns
// false where the text ends, which a Raw was read to.
func (f *finder) value(w *wanted) bool {
	if w.in == nil {
		var rest json.RawMessage
		return f.in.Decode(&rest) == nil
	}
	open, err := f.in.Token()
	if err != nil || open != json.Delim('{') && open != json.Delim('[') {
		return err == nil
	}
	for i := 0; f.in.More(); i++ {
		line, key := f.here(), strconv.Itoa(i)
		if open == json.Delim('{') {
			token, err := f.in.Token()
			if err != nil {
				return false
			}
			key, _ = token.(string)
		}
		inner := w.in[key]
		if inner == nil {
			inner = &wanted{}
		}
		if inner.line = line; !f.value(inner) {
			return false
		}
	}
	_, err = f.in.Token()
	return err == nil
}
