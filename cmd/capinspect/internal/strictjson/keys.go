// SPDX-License-Identifier: Apache-2.0

package strictjson

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
)

// maxKeys is how many keys lead to the deepest one that Keys finds.
const maxKeys = 64

// Keys calls found for each key of the objects in the value, with its line and with the keys
// that lead to it: itself last, and indices of elements in decimal. It looks into the value
// of a key only if found returns true, and no deeper than anybody writes.
func (r Raw) Keys(found func(path []string, line int) bool) {
	f := finder{in: json.NewDecoder(bytes.NewReader(r.text)), text: r.text, line: r.line}
	f.keys(nil, found)
}

// keys finds the keys of the next value. It returns false where the text ends, which a Raw
// was read to.
func (f *finder) keys(path []string, found func([]string, int) bool) bool {
	open, err := f.in.Token()
	if err != nil || open != json.Delim('{') && open != json.Delim('[') {
		return err == nil
	}
	for i := 0; f.in.More(); i++ {
		line, key, into := f.here(), strconv.Itoa(i), true
		inner := append(slices.Clip(path), key)
		if open == json.Delim('{') {
			token, err := f.in.Token()
			if err != nil {
				return false
			}
			inner[len(path)], _ = token.(string)
			into = found(inner, line)
		}
		if !into || len(inner) == maxKeys {
			var rest json.RawMessage
			if f.in.Decode(&rest) != nil {
				return false
			}
		} else if !f.keys(inner, found) {
			return false
		}
	}
	_, err = f.in.Token()
	return err == nil
}
