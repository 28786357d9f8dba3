// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/saved/notation"
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
	{"the last capability of a kernel", (*reader).lastCapLine},
	{"a row of a table", (*reader).tableLine},
	{"a line of a status file", (*reader).statusLine},
	{"a line of capsh --print", (*reader).capshLine},
	{"a call of capset", (*reader).straceLine},
	{"a line of getpcaps, audit, captree, setcap, docker run or Falco", (*reader).toldLine},
	{"the attribute of a file", (*reader).xattrLine},
	{"a set with its name", (*reader).labelledLine},
	{"a list of a container's configuration", (*reader).listLine},
	{"a decoded bitmap", (*reader).decodedLine},
	{"an expression", (*reader).expressionLine},
	{"a bitmap", (*reader).maskLine},
	{"a text form", (*reader).textLine},
	{"a line that getcap prints", (*reader).getcapLine},
	{"a line above a task", (*reader).headerLine},
}

// reader reads lines.
type reader struct {
	items    []*item
	open     map[string]*item // the items that further lines may belong to, by what stands before their lines
	file     string           // the file whose attributes follow
	header   header           // of the task that follows
	statuses map[string]bool  // what stands before lines of a status file
	list     *item            // of the names that follow
	asked    string           // the last command
	shown    string           // the status file that a command has shown
	lastCaps []capset.Cap     // of the kernel, which a command has shown
	aside    []row            // lines that may be of a status file, or of nothing
	noise    []row            // commands in which a set has a name
	said     map[string]bool  // of lines that are known and not read
	table    bool             // the lines are those of such a table
	rows     *notation.Table  // of which further rows may follow
	wrongRow error            // of the line that is read, as a row of that table
	errs     []lineError
	wrong    int // the length of the lines that have one

	examined int // lines that do not belong to a status file of today, at first sight
}

// maxErrors is the number of wrong lines after which no further one is read: such a text
// is something else.
const maxErrors = 1000

// maxWrong is the length of the lines that are not understood after which no further one is
// read either, in bytes.
const maxWrong = 256 << 10

// maxExamined is the number of lines that are examined for more than being one of a status
// file that a kernel of today prints.
const maxExamined = 50_000

// maxItems is the number of tasks, files and sets that a text may tell of: as many as a
// large node has threads.
const maxItems = 1 << 15

// readLines returns what the lines of a text tell, and what is wrong with others.
func readLines(text []byte) ([]*item, error) {
	r := &reader{open: map[string]*item{}, said: map[string]bool{}, statuses: map[string]bool{}}
	for l := range rows(text) {
		if err := r.line(l); err != nil {
			r.fail(l.number, err)
			r.wrong += len(l.text)
		}
		if len(r.items) > maxItems {
			r.fail(l.number, errTooMany)
		}
		if len(r.errs) >= maxErrors || r.wrong > maxWrong || len(r.items) > maxItems || r.examined > maxExamined {
			break
		}
	}
	if len(r.items) == 0 { // a command may have a set as well
		for _, l := range r.noise {
			r.fieldsAnywhere(l)
		}
	}
	r.makeTasks()
	for _, l := range r.aside {
		if !r.statuses[l.from] && !(isPath().MatchString(l.text) && r.files()) {
			err := l.notUnderstood()
			if f := foreign(l.text); f != nil {
				err = errors.New(f.what)
			}
			r.fail(l.number, err)
		}
	}
	if err := r.nothing(); err != nil {
		return nil, err
	}
	return r.items, joined(r.errs)
}

// lineError is what is wrong with a line.
type lineError struct {
	number int
	err    error
}

func (e lineError) Error() string { return fmt.Sprintf("line %d: %v", e.number, e.err) }
func (e lineError) Unwrap() error { return e.err }

// nothing says of a text of which no line is understood how it begins.
func (r *reader) nothing() error {
	if len(r.items) > 0 || len(r.errs) < 2 {
		return nil
	}
	for _, err := range r.errs {
		if _, ok := errors.AsType[*unknownLine](err); !ok {
			return nil
		}
	}
	first := r.errs[0].err.(*unknownLine)
	return fmt.Errorf("no line tells a capability: it begins with %q", first.text)
}

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
		r.giveLastCap(it)
		it.task, errs = it.part.task()
		if last, ok := r.lastCap(); ok && it.task != nil {
			it.task.LastCap = task.LastCap{Value: last, From: task.FromKernel}
		}
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
	if isLong(l.text) {
		return r.longLine(l)
	}
	if l.text == "" {
		return nil
	}
	if mine, err := r.statusLine(l); mine {
		r.table = false
		return err
	}
	other := tabbed().MatchString(l.text) && !capAnywhere().MatchString(l.text)
	if !other || strings.HasPrefix(l.text, "Cap") {
		r.examined++
	}
	switch {
	case r.examined > maxExamined:
		return errTooManyLines
	case other:
		r.setAside(l)
		return nil
	}
	first := l
	r.wrongRow = nil
	for range 4 {
		for i := range kinds {
			if mine, err := kinds[i].read(r, l); mine {
				r.table = false
				return err
			}
		}
		switch {
		case mayBeStatus(l.text):
			r.setAside(l)
			return nil
		case l == first && isPath().MatchString(l.text) && len(r.aside) < maxErrors:
			r.aside = append(r.aside, l)
			return nil
		}
		rest, ok := peel(l)
		if !ok {
			break
		}
		l = rest
	}
	r.command(first.text)
	switch {
	case isNoise(first.text) || isNoise(l.text) && !l.behind:
		if capName().MatchString(first.text) && len(r.noise) < maxErrors {
			r.noise = append(r.noise, first)
		}
		return nil
	case r.fieldsAnywhere(first):
		return nil
	case r.table, r.file != "" && notation.OtherAttribute(first.text):
		return nil
	case noiseAbove().MatchString(first.text):
		r.table = true
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
	if notation.OtherRecord(first.text) || r.otherAnywhere(first) {
		return nil
	}
	if r.wrongRow != nil {
		return r.wrongRow
	}
	return first.notUnderstood()
}

// setAside keeps a line that belongs to a status file, if there is one.
func (r *reader) setAside(l row) {
	if it := r.open[l.from]; it != nil && it.what == ofStatus {
		it.part.(*statusPart).add(l)
	}
	if len(r.aside) < maxErrors {
		r.aside = append(r.aside, l)
	}
}

// longLine reads a line that is longer than any but those of a status file.
func (r *reader) longLine(l row) error {
	mine, err := r.statusLine(l)
	switch {
	case mine:
		return err
	case mayBeStatus(shortened(l.text)):
		r.setAside(l)
		return nil
	}
	return l.notUnderstood()
}

// quoted is how much of a line a message repeats, in bytes.
const quoted = 60

// notUnderstood says that a line is of no known kind.
func (l row) notUnderstood() error {
	if !l.ended && strings.Trim(l.text, letters) == "" && strings.HasPrefix(l.text, "Cap") {
		return fmt.Errorf("%q: %w", l.text, errCutShort)
	}
	if err := almost(l.text); err != nil {
		return err
	}
	return &unknownLine{shortened(l.text)}
}

// unknownLine says that a line is of no kind.
type unknownLine struct{ text string }

func (e *unknownLine) Error() string { return fmt.Sprintf("%q: not understood", e.text) }

// almost says what is wrong with a line that is a bitmap, a name or a text form but for
// that, nil if it is none.
func almost(text string) error {
	switch {
	case strings.HasPrefix(text, "cap_") && strings.ContainsAny(text, "=+"):
		_, err := capset.ParseText(text, capset.LastKnown)
		return err
	case strings.HasPrefix(text, "0x") && !strings.Contains(text, " "):
		_, err := capset.ParseHex(text)
		return fmt.Errorf("%q: %w", shortened(text), err)
	case !strings.ContainsAny(text, ":/ "):
		_, err := capset.ParseList(text)
		if unknown, ok := errors.AsType[*capset.UnknownError](err); ok && len(unknown.Close()) > 0 {
			return err
		}
	}
	return nil
}

// shortened returns the beginning of a text.
func shortened(text string) string { return cut(text, quoted) }

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
	if what == ofStatus {
		r.statuses[from] = true
	}
	r.header = header{}
	r.items = append(r.items, it)
	r.open[from] = it
	return it
}

// add appends an item that has no other lines. One that is no task may stand among the lines
// of a task, as what decode makes of each.
func (r *reader) add(l row, what string, p part, sets ...report.DecodedMask) {
	before := r.open[l.from]
	r.begin(l.from, what, p).sets = sets
	if p == nil && before != nil {
		r.open[l.from] = before
	} else {
		delete(r.open, l.from)
	}
}

// header is what a line above a task says of it.
type header struct {
	from string // a file
	name string
}

var (
	// headerLine is the line above a task in a report of several, above a file in the output
	// of head and tail, a word and a colon, a path as rg has it, or a word that a script
	// marks as a title.
	headerLine = pattern(`^==> (.*?)(?: \((.*)\))? <==$|^([^\s:=]+):$|^((?:\S*/)?\d+/status)$|^={2,} +(?:pid +)?([^\s,]+?):?(?: +={2,})?$|^-{2,} +(?:pid +)?([^\s,]+?):? +-{2,}$`)
	statusPath = pattern(`^(?:/proc/)?(?:\d+/task/)?(\d+)(?:/status)?$`)
	pidWord    = pattern(`^pid +(\d+)$`)
)

// emptyLine is the name of a line of a status file that may have no value, with what stands
// before it. Where the blank at its end is lost it looks like a word and a colon.
var emptyLine = pattern(`(?:^|\W)(?:Groups|x86_Thread_features\w*)$`)

// headerLine takes the line above a task or a file.
func (r *reader) headerLine(l row) (bool, error) {
	if !strings.HasPrefix(l.text, "==") && !strings.HasPrefix(l.text, "--") && !strings.HasSuffix(l.text, ":") && !strings.HasSuffix(l.text, "/status") {
		return false, nil
	}
	found := headerLine().FindStringSubmatch(l.text)
	if found == nil || emptyLine().MatchString(found[3]) || strings.EqualFold(found[3], "capabilities") || isSet(found[5]+found[6]) {
		return false, nil
	}
	clear(r.open)
	r.header = header{from: found[1] + found[3] + found[4] + found[5] + found[6], name: found[2]}
	return true, nil
}

// isSet reports whether a word is a bitmap or the name of a capability, and no title.
func isSet(word string) bool {
	return strings.HasPrefix(word, "0x") || len(word) == kernelDigits && IsMask(word) || strings.HasPrefix(strings.ToLower(word), "cap_")
}

// name gives the task of an item the name and the number above it or in front of its
// lines.
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
