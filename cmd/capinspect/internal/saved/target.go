// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Target returns the tasks that a target tells of: PATH, or PATH:NAME for those of a name. A
// file whose own name has a colon is that file. A NAME is that of a container, of which the
// start of its id will do, or of a service, a unit or a process.
func Target(target string, stdin io.Reader, last *capset.Cap) ([]*task.Task, error) {
	path, name, text, err := open(target, stdin)
	if err != nil {
		return nil, err
	}
	return named(path, name, text, last)
}

// open returns the text of the file that a target names, and which name in it is meant.
func open(target string, stdin io.Reader) (path, name string, text []byte, err error) {
	err = split(target, func(part, of string) (err error) {
		path, name = part, of
		text, err = Read(part, stdin)
		return err
	})
	return path, name, text, err
}

// split calls read with the file that a target names, and with which name in it is meant.
func split(target string, read func(path, name string) error) error {
	err := read(target, "")
	if at := strings.LastIndexByte(target, ':'); at > 0 && errors.Is(err, fs.ErrNotExist) {
		if other := read(target[:at], target[at+1:]); !errors.Is(other, fs.ErrNotExist) {
			return other
		}
	}
	return err
}

// named returns the tasks of a name that a text tells of, or all of them if it is "".
func named(path, name string, text []byte, last *capset.Cap) ([]*task.Task, error) {
	tasks, err := Tasks(path, text, last)
	if name == "" || tasks == nil {
		return tasks, err
	}
	var found []*task.Task
	for _, t := range tasks {
		if isNamed(t, name) {
			found = append(found, t)
		}
	}
	if found == nil {
		return nil, inFile(path, unnamed(name, tasks))
	}
	return found, err
}

// unnamed is the error of a name that none of the tasks has.
func unnamed(name string, tasks []*task.Task) error {
	if len(tasks) == 0 {
		return fmt.Errorf("nothing in it has the name %q: it has no task", shorten(name))
	}
	return fmt.Errorf("nothing in it has the name %q, but %s", shorten(name), titles(tasks))
}

// isNamed reports whether a name is that of a task.
func isNamed(t *task.Task, name string) bool {
	if c := t.Container.Zero(); c != nil && name != "" && (c.Name == name || strings.HasPrefix(c.ID, name)) {
		return true
	}
	title, ok := t.Title().Get()
	return ok && (title == name || t.Asked != nil && strings.TrimSuffix(title, ".service") == name)
}

// One returns the only task of a target. There may be both a task and an error, of other lines.
func One(target string, stdin io.Reader, last *capset.Cap) (*task.Task, error) {
	tasks, err := Target(target, stdin, last)
	switch {
	case len(tasks) == 1:
		return tasks[0], err
	case len(tasks) == 0 && err != nil:
		return nil, err
	}
	return only(target, tasks, len(tasks))
}

// only returns the only one of the tasks of a target, of which the first are given.
func only(target string, first []*task.Task, count int) (*task.Task, error) {
	if count != 1 {
		return nil, Several(target, first, count)
	}
	return first[0], nil
}

// Several is the error of a target that has several tasks where one is wanted, of which the first are
// given.
func Several(target string, first []*task.Task, count int) error {
	named := func(t *task.Task) bool { return t.Title().Known() }
	if !slices.ContainsFunc(first, named) {
		return inFile(target, fmt.Errorf("it has %d tasks, want one", count))
	}
	what := "tasks"
	switch t := first[0]; {
	case t.Asked != nil && t.Container.Zero() != nil:
		what = "containers"
	case t.Asked != nil:
		what = "units"
	}
	return inFile(target, fmt.Errorf("it has %d %s: name one, as file:%s:NAME, of %s", count, what, target, titles(first)))
}

// maxTitles is how many names an error lists, and how long one may be.
const (
	maxTitles = 9
	maxTitle  = 64
)

// titles lists the names of some tasks.
func titles(tasks []*task.Task) string {
	var list []string
	for _, t := range tasks[:min(len(tasks), maxTitles)] {
		list = append(list, shorten(t.Title().Or("one without a name")))
	}
	if len(tasks) > maxTitles {
		list = append(list, "...")
	}
	return strings.Join(list, ", ")
}

func shorten(name string) string { return name[:min(len(name), maxTitle)] }
