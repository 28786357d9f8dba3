// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"bytes"
	"errors"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/saved/config"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// format is one kind of text that people have: what a message calls it, how it is
// recognised, and what it tells.
type format struct {
	name string // reads well behind "this is", as "a status file"
	is   func(text []byte) bool

	// tasks and sets return what the text tells. What a line tells stands even where the
	// error names another line. A format without tasks tells of none; without sets, its sets
	// are those of its tasks.
	tasks func(text []byte) ([]*task.Task, error)
	sets  func(text []byte) ([]report.DecodedMask, error)

	// asks returns the tasks that a text asks somebody to start, on a kernel with the given
	// last capability. It stands in place of tasks.
	asks func(text []byte, last capset.Cap) ([]*task.Task, error)

	// concluded says that the tasks come with the profile and the notes that follow from
	// their values.
	concluded bool

	// listed says that it may also be a report by container.
	listed bool
}

// formats are the kinds of text. The first that recognises a text reads it, so the last
// one takes what is left.
var formats = []format{
	{name: "a container's configuration", is: config.IsInspect, asks: config.Inspect},
	{name: "a compose file", is: config.IsCompose, asks: config.Compose},
	{name: "a unit of podman", is: config.IsQuadlet, asks: config.Quadlet},
	{name: "a unit of systemd", is: config.IsUnit, asks: config.Unit},
	{name: "events of Tetragon, Falco or the journal", is: isEvents, tasks: tasksOf(readEvents), sets: setsOfItems(readEvents)},
	{name: "a manifest of Kubernetes", is: isManifest, tasks: refuseManifest},
	{name: "a list of names", is: isNames, tasks: tasksOf(readNames), sets: setsOfItems(readNames)},
	{name: "JSON", is: isOtherJSON, tasks: refuseJSON},
	{name: "a report of capinspect", is: isReport, tasks: report.Read, concluded: true, listed: true},
	{name: "lines of text", is: anything, tasks: tasksOf(readLines), sets: setsOfItems(readLines)},
}

// formatOf returns the kind of a text.
func formatOf(text []byte) *format {
	for i := range formats {
		if formats[i].is(text) {
			return &formats[i]
		}
	}
	return nil
}

func anything([]byte) bool { return true }

// isObject reports whether a text is a JSON object as far as its first characters tell.
func isObject(text []byte) bool {
	inner, ok := bytes.CutPrefix(bytes.TrimLeft(text, blanks), []byte("{"))
	inner = bytes.TrimLeft(inner, blanks)
	return ok && (len(inner) == 0 || inner[0] == '"' || inner[0] == '}')
}

// blanks are those of JSON.
const blanks = " \t\r\n"

// Tasks returns the tasks that the text of a file tells of. The name is that of the file,
// "-" for standard input. last is the last capability of their kernels if somebody gave it;
// without it, it is what a report says, or a guess by the sets. There may be both tasks and
// an error.
func Tasks(name string, text []byte, last *capset.Cap) ([]*task.Task, error) {
	text = unwrapped(text)
	f := formatOf(text)
	tasks, err := f.read(text, last)
	for _, t := range tasks {
		if f.asks != nil {
			t.Source = ""
			if len(tasks) > 1 && t.Asked != nil {
				t.Source = t.Asked.Name
			}
		}
		settle(t, name, last)
		if !f.concluded {
			t.FindProfile()
			t.Remark()
		}
	}
	if err != nil {
		err = inFile(name, err)
	}
	return tasks, err
}

// maxName and maxLabel are how much is kept of a name and of the label of a security module, in
// bytes: nobody takes longer ones.
const (
	maxName  = 256
	maxLabel = 4 << 10
)

// shortNames shortens the names of a task that are too long for anything but a file.
func shortNames(t *task.Task) {
	if name, ok := t.Name.Get(); ok {
		t.Name = task.Known(cut(name, maxName))
	}
	names := []*string{&t.Source}
	if a := t.Asked; a != nil {
		names = append(names, &a.Name, &a.Pod, &a.Namespace, &a.Runtime)
	}
	if c := t.Container.Zero(); c != nil {
		names = append(names, &c.Name, &c.ID, &c.Runtime, &c.PodUID, &c.PodID, &c.SandboxID, &c.PodName, &c.PodNamespace, &c.Hostname)
	}
	for _, name := range names {
		*name = cut(*name, maxName)
	}
	if l, ok := t.Label.Get(); ok {
		l.Label = cut(l.Label, maxLabel)
		t.Label = task.Known(l)
	}
}

func cut(text string, most int) string {
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// settle says of a task which file it is from, its source being the part of it, and gives it
// the last capability of its kernel.
func settle(t *task.Task, name string, last *capset.Cap) {
	shortNames(t)
	t.Source = sourceOf(name, t.Source)
	if last != nil {
		t.LastCap = task.LastCap{Value: *last, From: task.FromFlag}
	}
	t.Guess()
	for _, state := range t.States() {
		state.Source, state.LastCap = t.Source, t.LastCap
	}
}

// read returns the tasks that a text of the format tells of.
func (f *format) read(text []byte, last *capset.Cap) ([]*task.Task, error) {
	switch {
	case f.asks != nil && last != nil:
		return f.asks(text, *last)
	case f.asks != nil:
		return f.asks(text, capset.LastKnown)
	case f.tasks != nil:
		return f.tasks(text)
	}
	return nil, errors.New("this is " + f.name + ", which is about no task")
}

// sourceOf returns the source of a task that is told by a part of a file.
func sourceOf(name, part string) string {
	if part == "" || part == name {
		return name
	}
	return name + ":" + part
}

// Sets returns the sets that the text of a file tells of. There may be both sets and an
// error.
func Sets(name string, text []byte) ([]report.DecodedMask, error) {
	text = unwrapped(text)
	f := formatOf(text)
	read := f.sets
	if read == nil {
		read = f.setsOfTasks
	}
	list, err := read(text)
	if err != nil {
		err = inFile(name, err)
	}
	return list, err
}

// setsOfTasks returns the sets of the tasks that a text tells of. A part of a text that has
// no task may still have lists.
func (f *format) setsOfTasks(text []byte) (list []report.DecodedMask, err error) {
	tasks, err := f.read(text, nil)
	for _, t := range tasks {
		list = append(list, setsOf(t)...)
	}
	if list == nil {
		if lists, _ := setsOfItems(readLines)(text); lists != nil {
			return lists, nil
		}
		if err == nil {
			err = errNoCaps
		}
	}
	return list, err
}
