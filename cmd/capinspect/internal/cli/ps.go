// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
)

var ps = command{
	name:    "ps",
	args:    "[flags] [PID ...]",
	summary: "many tasks: table, tree, per container",
	about: `List processes with their capabilities; without a PID all that can be seen.
Without -t or -T only the leader of each process is judged: another thread may
hold more. A set is written as all, none, all but some, the name of the runtime
whose default it is, or its names. A Bounding set alone
does not make a task privileged.

With --by container, EFFECTIVE, PERMITTED and BOUNDING are what any process of
the container has, and NNP and SECCOMP are "no" if any process is without. "-"
is no container, "?" what is not known.`,
	example: `
capinspect ps
capinspect ps --privileged
capinspect ps -t --cap sys_admin,net_admin
capinspect ps -n 'capins*' --columns +USER,CAPS
capinspect ps -o tree self
capinspect ps --by container -o jsonl`,
	new: func(flags *pflag.FlagSet) runner { return newPs(flags) },
}

type psConfig struct {
	targets
	flags      *pflag.FlagSet
	output     string
	json       bool
	privileged bool
	kernelToo  bool
	caps       paths // each a list of its own
	name       string
	user       string
	container  string
	by         string
	columns    string
	sort       string
	noHeaders  bool
	full       bool
	every      interval
	pods       string
}

// psFormats are the forms of ps; the first is the default.
var psFormats = []*psFormat{{"table"}, {"tree"}, {"json"}, {"jsonl"}}

type psFormat struct{ name string }

// FormatName returns the name of the form.
func (f *psFormat) FormName() string { return f.name }

func newPs(flags *pflag.FlagSet) *psConfig {
	c := &psConfig{flags: flags}
	flags.VarP(&c.pids, "pid", "p", "look at this `PID`, or at several with commas between")
	c.threads.addTo(flags)
	flags.BoolVar(&c.privileged, "privileged", false, "only tasks with anything in Permitted, Effective, Inheritable or Ambient")
	flags.Var(&c.caps, "cap", "only tasks that hold any of `[SET:]CAP,...` in the set, or in any but Bounding")
	flags.StringVarP(&c.name, "name", "n", "", "only tasks whose name, of 15 bytes at the most, matches `GLOB`")
	flags.StringVarP(&c.user, "user", "u", "", "only tasks of this effective `USER`, a name or a number")
	flags.StringVar(&c.container, "container", "", "only tasks of the container or pod whose id starts with `ID`")
	flags.BoolVar(&c.kernelToo, "kernel-threads", false, "let --privileged, --cap and --by include kernel threads")
	flags.StringVar(&c.by, "by", "", "one row for each `WHAT`: container")
	flags.StringVarP(&c.output, "output", "o", psFormats[0].name, "the `FORMAT`: "+formatNames(psFormats))
	flags.BoolVar(&c.json, "json", false, "the same as -o json")
	flags.StringVar(&c.columns, "columns", "", "the columns `A,B` of the table, or +A beside the usual ones; 'help' lists them")
	flags.StringVar(&c.sort, "sort", "", "sort the table by `COLUMN`")
	flags.BoolVar(&c.noHeaders, "no-headers", false, "leave out the line of column names")
	flags.BoolVar(&c.full, "full", false, "with json and jsonl, also the keys that take other files than status")
	flags.Var(&c.every, "every", "print again and again, after each `TIME`, as 30s or 1h")
	flags.StringVar(&c.pods, "pods", "", "name pods and containers as `FILE` does, the output of kubectl get pods -A -o json, '-' is standard input")
	flags.StringVar(&c.proc, "proc", "", "read the procfs in `DIR`, as /host/proc")
	flags.StringVar(&c.lastCap, "last-cap", "", "take capability `N` for the last that the kernel of the tasks has")
	return c
}

// interval is a flag that takes a time to wait: a number of seconds, or with
// units, as 1h30m.
type interval time.Duration

func (i *interval) String() string { return time.Duration(*i).String() }

func (i *interval) Type() string { return "interval" }

func (i *interval) Set(s string) error {
	if strings.Trim(s, "0123456789") == "" {
		s += "s"
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return errors.New("want a time, as 30s or 1h")
	}
	*i = interval(d)
	return nil
}

// psRun is a command line of ps that makes sense.
type psRun struct {
	env     *env
	config  *psConfig
	query   collect.Query
	format  string
	columns []*report.Column
	sort    *report.Column
	options collect.Options
}

func (c *psConfig) run(e *env, args []string) (int, error) {
	if c.columns == "help" {
		return statusOK, e.write(columnHelp())
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
	for {
		if status, err := r.once(); err != nil {
			return status, err
		}
		time.Sleep(time.Duration(c.every))
		if r.format == "table" || r.format == "tree" {
			if err := e.write([]byte("\n")); err != nil {
				return 0, err
			}
		}
	}
}

func columnHelp() []byte {
	var out []byte
	for _, c := range report.Columns() {
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
	format, err := chooseFormat(psFormats, c.output, c.json)
	if err != nil {
		return err
	}
	r.format = format.name
	switch {
	case c.by != "" && c.by != "container":
		return usagef("--by %s: want container", c.by)
	case c.by != "" && (r.format == "tree" || c.columns != "" || c.sort != ""):
		return usagef("--by has a table of its own")
	case r.format != "table" && (c.columns != "" || c.sort != "" || c.noHeaders) && c.by == "":
		return usagef("--columns, --sort and --no-headers are for the table")
	case c.pods != "" && r.format == "tree":
		return usagef("--pods names what a tree does not show")
	case c.full && (r.format == "table" || r.format == "tree"):
		return usagef("--full is for json and jsonl")
	}
	return nil
}

func (r *psRun) chooseColumns() error {
	names := r.config.columns
	plus := strings.HasPrefix(names, "+")
	if names == "" || plus {
		for _, c := range report.Columns() {
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
	}
	r.query.Container = r.query.Container || r.config.full || r.config.by != "" || r.config.container != "" || r.config.pods != ""
	r.query.UserNames = r.query.UserNames || r.config.full
	return nil
}

// column returns the column of a name: the one that the table has, if it has.
func (r *psRun) column(name string) (*report.Column, error) {
	for _, c := range r.columns {
		if strings.EqualFold(c.Name, name) {
			return c, nil
		}
	}
	column, ok := report.ColumnNamed(name)
	if !ok {
		return nil, usagef("unknown column %q: --columns help lists them", name)
	}
	return column, nil
}
