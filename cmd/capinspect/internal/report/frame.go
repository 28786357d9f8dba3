// SPDX-License-Identifier: Apache-2.0

package report

import (
	"io"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/layout"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Frame is what tasks are written in while they come: one object, with the reader before
// and the failures behind them, or nothing, and then each task is a line.
type Frame struct {
	W      io.Writer
	Object bool
	Reader ReaderInfo
	some   bool // a task was written
}

// Start writes what stands before the tasks of an object.
func (f *Frame) Start() error {
	f.some = false
	before, _, err := around(&Results{Reader: f.Reader})
	if err != nil {
		return err
	}
	_, err = io.WriteString(f.W, before)
	return err
}

// write writes tasks, which have a comma between them already if they are in an object.
func (f *Frame) write(tasks []byte) error {
	if f.Object && f.some {
		if _, err := io.WriteString(f.W, ","); err != nil {
			return err
		}
	}
	f.some = true
	_, err := f.W.Write(tasks)
	return err
}

// End writes what follows the tasks of an object.
func (f *Frame) End(failures []Failure, list *List) error {
	_, behind, err := around(&Results{Reader: f.Reader, Failures: failures, List: list})
	if err != nil {
		return err
	}
	if f.some {
		behind = layout.Newline(1) + behind
	}
	_, err = io.WriteString(f.W, behind)
	return err
}

// around returns the parts of a report between which its tasks stand.
func around(r *Results) (before, behind string, err error) {
	const tasks = `"tasks": [` // stands in no string, where a quote has a backslash
	rep := FromResults(r)
	text, err := layout.Marshal(&rep, true)
	before, behind, _ = strings.Cut(string(text), tasks)
	return before + tasks, behind, err
}

// Tasks writes the tasks of show while they come, as [FromTask] has them.
type Tasks struct {
	Frame
	begun bool
}

// Task writes a task.
func (s *Tasks) Task(t *task.Task) error {
	one := FromTask(t)
	if !s.Object {
		own := line(one, Stamp(s.Reader.Stamp))
		text, err := layout.Marshal(&own, false)
		if err != nil {
			return err
		}
		return s.write(text)
	}
	if err := s.begin(); err != nil {
		return err
	}
	text, err := layout.Value(&one, true, taskDepth)
	if err != nil {
		return err
	}
	return s.write(append([]byte(layout.Newline(taskDepth)), text...))
}

// begin writes what stands before the first task.
func (s *Tasks) begin() error {
	if s.begun {
		return nil
	}
	s.begun = true
	return s.Start()
}

// End writes what follows the tasks.
func (s *Tasks) End(failures []Failure) error {
	if !s.Object {
		return nil
	}
	if err := s.begin(); err != nil {
		return err
	}
	return s.Frame.End(failures, nil)
}
