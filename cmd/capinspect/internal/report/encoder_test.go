// SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// FuzzString holds that a text comes back from JSON as it went in, but for
// bytes that are not UTF-8, and that nothing of it acts on a terminal, neither
// in JSON nor escaped for text.
func FuzzString(f *testing.F) {
	for _, seed := range []string{"", "nginx", "a\x1b[31m\\\n\u202e\xff", "\x00\x7f\u0085\u2028", "\U0001f600\U000e0001", `"\`, "\ufffd", "é\u00a0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e := encoder{}
		e.string(s)
		var back string
		if err := json.Unmarshal(e.buf, &back); err != nil {
			t.Fatalf("%q gives %s: %v", s, e.buf, err)
		}
		if want := strings.ToValidUTF8(s, "\ufffd"); back != want && len([]rune(s)) == utf8.RuneCountInString(want) {
			t.Fatalf("%q comes back as %q", s, back)
		}
		for name, text := range map[string]string{"JSON": string(e.buf), "text": Escape(s)} {
			if i := strings.IndexFunc(text, func(r rune) bool { return r != ' ' && !unicode.IsPrint(r) }); i >= 0 || !utf8.ValidString(text) {
				t.Fatalf("%s of %q: %q is not printable", name, s, text)
			}
		}
	})
}

func TestEscape(t *testing.T) {
	for in, want := range map[string]string{
		"nginx: worker": "nginx: worker",
		"a\x1b[31m":     `a\x1b[31m`,
		"a\nb\tc\x7f":   `a\x0ab\x09c\x7f`,
		`\x1b`:          `\\x1b`,
		"\u202egpj":     `\u202egpj`,
		"\xff\xc3":      `\xff\xc3`,
		"\U000e0001":    `\U000e0001`,
		"größe 漢字":      "größe 漢字",
		"\u00a0\u200b":  `\u00a0\u200b`,
	} {
		if got := Escape(in); got != want {
			t.Errorf("Escape(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestIndent(t *testing.T) {
	e := encoder{indent: true}
	e.openLines('{')
	e.key("empty")
	e.openLines('[')
	e.close(']')
	e.key("list")
	e.open('[')
	e.int(1)
	e.null()
	e.close(']')
	e.key("objects")
	e.openLines('[')
	e.open('{')
	e.key("a")
	e.bool(true)
	e.key("b")
	e.string(":")
	e.key("c")
	e.string("{")
	e.close('}')
	e.close(']')
	e.close('}')
	want := `{
  "empty": [],
  "list": [1, null],
  "objects": [
    {"a": true, "b": ":", "c": "{"}
  ]
}`
	if got := string(e.buf); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}
