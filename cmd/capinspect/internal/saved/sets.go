// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"errors"
	"fmt"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
)

// Arg returns the sets that an argument means: those of [Set], or of any text that [Sets]
// takes.
func Arg(text string) ([]report.DecodedMask, error) {
	m, err := Set(text)
	if err == nil {
		return []report.DecodedMask{m}, nil
	}
	list, other := setsOfItems(readLines)([]byte(text + "\n"))
	if list == nil {
		_, unknown := errors.AsType[*unknownLine](other)
		if line, ok := errors.AsType[lineError](other); ok && !unknown && strings.ContainsAny(text, "= ") {
			return nil, line.err
		}
		return nil, err
	}
	if other != nil {
		other = fmt.Errorf("%q: %w", shortened(text), other)
	}
	return list, other
}

// Set returns the set that an argument means: a bitmap, a line of a
// status file, or a list of names.
func Set(text string) (report.DecodedMask, error) {
	m := report.DecodedMask{Input: text}
	label, value, labelled := strings.Cut(text, ":")
	if !labelled {
		label, value = "", text
	}
	digits := strings.Trim(value, " \t\r")
	if blank := len(value) - len(strings.TrimLeft(value, " \t")); labelled {
		m.Label = label
		m.Gap = value[:blank]
	}
	var err error
	if IsMask(digits) || labelled || digits == "" {
		m.Set, err = capset.ParseHex(digits)
	} else {
		m.Set, err = capset.ParseList(text)
	}
	if err != nil {
		if _, unknown := err.(*capset.UnknownError); unknown && len(text) == len(value) && !strings.ContainsAny(text, ", ") {
			return m, err // it names the whole input already
		}
		return m, fmt.Errorf("%q: %w", text, err)
	}
	return m, nil
}

// IsMask reports whether a text is a bitmap, right or wrong, and not a list of
// names: hexadecimal digits, or anything behind "0x".
func IsMask(text string) bool {
	return strings.HasPrefix(strings.ToLower(text), "0x") || strings.Trim(text, "0123456789abcdefABCDEF") == ""
}
