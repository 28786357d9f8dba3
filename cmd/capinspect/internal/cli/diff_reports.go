// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/command"
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
	var all [2]*report.Listed
	for i, arg := range args {
		path, file := strings.CutPrefix(arg, target.FilePrefix)
		if !file {
			return nil, nil, nil
		}
		if all[i], err = saved.Listed(path, e.Stdin); err != nil {
			return nil, nil, err
		}
	}
	if many(all[0]) && many(all[1]) {
		return listOf(args[0], all[0]), listOf(args[1], all[1]), nil
	}
	c.only = map[string]*task.Task{}
	for i, arg := range args {
		path := strings.TrimPrefix(arg, target.FilePrefix)
		if all[i].Sums != nil {
			return nil, nil, usagef("%s is a report by container: compare it with another report of many tasks or containers", arg)
		}
		if c.only[path], err = saved.Only(path, all[i].Tasks); err != nil {
			return nil, nil, err
		}
	}
	return nil, nil, nil
}

// many reports whether a file tells of more than one task that runs or has run.
func many(all *report.Listed) bool {
	return all.Sums != nil || len(all.Tasks) > 1 && all.Tasks[0].Asked == nil
}

func listOf(label string, all *report.Listed) *diff.List {
	l := &diff.List{Label: label, Reported: all.Reported, Tasks: all.Tasks, Sums: all.Sums}
	if len(all.Tasks) > 0 {
		l.Reported = all.Tasks[0].Reported
	}
	return l
}

// drift compares two reports.
func (c *diffConfig) drift(e *command.Env, a, b *diff.List, style render.Style) (int, error) {
	format, err := flags.ChooseFormat(render.Drifts, c.format.Output, c.format.JSON)
	if err != nil {
		return 0, err
	}
	d := diff.Compared(a, b)
	err = e.Write(format.Styled(nil, d, style))
	if err == nil && format == render.Drifts[0] && !d.Equal() {
		rows := table.Table[*diff.Entry]{Columns: table.Drift.All(), Header: true, Style: style}
		err = rows.Write(e.Output(), d.Entries)
	}
	if err != nil {
		return 0, err
	}
	if d.Equal() || c.failOn == onGain && !d.Gains() {
		return command.StatusOK, nil
	}
	return command.StatusNo, nil
}

// onGain and onAny are what --fail-on takes.
const (
	onGain = "gain"
	onAny  = "any"
)
