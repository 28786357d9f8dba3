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

// Form is one way to write what a command found.
type Form[T any] struct {
	Name   string
	append func([]byte, *T) []byte
}

// FormName returns the name of the form.
func (f *Form[T]) FormName() string { return f.Name }

// Append appends what was found to dst.
func (f *Form[T]) Append(dst []byte, found *T) []byte { return f.append(dst, found) }

// Format is one form of a report.
type Format struct {
	Form[Report]
	Notes  bool // it shows the notes of a task
	Kernel bool // it shows the reader's kernel
}

// The forms of a report. Capsh is that of the option --print.
var (
	Text   = &Format{Form: Form[Report]{"text", appendTexts}, Notes: true}
	Capsh  = &Format{Form: Form[Report]{"print", appendPrints}}
	Matrix = &Format{Form: Form[Report]{"matrix", appendMatrices}}
	JSON   = &Format{Form: Form[Report]{"json", appendJSON}, Notes: true, Kernel: true}
	JSONL  = &Format{Form: Form[Report]{"jsonl", appendLines}, Notes: true}
)

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
