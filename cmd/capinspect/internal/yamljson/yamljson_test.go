// SPDX-License-Identifier: Apache-2.0

package yamljson

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/capinspect/capinspect/testdata/fixture"
)

func TestRead(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"scalars", "[a, 'b', \"c\\n\", 1, -1, 0x1f, 010, 0o17, 1_000, 1.5, 1e3, .5, true, False, ~, null]", `["a","b","c\n",1,-1,31,8,15,1000,1.5,1000,0.5,true,false,null,null]`},
		{"no scalars of YAML 1.1", "[yes, No, on, OFF, y, 1:30, 2001-01-01, 0x, 1e, +, -, .]", `["yes","No","on","OFF","y","1:30","2001-01-01","0x","1e","+","-","."]`},
		{"tags", `[!!str 1, !!int "2", !!bool "true", !!float 1, !!null "", !!binary YQ==, ! 1]`, `["1",2,true,1,null,"a","1"]`},
		{"keys", "{1: a, true: b, \"c\": d, ? e : f}", `{"1":"a","true":"b","c":"d","e":"f"}`},
		{"a line before it", "# x\n--- # y\na: b\n", "\n\n{\"a\":\"b\"}"},
		{"lines", "a:\n- b\n\n- c: |\n    d\n    e\n  f: g\n", "{\"a\":\n[\"b\",\n\n{\"c\":\"d\\ne\\n\",\n\n\n\"f\":\"g\"}]}"},
	} {
		got, err := Read(strings.NewReader(test.text), 1)
		if string(got) != test.want || err != nil {
			t.Errorf("%s: %s, %v, want %s", test.name, got, err, test.want)
		}
	}
}

func TestDocuments(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"comments", "# a\n---\n  # b\n%YAML 1.2\n--- # c\n...\n", ""},
		{"one", "a", "1:a"},
		{"several", "# x\na\n---\nb\nc\n...\n--- d\ne\n---\n", "2:a\n 4:b\nc\n 7:    d\ne\n"},
		{"no separators", "a\n----\n---x\n ---\n", "1:a\n----\n---x\n ---\n"},
		{"marks of the byte order", "\ufeffa\n---\n\ufeffb\n\ufeff---\nc\n\ufeffd\n", "1:a\n 3:b\n 5:c\n\ufeffd\n"},
		{"fences of Markdown", "Look:\n```yaml\na\nb\n```\n", "1:Look:\n 3:a\nb\n"},
		{"no fences", "a: |\n  ```\n  b\n", "1:a: |\n  ```\n  b\n"},
		{"CRLF", "a\r\n---\r\nb\r\n", "1:a\r\n 3:b\r\n"},
		{"a long comment", "#" + strings.Repeat("x", 100_000) + "\na", "2:a"},
		{"a long line", strings.Repeat("x---", 100_000), "1:" + strings.Repeat("x---", 100_000)},
	} {
		for _, from := range []io.Reader{strings.NewReader(test.text), iotest.OneByteReader(strings.NewReader(test.text))} {
			var got []string
			d := Split(from)
			for {
				line, err := d.Next()
				if err == io.EOF {
					break
				}
				text, err := io.ReadAll(d)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, string(rune('0'+line))+":"+string(text))
			}
			if got := strings.Join(got, " "); got != test.want {
				t.Errorf("%s: %.200q, want %.200q", test.name, got, test.want)
			}
		}
	}
	d := Split(io.MultiReader(bytes.NewReader([]byte("a\n---\n")), iotest.ErrReader(io.ErrClosedPipe)))
	if _, err := d.Next(); err != nil {
		t.Error(err)
	}
	if _, err := d.Next(); err != io.ErrClosedPipe {
		t.Errorf("of a reader that fails: %v", err)
	}
}

// FuzzRead holds that reading never panics, and that what it returns is JSON with no more
// lines than the text has.
func FuzzRead(f *testing.F) {
	for _, file := range fixture.Pods(f) {
		f.Add(string(file.Text))
	}
	f.Add("kind: Pod\nspec:\n  containers:\n  - name: c\n    args: [a, 'b', \"c\\n\"]\n---\nkind: Role\n")
	f.Add("a: &a {b: c}\nd: [*a, {<<: *a, e: !!str 1}]\nf: |-\n  g\n\n  h\n? i\n: >+\n  j\n")
	f.Add("%YAML 1.2\n--- # a\n{a: .inf, 0x1: 0o7, ~: -}\n...\n")
	f.Fuzz(func(t *testing.T, text string) {
		documents := Split(strings.NewReader(text))
		for {
			first, err := documents.Next()
			if err != nil {
				return
			}
			out, err := Read(documents, first)
			if (out == nil) != (err != nil) {
				t.Fatalf("%q, %v: want one of them", out, err)
			}
			if err == nil && (!json.Valid(out) || bytes.Count(out, []byte("\n"))+first-1 > strings.Count(text, "\n")) {
				t.Fatalf("%s", out)
			}
		}
	})
}
