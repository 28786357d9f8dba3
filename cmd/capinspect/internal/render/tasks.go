// SPDX-License-Identifier: Apache-2.0

package render

import (
	"bytes"
	"io"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// TaskForm is one format of a report on tasks.
type TaskForm struct {
	Name  string // as -o has it
	Notes bool   // it shows the notes of a task
	// Exact says that it is the same everywhere, on a terminal too.
	Exact bool
	// Reader says that it shows the reader.
	Reader bool
	begin  func(io.Writer, report.ReaderInfo, Style) TaskWriter
}

// FormName returns the name of the format.
func (f *TaskForm) FormName() string { return f.Name }

// To returns what writes tasks to w in that format.
func (f *TaskForm) To(w io.Writer, reader report.ReaderInfo, style Style) TaskWriter {
	return f.begin(w, reader, style)
}

// TaskWriter writes tasks while they come, and in the end what could not be read.
type TaskWriter interface {
	Task(*task.Task) error
	End([]report.Failure) error
}

// Capsh is the format of --print: the lines of capsh(1) alone.
var Capsh = &TaskForm{Name: "print", Exact: true, begin: inText(printCapsh)}

// Tasks are the formats of a report on tasks. The first one is the default.
var Tasks = []*TaskForm{
	{Name: "text", Notes: true, begin: inText(printTask)},
	{Name: "json", Notes: true, Reader: true, begin: inJSON},
	{Name: "jsonl", Notes: true, Reader: true, begin: inJSONLines},
	{Name: "matrix", begin: inText(printTaskMatrix)},
}

// inText makes what begins a format of one that prints one task.
func inText(print func(*printer, *task.Task)) func(io.Writer, report.ReaderInfo, Style) TaskWriter {
	return func(w io.Writer, _ report.ReaderInfo, style Style) TaskWriter {
		return &taskPrinter{w: w, print: print, style: style}
	}
}

// taskPrinter prints tasks. Several stand under headers, and one does if another could not
// be read: the first is held back until that is known.
type taskPrinter struct {
	w     io.Writer
	print func(*printer, *task.Task)
	style Style
	first *task.Task
	some  bool // the first was written
	open  bool // what was written last does not end with an empty line
}

// Task prints a task.
func (p *taskPrinter) Task(t *task.Task) error {
	if p.first == nil && !p.some {
		p.first = t
		return nil
	}
	if err := p.flush(true); err != nil {
		return err
	}
	return p.write(t, true)
}

// End prints what was held back.
func (p *taskPrinter) End(failures []report.Failure) error {
	return p.flush(len(failures) > 0)
}

func (p *taskPrinter) flush(header bool) error {
	first := p.first
	if first == nil {
		return nil
	}
	p.first, p.some = nil, true
	return p.write(first, header)
}

func (p *taskPrinter) write(t *task.Task, header bool) error {
	text := printer{style: p.style}
	if p.open && header {
		text.line()
	}
	if header {
		printHeader(&text, t)
	}
	p.print(&text, t)
	p.open = !bytes.HasSuffix(text.buf, []byte("\n\n"))
	_, err := p.w.Write(p.style.Wrap(text.buf))
	return err
}

func inJSON(w io.Writer, reader report.ReaderInfo, _ Style) TaskWriter {
	return &report.Tasks{Frame: report.Frame{W: w, Object: true, Reader: reader}}
}

func inJSONLines(w io.Writer, reader report.ReaderInfo, _ Style) TaskWriter {
	return &report.Tasks{Frame: report.Frame{W: w, Reader: reader}}
}
