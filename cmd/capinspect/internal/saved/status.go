// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// statuses returns the tasks of status files that stand one after the other. A part of a
// text without a capability line is none.
func statuses(text []byte) ([]*task.Task, error) {
	if len(text) > 0 && !bytes.HasSuffix(text, newline) {
		if !endsInMask(text) {
			return nil, fmt.Errorf("line %d: %w", bytes.Count(text, newline)+1, errCutShort)
		}
		text = append(bytes.Clone(text), '\n')
	}
	var tasks []*task.Task
	names := fieldNames()
	for before := 0; len(text) > 0; { // lines
		var part []byte
		part, text = split(text, names)
		t, err := status(part)
		if bad, ok := errors.AsType[*procstatus.FieldError](err); ok {
			bad.Line += before
		}
		if err != nil {
			return nil, err
		}
		if t != nil {
			tasks = append(tasks, t)
		}
		before += bytes.Count(part, newline)
	}
	if tasks == nil {
		return nil, errNoCaps
	}
	return tasks, nil
}

var newline = []byte("\n")

// status returns the task of one status file, nil if that tells no set.
func status(text []byte) (*task.Task, error) {
	s, err := procstatus.Parse(text)
	if errors.Is(err, procstatus.ErrNoFields) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	t := &task.Task{Status: task.StatusOf(s, task.PartOfFile)}
	if !t.HasSets() {
		return nil, nil
	}
	if t.EveryKernelTells() {
		t.Status = task.StatusOf(s, task.WholeFile)
	}
	t.Securebits = task.Unknown[capset.Securebits]("a status file does not tell them")
	t.WithoutNames("a status file has no names")
	t.Nowhere(task.NotTold)
	return t, nil
}

// endsInMask reports whether a text that does not end in a line end still has all of its
// last line: one of 16 digits of a set.
func endsInMask(text []byte) bool {
	line := tidy(text[bytes.LastIndexByte(text, '\n')+1:])
	label, mask, ok := bytes.Cut(line, []byte(":\t"))
	if !ok || !bytes.HasPrefix(label, []byte("Cap")) || len(mask) != 16 {
		return false
	}
	_, err := capset.ParseHex(mask)
	return err == nil
}

// fieldNames returns the names of the lines that package procstatus knows.
func fieldNames() map[string]bool {
	names := map[string]bool{}
	unknown := procstatus.Field(255).String()
	for f := procstatus.Field(0); f.String() != unknown; f++ {
		names[f.String()] = true
	}
	return names
}

// split returns the lines of the first status file in a text, tidied, and the rest. A
// status file ends where a line of a name that it has stands again, or where the line of
// the task's name stands, with which a whole status file begins. names are those that
// count.
func split(text []byte, names map[string]bool) (part, rest []byte) {
	seen := map[string]bool{}
	for len(text) > 0 {
		end := bytes.IndexByte(text, '\n') + 1
		line := tidy(text[:end-1])
		if label, _, ok := bytes.Cut(line, []byte(":")); ok && names[string(label)] {
			name := string(label)
			if seen[name] || name == procstatus.FieldName.String() && part != nil {
				break
			}
			seen[name] = true
		}
		part = append(append(part, line...), '\n')
		text = text[end:]
	}
	return part, text
}

// tidy undoes what copying from a terminal does to a line of a status file: a carriage
// return, spaces in place of the tab, spaces around it. It keeps what follows the kernel's
// own tab in a name.
func tidy(line []byte) []byte {
	line = bytes.TrimLeft(bytes.TrimSuffix(line, []byte("\r")), " \t")
	label, value, ok := bytes.Cut(line, []byte(":"))
	tab := bytes.HasPrefix(value, []byte("\t"))
	switch {
	case !ok || tab && string(label) == procstatus.FieldName.String():
		return line
	case tab:
		return bytes.TrimRight(line, " ")
	}
	return append(append(bytes.Clone(label), ':', '\t'), bytes.Trim(value, " \t")...)
}
