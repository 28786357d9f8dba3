// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/layout"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/strictjson"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Read returns the tasks of reports and of lines with one task each, which stand one after
// the other. A value that is null or left out is unknown. The tasks have no Source, and no
// LastCap if the report does not say.
func Read(text []byte) ([]*task.Task, error) {
	r := reportReader{Decoder: strictjson.NewDecoder(bytes.NewReader(text))}
	for {
		switch err := r.report(); {
		case err == io.EOF && r.tasks == nil:
			return nil, errors.New("no task")
		case err == io.EOF:
			return r.tasks, nil
		case err != nil:
			return nil, err
		}
	}
}

// reportReader reads reports one after the other.
type reportReader struct {
	*strictjson.Decoder
	tasks []*task.Task
}

// report reads a report, or a task that is a line of its own.
func (r *reportReader) report() error {
	version, line, alone, first := 0, Task{}, true, len(r.tasks)
	err := r.Object(func(key string) error {
		switch key {
		case "schemaVersion":
			if err := r.Decode(&version); err != nil {
				return err
			}
			return r.checkVersion(version)
		case "tasks":
			alone = false
			return r.Array(func() error {
				var t Task
				if err := r.Decode(&t); err != nil {
					return err
				}
				return r.add(&t)
			})
		}
		if m := layout.ShapeOf(reflect.TypeFor[Task]()).ByKey[key]; m != nil {
			return r.Decode(reflect.ValueOf(&line).Elem().FieldByIndex(m.Index).Addr().Interface())
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case version == 0:
		return r.checkVersion(version)
	case alone:
		return r.add(&line)
	}
	explain(&line.Stamp, line.Unknown)
	for _, t := range r.tasks[first:] {
		if t.Reported == (task.Stamp{}) {
			t.Reported = line.Stamp.task()
		}
	}
	return nil
}

func (r *reportReader) checkVersion(version int) error {
	if version != SchemaVersion {
		return fmt.Errorf("line %d: schemaVersion %d, want %d", r.Line(), version, SchemaVersion)
	}
	return nil
}

// add takes a task that is read to its end.
func (r *reportReader) add(saved *Task) error {
	t, err := saved.task()
	if err != nil {
		return fmt.Errorf("task %d: %w", len(r.tasks)+1, err)
	}
	r.tasks = append(r.tasks, t)
	return nil
}
