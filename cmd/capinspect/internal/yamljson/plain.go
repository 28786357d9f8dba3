// SPDX-License-Identifier: Apache-2.0

package yamljson

import (
	"bytes"
	"math"
	"strconv"
	"strings"
)

var inf = math.Inf(1)

// words is the table of the plain scalars that are words of YAML.
var words = map[string]any{
	"": nil, "~": nil, "null": nil, "Null": nil, "NULL": nil,
	"true": true, "True": true, "TRUE": true,
	"false": false, "False": false, "FALSE": false,
	".inf": inf, ".Inf": inf, ".INF": inf, "+.inf": inf, "+.Inf": inf, "+.INF": inf,
	"-.inf": -inf, "-.Inf": -inf, "-.INF": -inf,
	".nan": math.NaN(), ".NaN": math.NaN(), ".NAN": math.NaN(),
}

// plainValue returns what a plain scalar stands for (go.yaml.in/yaml/v2, resolve): nil, bool,
// int64, uint64, float64 or the string itself.
func plainValue(text string) any {
	if v, ok := words[text]; ok {
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

// template returns the first line that has an action of a template, in no quotes, and is no
// further from the line of an error than far. Lines are counted from 0. It returns -1 if
// there is none.
func template(text []byte, near, far int) int {
	n := 0
	for line := range bytes.Lines(text) {
		before, _, found := bytes.Cut(line, []byte("{{"))
		if found && !bytes.ContainsAny(before, "#\"'") && n >= near-far && n <= near+far {
			return n
		}
		n++
	}
	return -1
}
