// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/command"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/predict"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/table"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/target"
)

var predictCommand = command.Command{
	Name:     "predict",
	Args:     "[flags] FILE | image:PATH [FILE] | --scan [DIR]",
	Operands: []flags.Candidate{flags.AnyFile, flags.AnyDir},
	Summary:  "what execve of a file would give a process",
	About: `Tell which capabilities and ids a process would have after execve of FILE, or
why that fails, by the rules of the kernel. FILE is looked up as the process
itself would: below its root directory, from its working directory, by PATH if
it has no slash, through links and #! interpreters. Nothing is executed. The
exit status is 1 if execve would fail.

A process of a container has what is left after its own execve. To ask whether
the image would start with another program or user, add --entrypoint, which
starts it as containerd does; docker gives a user other than root nothing to
begin with.

With image:PATH, predict says whether an image starts, as whom and with what.
PATH is what docker save or podman save writes, or an OCI layout, as a
directory or an archive; image:PATH:NAME is one of several. --pod starts it as
a manifest says; --uid, --gid, --drop, --add and --no-new-privs stand for what
docker run or a manifest asks for.

With --scan, predict lists the programs below DIR, by default /, that are
set-user-ID or set-group-ID or have capabilities, and what each would give the
process. The first line sums up the list. --sort risk puts first what opens the
node, then what gives root's user id, then what gives less.`,
	Example: `
capinspect predict sh
capinspect predict /bin/sh --uid 1000 --drop all
capinspect predict sh --add net_admin --no-new-privs --json
capinspect predict --scan /usr/bin --uid 1000 --drop all`,
	New: newPredict,
}

type predictConfig struct {
	subject
	format    flags.Formats[*render.Form[predict.Prediction]]
	started   started
	scan, all bool
	columnFlags
	color command.Colour
}

func newPredict() (command.Runner, []flags.Flag) {
	c := &predictConfig{subject: subject{task: target.Self}, format: flags.NewFormats(render.Predictions)}
	return c, slices.Concat(
		[]flags.Flag{
			{Name: "scan", About: "list the programs below DIR that give privileges", Value: (*flags.Bool)(&c.scan)},
			{Name: "all", About: "with --scan, also in other file systems mounted there, and in subvolumes", Value: (*flags.Bool)(&c.all)},
		},
		c.columnFlags.flags(programColumns()...),
		[]flags.Flag{c.color.Flag()},
		c.subject.flags(),
		c.started.flags(),
		c.format.Flags(),
	)
}

func (c *predictConfig) Run(e *command.Env, args []string) (int, error) {
	switch {
	case c.columns == "help":
		return command.StatusOK, e.Write(columnHelp(table.Programs))
	case c.scan && len(args) <= 1:
		return c.list(e, args)
	case c.scan:
		return 0, usagef("want one DIR")
	case c.all:
		return 0, usagef("--all is for --scan")
	case c.columnFlags != columnFlags{} || c.color != "auto":
		return 0, usagef("--columns, --sort, --no-headers and --color are for --scan")
	}
	format, err := c.format.Chosen()
	if err != nil {
		return 0, err
	}
	p, err := c.predict(e, args)
	if err != nil {
		return 0, err
	}
	if err := e.Write(format.Append(nil, p)); err != nil {
		return 0, err
	}
	if p.Result != predict.OK {
		return command.StatusNo, nil
	}
	return command.StatusOK, nil
}

// predict predicts what comes of a program, or of an image.
func (c *predictConfig) predict(e *command.Env, args []string) (*predict.Prediction, error) {
	if len(args) > 0 && strings.HasPrefix(args[0], imagePrefix) {
		return c.image(e, args)
	}
	switch {
	case len(args) != 1:
		return nil, usagef("want one program, as 'capinspect predict /bin/ping'")
	case c.started.asked():
		return nil, usagef("--pod and --runtime are for image:PATH")
	}
	from, err := c.open()
	if err != nil {
		return nil, err
	}
	defer from.Close()
	p, err := from.Predict(c.task, args[0], &c.whatIf)
	if err != nil {
		return nil, c.failed(from, err)
	}
	return p, nil
}

// list lists the programs below a directory.
func (c *predictConfig) list(e *command.Env, args []string) (int, error) {
	format, err := flags.ChooseFormat(render.Scans, c.format.Output, c.format.JSON)
	if err != nil {
		return 0, err
	}
	rows, err := c.table(e, format == render.Scans[0])
	if err != nil {
		return 0, err
	}
	dir := "/"
	if len(args) == 1 {
		dir = args[0]
	}
	from, err := c.open()
	if err != nil {
		return 0, err
	}
	defer from.Close()
	p := e.Waiting("looking for programs")
	found, err := from.Scan(c.task, dir, c.all, &c.whatIf, p.Step)
	p.Clear()
	if err != nil {
		return 0, c.failed(from, err)
	}
	rest := format.Append(nil, found)
	if format == render.Scans[0] {
		rest = rows.Style.Wrap(rest)
		err = e.Write(rows.Style.Wrap([]byte(found.Summary() + "\n")))
		if err == nil && len(found.Programs) > 0 {
			err = rows.Write(e.Output(), found.Programs)
		}
	}
	if err == nil {
		err = e.Write(rest)
	}
	if err != nil {
		return 0, err
	}
	status := command.StatusOK
	for _, err := range found.Failures {
		e.Complain(err)
		status = command.StatusTrouble
	}
	if found.MoreFailures > 0 {
		e.Complain(fmt.Errorf("%d more could not be looked at", found.MoreFailures))
	}
	if found.Left > 0 {
		e.Complain(fmt.Errorf("%d programs are too many to list: scan a part of %s", found.Left, dir))
		status = command.StatusTrouble
	}
	return status, nil
}

// programColumns returns the columns of a scan, for completion.
func programColumns() (list []flags.Candidate) {
	for _, name := range table.Programs.Names() {
		list = append(list, flags.Candidate(name))
	}
	return list
}

// table returns the table of a scan, without rows.
func (c *predictConfig) table(e *command.Env, text bool) (*table.Table[*predict.Prediction], error) {
	if !text && c.columnFlags != (columnFlags{}) {
		return nil, usagef("--columns, --sort and --no-headers are for the table")
	}
	columns, err := choose(&c.columnFlags, table.Programs, &table.ProgramRisk, false)
	if err != nil {
		return nil, err
	}
	style, err := c.color.Style(e)
	if err != nil {
		return nil, err
	}
	return columns.table(table.Text, style), nil
}

// subject are the flags that say for which task the prediction is made, and
// what to assume of that task.
type subject struct {
	task       string
	proc       string
	whatIf     predict.WhatIf
	securebits capset.Securebits
	uid, gid   uint32
}

func (s *subject) flags() []flags.Flag {
	n, caps := []flags.Candidate{flags.Anything}, []flags.Candidate{flags.AnyCap}
	return []flags.Flag{
		target.PIDFlag((*flags.String)(&s.task), "for the process PID"),
		target.ProcFlag(&s.proc),
		{
			Name: "path", Argument: "PATH", Values: []flags.Candidate{flags.AnyFile},
			About: "look for a bare name in PATH, directories separated by colons", Value: (*flags.String)(&s.whatIf.Path),
		},
		{
			Name: "uid", Argument: "N", Values: n, About: "as if all its user ids were N, and its sets as they are",
			Value: flags.Func(func(value string) error {
				s.whatIf.UID = &s.uid
				return parseNumber(&s.uid, value, 10)
			}),
		},
		{
			Name: "gid", Argument: "N", Values: n, About: "as if all its group ids were N",
			Value: flags.Func(func(value string) error {
				s.whatIf.GID = &s.gid
				return parseNumber(&s.gid, value, 10)
			}),
		},
		{
			Name:  "entrypoint",
			About: "as containerd starts the program of a container: with all of the Bounding set in Permitted and Effective",
			Value: (*flags.Bool)(&s.whatIf.Entrypoint),
		},
		{
			Name: "drop", Argument: "CAP,...", Values: caps, About: "as if none of its sets had CAP,..., or all",
			Value: flags.Func(func(value string) error { return addCaps(&s.whatIf.Drop, value) }),
		},
		{
			Name: "add", Argument: "CAP,...", Values: caps,
			About: "as if a runtime had added CAP,... to Permitted, Effective and Bounding, after --drop",
			Value: flags.Func(func(value string) error { return addCaps(&s.whatIf.Add, value) }),
		},
		{Name: "no-new-privs", About: "as if no_new_privs were set", Value: (*flags.Bool)(&s.whatIf.NoNewPrivs)},
		{
			Name: "securebits", Argument: "N", Values: n,
			About: "as if its securebits were N; default is 0, because nobody can read those of another process",
			Value: flags.Func(func(value string) error {
				s.whatIf.Securebits = &s.securebits
				return parseNumber((*uint32)(&s.securebits), value, 0)
			}),
		},
	}
}

// parseNumber sets a number of 32 bits; base 0 is for one that may be written 0x2f.
func parseNumber(n *uint32, value string, base int) error {
	v, err := strconv.ParseUint(value, base, 32)
	if err != nil {
		return errors.New("want a number of 32 bits")
	}
	*n = uint32(v)
	return nil
}

// addCaps adds the capabilities of a list to a set.
func addCaps(set *capset.Set, list string) error {
	if strings.EqualFold(list, "all") {
		*set = predict.AllCaps
		return nil
	}
	more, err := parseCaps(list)
	*set |= more
	return err
}

// open opens the procfs that the task is in.
func (s *subject) open() (*collect.Collector, error) {
	var err error
	if s.task, err = target.PID(s.proc, s.task); err != nil {
		return nil, err
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	return collect.Open(collect.Options{Proc: s.proc, Detail: collect.Surrounded})
}

// check returns what is wrong with the flags.
func (s *subject) check() error {
	for _, id := range [...]*uint32{s.whatIf.UID, s.whatIf.GID} {
		if id != nil && *id == capset.Unchanged {
			return usagef("%d is not an id", *id)
		}
	}
	if both := s.whatIf.Drop & s.whatIf.Add; both != 0 && s.whatIf.Drop != predict.AllCaps {
		return usagef("--drop and --add both have %v", both)
	}
	return nil
}

// failed names the task that an error is of.
func (s *subject) failed(from *collect.Collector, err error) error {
	return report.Failure{Pid: from.Pid(s.task), Err: err}
}
