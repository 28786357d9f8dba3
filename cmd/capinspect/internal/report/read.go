// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/containers"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/layout"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/strictjson"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Listed is what reports tell: tasks, or what the processes of containers have together.
type Listed struct {
	Tasks    []*task.Task
	Sums     []*containers.Sum
	Reported task.Stamp // of the first report by container
}

// Read returns the tasks of reports and of lines with one task each, which stand one after
// the other. A value that is null or left out is unknown. The tasks have no Source, and no
// LastCap if the report does not say.
func Read(text []byte) ([]*task.Task, error) {
	all, err := ReadListed(text)
	switch {
	case err != nil:
		return nil, err
	case all.Tasks == nil && all.Sums != nil:
		return nil, errors.New("a report by container has no tasks: only diff takes it, with another report")
	case all.Tasks == nil:
		return nil, errors.New("no task")
	}
	return all.Tasks, nil
}

// ReadListed is Read for reports by container too.
func ReadListed(text []byte) (*Listed, error) {
	r := reportReader{Decoder: strictjson.NewDecoder(bytes.NewReader(text))}
	for {
		switch err := r.report(); {
		case err == io.EOF:
			return &r.Listed, nil
		case err != nil:
			return nil, err
		}
	}
}

// reportReader reads reports one after the other.
type reportReader struct {
	*strictjson.Decoder
	Listed
}

// report reads a report, or a task or a container that is a line of its own.
func (r *reportReader) report() error {
	version, line, row, alone, first := 0, Task{}, ContainerRow{}, true, len(r.Tasks)
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
		case "containers":
			alone = false
			return r.Array(func() error {
				var row ContainerRow
				if err := r.Decode(&row); err != nil {
					return err
				}
				return r.addRow(&row)
			})
		}
		if m := layout.ShapeOf(reflect.TypeFor[Task]()).ByKey[key]; m != nil {
			return r.Decode(reflect.ValueOf(&line).Elem().FieldByIndex(m.Index).Addr().Interface())
		}
		if m := layout.ShapeOf(reflect.TypeFor[ContainerRow]()).ByKey[key]; m != nil {
			return r.Decode(reflect.ValueOf(&row).Elem().FieldByIndex(m.Index).Addr().Interface())
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case version == 0:
		return r.checkVersion(version)
	case alone && row.Processes > 0:
		row.ContainerNames.Name, row.Explained = line.Name, line.Explained
		err = r.addRow(&row)
	case alone:
		return r.add(&line)
	}
	explain(&line.Stamp, line.Unknown)
	for _, t := range r.Tasks[first:] {
		if t.Reported == (task.Stamp{}) {
			t.Reported = line.Stamp.task()
		}
	}
	if r.Reported == (task.Stamp{}) && len(r.Sums) > 0 {
		r.Reported = line.Stamp.task()
	}
	return err
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
		return fmt.Errorf("task %d: %w", len(r.Tasks)+1, err)
	}
	r.Tasks = append(r.Tasks, t)
	return nil
}

// addRow takes a container that is read to its end.
func (r *reportReader) addRow(row *ContainerRow) error {
	sum, err := row.sum()
	if err != nil {
		return fmt.Errorf("container %d: %w", len(r.Sums)+1, err)
	}
	r.Sums = append(r.Sums, sum)
	return nil
}
