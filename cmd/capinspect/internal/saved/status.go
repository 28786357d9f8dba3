// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"bytes"
	"errors"
	"io"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// statuses returns the tasks of status files that stand one after the other. A part of a
// text without a capability line is none.
func statuses(text []byte) ([]*task.Task, error) {
	var tasks []*task.Task
	names := fieldNames()
	for before := 0; len(text) > 0; { // lines
		var part []byte
		part, text = split(text, names)
		t, err := status(part)
		if err != nil {
			return nil, explain(err, before)
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

// explain returns an error of a status file, with the line of the whole text, before which
// there are some.
func explain(err error, before int) error {
	reason := func(err error) error {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return errCutShort
		}
		return err
	}
	if bad, ok := errors.AsType[*procstatus.FieldError](err); ok {
		return &procstatus.FieldError{Line: bad.Line + before, Field: bad.Field, Value: bytes.TrimPrefix(bad.Value, []byte("\t")), Err: reason(bad.Err)}
	}
	if bad, ok := errors.AsType[*procstatus.LineError](err); ok {
		return &procstatus.LineError{Line: bad.Line + before, Value: bad.Value, Err: reason(bad.Err)}
	}
	return err
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
	rest = text
	for row := range bytes.Lines(text) {
		line, ended := bytes.CutSuffix(row, newline)
		line = tidy(line)
		if label, _, ok := bytes.Cut(line, []byte(":")); ok && names[string(label)] {
			name := string(label)
			if seen[name] || name == procstatus.FieldName.String() && part != nil {
				break
			}
			seen[name] = true
		}
		if part = append(part, line...); ended {
			part = append(part, '\n')
		}
		rest = rest[len(row):]
	}
	return part, rest
}

// tidy undoes what copying from a terminal does to a line of a status file: a carriage
// return, spaces in place of tabs, spaces around it, and the byte order mark of an editor.
// It keeps what follows the kernel's own tab in a name.
func tidy(line []byte) []byte {
	line = bytes.TrimLeft(bytes.TrimSuffix(line, []byte("\r")), " \t\ufeff")
	label, value, ok := bytes.Cut(line, []byte(":"))
	tab := bytes.HasPrefix(value, []byte("\t"))
	if !ok || tab && string(label) == procstatus.FieldName.String() {
		return line
	}
	if tab {
		value = bytes.TrimRight(value[1:], " ")
	} else {
		value = bytes.Trim(value, " \t")
	}
	if f, _ := procstatus.FieldNamed(string(label)); (f == procstatus.FieldUID || f == procstatus.FieldGID) && bytes.ContainsRune(value, ' ') {
		value = bytes.Join(bytes.Fields(value), []byte("\t"))
	}
	return append(append(bytes.Clone(label), ':', '\t'), value...)
}
