// SPDX-License-Identifier: Apache-2.0

// Package report writes Records: as text, as a matrix, as JSON.
package report

import "github.com/capinspect/capinspect/cmd/capinspect/internal/collect"

// Report is what one run has found.
type Report struct {
	Kernel collect.KernelInfo // the reader's; only formats that are Full show it
	Tasks  []*collect.Record
	Errors []Failure
}

// Failure says why a task is not among the tasks of a report.
type Failure struct {
	Pid string // "" if the task was to be read from a file, which Err names then
	Err error
}

// Error names the pid and the reason.
func (f Failure) Error() string {
	if f.Pid == "" {
		return f.Err.Error()
	}
	return "pid " + f.Pid + ": " + f.Err.Error()
}

// Format is one form of a report.
type Format struct {
	Name    string
	Summary string // what it is, for help
	Notes   bool   // it shows the notes of a task
	Kernel  bool   // it shows the reader's kernel
	append  func([]byte, *Report) []byte
}

// The forms of a report. Capsh is that of the option --print.
var (
	Text   = &Format{"text", "the lines of capsh --print, and what capsh has not", true, false, appendTexts}
	Capsh  = &Format{"print", "the lines of capsh --print", false, false, appendPrints}
	Matrix = &Format{"matrix", "a row for each capability, a column for each set", false, false, appendMatrices}
	JSON   = &Format{"json", "one JSON object with all tasks", true, true, appendJSON}
	JSONL  = &Format{"jsonl", "one JSON object a task, each on a line", true, false, appendLines}
)

// FormatName returns the name of the form.
func (f *Format) FormatName() string { return f.Name }

// Append appends the report to dst in the form f.
func (f *Format) Append(dst []byte, rep *Report) []byte { return f.append(dst, rep) }

func appendTexts(dst []byte, rep *Report) []byte { return each(dst, rep, appendText) }

func appendPrints(dst []byte, rep *Report) []byte { return each(dst, rep, appendCapsh) }

func appendMatrices(dst []byte, rep *Report) []byte { return each(dst, rep, appendMatrix) }

// each shows the tasks one by one, under headers if there are several.
func each(dst []byte, rep *Report, task func([]byte, *collect.Record) []byte) []byte {
	for _, r := range rep.Tasks {
		if len(rep.Tasks)+len(rep.Errors) > 1 {
			dst = appendHeader(dst, r)
		}
		dst = task(dst, r)
	}
	return dst
}

func appendJSON(dst []byte, rep *Report) []byte {
	e := encoder{buf: dst, indent: true}
	e.report(rep)
	return e.buf
}

func appendLines(dst []byte, rep *Report) []byte {
	e := encoder{buf: dst}
	for _, r := range rep.Tasks {
		e.line(r)
	}
	return e.buf
}
