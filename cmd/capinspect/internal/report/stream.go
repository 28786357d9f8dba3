// SPDX-License-Identifier: Apache-2.0

package report

import (
	"io"
	"sync"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
)

// Stream writes the tasks of ps as JSON while they come: each on a line, or
// all in one object.
type Stream struct {
	W      io.Writer
	Keys   Keys
	Object bool // one object, with the reader's kernel before and the failures behind the tasks

	task bool // one was written
	free sync.Pool
}

// Keys say which keys of a task are there besides those that the status file
// alone fills.
type Keys struct{ Container, UserNames bool }

// Begin returns an encoder for some tasks.
func (s *Stream) Begin() *Chunk {
	if c, ok := s.free.Get().(*Chunk); ok {
		c.buf = c.buf[:0]
		return c
	}
	c := &Chunk{encoder{buf: make([]byte, 0, blockSize), indent: s.Object}}
	if s.Object { // within the object, and its array of tasks
		c.lines = append(c.lines, true, true)
	}
	return c
}

// Chunk is some tasks in JSON.
type Chunk struct{ encoder }

// Visit adds a task.
func (s *Stream) Visit(c *Chunk, r *collect.Record) {
	if !s.Object {
		c.open('{')
		c.key("schemaVersion")
		c.int(SchemaVersion)
		c.psTask(r, s.Keys)
		c.close('}')
		c.buf = append(c.buf, '\n')
		return
	}
	if len(c.buf) > 0 {
		c.buf = append(c.buf, ',')
	}
	c.newline(2)
	c.buf = append(c.buf, '{')
	c.lines = append(c.lines, true)
	c.psTask(r, s.Keys)
	c.close('}')
}

// Done writes the tasks of a chunk.
func (s *Stream) Done(c *Chunk) error {
	defer s.free.Put(c)
	if len(c.buf) == 0 {
		return nil
	}
	if s.Object && s.task {
		if _, err := io.WriteString(s.W, ","); err != nil {
			return err
		}
	}
	s.task = true
	_, err := s.W.Write(c.buf)
	return err
}

// Start writes what stands before the tasks of an object.
func (s *Stream) Start(kernel collect.KernelInfo) error {
	s.task = false
	e := encoder{indent: true}
	e.openLines('{')
	e.head(kernel)
	e.key("tasks")
	e.buf = append(e.buf, '[')
	_, err := s.W.Write(e.buf)
	return err
}

// End writes what stands behind the tasks of an object.
func (s *Stream) End(failures []Failure) error {
	e := encoder{indent: true, lines: []bool{true}}
	if s.task {
		e.newline(1)
	}
	e.buf = append(e.buf, ']')
	e.failures(failures)
	e.close('}')
	e.buf = append(e.buf, '\n')
	_, err := s.W.Write(e.buf)
	return err
}
