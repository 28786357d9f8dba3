// SPDX-License-Identifier: Apache-2.0

package render

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

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

// A message has escapes of its own, which stay.
func TestPrintable(t *testing.T) {
	if got, want := Printable("\"a\\x1b\": \x1b[2J"), `"a\x1b": \x1b[2J`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// FuzzEscape holds that no text acts on a terminal, and that no two texts look the same.
func FuzzEscape(f *testing.F) {
	for _, seed := range []string{"", "nginx", "a\x1b[31m\\\n\u202e\xff", "\x00\x7f\u0085\u2028", "\U0001f600\U000e0001", `"\`, "\ufffd", "é\u00a0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text := Escape(s)
		if i := strings.IndexFunc(text, func(r rune) bool { return r != ' ' && !unicode.IsPrint(r) }); i >= 0 || !utf8.ValidString(text) {
			t.Fatalf("%q: %q is not printable", s, text)
		}
		if strings.Count(text, `\\`) < strings.Count(s, `\`) {
			t.Fatalf("%q: %q has a backslash that is not escaped", s, text)
		}
	})
}
