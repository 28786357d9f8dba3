// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

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

// Sets returns the sets that a file tells of, or standard input if the name is
// "-": those of the tasks of a report, or of the lines that hold one.
func Sets(name string, stdin io.Reader) ([]report.DecodedMask, error) {
	text, err := Read(name, stdin)
	if err != nil {
		return nil, err
	}
	var list []report.DecodedMask
	if trimmed := bytes.TrimLeft(text, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '{' {
		tasks, err := Tasks(name, text, nil)
		for _, t := range tasks {
			for k, value := range t.Sets {
				if set, ok := value.Get(); ok {
					label := procstatus.CapField(capset.Kind(k)).String()
					list = append(list, report.DecodedMask{Label: label, Gap: "\t", Input: set.Hex(), Set: set})
				}
			}
		}
		return list, err
	}
	number := 0
	for line := range bytes.Lines(text) {
		number++
		text := strings.TrimSpace(string(line))
		if text == "" || skipLine(text) {
			continue
		}
		mask, err := Set(text)
		if err != nil {
			return list, fmt.Errorf("%s: line %d: %w", task.InputName(name), number, err)
		}
		list = append(list, mask)
	}
	if list == nil {
		return nil, inFile(name, errNoCaps)
	}
	return list, nil
}

// skipLine reports whether a line has a label that is not of a set.
func skipLine(line string) bool {
	label, _, ok := strings.Cut(line, ":")
	return ok && !strings.HasPrefix(label, "Cap")
}
