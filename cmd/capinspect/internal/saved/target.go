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
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
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
	text, err = Read(target, stdin)
	if at := strings.LastIndexByte(target, ':'); at > 0 && errors.Is(err, fs.ErrNotExist) {
		other, wrong := Read(target[:at], stdin)
		if errors.Is(wrong, fs.ErrNotExist) {
			return "", "", nil, err
		}
		return target[:at], target[at+1:], other, wrong
	}
	return target, "", text, err
}

// Listed returns all that a target tells of: as Target, or the containers of a report by
// container.
func Listed(target string, stdin io.Reader) (*report.Listed, error) {
	path, name, text, err := open(target, stdin)
	if err != nil {
		return nil, err
	}
	if formatOf(text).listed {
		all, err := report.ReadListed(text)
		if err == nil && len(all.Tasks) > 0 && len(all.Sums) > 0 {
			err = errors.New("some lines are tasks and others are containers: compare them apart")
		}
		if err != nil {
			return nil, inFile(path, err)
		}
		if all.Tasks == nil && all.Sums != nil {
			if name != "" {
				return nil, inFile(path, fmt.Errorf("it is by container: leave out :%s", shorten(name)))
			}
			return all, nil
		}
	}
	tasks, err := named(path, name, text, nil)
	return &report.Listed{Tasks: tasks}, err
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
		return nil, inFile(path, fmt.Errorf("nothing in it has the name %q, but %s", shorten(name), titles(tasks)))
	}
	return found, err
}

// isNamed reports whether a name is that of a task.
func isNamed(t *task.Task, name string) bool {
	if c := t.Container.Zero(); c != nil && name != "" && (c.Name == name || strings.HasPrefix(c.ID, name)) {
		return true
	}
	title, ok := t.Title().Get()
	return ok && (title == name || t.Asked != nil && strings.TrimSuffix(title, ".service") == name)
}

// One returns the only task of a target.
func One(target string, stdin io.Reader, last *capset.Cap) (*task.Task, error) {
	tasks, err := Target(target, stdin, last)
	if err != nil {
		return nil, err
	}
	return Only(target, tasks)
}

// Only returns the only one of the tasks of a target.
func Only(target string, tasks []*task.Task) (*task.Task, error) {
	if len(tasks) != 1 {
		return nil, Several(target, tasks)
	}
	return tasks[0], nil
}

// Several is the error of a target that has several tasks where one is wanted.
func Several(target string, tasks []*task.Task) error {
	named := func(t *task.Task) bool { return t.Title().Known() }
	if !slices.ContainsFunc(tasks, named) {
		return inFile(target, fmt.Errorf("it has %d tasks, want one", len(tasks)))
	}
	what := "tasks"
	switch t := tasks[0]; {
	case t.Asked != nil && t.Container.Zero() != nil:
		what = "containers"
	case t.Asked != nil:
		what = "units"
	}
	return inFile(target, fmt.Errorf("it has %d %s: name one, as file:%s:NAME, of %s", len(tasks), what, target, titles(tasks)))
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
