// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/saved"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

var decodeCommand = command{
	name:     "decode",
	args:     "[flags] [MASK | NAME,... | LINE] ...",
	operands: []flags.Candidate{flags.Anything, flags.AnyCap, flags.Anything},
	summary:  "bitmaps and pasted status lines into names, and back",
	about: `Decode hexadecimal bitmaps into the names of capabilities, or the names into
a bitmap. An argument of hexadecimal digits is a bitmap, also 13; a line of a
status file keeps its label; anything else is a list of names, in any spelling.
Without an argument and a file, standard input is read: a line each, other
lines of a status file are passed over.`,
	example: `
capinspect decode a80425fb
capinspect decode --kubernetes 0x3000 400
capinspect decode NET_ADMIN,cap_net_raw
capinspect decode 'CapEff:	00000000a80425fb'
capinspect decode -o matrix a80425fb 5fb
capinspect decode -f /proc/self/status`,
	new: newDecode,
}

type decodeConfig struct {
	files      flags.Repeated
	format     formatFlags[*render.Form[report.Decoded]]
	lastCap    string
	kubernetes bool
}

func newDecode() (runner, []flags.Flag) {
	c := &decodeConfig{format: newFormatFlags(render.Masks)}
	return c, slices.Concat(
		[]flags.Flag{fileFlag(&c.files, "read lines, a status file or a report in JSON from PATH; '-' is standard input")},
		c.format.flags(),
		[]flags.Flag{
			{
				Name: "kubernetes", About: "write names as a securityContext has them, NET_RAW",
				Value: (*flags.Bool)(&c.kubernetes),
			},
			lastCapFlag(&c.lastCap, "let the matrix end with capability N"),
		},
	)
}

func (c *decodeConfig) run(e *env, args []string) (int, error) {
	format, err := c.format.chosen()
	if err != nil {
		return 0, err
	}
	last, err := parseLastCap(c.lastCap)
	if err != nil {
		return 0, err
	}
	if last != nil && format.Name != "matrix" {
		return 0, usagef("--last-cap is for the matrix")
	}
	masks := report.Decoded{Kubernetes: c.kubernetes, LastCap: capset.LastKnown}
	if last != nil {
		masks.LastCap = *last
	}
	files := c.files
	if len(args)+len(files) == 0 {
		files = flags.Repeated{"-"}
	}
	status := statusOK
	for _, arg := range args {
		mask, err := decodeLine(arg)
		if err != nil {
			e.complain(err)
			status = statusTrouble
			continue
		}
		masks.List = append(masks.List, mask)
	}
	for _, name := range files {
		list, err := decodeFile(e, name)
		if err != nil {
			e.complain(err)
			status = statusTrouble
		}
		masks.List = append(masks.List, list...)
	}
	if err := e.write(format.Append(nil, &masks)); err != nil {
		return 0, err
	}
	return status, nil
}

// decodeLine returns the set that an argument means: a bitmap, a line of a
// status file, or a list of names.
func decodeLine(text string) (report.DecodedMask, error) {
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
	if isMask(digits) || labelled || digits == "" {
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

// isMask reports whether a text is a bitmap, right or wrong, and not a list of
// names: hexadecimal digits, or anything behind "0x".
func isMask(text string) bool {
	return strings.HasPrefix(strings.ToLower(text), "0x") || strings.Trim(text, "0123456789abcdefABCDEF") == ""
}

// decodeFile returns the sets of a file: those of the tasks of a report, or of
// the lines that hold one.
func decodeFile(e *env, name string) ([]report.DecodedMask, error) {
	text, err := saved.Read(name, e.stdin)
	if err != nil {
		return nil, err
	}
	var list []report.DecodedMask
	if trimmed := bytes.TrimLeft(text, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '{' {
		tasks, err := saved.Tasks(name, text, nil)
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
		mask, err := decodeLine(text)
		if err != nil {
			return list, fmt.Errorf("%s: line %d: %w", task.InputName(name), number, err)
		}
		list = append(list, mask)
	}
	if list == nil {
		return nil, fmt.Errorf("%s: no capability line", task.InputName(name))
	}
	return list, nil
}

// skipLine reports whether a line has a label that is not of a set.
func skipLine(line string) bool {
	label, _, ok := strings.Cut(line, ":")
	return ok && !strings.HasPrefix(label, "Cap")
}
