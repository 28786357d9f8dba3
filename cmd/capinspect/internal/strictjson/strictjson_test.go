// SPDX-License-Identifier: Apache-2.0

package strictjson

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

type caps struct {
	Add []string `json:"add"`
}

// month is an integer type with bounds.
type month int

func (month) Bounds() (low, high int64) { return 1, 12 }

// pod is what the tests read.
type pod struct {
	Name   string `json:"name"`
	UID    *int64 `json:"uid"`
	Shared bool   `json:"shared"`
	Caps   caps   `json:"caps"`
	Short  *uint8 `json:"short"`
	Month  *month `json:"month"`
}

type pods struct {
	Items []pod `json:"items"`
}

// way is how readPods reads.
type way string

const (
	whole  way = "as a whole"
	pieces way = "piece by piece"
	later  way = "decoded later"
)

var ways = []way{whole, pieces, later}

// readPods reads lists of pods.
func readPods(text io.Reader, how way) (list []pod, err error) {
	d := NewDecoder(text)
	for {
		switch how {
		case whole:
			var p pods
			if err = d.Decode(&p); err == nil {
				list = append(list, p.Items...)
			}
		case pieces:
			err = d.Object(func(key string) error {
				if key != "items" {
					return nil
				}
				return d.Array(func() error {
					var p pod
					err := d.Decode(&p)
					list = append(list, p)
					return err
				})
			})
		case later:
			var raw Raw
			if raw, err = d.Raw(); err == nil {
				err = raw.Object(func(key string, value Raw) error {
					if key != "items" {
						return nil
					}
					return value.Array(func(value Raw) error {
						p, err := laterPod(value)
						list = append(list, p)
						return err
					})
				})
			}
		}
		if err == io.EOF {
			return list, nil
		} else if err != nil {
			return list, err
		}
	}
}

// laterPod decodes the members of a pod.
func laterPod(value Raw) (p pod, err error) {
	to := map[string]any{"name": &p.Name, "uid": &p.UID, "shared": &p.Shared, "caps": &p.Caps, "short": &p.Short, "month": &p.Month}
	err = value.Object(func(key string, value Raw) error {
		if to[key] == nil {
			return nil
		}
		return value.Decode(to[key])
	})
	return p, err
}

func TestDecode(t *testing.T) {
	minus := int64(-1)
	for _, test := range []struct {
		name, text string
		want       []pod
	}{
		{"nothing", " \n", nil},
		{"empty", `{}`, nil},
		{"no member", `{"items":[]}`, nil},
		{"all", `{"items":[{"name":"a\u0000ß","uid":-1,"shared":true,"caps":{"add":["X","Y"]}}]}`, []pod{{"a\x00ß", &minus, true, caps{[]string{"X", "Y"}}, nil, nil}}},
		{"null", `{"items":[null,{"name":null,"uid":null,"shared":null,"caps":null},{"caps":{"add":null}}]}`, make([]pod, 3)},
		{"null at the top", `null {"items":null}`, nil},
		{"within bounds", `{"items":[{"month":12}]}`, []pod{{Month: new(month(12))}}},
		{"empty list", `{"items":[{"caps":{"add":[]}}]}`, []pod{{Caps: caps{[]string{}}}}},
		{"unknown keys", `{"x":[{"items":[1]},[2]],"items":[{"x":{"name":"b"},"name":"a","Name":"c"}],"y":1e999}`, []pod{{Name: "a"}}},
		{"another spelling behind", `{"Items":[{"name":"b"}],"items":[{"NAME":"c","name":"a","nAme":"d"}],"ITEMS":1}`, []pod{{Name: "a"}}},
		{"one after the other", "{\"items\":[{}]}{\"items\":[{}]}\n{\"items\":[{}]}", make([]pod, 3)},
	} {
		for _, how := range ways {
			got, err := readPods(iotest.OneByteReader(strings.NewReader(test.text)), how)
			if !reflect.DeepEqual(got, test.want) || err != nil {
				t.Errorf("%s, %v: %+v, %v, want %+v", test.name, how, got, err, test.want)
			}
		}
	}
}

func TestErrors(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"string for a number", "{\"items\":[{},\n{\"uid\":\"1\"}\n]}\n", `line 2: items.uid: "1" is a string: write 1 without quotes`},
		{"string for a small number", `{"items":[{"month":"13"}]}`, `line 1: items.month: "13" is a string, not a number`},
		{"string for a list", `{"items":[{"caps":{"add":"A"}}]}`, `line 1: items.caps.add: "A" is a string, not a list: write ["A"]`},
		{"string for a list of objects", `{"items":"x"}`, "line 1: items: a string does not belong here"},
		{"boolean for a string", `{"items":[{"name":true}]}`, "line 1: items.name: true is a boolean, not a string: put quotes around it"},
		{"number for a boolean", `{"items":[{"shared":1}]}`, "line 1: items.shared: 1 is no boolean: write true"},
		{"another number for a boolean", `{"items":[{"shared":2}]}`, "line 1: items.shared: a number does not belong here"},
		{"number for a string", `{"items":[{"name":1}]}`, "line 1: items.name: 1 is a number, not a string: put quotes around it"},
		{"object for a string", "{\"items\":[{\"name\":\n{\n}}]}", "line 2: items.name: an object does not belong here"},
		{"array for an object", `{"items":[{"caps":[]}]}`, "line 1: items.caps: an array does not belong here"},
		{"true for an array", `{"items":true}`, "line 1: items: true does not belong here"},
		{"string for a bool", `{"items":[{"shared":"x"}]}`, `line 1: items.shared: "x" is a string, not a boolean: write true or false`},
		{"true in quotes", `{"items":[{"shared":"True"}]}`, `line 1: items.shared: "True" is a string: write true without quotes`},
		{"boolean of YAML 1.1", `{"items":[{"shared":"off"}]}`, `line 1: items.shared: "off" is no boolean: write false`},
		{"number in a list", `{"items":[{"caps":{"add":["X",1]}}]}`, "line 1: items.caps.add: 1 is a number, not a string: put quotes around it"},
		{"array at the top", "{}\n\n[]", "line 3: an array does not belong here"},
		{"fraction", `{"items":[{"uid":1.5}]}`, "line 1: items.uid: 1.5: not an integer"},
		{"exponent", `{"items":[{"uid":1e1}]}`, "line 1: items.uid: 1e1: not an integer"},
		{"too large", `{"items":[{"uid":9223372036854775808}]}`, "line 1: items.uid: 9223372036854775808: value out of range"},
		{"too large for its type", `{"items":[{"short":256}]}`, "line 1: items.short: 256: value out of range"},
		{"below zero", `{"items":[{"short":-1}]}`, "line 1: items.short: -1: value out of range"},
		{"below its bounds", `{"items":[{"month":0}]}`, "line 1: items.month: 0: value out of range"},
		{"above its bounds", `{"items":[{"month":13}]}`, "line 1: items.month: 13: value out of range"},
		{"a fraction within bounds", `{"items":[{"month":1.5}]}`, "line 1: items.month: 1.5: not an integer"},
		{"far too large", `{"items":[{"uid":` + strings.Repeat("9", 100) + `}]}`, "line 1: items.uid: " + strings.Repeat("9", 32) + ": value out of range"},
		{"first of two", `{"items":[{"uid":1.5,"name":1}]} x`, "line 1: items.uid: 1.5: not an integer"},
		{"not JSON", "{\"items\":[\n\n x]}", "line 3: invalid character 'x' looking for beginning of value"},
		{"not JSON, skipped", "{\"x\":[\n\n x]}", "line 3: invalid character 'x' looking for beginning of value"},
		{"escape character", "{\"items\":\n\x1b[2J}", `line 2: invalid character '\x1b' looking for beginning of value`},
		{"no comma", "{\"items\":[]\n\"x\":1}", "line 2: invalid character '\"' after object key:value pair"},
		{"bracket too many", "{}\n}", "line 2: invalid character '}' looking for beginning of value"},
		{"a NUL", "{}\n\x00", `line 2: invalid character '\x00' looking for beginning of value`},
		{"key twice", "{\"items\":[\n{\"uid\":1,\n\"uid\":1}]}", `line 3: key "uid" appears twice`},
		{"unknown key twice", "{\"items\":[{\"a\\u001b\":1,\n\"a\\u001b\":1}]}", `line 2: key "a\x1b" appears twice`},
		{"not UTF-8", "{\"items\":[\n{\"name\":\"\xff\"}]}", "line 2: invalid UTF-8"},
		{"half a character", "{\"items\":[\n{\"name\":\"\xc3", "line 2: invalid UTF-8"},
		{"cut short in a string", "{\"items\":[\n{\"name\":\"a", "line 2: cut short"},
		{"cut short in a list", "{\"items\":[\n{},\n", "line 3: cut short"},
		{"cut short, skipped", "{\"x\":[\n1", "line 2: cut short"},
		{"too deep", `{"x":` + strings.Repeat("[", 1e6), "line 1: invalid character '[' exceeded max depth"},
	} {
		for _, how := range ways {
			if _, err := readPods(strings.NewReader(test.text), how); err == nil || err.Error() != test.want {
				t.Errorf("%s, %v: %v, want %s", test.name, how, err, test.want)
			}
		}
	}
	broken := io.MultiReader(strings.NewReader("{"), iotest.ErrReader(io.ErrClosedPipe))
	if _, err := readPods(broken, whole); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("of a reader that fails: %v", err)
	}
}

// TestRaw holds that what is decoded later has the lines and keys of its place.
func TestRaw(t *testing.T) {
	d := NewDecoder(strings.NewReader("{\"x\":1,\n\"spec\":\n{\"items\":[\n{\"uid\":\"1\"}]}}"))
	var raw Raw
	err := d.Object(func(key string) (err error) {
		if key == "spec" {
			raw, err = d.Raw()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = `line 4: spec.items.uid: "1" is a string: write 1 without quotes`
	if err := raw.Decode(new(pods)); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if err := (Raw{}).Decode(new(pods)); err != nil {
		t.Errorf("nothing: %v", err)
	}
}

// FuzzDecode holds that decoding never panics, and that what it takes is what
// encoding/json reads of it where no key is spelled in another way.
func FuzzDecode(f *testing.F) {
	f.Add(`{"items":[{"name":"a","uid":1,"caps":{"add":["X"]},"x":[1,{}]}]}{"items":null}`)
	f.Add(`{"items":[{"NAME":"a"}]}`)
	f.Add("{\"items\":[{\"name\":\"\xff\"}]}")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := readPods(strings.NewReader(text), whole)
		for _, how := range ways[1:] {
			other, err2 := readPods(iotest.OneByteReader(strings.NewReader(text)), how)
			if err == nil && (err2 != nil || !reflect.DeepEqual(got, other)) {
				t.Fatalf("%v whole, %v, %v %s", got, other, err2, how)
			}
		}
		if err != nil {
			return
		}
		d := json.NewDecoder(strings.NewReader(text))
		for {
			var any json.RawMessage
			if err := d.Decode(&any); err == io.EOF {
				return
			} else if err != nil {
				t.Fatalf("encoding/json refuses it: %v", err)
			}
		}
	})
}

// TestKeys holds which keys of a value are found, and on which lines.
func TestKeys(t *testing.T) {
	d := NewDecoder(strings.NewReader("\n{\"a\":[1,{\"b\":\n{\"c\":null}}],\n\"d\":{\"e\":1},\"f\":[[{\"g\":2}]]}"))
	raw, err := d.Raw()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	raw.Keys(func(path []string, line int) bool {
		got = append(got, fmt.Sprint(line, path))
		return path[0] != "d"
	})
	if want := []string{"2 [a]", "2 [a 1 b]", "3 [a 1 b c]", "4 [d]", "4 [f]", "4 [f 0 0 g]"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestKeysDeep holds how deep keys are looked for.
func TestKeysDeep(t *testing.T) {
	for deep, want := range map[int]int{1: 1, maxKeys - 1: 1, maxKeys: 0, 9000: 0} {
		d := NewDecoder(strings.NewReader(strings.Repeat("[", deep) + `{"a":1}` + strings.Repeat("]", deep)))
		raw, err := d.Raw()
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		raw.Keys(func([]string, int) bool { found++; return true })
		if found != want {
			t.Errorf("%d keys in %d arrays, want %d", found, deep, want)
		}
	}
}

// TestAhead holds that little is read ahead, however long a value was.
func TestAhead(t *testing.T) {
	d := NewDecoder(strings.NewReader(`"` + strings.Repeat("x", 1<<20) + `"` + strings.Repeat("\n1", 1<<19)))
	for n := range 9 {
		if _, err := d.Raw(); err != nil {
			t.Fatal(err)
		}
		if ahead := len(d.ahead()); ahead == 0 || ahead > maxRead || d.Line() != 1+n {
			t.Fatalf("%d bytes ahead, line %d", ahead, d.Line())
		}
	}
}
