// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/containers"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Listing is what is kept of a target whose tasks were visited.
type Listing struct {
	Report      bool // it is a report of ours
	Tasks, Sums int  // how many were visited

	path  string
	first []*task.Task // as many as a message names, and one more
}

// Empty reports whether it is a report that says that nothing ran.
func (l *Listing) Empty() bool { return l.Report && l.Tasks+l.Sums == 0 }

// Many reports whether it tells of more than one task that runs or has run.
func (l *Listing) Many() bool { return l.Sums > 0 || l.Tasks > 1 && l.first[0].Asked == nil }

// Only returns the only task.
func (l *Listing) Only() (*task.Task, error) {
	switch {
	case l.Sums > 0:
		return nil, inFile(l.path, errors.New("it is a report by container: compare it with another report of many tasks or containers"))
	case l.Empty():
		return nil, inFile(l.path, errors.New("it has no task: compare it with another report"))
	}
	return only(l.path, l.first, l.Tasks)
}

// headSize is how much of a file is looked at to see whether it is a report, in bytes.
const headSize = 64 << 10

// Listed visits what a target tells of: as Target, or the containers of a report by
// container. A report of ours may be of any length.
func Listed(target string, stdin io.Reader, v report.Visitor) (*Listing, error) {
	l := &Listing{}
	err := split(target, func(path, name string) error {
		l.path = path
		text, err := Parse(path, stdin, func(from io.Reader) ([]byte, error) {
			in := bufio.NewReaderSize(from, headSize)
			if isLongReport(in) {
				return nil, l.visit(in, name, v)
			}
			text, err := readText(in)
			switch {
			case err != nil:
				return nil, err
			case formatOf(text).listed:
				return nil, l.visit(bytes.NewReader(text), name, v)
			case len(bytes.TrimSpace(text)) == 0:
				return nil, errors.New("it is empty: a report of no task says so if ps wrote it with -o json")
			}
			return text, nil
		})
		if text == nil || err != nil {
			return err
		}
		tasks, err := named(path, name, text, nil)
		for _, t := range tasks {
			l.add(t)
			v.Task(t)
		}
		return err
	})
	return l, err
}

// isLongReport reports whether what is to be read begins as a report of ours.
func isLongReport(in *bufio.Reader) bool {
	head, _ := in.Peek(headSize) // an error comes again where it is read
	if text := toUTF8(head); len(text)+len(byteOrderMark) == len(head) {
		in.Discard(len(byteOrderMark))
		head = text
	}
	return isObject(head) && bytes.Contains(head, []byte(`"schemaVersion"`)) && formatOf(head).listed
}

// visit visits the tasks of a name in a report, or all if it is "".
func (l *Listing) visit(from io.Reader, name string, v report.Visitor) error {
	l.Report = true
	var others []*task.Task
	err := report.Each(from, report.Visitor{
		Task: func(t *task.Task) {
			settle(t, l.path, nil)
			switch {
			case name == "" || isNamed(t, name):
				l.add(t)
				v.Task(t)
			case len(others) <= maxTitles:
				others = append(others, t)
			}
		},
		Sum: func(sum *containers.Sum) {
			l.Sums++
			v.Sum(sum)
		},
		End: v.End,
	})
	switch {
	case err != nil:
		return err
	case l.Sums > 0 && l.Tasks+len(others) > 0:
		return errors.New("some lines are tasks and others are containers: compare them apart")
	case l.Sums > 0 && name != "":
		return fmt.Errorf("it is by container: leave out :%s", shorten(name))
	case l.Tasks == 0 && name != "":
		return unnamed(name, others)
	}
	return nil
}

// add counts a task.
func (l *Listing) add(t *task.Task) {
	l.Tasks++
	if len(l.first) <= maxTitles {
		l.first = append(l.first, t)
	}
}
