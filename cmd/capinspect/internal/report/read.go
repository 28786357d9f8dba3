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

// Visitor takes what reports tell while they are read.
type Visitor struct {
	Task func(*task.Task)
	Sum  func(*containers.Sum) // what the processes of a container have together
	// End takes the stamp of a report at its end, which is that of all in it that have none.
	End func(task.Stamp)
}

// Read returns the tasks of reports and of lines with one task each, which stand one after
// the other. A value that is null or left out is unknown. The tasks have no Source, and no
// LastCap if the report does not say.
func Read(text []byte) ([]*task.Task, error) {
	var tasks, open []*task.Task
	sums := 0
	err := Each(bytes.NewReader(text), Visitor{
		Task: func(t *task.Task) { tasks, open = append(tasks, t), append(open, t) },
		Sum:  func(*containers.Sum) { sums++ },
		End: func(s task.Stamp) {
			for _, t := range open {
				if t.Reported == (task.Stamp{}) {
					t.Reported = s
				}
			}
			open = open[:0]
		},
	})
	switch {
	case err != nil:
		return nil, err
	case tasks == nil && sums > 0:
		return nil, errors.New("a report by container has no tasks: only diff takes it, with another report")
	case tasks == nil:
		return nil, errors.New("no task")
	}
	return tasks, nil
}

// The bounds of what is read: as many tasks and containers as a kernel has thread ids at most
// (PID_MAX_LIMIT), and what one of them takes, in bytes.
const (
	maxListed = 1 << 22
	maxOne    = 16 << 20
)

// Each visits the tasks of reports as Read returns them, and what reports by container tell.
// It holds one of them at a time.
func Each(from io.Reader, v Visitor) error {
	part := &bounded{from: from, left: maxOne}
	r := reportReader{strictjson.NewDecoder(part), v, part, 0, false, map[string]map[string]reflect.Value{}}
	for {
		switch err := r.report(); {
		case err == io.EOF:
			return nil
		case part.left < 0:
			return fmt.Errorf("line %d: more than %d MiB for one task or container", r.Line(), maxOne>>20)
		case err != nil:
			return err
		}
	}
}

// bounded reads only so many bytes.
type bounded struct {
	from io.Reader
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := b.from.Read(p)
	b.left -= n
	return n, err
}

// reportReader reads reports one after the other.
type reportReader struct {
	*strictjson.Decoder
	Visitor
	part  *bounded // of what is read of a task or a container
	count int      // of those that were visited
	lines bool     // each is a line
	// kept has objects that were read, by the key of a task and by their text: capabilities
	// take most of a report, and most tasks have the same as another one.
	kept map[string]map[string]reflect.Value
}

// report reads a report, or a task or a container that is a line of its own. What follows a
// line are lines too: each is read as a whole.
func (r *reportReader) report() error {
	one := inReport{alone: true}
	var err error
	if r.lines {
		raw, failed := r.Raw()
		if failed != nil {
			return failed
		}
		err = raw.Object(func(key string, value strictjson.Raw) error {
			if key == "tasks" || key == "containers" {
				one.alone = false
				return value.Array(func(value strictjson.Raw) error { return r.element(key, value) })
			}
			return r.member(key, value, &one)
		})
	} else {
		err = r.Object(func(key string) error {
			if key == "tasks" || key == "containers" {
				one.alone = false
				return r.Array(func() error {
					value, err := r.Raw()
					if err != nil {
						return err
					}
					return r.element(key, value)
				})
			}
			value, err := r.Raw()
			if err != nil {
				return err
			}
			return r.member(key, value, &one)
		})
	}
	if err != nil {
		return err
	}
	return r.end(&one)
}

// inReport is what stands in a report beside lists, or in a line.
type inReport struct {
	version int
	task    Task
	row     ContainerRow
	alone   bool // there is no list: it is a task, or a container
}

// end takes what stood in a report beside lists.
func (r *reportReader) end(one *inReport) error {
	if one.version == 0 {
		return r.checkVersion(0)
	}
	if one.alone {
		r.lines = true
		add := func() error { return r.addTask(&one.task) }
		if one.row.Processes > 0 {
			one.row.ContainerNames.Name, one.row.Explained = one.task.Name, one.task.Explained
			add = func() error { return r.addRow(&one.row) }
		}
		if err := add(); err != nil {
			return err
		}
	}
	explain(&one.task.Stamp, one.task.Unknown)
	r.End(one.task.Stamp.task())
	return nil
}

// element reads an element of a list.
func (r *reportReader) element(list string, value strictjson.Raw) error {
	if list == "containers" {
		var row ContainerRow
		if err := value.Decode(&row); err != nil {
			return err
		}
		return r.addRow(&row)
	}
	var t Task
	err := value.Object(func(key string, value strictjson.Raw) error {
		if m := layout.ShapeOf(reflect.TypeFor[Task]()).ByKey[key]; m != nil {
			return r.value(key, value, reflect.ValueOf(&t).Elem().FieldByIndex(m.Index))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.addTask(&t)
}

// member reads a member of a report, of a task or of a container.
func (r *reportReader) member(key string, value strictjson.Raw, to *inReport) error {
	if key == "schemaVersion" {
		if err := value.Decode(&to.version); err != nil {
			return err
		}
		return r.checkVersion(to.version)
	}
	if m := layout.ShapeOf(reflect.TypeFor[Task]()).ByKey[key]; m != nil {
		return r.value(key, value, reflect.ValueOf(&to.task).Elem().FieldByIndex(m.Index))
	}
	if m := layout.ShapeOf(reflect.TypeFor[ContainerRow]()).ByKey[key]; m != nil {
		return value.Decode(reflect.ValueOf(&to.row).Elem().FieldByIndex(m.Index).Addr().Interface())
	}
	return nil
}

// maxKeptText is the length of the longest object that is kept, in bytes: the capabilities of a
// task have a sixth.
const maxKeptText = 16 << 10

// value reads a value of a task. An object is kept, unless something in it is unknown: why
// that is so is said elsewhere, and not of each task.
func (r *reportReader) value(key string, value strictjson.Raw, to reflect.Value) error {
	text := value.Text()
	if text[0] != '{' {
		return value.Decode(to.Addr().Interface())
	}
	kept := r.kept[key]
	if known, ok := kept[string(text)]; ok {
		to.Set(known)
		return nil
	}
	if err := value.Decode(to.Addr().Interface()); err != nil {
		return err
	}
	unknown := false
	eachUnknown(to, "", "", func(string, unknowable) { unknown = true })
	switch {
	case unknown || len(text) > maxKeptText:
		return nil
	case kept == nil:
		kept = map[string]reflect.Value{}
		r.kept[key] = kept
	case len(kept) >= maxCached:
		clear(kept)
	}
	kept[string(text)] = reflect.ValueOf(to.Interface())
	return nil
}

func (r *reportReader) checkVersion(version int) error {
	if version != SchemaVersion {
		return fmt.Errorf("line %d: schemaVersion %d, want %d", r.Line(), version, SchemaVersion)
	}
	return nil
}

// addTask takes a task that is read to its end.
func (r *reportReader) addTask(saved *Task) error {
	t, err := saved.task()
	if err := r.next("task", err); err != nil {
		return err
	}
	r.Task(t)
	return nil
}

// addRow takes a container that is read to its end.
func (r *reportReader) addRow(row *ContainerRow) error {
	sum, err := row.sum()
	if err := r.next("container", err); err != nil {
		return err
	}
	r.Sum(sum)
	return nil
}

// next counts what was read, and says in which one an error is.
func (r *reportReader) next(what string, err error) error {
	r.count++
	r.part.left = maxOne
	switch {
	case err != nil:
		return fmt.Errorf("%s %d: %w", what, r.count, err)
	case r.count > maxListed:
		return fmt.Errorf("more than %d tasks or containers, which no kernel has", maxListed)
	}
	return nil
}
