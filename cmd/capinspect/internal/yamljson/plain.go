// SPDX-License-Identifier: Apache-2.0

package yamljson

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// word returns what a plain scalar stands for if it is a word of YAML.
func word(text string) (value any, ok bool) {
	switch text {
	case "", "~", "null", "Null", "NULL":
		return nil, true
	case "true", "True", "TRUE":
		return true, true
	case "false", "False", "FALSE":
		return false, true
	case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF":
		return math.Inf(1), true
	case "-.inf", "-.Inf", "-.INF":
		return math.Inf(-1), true
	case ".nan", ".NaN", ".NAN":
		return math.NaN(), true
	}
	return nil, false
}

// plainValue returns what a plain scalar stands for (go.yaml.in/yaml/v2, resolve): nil, bool,
// int64, uint64, float64 or the string itself.
func plainValue(text string) any {
	if v, ok := word(text); ok {
		return v
	}
	if !strings.ContainsRune("+-.0123456789", rune(text[0])) {
		return text
	}
	digits := text
	if text[0] != '.' {
		digits = strings.ReplaceAll(text, "_", "")
	}
	if n, err := strconv.ParseInt(digits, 0, 64); err == nil {
		return n
	}
	if n, err := strconv.ParseUint(digits, 0, 64); err == nil {
		return n
	}
	if strings.Trim(digits, "+-.eE0123456789") == "" { // no hexadecimal float
		if f, err := strconv.ParseFloat(digits, 64); err == nil {
			return f
		}
	}
	return text
}

// otherSpace returns a space that is none of YAML's and the line that it is in, which is no
// further from that of an error than the next one. Lines are counted from 0. The line is -1 if
// there is none.
func otherSpace(text []byte, near int) (line int, space rune) {
	n := 0
	for line := range bytes.Lines(text) {
		if n >= near-1 && n <= near+1 {
			at := bytes.IndexFunc(line, func(r rune) bool { return r > unicode.MaxASCII && unicode.IsSpace(r) })
			if at >= 0 {
				r, _ := utf8.DecodeRune(line[at:])
				return n, r
			}
		}
		n++
	}
	return -1, 0
}

// template returns the first line that has an action of a template, in no quotes, and is no
// further from the line of an error than far. Lines are counted from 0. It returns -1 if
// there is none.
func template(text []byte, near, far int) int {
	n := 0
	for line := range bytes.Lines(text) {
		before, _, found := bytes.Cut(line, []byte("{{"))
		if !found {
			before, _, found = bytes.Cut(line, []byte("{%")) // of Jinja
		}
		if found && !bytes.ContainsAny(before, "#\"'") && n >= near-far && n <= near+far {
			return n
		}
		n++
	}
	return -1
}
