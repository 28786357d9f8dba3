// SPDX-License-Identifier: Apache-2.0

package jsonread

import (
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/go-json-experiment/json/jsontext"
)

// pod is what the tests read.
type pod struct {
	name   string
	uid    int64
	known  bool // its uid
	shared bool
	add    []string
}

func readPod(r *Reader) (p pod) {
	for key := range r.Object() {
		switch key {
		case "name":
			r.String(&p.name)
		case "uid":
			p.known = r.Int64(&p.uid)
		case "shared":
			r.Bool(&p.shared)
		case "caps":
			for key := range r.Object() {
				if key == "add" {
					r.Strings(&p.add)
				}
			}
		}
	}
	return p
}

// readPods reads lists of pods.
func readPods(r *Reader) (pods []pod) {
	for range r.Values() {
		for key := range r.Object() {
			if key != "items" {
				continue
			}
			for range r.Array() {
				pods = append(pods, readPod(r))
			}
		}
	}
	return pods
}

func TestReader(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       []pod
	}{
		{"nothing", " \n", nil},
		{"empty", `{}`, nil},
		{"no member", `{"items":[]}`, nil},
		{"all", `{"items":[{"name":"a\u0000ß","uid":-1,"shared":true,"caps":{"add":["X","Y"]}}]}`, []pod{{"a\x00ß", -1, true, true, []string{"X", "Y"}}}},
		{"null", `{"items":[null,{"name":null,"uid":null,"shared":null,"caps":null},{"caps":{"add":null}}]}`, make([]pod, 3)},
		{"null at the top", `null {"items":null}`, nil},
		{"null in a list", `{"items":[{"caps":{"add":[null,"X",null]}}]}`, []pod{{add: []string{"X"}}}},
		{"empty list", `{"items":[{"caps":{"add":[]}}]}`, []pod{{add: []string{}}}},
		{"unknown keys", `{"x":[{"items":[1]},[2]],"items":[{"x":{"name":"b"},"name":"a","Name":"c"}],"y":1e999}`, []pod{{name: "a"}}},
		{"one after the other", "{\"items\":[{}]}{\"items\":[{}]}\n{\"items\":[{}]}", make([]pod, 3)},
	} {
		r := New(iotest.OneByteReader(strings.NewReader(test.text)))
		if got := readPods(r); !reflect.DeepEqual(got, test.want) || r.Err() != nil {
			t.Errorf("%s: %+v, %v, want %+v", test.name, got, r.Err(), test.want)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"string for a number", "{\"items\":[{},\n{\"uid\":\"1\"}\n]}\n", "line 2: items.uid: a string is not what belongs here"},
		{"number for a string", `{"items":[{"name":1}]}`, "line 1: items.name: a number is not what belongs here"},
		{"object for a string", "{\"items\":[{\"name\":\n{\n}}]}", "line 2: items.name: an object is not what belongs here"},
		{"array for an object", `{"items":[{"caps":[]}]}`, "line 1: items.caps: an array is not what belongs here"},
		{"true for an array", `{"items":true}`, "line 1: items: true is not what belongs here"},
		{"string for a bool", `{"items":[{"shared":"true"}]}`, "line 1: items.shared: a string is not what belongs here"},
		{"number in a list", `{"items":[{"caps":{"add":["X",1]}}]}`, "line 1: items.caps.add: a number is not what belongs here"},
		{"array at the top", "{}\n\n[]", "line 3: an array is not what belongs here"},
		{"fraction", `{"items":[{"uid":1.5}]}`, "line 1: items.uid: 1.5: not an integer"},
		{"exponent", `{"items":[{"uid":1e1}]}`, "line 1: items.uid: 1e1: not an integer"},
		{"too large", `{"items":[{"uid":9223372036854775808}]}`, "line 1: items.uid: 9223372036854775808: value out of range"},
		{"far too large", `{"items":[{"uid":` + strings.Repeat("9", 100) + `}]}`, "line 1: items.uid: " + strings.Repeat("9", 32) + ": value out of range"},
		{"first of two", `{"items":[{"uid":1.5,"name":1}]} x`, "line 1: items.uid: 1.5: not an integer"},
		{"not JSON", "{\"items\":[\n\n x]}", "line 3: invalid character 'x' at start of value"},
		{"not JSON, skipped", "{\"x\":[\n\n x]}", "line 3: invalid character 'x' at start of value"},
		{"escape character", "{\"items\":\n\x1b[2J}", `line 2: invalid character '\x1b' at start of value`},
		{"escape character in a string", "{\n\"x\":\"\x1b\"}", "line 2: invalid character '\\x1b' in string (expecting non-control character)"},
		{"line end in a string", "{\"x\":\"\n\"}", "line 1: invalid character '\\n' in string (expecting non-control character)"},
		{"no comma", "{\"items\":[]\n\"x\":1}", "line 2: invalid character '\"' after object value (expecting ',' or '}')"},
		{"other bracket", `{"items":[}`, "line 1: invalid character '}' at start of value"},
		{"bracket too many", "{}\n}", "line 2: invalid character '}' at start of value"},
		{"a NUL", "{}\n\x00", `line 2: invalid character '\x00' at start of value`},
		{"key twice", "{\"items\":[\n{\"uid\":1,\n\"uid\":1}]}", `line 3: key "uid" stands twice`},
		{"unknown key twice", "{\"x\":{\"a\\u001b\":1,\n\"a\\u001b\":1}}", `line 2: key "a\x1b" stands twice`},
		{"not UTF-8", "{\"items\":[\n{\"name\":\"\xff\"}]}", "line 2: invalid UTF-8"},
		{"half a surrogate pair", `{"x":"\ud800"}`, "line 1: invalid surrogate pair `\\ud800\"}` in string"},
		{"cut short in a string", "{\"items\":[\n{\"name\":\"a", "line 2: cut short"},
		{"cut short in a list", "{\"items\":[\n{},\n", "line 3: cut short"},
		{"cut short, skipped", "{\"x\":[\n1", "line 2: cut short"},
		{"too deep", "\n" + `{"x":` + strings.Repeat("[", 1e6), "line 2: exceeded max depth"},
	} {
		r := New(strings.NewReader(test.text))
		readPods(r)
		if err := r.Err(); err == nil || err.Error() != test.want {
			t.Errorf("%s: %v, want %s", test.name, err, test.want)
		}
	}
}

func TestIntegers(t *testing.T) {
	const text = `[-9223372036854775808, 9223372036854775807, 9223372036854775808, 4294967295, 4294967296,
		18446744073709551615, 18446744073709551616, 0, -0, -1]`
	for _, test := range []struct {
		name string
		read func(r *Reader) (any, bool)
		want []any
	}{
		{"Int64", func(r *Reader) (any, bool) { var n int64; ok := r.Int64(&n); return n, ok }, []any{
			int64(-1 << 63), int64(1<<63 - 1), nil, int64(1<<32 - 1), int64(1 << 32), nil, nil, int64(0), int64(0), int64(-1),
		}},
		{"Uint32", func(r *Reader) (any, bool) { var n uint32; ok := r.Uint32(&n); return n, ok }, []any{
			nil, nil, nil, uint32(1<<32 - 1), nil, nil, nil, uint32(0), uint32(0), nil,
		}},
		{"Uint64", func(r *Reader) (any, bool) { var n uint64; ok := r.Uint64(&n); return n, ok }, []any{
			nil, uint64(1<<63 - 1), uint64(1 << 63), uint64(1<<32 - 1), uint64(1 << 32), uint64(1<<64 - 1), nil, uint64(0), uint64(0), nil,
		}},
	} {
		var got []any
		r := New(strings.NewReader(text))
		for range r.Array() {
			n, ok := test.read(r)
			if !ok {
				if n = nil; r.Err() == nil || !strings.HasSuffix(r.Err().Error(), ": value out of range") {
					t.Errorf("%s: %v", test.name, r.Err())
				}
				r.err = nil
			}
			got = append(got, n)
		}
		if !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

// TestFail holds where the error of a value is that was read.
func TestFail(t *testing.T) {
	for _, test := range []struct{ key, want string }{
		{"name", "line 2: x.name: odd"},
		{`na\u0020me`, `line 2: x."na me": odd`},
		{`\u001b`, `line 2: x."\x1b": odd`},
		{strings.Repeat("k", 1000), `line 2: x."` + strings.Repeat("k", 64) + `": odd`},
	} {
		r := New(strings.NewReader("{\"x\":[\n{\"" + test.key + "\":\"a\"\n}]}"))
		for range r.Object() {
			for range r.Array() {
				for range r.Object() {
					var s string
					if r.String(&s) {
						r.Fail(errors.New("odd"))
						r.Fail(errors.New("odder"))
					}
				}
			}
		}
		if err := r.Err(); err == nil || err.Error() != test.want {
			t.Errorf("%s: %v, want %s", test.key, err, test.want)
		}
	}
}

func TestReadError(t *testing.T) {
	broken := errors.New("broken")
	r := New(io.MultiReader(strings.NewReader(`{"items":[{},`), iotest.ErrReader(broken)))
	if pods := readPods(r); len(pods) != 1 || r.Err() != broken {
		t.Errorf("%v, %v", pods, r.Err())
	}
}

// endless is a list of pods without an end.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	const item = "{\"name\":\"a\",\"x\":[1,2,3]},\n"
	n := 0
	if e.read == 0 {
		n = copy(p, `{"items":[`)
	}
	for n+len(item) <= len(p) {
		n += copy(p[n:], item)
	}
	e.read += n
	return n, nil
}

// TestStream holds that a list is read no further than its loop has come, and that
// all loops end with one that ends early.
func TestStream(t *testing.T) {
	text := new(endless)
	r := New(text)
	count := 0
	for range r.Values() {
		for range r.Object() {
			for range r.Array() {
				readPod(r)
				if count++; count == 1e5 {
					break
				}
				if ahead := int64(text.read) - r.d.InputOffset(); ahead > 64<<10 {
					t.Fatalf("%d bytes ahead", ahead)
				}
			}
			if p := readPod(r); !reflect.DeepEqual(p, pod{}) {
				t.Errorf("after the end: %+v", p)
			}
		}
	}
	if count != 1e5 || r.Line() != count || r.Err() != nil {
		t.Errorf("%d pods, line %d, %v", count, r.Line(), r.Err())
	}
}

// value reads a value of any kind.
func value(r *Reader) any {
	switch r.peek() {
	case jsontext.KindBeginObject:
		object := map[string]any{}
		for key := range r.Object() {
			object[key] = value(r)
		}
		return object
	case jsontext.KindBeginArray:
		array := []any{}
		for range r.Array() {
			array = append(array, value(r))
		}
		return array
	case jsontext.KindString:
		var s string
		r.String(&s)
		return s
	case jsontext.KindNumber:
		number, _ := r.expect(jsontext.KindNumber)
		return json.Number(number.String())
	case jsontext.KindNull:
		r.Null()
		return nil
	}
	var b bool
	r.Bool(&b)
	return b
}

// FuzzReader holds that what can be read is what encoding/json reads, and that
// skipping finds the same errors.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		`{"items":[{"name":"a\ud83d\ude00","uid":-1,"shared":true,"x":null}]}` + "\n[1.5e3] false",
		"{\"a\":1,\n\"a\":2}", "\"\xff\"", `[[[`, "{}\n}", "\x00", `{"a" 1}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := New(strings.NewReader(text))
		theirs := json.NewDecoder(strings.NewReader(text))
		theirs.UseNumber()
		for range r.Values() {
			got := value(r)
			var want any
			if err := theirs.Decode(&want); r.Err() == nil && (err != nil || !reflect.DeepEqual(got, want)) {
				t.Fatalf("%v, encoding/json has %v, %v", got, want, err)
			}
		}
		if lines := strings.Count(text, "\n") + 1; r.Line() > lines {
			t.Fatalf("line %d of %d", r.Line(), lines)
		}
		skipped := New(strings.NewReader(text))
		for range skipped.Values() {
		}
		if got, want := skipped.Err(), r.Err(); (got == nil) != (want == nil) || got != nil && got.Error() != want.Error() {
			t.Fatalf("skipped: %v, read: %v", got, want)
		}
	})
}
