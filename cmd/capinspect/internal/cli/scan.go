// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"syscall"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/cli/columns"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/command"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/predict"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/table"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/target"
)

var scanCommand = command.Command{
	Name:     "scan",
	Args:     "[flags] [DIR | image:PATH]",
	Operands: []flags.Candidate{flags.AnyDir},
	Summary:  "the programs below a directory that give privileges",
	About: `List the programs below DIR, by default /, that are set-user-ID or set-group-ID
or have capabilities, and what execve of each would give a process, or why it
would fail. The process is capinspect's own, or that of -p: DIR is looked up
below its root directory, from its working directory. Nothing is executed.

With --profile, the question is what they would give a container that starts
with the Bounding set of a profile, and with --pod, a container of a manifest.

With image:PATH, as predict takes it, the files are those of an image, and the
question is what they would give a container that is started from it.

The first line sums up the list. First comes what opens the node, then what
gives root's user id, then what gives less; --sort file sorts by path. Programs
that fail for a capability of theirs (EPERM) are named below. The exit status
is 2 if something could not be read.`,
	Example: `
capinspect scan
capinspect scan /usr/bin --uid 1000 --drop all
capinspect scan /usr/bin --uid 1000 --profile docker --json`,
	New: newScan,
}

type scanConfig struct {
	subject
	format  flags.Formats[*render.Form[predict.Scan]]
	started started
	profile string
	all     bool
	columns columns.Asked
	color   command.Colour
}

// aScan returns the defaults of a scan.
func aScan() scanConfig {
	return scanConfig{subject: subject{task: target.Self}, format: flags.NewFormats(render.Scans)}
}

func newScan() (command.Runner, []flags.Flag) {
	c := aScan()
	return &c, slices.Concat(c.ownFlags(), c.subject.flags(), c.startFlags(), c.format.Flags())
}

// startFlags returns the flags that say which container executes the programs.
func (c *scanConfig) startFlags() []flags.Flag {
	return append([]flags.Flag{{
		Name: "profile", Argument: "PROFILE", Values: []flags.Candidate{flags.AnyProfile}, NotEmpty: true,
		About: "for a container with the Bounding set of PROFILE, root unless --uid says otherwise", Value: (*flags.String)(&c.profile),
	}}, c.started.flags("", "for a container as the manifest FILE, or FILE:CONTAINER, starts it")...)
}

// ownFlags returns the flags of a scan but those of every prediction.
func (c *scanConfig) ownFlags() []flags.Flag {
	return slices.Concat(
		[]flags.Flag{{Name: "all", About: "look also into other file systems mounted below DIR, and into subvolumes", Value: (*flags.Bool)(&c.all)}},
		c.columns.Flags(programColumns()...),
		[]flags.Flag{c.color.Flag()},
	)
}

func (c *scanConfig) Run(e *command.Env, args []string) (int, error) {
	if c.columns.Names == "help" {
		return command.StatusOK, e.Write(columns.Help(table.Programs))
	}
	dir := "/"
	switch {
	case len(args) > 1:
		return 0, usagef("want one DIR")
	case len(args) == 1:
		dir = args[0]
	}
	format, err := c.format.Chosen()
	if err != nil {
		return 0, err
	}
	rows, err := c.table(e, format.Name)
	if err != nil {
		return 0, err
	}
	found, err := c.search(e, dir)
	if err != nil {
		return 0, err
	}
	if err := write(e, found, format, rows); err != nil {
		return 0, err
	}
	return complain(e, found), nil
}

// search looks for the programs below a directory.
func (c *scanConfig) search(e *command.Env, dir string) (*predict.Scan, error) {
	if strings.HasPrefix(dir, imagePrefix) {
		i, m, err := c.asked(e, dir)
		if err != nil {
			return nil, err
		}
		return i.Scan(m, &predict.WhatIf{Securebits: c.whatIf.Securebits})
	}
	from, err := c.open(c.profile != "" || c.started.pod != "")
	if err != nil {
		return nil, err
	}
	defer from.Close()
	if err := c.start(e); err != nil {
		return nil, err
	}
	p := e.Waiting("looking for programs")
	found, err := from.Scan(c.task, dir, c.all, &c.whatIf, p.Step)
	p.Clear()
	if err != nil {
		return nil, c.unscanned(from, dir, err)
	}
	return found, nil
}

// unscanned words why a directory is not scanned. Only that of another process needs its pid.
func (c *scanConfig) unscanned(from *collect.Collector, dir string, err error) error {
	wrong, ok := errors.AsType[*fs.PathError](err)
	if !ok {
		return c.failed(from, err)
	}
	err = fmt.Errorf("%s: %w", wrong.Path, wrong.Err)
	switch {
	case c.task != target.Self:
		return c.failed(from, err)
	case errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("%s: not a directory: use 'capinspect predict %[1]s' for a program, 'capinspect scan image:%[1]s' for an image", dir)
	}
	return err
}

// write writes what was found.
func write(e *command.Env, found *predict.Scan, format *render.Form[predict.Scan], rows *table.Table[*predict.Prediction]) error {
	rest := format.Append(nil, found)
	switch {
	case rows == nil:
		return e.Write(rest)
	case rows.Form != table.Text:
		return rows.Write(e.Output(), found.Programs)
	}
	err := e.Write(rows.Style.Wrap([]byte(found.Summary() + "\n")))
	if err == nil && len(found.Programs) > 0 {
		err = rows.Write(e.Output(), found.Programs)
	}
	if err == nil {
		err = e.Write(rows.Style.Wrap(rest))
	}
	return err
}

// complain says what could not be looked at or listed, and returns the exit status.
func complain(e *command.Env, found *predict.Scan) int {
	status := command.StatusOK
	for _, err := range found.Failures {
		e.Complain(err)
		status = command.StatusTrouble
	}
	if found.MoreFailures > 0 {
		e.Complain(fmt.Errorf("%d more could not be looked at", found.MoreFailures))
	}
	if found.Left > 0 {
		e.Complain(fmt.Errorf("%d programs are too many to list: scan a part of %s", found.Left, found.Dir))
		status = command.StatusTrouble
	}
	return status
}

// programColumns returns the columns of a scan, for completion.
func programColumns() (list []flags.Candidate) {
	for _, name := range table.Programs.Names() {
		list = append(list, flags.Candidate(name))
	}
	return list
}

// table returns the table of a scan, without rows; nil for a format that has none. The programs
// that give most come first.
func (c *scanConfig) table(e *command.Env, format string) (*table.Table[*predict.Prediction], error) {
	form := table.Form(format)
	if format == render.Scans[0].Name {
		form = table.Text
	}
	if err := c.columns.Fit(string(form)); err != nil || !form.Valid() {
		return nil, err
	}
	chosen, err := columns.Choose(&c.columns, table.Programs, &table.ProgramRisk, false)
	if err != nil {
		return nil, err
	}
	style, err := c.color.Style(e)
	if err != nil {
		return nil, err
	}
	rows := chosen.Table(form, style)
	if rows.Sort == nil {
		rows.Sort = &table.ProgramRisk
	}
	return rows, nil
}
