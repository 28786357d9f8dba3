// SPDX-License-Identifier: Apache-2.0

package yamljson

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// lines returns a text of lines, each with its number in place of %d.
func lines(count int, format string) string {
	var b strings.Builder
	for n := range count {
		fmt.Fprintf(&b, format, n)
	}
	return b.String()
}

// laughs returns anchors of which each repeats the one before it nine times.
func laughs(first, format string) string {
	text := "a0: &a0 " + first + "\n"
	for n := 1; n < 30; n++ {
		nine := strings.Repeat(fmt.Sprintf(",*a%d", n-1), 9)
		text += fmt.Sprintf("a%d: &a%d "+format+"\n", n, n, nine[1:])
	}
	return text
}

// TestBombs holds that a text which takes a parser's time or memory is soon refused.
func TestBombs(t *testing.T) {
	const large = "the document has too many values: in JSON, as of kubectl get -o json, it may have more"
	const slow = "too many blank lines, tabs or < in a row"
	for _, test := range []struct{ name, text, want string }{
		{"long", strings.Repeat("a", MaxDocument+1), "the document is longer than 4 MiB: in JSON, as of kubectl get -o json, it may be"},
		{"a long line", "a: [" + strings.Repeat("b,", 1e6) + "]", large},
		{"many lines", strings.Repeat("- a\n", 6e5), large},
		{"many keys", lines(1e5, "a%d: b\n"), large},
		{"many keys with a question mark", lines(1e5, "? a%d\n"), large},
		{"many keys without values", lines(1e5, "a%d:\n"), large},
		{"many words in braces", "{" + lines(1e5, "a%d,") + "}", large},
		{"a long key", strings.Repeat("a", 2000) + ": b", "a key has more than 1024 bytes"},
		{"long paths", func() (text string) {
			for n := range 200 {
				text += strings.Repeat(" ", n) + strings.Repeat("k", 1000) + ":\n"
			}
			return text + lines(3000, strings.Repeat(" ", 200)+"a%d: b\n")
		}(), large},
		{"blank lines", "a: |\n  b\n" + strings.Repeat("\n", 1e6), slow},
		{"blank lines of Windows", "a: |\r\n  b\r\n" + strings.Repeat("\r\n", 1e6), slow},
		{"tabs in quotes", "a: \"" + strings.Repeat("\t", 1e6) + "\"", slow},
		{"a long merge key", strings.Repeat("<", 1e6), slow},
		{"deep brackets", strings.Repeat("[", 1e5), "more than 256 mappings and sequences, one in the other"},
		{"deep braces", strings.Repeat("{a: ", 1e5), "more than 256 mappings and sequences, one in the other"},
		{"deep dashes", strings.Repeat("- ", 1e5), "more than 256 mappings and sequences, one in the other"},
		{"deep lines", func() (text string) {
			for n := range 1000 {
				text += strings.Repeat(" ", n) + "a:\n"
			}
			return text
		}(), "more than 256 mappings and sequences, one in the other"},
		{"anchors", strings.Repeat("&a ", 1e5), "more than 256 mappings and sequences, one in the other"},
		{"tags", strings.Repeat("!!map ", 1e5), "more than 256 mappings and sequences, one in the other"},
		{"aliases", laughs("[x,x,x,x]", "[%s]"), "aliases repeat too much"},
		{"aliases of nothing", laughs("[]", "[%s]"), "aliases repeat too much"},
		{"merge keys", laughs("{x: y}", "{<<: [%s]}"), "aliases repeat too much"},
		{"merge keys of nothing", laughs("{}", "{<<: [%s]}"), "aliases repeat too much"},
		{"a long alias", "a: &a \"" + strings.Repeat("x", 1e6) + "\"\nb: [" + strings.Repeat("*a,", 1e5) + "]", "aliases repeat too much"},
		{"itself", "a: &a [*a]", `line 1: anchor "a" contains itself`},
		{"merges itself", "a: &a {<<: *a}", `line 1: anchor "a" contains itself`},
	} {
		begun := time.Now()
		out, err := Read(strings.NewReader(test.text), 1)
		if err == nil || !strings.HasSuffix(err.Error(), test.want) {
			t.Errorf("%s: %.100q, %v, want %s", test.name, out, err, test.want)
		}
		if took := time.Since(begun); took > 10*time.Second && !testing.Short() { // which may be one under the race detector
			t.Errorf("%s: took %v", test.name, took)
		}
	}
}

// TestWithinLimits holds that what people write is far from the limits.
func TestWithinLimits(t *testing.T) {
	pod := "- kind: Pod\n  metadata:\n    name: p%d\n    annotations:\n  spec:\n    containers:\n    - name: c\n      args: [\"a\", 'b']\n      command:\n\n\n\n      - |\n        if\ttrue\n\n\n\n"
	for name, text := range map[string]string{
		"2,000 pods":                        "items:\n" + lines(2000, pod),
		"8,000 pods as kubectl prints them": "items:\n" + lines(8000, "- kind: Pod\n  metadata:\n    name: p%d\n  spec:\n    containers:\n    - args:\n      - a\n      name: c\n      securityContext:\n        capabilities:\n          drop:\n          - ALL\n"),
		"a config map":                      "data:\n  x: |\n" + strings.Repeat("    {\"a\": [1, 2, 3]}\n", 40_000),
	} {
		if _, err := Read(strings.NewReader(text), 1); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"not UTF-8", "a: b\nc: \xff", "line 2: invalid UTF-8"},
		{"not text", "a\x00", "it is not text"},
		{"not text, and long", strings.Repeat("a\x00", MaxDocument), "it is not text"},
		{"a control character", "a: b\nc: \x1b[2J", `line 2: invalid character '\x1b'`},
		{"of PowerShell", "\xff\xfea\x00", "it is UTF-16, as PowerShell writes it: Kubernetes takes UTF-8"},
		{"a line of an old Mac", "a: b\rc: d", "line 1: a carriage return that ends no line"},
		{"a tab", "a:\n\tb: c\n", "line 2: not YAML: a tab where a line is indented: YAML takes spaces only"},
		{"spaces of a web page", "a:\n\u00a0\u00a0- b: c\n    d: e\n", "line 2: not YAML: U+00A0, a space as web pages have them: YAML takes plain spaces only"},
		{"a space of a web page behind a colon", "a:\u00a0b\nc: d\n", "line 1: not YAML: U+00A0, a space as web pages have them: YAML takes plain spaces only"},
		{"a quote too few", "a: \"b\n", "line 1: not YAML: could not find end character of double-quoted text"},
		{"a directive", "a: b\n%YAML 1.2\n", "line 2: not YAML: a directive, --- or ... within a document"},
		{"two documents", "a: b\n--- c: d\n", "line 2: not YAML: a directive, --- or ... within a document"},
		{"a key twice", "a: 1\nb:\n- a: 1\n  c: 2\n  \"a\": 2\n", `line 5: key "a" appears twice`},
		{"a number twice", "{1: a, 0x1: b}", `line 1: key "1" appears twice`},
		{"no anchor", "a: *b", `line 1: alias "b" has no anchor before it`},
		{"an anchor behind", "a: *b\nb: &b c", `line 1: alias "b" has no anchor before it`},
		{"a name of an anchor", "a: &b:c d", `line 1: anchor "b:c": a name has letters, digits, _ and - only`},
		{"merges no mapping", "<<: [a]", "line 1: << merges mappings only"},
		{"merges lists of lists", "a: &a {b: c}\n<<: [[*a]]", "line 2: << merges mappings only"},
		{"merges an alias of no mapping", "a: &a b\n<<: *a", "line 2: << merges mappings only"},
		{"a tag of a program", "a: !Ref b", `line 1: tag "!Ref": a manifest has none but ! !!str !!int !!float !!bool !!null !!binary !!map !!seq`},
		{"a tag that lies", "a: !!int b", `line 1: "b" is not !!int`},
		{"no number of JSON", "a: .inf", `line 1: ".inf": JSON has no such number`},
		{"a list for a key", "? [a]\n: b", "line 2: not YAML: found an invalid key for this map"},
		{"null for a key", "~: b", "line 1: null is no key"},
		{"a tab in a text", "a: b\tc", "line 1: a tab in a text without quotes: put quotes around it"},
		{"a dash alone", "a:\n-\nb: c", "line 3: a dash without a value before it: write null there, or leave it out"},
		{"a colon in braces", "{a: [b:c]}", "line 1: a colon without a space behind it: put one there, or quotes around the text"},
		{"a template in a block", "a: |\n  {{ x }}\n\n\n\nb: [\n", "line 6: not YAML: sequence end token ']' not found"},
		{"a template", "a:\n{{- if .Values.b }}\nc: d\n{{ end }}", "line 2: it is a template, {{ ... }}: render it first, as with helm template"},
		{"a template for a key", "a: {{ .Values.b }}", "line 1: it is a template, {{ ... }}: render it first, as with helm template"},
	} {
		if out, err := Read(strings.NewReader(test.text), 1); err == nil || err.Error() != test.want {
			t.Errorf("%s: %s, %v, want %s", test.name, out, err, test.want)
		}
	}
}
