// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/command"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/containers"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/diff"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/saved"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/table"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/target"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// lists returns two reports of many tasks, if both arguments are that. Else it keeps the only
// task of a file, so that standard input is read once.
func (c *diffConfig) lists(e *command.Env, args []string) (a, b *diff.List, err error) {
	var lists [2]*diff.List
	var found [2]*saved.Listing
	notFile := func(arg string) bool { return !strings.HasPrefix(arg, target.FilePrefix) }
	if slices.ContainsFunc(args, notFile) {
		return nil, nil, nil
	}
	for i, arg := range args {
		l := &diff.List{Label: arg}
		lists[i] = l
		found[i], err = saved.Listed(strings.TrimPrefix(arg, target.FilePrefix), e.Stdin, report.Visitor{
			Task: l.Add,
			Sum:  func(sum *containers.Sum) { l.Sums = append(l.Sums, sum) },
			End:  l.StampedBy,
		})
		if err != nil && !found[i].Report && found[i].Tasks > 0 {
			c.wrong, err = append(c.wrong, err), nil
		}
		if err != nil {
			return nil, nil, err
		}
	}
	if c.asList(found[0], found[1]) && c.asList(found[1], found[0]) {
		return lists[0], lists[1], nil
	}
	c.only = map[string]*task.Task{}
	for i, arg := range args {
		if c.only[strings.TrimPrefix(arg, target.FilePrefix)], err = found[i].Only(); err != nil {
			return nil, nil, err
		}
	}
	return nil, nil, nil
}

// asList reports whether a file can be compared as a whole with another one. A report of one
// task is taken for that task, unless the other one has none, or somebody asks for what two
// reports alone have.
func (c *diffConfig) asList(one, other *saved.Listing) bool {
	asked := c.failOn == onGain || table.Form(c.format.Output).Valid()
	return one.Many() || one.Empty() || one.Report && (asked || other.Empty())
}

// drift compares two reports.
func (c *diffConfig) drift(e *command.Env, a, b *diff.List, style render.Style) (int, error) {
	format, err := flags.ChooseFormat(render.Drifts, c.format.Output, c.format.JSON)
	if err != nil {
		return 0, err
	}
	d := diff.Compared(a, b)
	rows := table.Table[*diff.Entry]{Columns: table.Drift.All(), Header: true, Style: style}
	if form := table.Form(format.Name); form.Valid() {
		rows.Form, rows.Style = form, render.Style{}
		err = rows.Write(e.Output(), d.Entries)
		if note := format.Append(nil, d); err == nil && len(note) > 0 {
			e.Note("%s", bytes.TrimSuffix(note, []byte("\n")))
		}
	} else {
		err = e.Write(format.Styled(nil, d, style))
		if err == nil && format == render.Drifts[0] && !d.Equal() {
			err = rows.Write(e.Output(), d.Entries)
		}
	}
	if err != nil {
		return 0, err
	}
	for _, err := range c.wrong {
		e.Complain(err)
	}
	switch {
	case len(c.wrong) > 0:
		return command.StatusTrouble, nil
	case d.Equal() || c.failOn == onGain && !d.Gains():
		return command.StatusOK, nil
	}
	return command.StatusNo, nil
}

// onGain and onAny are what --fail-on takes.
const (
	onGain = "gain"
	onAny  = "any"
)
