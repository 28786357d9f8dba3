// SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/layout"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// sample has every kind of layout.
type sample struct {
	Empty   []string                   `json:"empty" lines:"elements"`
	None    Unknown                    `json:"none" lines:"members"`
	List    []task.Value[int]          `json:"list"`
	Objects []flat                     `json:"objects" lines:"elements"`
	Deep    task.Value[[]deep]         `json:"deep" lines:"elements,members"`
	Object  *deep                      `json:"object" lines:"members"`
	Keys    Object[task.Value[string]] `json:"keys" lines:"members"`
	Absent  task.Value[*deep]          `json:"absent" lines:"members"`
	Any     any                        `json:"any" lines:"members"`
}

type flat struct {
	A bool    `json:"a"`
	B string  `json:"b"`
	C *string `json:"c"`
}

type deep struct {
	*Outside
	X int `json:"x"`
}

// Outside is embedded.
type Outside struct {
	Inner flat `json:"inner" lines:"members"`
}

func TestLayout(t *testing.T) {
	v := sample{
		Empty: []string{}, List: []task.Value[int]{task.Known(1), {}}, Objects: []flat{{true, ":", nil}, {false, "{", text(",")}},
		Deep: task.Known([]deep{{X: 1}, {&Outside{}, 2}}), Object: &deep{X: 3},
		Keys: Object[task.Value[string]]{{`q"<`, task.Known("<&>")}, {"k", task.Unknown[string]("why")}}, Any: []any{1, map[string]any{"z": nil}},
	}
	want := `{
  "empty": [],
  "none": {},
  "list": [1, null],
  "objects": [
    {"a": true, "b": ":", "c": null},
    {"a": false, "b": "{", "c": ","}
  ],
  "deep": [
    {
      "x": 1
    },
    {
      "inner": {
        "a": false,
        "b": "",
        "c": null
      },
      "x": 2
    }
  ],
  "object": {
    "x": 3
  },
  "keys": {
    "q\"<": "<&>",
    "k": null
  },
  "absent": null,
  "any": [
    1,
    {"z": null}
  ]
}
`
	got, err := layout.Marshal(&v, true)
	if string(got) != want || err != nil {
		t.Errorf("%s, %v\nwant\n%s", got, err, want)
	}
	want = `{"empty":[],"none":{},"list":[1,null],"objects":[{"a":true,"b":":","c":null},{"a":false,"b":"{","c":","}],` +
		`"deep":[{"x":1},{"inner":{"a":false,"b":"","c":null},"x":2}],"object":{"x":3},"keys":{"q\"<":"<&>","k":null},"absent":null,"any":[1,{"z":null}]}` + "\n"
	if got, err = layout.Marshal(v, false); string(got) != want || err != nil {
		t.Errorf("%s, %v\nwant\n%s", got, err, want)
	}
	if got, err = layout.MarshalLines([]flat{{}, {}}); string(got) != strings.Repeat(`{"a":false,"b":"","c":null}`+"\n", 2) || err != nil {
		t.Errorf("%s, %v", got, err)
	}
}

// TestString holds which escapes a text has.
func TestString(t *testing.T) {
	for in, want := range map[string]string{
		"nginx: <worker> & 'x'": `"nginx: <worker> & 'x'"`,
		"a\x1b[31m":             `"a\u001b[31m"`,
		"\b\f\n\r\t\x00\x7f":    `"\u0008\u000c\n\u000d\t\u0000\u007f"`,
		`"\/`:                   `"\"\\/"`,
		"\u202egpj\u2028":       `"\u202egpj\u2028"`,
		"\xff\xc3\ufffd":        "\"\ufffd\ufffd\ufffd\"",
		"\U000e0001\U0001f600":  "\"\\udb40\\udc01\U0001f600\"",
		"größe 漢字":              `"größe 漢字"`,
		"\u00a0\u200b\ue000":    `"\u00a0\u200b\ue000"`,
	} {
		if got, err := layout.Value(in, false, 0); string(got) != want || err != nil {
			t.Errorf("%q gives %s, %v, want %s", in, got, err, want)
		}
	}
}

// FuzzString holds that a text comes back from JSON as it went in, but for bytes that are
// not UTF-8, and that nothing of it acts on a terminal.
func FuzzString(f *testing.F) {
	for _, seed := range []string{"", "nginx", "a\x1b[31m\\\n\u202e\xff", "\x00\x7f\u0085\u2028", "\U0001f600\U000e0001", `"\`, "\ufffd", "é\u00a0", "<\b\f\r&>"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, lines := range []bool{false, true} {
			text, err := layout.Marshal(Object[string]{{s, s}}, lines)
			if err != nil {
				t.Fatal(err)
			}
			var back map[string]string
			if err := json.Unmarshal(text, &back); err != nil {
				t.Fatalf("%q gives %s: %v", s, text, err)
			}
			want := strings.ToValidUTF8(s, "\ufffd")
			if got, ok := back[want]; (got != want || !ok) && len([]rune(s)) == utf8.RuneCountInString(want) {
				t.Fatalf("%q comes back as %q", s, back)
			}
			odd := func(r rune) bool { return r != ' ' && r != '\n' && !unicode.IsPrint(r) }
			if !utf8.Valid(text) || strings.IndexFunc(string(text), odd) >= 0 || strings.Count(string(text), "\n") > 3 {
				t.Fatalf("%q: %q is not printable", s, text)
			}
		}
	})
}
