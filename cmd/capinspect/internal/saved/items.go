// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"cmp"
	"errors"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// item is what some lines tell of: a task, a file, or nothing but a set.
type item struct {
	what string     // in a message, as "the capabilities of a file"
	from string     // what stood before its lines
	part part       // what the task is made of; nil if it is none
	task *task.Task // made of part
	sets []report.DecodedMask
	header
}

// part collects the lines of one task.
type part interface {
	// task returns the task, nil if no line tells a set. The errors are those of its lines.
	task() (*task.Task, []lineError)
}

// noTask says which command shows what is not about a task.
var noTask = map[string]string{
	ofFile:  "these are the capabilities of a file, not of a task: decode shows them, predict tells what executing the file gives",
	ofMask:  "this is a bitmap without a label, which may be any set of a task: decode shows it",
	ofNames: "this is a list of names, which may be any set of a task: decode shows it",
	ofList:  "this is a list of a container's configuration, not a task's set: decode shows it",
	ofFlags: "these are flags of a command that starts something, not a task's set: decode shows what they name",
	ofCall:  "this is a call of capset without its result: decode shows it",
}

// tasksOf returns what returns the tasks of the items in a text.
func tasksOf(read func(text []byte) ([]*item, error)) func(text []byte) ([]*task.Task, error) {
	return func(text []byte) ([]*task.Task, error) {
		items, err := read(text)
		var tasks []*task.Task
		what := ""
		for _, it := range items {
			if it.task != nil {
				tasks = append(tasks, it.task)
			} else if it.part == nil {
				what = cmp.Or(what, it.what)
			}
		}
		switch {
		case tasks != nil || err != nil:
			return tasks, err
		case what != "":
			return nil, errors.New(noTask[what])
		}
		return nil, errNoCaps
	}
}

// setsOfItems returns what returns the sets of the items in a text.
func setsOfItems(read func(text []byte) ([]*item, error)) func(text []byte) ([]report.DecodedMask, error) {
	return func(text []byte) ([]report.DecodedMask, error) {
		items, err := read(text)
		var list []report.DecodedMask
		for _, it := range items {
			if it.sets == nil && it.task != nil {
				it.sets = setsOf(it.task)
			}
			for _, m := range it.sets {
				m.Of = cmp.Or(m.Of, it.from, it.header.from)
				list = append(list, m)
			}
		}
		if list == nil && err == nil {
			err = errNoCaps
		}
		return list, err
	}
}

// setsOf returns the sets of a task that are known.
func setsOf(t *task.Task) (list []report.DecodedMask) {
	for k, value := range t.Sets {
		if set, ok := value.Get(); ok {
			label := procstatus.CapField(capset.Kind(k)).String()
			list = append(list, report.DecodedMask{Label: label, Gap: "\t", Input: set.Hex(), Set: set})
		}
	}
	return list
}
