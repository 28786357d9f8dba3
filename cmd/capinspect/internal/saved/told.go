// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/saved/notation"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// tableLine takes the header and the rows of a table. A line that is no right row of it may be
// of another kind: the table has no end that can be seen.
func (r *reader) tableLine(l row) (bool, error) {
	if table := notation.Header(l.text); table != nil {
		r.rows = table
		return true, nil
	}
	if r.rows == nil {
		return false, nil
	}
	told, err := r.rows.Row(l.text)
	r.addTold(l, told)
	if r.wrongRow == nil {
		r.wrongRow = err
	}
	return told != nil, nil
}

// toldLine takes a line that stands for itself.
func (r *reader) toldLine(l row) (bool, error) {
	told, err := notation.Line(l.text)
	r.addTold(l, told)
	return told != nil || err != nil, err
}

// addTold appends the items of what a line tells.
func (r *reader) addTold(l row, told *notation.Told) {
	if told == nil {
		return
	}
	for _, f := range told.Files {
		r.addFile(l, f.Path, f.Caps)
	}
	for _, list := range told.Lists {
		of := ofBefore
		if told.What == notation.Flags {
			of = ofFlags
		}
		r.add(l, of, nil, report.DecodedMask{Label: list.Label, Gap: " ", Input: l.text, Set: list.Set})
	}
	for _, t := range told.Tasks {
		of := l.from
		switch {
		case t.Name != "" && t.Pid > 0:
			of = t.Name + " (pid " + strconv.Itoa(t.Pid) + ")"
		case t.Pid > 0:
			of = "pid " + strconv.Itoa(t.Pid)
		}
		r.addSets(l, told.What, of, &setsPart{sets: t.Sets, tid: t.Pid, name: t.Name, uid: t.UID, noNewPrivs: t.NoNewPrivs}, true)
	}
}

// expressionLine takes a set that programs write as an expression, and a short form of it.
func (r *reader) expressionLine(l row) (bool, error) {
	text := strings.Trim(l.text, "\"'`,;")
	set, ok := notation.Expression(text)
	if l.from != "" && strings.HasPrefix(text, "[") { // what stands before it is another one
		return false, nil
	}
	if !ok && !l.behind && (!l.peeled || strings.ContainsAny(text, "+-")) { // "# docker" is a comment
		set, ok = notation.Short(text)
	}
	if ok {
		r.add(l, ofNames, nil, report.DecodedMask{Of: l.from, Input: l.text, Set: set})
	}
	return ok, nil
}

// isNames reports whether a text is a list of names in brackets, of one line or several.
func isNames(text []byte) bool {
	if len(text) > longest || !isJSON(text) {
		return false
	}
	_, ok := notation.Expression(strings.Join(strings.Fields(string(text)), " "))
	return ok
}

// readNames returns the set of such a list.
func readNames(text []byte) ([]*item, error) {
	joined := strings.Join(strings.Fields(string(text)), " ")
	set, _ := notation.Expression(joined)
	return []*item{{what: ofNames, sets: []report.DecodedMask{{Input: joined, Set: set}}}}, nil
}

// onlyEffective is why the other ids are unknown of a task that a table lists.
const onlyEffective = "the table does not show it"

// known gives the task what else is known of it.
func (p *setsPart) known(t *task.Task) {
	if p.name != "" {
		t.Name = task.Known(p.name)
	}
	if p.uid != nil {
		t.UID, t.Partly = task.Known(task.AllIDs(*p.uid)), onlyEffective
	}
	if p.noNewPrivs != nil {
		t.NoNewPrivs = task.Known(*p.noNewPrivs)
	}
}
