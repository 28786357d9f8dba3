// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Some lines may come from a status file, from a terminal on which somebody ran capsh, or
// from a ticket that has both, with something before each line. So each line is looked at
// on its own: kinds says what a line can be. Lines that belong together make one item.

// kind is a kind of line. read takes a line, if it is of that kind.
type kind struct {
	name string // in a message
	read func(r *reader, l row) (mine bool, err error)
}

// kinds are the kinds of lines that tell something, the most certain first.
var kinds = []kind{
	{"a line of a status file", (*reader).statusLine},
	{"a line of capsh --print", (*reader).capshLine},
	{"capabilities that getpcaps prints", (*reader).getpcapsLine},
	{"a call of capset", (*reader).straceLine},
	{"fields of Falco", (*reader).falcoLine},
	{"the attribute of a file", (*reader).xattrLine},
	{"a list of a container's configuration", (*reader).listLine},
	{"a decoded bitmap", (*reader).decodedLine},
	{"a bitmap", (*reader).maskLine},
	{"a text form", (*reader).textLine},
	{"a line that getcap prints", (*reader).getcapLine},
	{"a line above a task", (*reader).headerLine},
}

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

// reader reads lines.
type reader struct {
	items  []*item
	open   map[string]*item // the items that further lines may belong to, by what stands before their lines
	file   string           // the file whose attributes follow
	header header           // of the task that follows
	list   *item            // of the names that follow
	aside  []row            // lines that may be of a status file, or of nothing
	said   map[string]bool  // of lines that are known and not read
	table  bool             // the lines are those of such a table
	errs   []lineError
}

// maxErrors is the number of wrong lines after which no further one is read: such a text
// is something else.
const maxErrors = 1000

// readLines returns what the lines of a text tell, and what is wrong with others.
func readLines(text []byte) ([]*item, error) {
	r := &reader{open: map[string]*item{}, said: map[string]bool{}}
	number := 0
	for line := range bytes.Lines(text) {
		number++
		if err := r.line(rowOf(line, number)); err != nil {
			r.fail(number, err)
		}
		if len(r.errs) == maxErrors {
			break
		}
	}
	r.makeTasks()
	for _, l := range r.aside {
		if it := r.open[l.from]; it == nil || it.what != ofStatus {
			r.fail(l.number, l.notUnderstood())
		}
	}
	return r.items, joined(r.errs)
}

// noTask says of what tells of no task what shows it.
var noTask = map[string]string{
	ofFile:  "the capabilities of a file, and of no task: decode shows them, predict tells what executing the file gives",
	ofMask:  "a bitmap without a label, which may be any set of a task: decode shows it",
	ofNames: "a list of names, which may be any set of a task: decode shows it",
	ofList:  "a list of a container's configuration, and no task's set: decode shows it",
	ofCall:  "a call of capset without its result: decode shows it",
}

// tasksOfLines returns the tasks that the lines of a text tell of.
func tasksOfLines(text []byte) ([]*task.Task, error) {
	items, err := readLines(text)
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
		return nil, fmt.Errorf("this is %s", noTask[what])
	}
	return nil, errNoCaps
}

// setsOfLines returns the sets that the lines of a text tell of.
func setsOfLines(text []byte) ([]report.DecodedMask, error) {
	items, err := readLines(text)
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

// lineError is what is wrong with a line.
type lineError struct {
	number int
	err    error
}

func (e lineError) Error() string { return fmt.Sprintf("line %d: %v", e.number, e.err) }
func (e lineError) Unwrap() error { return e.err }

// makeTasks makes the tasks of the items. A wrong line of a status file without sets
// counts if there are others with sets: else it may be of anything.
func (r *reader) makeTasks() {
	var setless []lineError
	tasks := false
	for _, it := range r.items {
		if it.part == nil {
			continue
		}
		var errs []lineError
		it.task, errs = it.part.task()
		it.name()
		tasks = tasks || it.task != nil
		if s, ok := it.part.(*statusPart); ok && it.task == nil && !s.tellsSets() {
			setless = append(setless, errs...)
		} else {
			r.errs = append(r.errs, errs...)
		}
	}
	if tasks {
		r.errs = append(r.errs, setless...)
	}
}

func (r *reader) fail(number int, err error) { r.errs = append(r.errs, lineError{number, err}) }

// line reads a line, with what stands before it or without.
func (r *reader) line(l row) error {
	first := l
	for range 4 {
		for i := range kinds {
			if mine, err := kinds[i].read(r, l); mine {
				r.table = false
				return err
			}
		}
		if mayBeStatus(l.text) {
			r.aside = append(r.aside, l)
			return nil
		}
		rest, ok := peel(l)
		if !ok {
			break
		}
		l = rest
	}
	switch {
	case isNoise(first.text) || isNoise(l.text) && !l.behind:
		return nil
	case r.capsAnywhere(first):
		return nil
	}
	if r.table {
		return nil
	}
	if f := foreign(first.text); f != nil {
		again := r.said[f.what]
		r.said[f.what], r.table = true, f.table
		if again {
			return nil
		}
		return errors.New(f.what)
	}
	return first.notUnderstood()
}

// quoted is how much of a line a message repeats, in bytes.
const quoted = 60

// notUnderstood says that a line is none of the kinds.
func (l row) notUnderstood() error {
	if !l.ended && strings.Trim(l.text, letters) == "" && strings.HasPrefix(l.text, "Cap") {
		return fmt.Errorf("%q: %w", l.text, errCutShort)
	}
	return fmt.Errorf("%q: not understood", shortened(l.text))
}

// shortened returns the beginning of a text.
func shortened(text string) string {
	if len(text) > quoted {
		return strings.ToValidUTF8(text[:quoted], "") + "…"
	}
	return text
}

// joined returns several errors as one, which names the first few.
func joined(errs []lineError) error {
	const few = 3
	slices.SortStableFunc(errs, func(a, b lineError) int { return a.number - b.number })
	switch len(errs) {
	case 0:
		return nil
	case 1:
		return errs[0]
	}
	var list []string
	for _, err := range errs[:min(few, len(errs))] {
		list = append(list, err.Error())
	}
	if n := len(errs) - few; n > 0 {
		list = append(list, fmt.Sprintf("and %d more", n))
	}
	return errors.New(strings.Join(list, "; "))
}

// begin appends an item that the next lines behind from may belong to.
func (r *reader) begin(from, what string, p part) *item {
	it := &item{what: what, from: from, part: p, header: r.header}
	r.header = header{}
	r.items = append(r.items, it)
	r.open[from] = it
	return it
}

// add appends an item that has no other lines.
func (r *reader) add(l row, what string, p part, sets ...report.DecodedMask) {
	it := r.begin(l.from, what, p)
	delete(r.open, l.from)
	it.sets = sets
}

// header is what a line above a task says of it.
type header struct {
	from string // a file
	tid  string
	name string
}

var (
	// headerLine is the line above a task in a report of several, above a file in the output
	// of head and tail, or a word and a colon.
	headerLine = pattern(`^==> (.*?)(?: \((.*)\))? <==$|^([^\s:=]+):$`)
	statusPath = pattern(`^(?:/proc/)?(?:\d+/task/)?(\d+)(?:/status)?$`)
	pidWord    = pattern(`^pid +(\d+)$`)
)

// headerLine takes the line above a task or a file.
func (r *reader) headerLine(l row) (bool, error) {
	found := headerLine().FindStringSubmatch(l.text)
	if found == nil || len(l.text) > longest {
		return false, nil
	}
	clear(r.open)
	r.header = header{from: found[1] + found[3], name: found[2]}
	return true, nil
}

// name gives the task of an item the name and the number that stand above it or in front
// of its lines.
func (it *item) name() {
	t, from := it.task, cmp.Or(it.from, it.header.from)
	if t == nil {
		return
	}
	if it.header.name != "" && it.header.name != "name unknown" && !t.Name.Known() {
		t.Name = task.Known(it.header.name)
	}
	for _, re := range [...]func() *regexp.Regexp{statusPath, pidWord} {
		found := re().FindStringSubmatch(from)
		if found == nil {
			continue
		}
		if tid, err := strconv.Atoi(found[1]); err == nil && !t.Tid.Known() {
			t.Tid = task.Known(tid)
		}
		return
	}
	t.Source = from
}
