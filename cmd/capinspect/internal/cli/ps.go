// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/command"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/table"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/target"
)

var psCommand = command.Command{
	Name:     "ps",
	Args:     "[flags] [PID ...]",
	Operands: []flags.Candidate{flags.AnyPID},
	Summary:  "many tasks: table, tree, per container",
	About: `List processes with their capabilities; without a PID all that can be seen.
Kernel threads are left out and counted, unless they are asked for. Without -t
or -T only the leader of each process is judged: another thread may hold more.
A set is written as all, none, all but some, what it has more and less than the
default of a runtime, as docker+net_admin-mknod, its names, or, where these are
long, a bitmap. A Bounding set alone does not make a task privileged.

@child behind a set: it is held in a child user namespace, and counts for what
that owns alone. Without --privileged, --cap or the column USERNS, a task is
looked at for that only if its uid is not 0 or it is in another pid namespace.

With --by container, EFFECTIVE, PERMITTED and BOUNDING are what any process of
the container has, and NNP and SECCOMP are "no" if any process is without. "-"
is no container, "?" what is not known. The sandboxes of pods are left out.`,
	Example: `
capinspect ps
capinspect ps --privileged
capinspect ps -t --cap sys_admin,net_admin
capinspect ps -n 'capins*' --columns +USER,CAPS
capinspect ps -o tree self
capinspect ps --by container -o jsonl
capinspect ps --privileged -o markdown`,
	New: newPs,
}

type psConfig struct {
	target.List
	format     flags.Formats[*psFormat]
	privileged bool
	kernelToo  bool
	caps       flags.Repeated // each a list of its own
	name       string
	user       string
	container  string
	by         string
	sandboxes  bool
	columns    string
	sort       string
	noHeaders  bool
	full       bool
	every      flags.Interval
	pods       string
}

var psFormats = []*psFormat{{string(table.Text)}, {"tree"}, {"json"}, {"jsonl"}, {string(table.CSV)}, {string(table.Markdown)}}

type psFormat struct{ name string }

// tabular reports whether it is a table, whatever it is written as.
func (f *psFormat) tabular() bool { return table.Form(f.name).Valid() }

// FormName returns the name of the format.
func (f *psFormat) FormName() string { return f.name }

func newPs() (command.Runner, []flags.Flag) {
	c := &psConfig{format: flags.NewFormats(psFormats)}
	return c, slices.Concat(
		[]flags.Flag{target.PIDFlag(&c.PIDs, "look at this PID, or at several with commas between")},
		c.Threads.Flags(),
		c.selectionFlags(),
		c.format.Flags(),
		c.outputFlags(),
		[]flags.Flag{target.ProcFlag(&c.Proc), target.LastCapFlag(&c.LastCap, target.LastCapOfTasks)},
	)
}

// selectionFlags returns the flags that say which tasks are listed, and whether
// each has a row of its own.
func (c *psConfig) selectionFlags() []flags.Flag {
	return []flags.Flag{
		{
			Name: "privileged", About: "only tasks with anything in Permitted, Effective, Inheritable or Ambient",
			Value: (*flags.Bool)(&c.privileged),
		},
		{
			Name: "cap", Argument: "[SET:]CAP,...", Values: []flags.Candidate{flags.AnySetPrefix, flags.AnyCap},
			About: "only tasks that hold any of [SET:]CAP,... in the set, or in any but Bounding", Value: &c.caps,
		},
		{
			Name: "name", Shorthand: "n", Argument: "GLOB", Values: []flags.Candidate{flags.Anything}, NotEmpty: true,
			About: "only tasks whose name, of 15 bytes at the most, matches GLOB", Value: (*flags.String)(&c.name),
		},
		{
			Name: "user", Shorthand: "u", Argument: "USER", Values: []flags.Candidate{flags.AnyUser}, NotEmpty: true,
			About: "only tasks of this effective USER, a name or a number", Value: (*flags.String)(&c.user),
		},
		{
			Name: "container", Argument: "ID", Values: []flags.Candidate{flags.Anything}, NotEmpty: true,
			About: "only tasks of the container or pod whose id starts with ID", Value: (*flags.String)(&c.container),
		},
		{
			Name: "kernel-threads", About: "also kernel threads, which are left out unless their PIDs are given",
			Value: (*flags.Bool)(&c.kernelToo),
		},
		{
			Name: "by", Argument: "WHAT", Values: []flags.Candidate{"container"},
			About: "one row for each WHAT: container", Value: (*flags.String)(&c.by),
		},
		{
			Name: "sandboxes", About: "let --by container include the sandboxes of pods, their pause containers",
			Value: (*flags.Bool)(&c.sandboxes),
		},
	}
}

// outputFlags returns the flags that say what is printed of each task.
func (c *psConfig) outputFlags() []flags.Flag {
	return []flags.Flag{
		{
			Name: "columns", Argument: "A,B", Values: []flags.Candidate{flags.AnyColumn, "help"}, NotEmpty: true,
			About: "the columns A,B of the table, or +A beside the usual ones; 'help' lists them",
			Value: (*flags.String)(&c.columns),
		},
		{
			Name: "sort", Argument: "COLUMN", Values: []flags.Candidate{flags.AnyColumn}, NotEmpty: true,
			About: "sort the table by COLUMN", Value: (*flags.String)(&c.sort),
		},
		{Name: "no-headers", About: "leave out the line of column names", Value: (*flags.Bool)(&c.noHeaders)},
		{
			Name: "full", About: "with json and jsonl, also the keys that take other files than status",
			Value: (*flags.Bool)(&c.full),
		},
		{
			Name: "every", Argument: "TIME", Values: []flags.Candidate{flags.Anything},
			About: "print again and again, after each TIME, as 30s or 1h, with the time above", Value: &c.every,
		},
		{
			Name: "pods", Argument: "FILE", Values: []flags.Candidate{flags.AnyFile}, NotEmpty: true,
			About: "name pods and containers as FILE does, the output of kubectl get pods -A -o json (or yaml), '-' is standard input",
			Value: (*flags.String)(&c.pods),
		},
	}
}

// psRun is a checked command line of ps.
type psRun struct {
	env     *command.Env
	config  *psConfig
	query   collect.Query
	format  *psFormat
	columns []*table.Column
	sort    *table.Column
	options collect.Options
}

func (c *psConfig) Run(e *command.Env, args []string) (int, error) {
	if c.columns == "help" {
		return command.StatusOK, e.Write(columnHelp())
	}
	r := &psRun{env: e, config: c}
	for _, step := range []func() error{
		r.chooseFormat, r.chooseColumns, func() error { return r.chooseTasks(args) }, r.chooseHeld, r.choosePods,
	} {
		if err := step(); err != nil {
			return 0, err
		}
	}
	if c.every == 0 {
		return r.once()
	}
	read := r.format.name == string(table.Text) || r.format.name == "tree"
	for between := ""; ; between = "\n" {
		if read {
			head := between
			if !c.noHeaders {
				head += time.Now().UTC().Format(time.RFC3339) + "\n"
			}
			if err := e.Write([]byte(head)); err != nil {
				return 0, err
			}
		}
		if status, err := r.once(); err != nil {
			return status, err
		}
		time.Sleep(time.Duration(c.every))
	}
}

// columnNames returns the names of the columns in lower case.
func columnNames() (names []string) {
	for _, c := range table.Columns() {
		names = append(names, strings.ToLower(c.Name))
	}
	return names
}

func columnHelp() []byte {
	var out []byte
	for _, c := range table.Columns() {
		mark := " "
		if c.Default {
			mark = "*"
		}
		out = fmt.Appendf(out, "%s %-12s %s (%s)\n", mark, c.Name, c.About, c.Key)
	}
	return append(out, "* is there if nothing else is asked for; in brackets the key in JSON\n"...)
}

func (r *psRun) chooseFormat() error {
	c := r.config
	format, err := c.format.Chosen()
	if err != nil {
		return err
	}
	r.format = format
	switch {
	case c.by != "" && c.by != "container":
		return usagef("--by %s: want container", c.by)
	case c.by != "" && (r.format.name == "tree" || c.columns != "" || c.sort != ""):
		return usagef("--by has a table of its own")
	case !r.format.tabular() && (c.columns != "" || c.sort != "" || c.noHeaders) && c.by == "":
		return usagef("--columns, --sort and --no-headers are for the table")
	case c.pods != "" && r.format.name == "tree":
		return usagef("--pods names what a tree does not show")
	case c.noHeaders && r.format.name == string(table.Markdown):
		return usagef("--no-headers: a table of Markdown has a header")
	case c.full && (r.format.tabular() || r.format.name == "tree"):
		return usagef("--full is for json and jsonl")
	}
	return nil
}

func (r *psRun) chooseColumns() error {
	names := r.config.columns
	plus := strings.HasPrefix(names, "+")
	if names == "" || plus {
		for _, c := range table.Columns() {
			if c.Default || c.Named && r.config.pods != "" {
				r.columns = append(r.columns, &c)
			}
		}
	}
	for name := range strings.SplitSeq(strings.TrimPrefix(names, "+"), ",") {
		if names == "" {
			break
		}
		column, err := r.column(strings.TrimPrefix(name, "+"))
		if err != nil {
			return err
		}
		r.columns = append(r.columns, column)
	}
	if r.config.sort != "" {
		column, err := r.column(r.config.sort)
		if err != nil {
			return err
		}
		r.sort = column
	}
	needed := r.columns
	if r.sort != nil {
		needed = append(slices.Clip(needed), r.sort)
	}
	for _, column := range needed {
		r.query.Container = r.query.Container || column.Needs.Container
		r.query.UserNames = r.query.UserNames || column.Needs.UserNames
		r.query.UserNamespace = r.query.UserNamespace || column.Needs.UserNamespace
	}
	r.query.Container = r.query.Container || r.config.full || r.config.by != "" || r.config.container != "" || r.config.pods != ""
	r.query.UserNames = r.query.UserNames || r.config.full
	r.query.MarkChildren = r.format.tabular() && r.config.by == ""
	return nil
}

// column returns the column with a name, from the table if the table has it.
func (r *psRun) column(name string) (*table.Column, error) {
	for _, c := range r.columns {
		if strings.EqualFold(c.Name, name) {
			return c, nil
		}
	}
	column, ok := table.ColumnNamed(name)
	if !ok {
		return nil, usagef("unknown column %q: %s", name, flags.DidYouMean(name, columnNames(), "--columns help lists them"))
	}
	return column, nil
}
