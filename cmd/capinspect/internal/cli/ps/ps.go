// SPDX-License-Identifier: Apache-2.0

// Package ps lists many tasks: it chooses them, and writes them as a table, a tree, JSON or
// counts, once or again and again.
package ps

import (
	"slices"
	"time"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/cli/columns"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/command"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/containers"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/table"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/target"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Command is ps.
var Command = command.Command{
	Name:     "ps",
	Args:     "[flags] [PID ...]",
	Operands: []flags.Candidate{flags.AnyPID, "container:"},
	Summary:  "many tasks: table, tree, per container",
	About: `List processes with their capabilities: all that are visible, or only the PIDs
given, or with container:ID those of one container, by its id or its name, also
POD/NAME and NAMESPACE/POD/NAME if --pods has it. Kernel threads are only
counted unless you ask for them. Without -t or -T only the leader of each
process is examined: another thread may hold more. A set is written as all,
none, all but some, what it has more and less than the default of a runtime,
such as docker+net_admin-mknod, or by its names; a long one is a bitmap. A
Bounding set alone does not make a task privileged.

@child after a set: the task holds it in a child user namespace, so it only
counts for what that namespace owns. On a terminal, and with --privileged,
--cap, --sort risk or the column USERNS, ps checks this for each task;
otherwise only if the uid is not 0 or the task is in another pid namespace.

--sort risk begins with what holds everything. Next come the tasks to which the
node is open, by the worst capability that they hold, in the order of the notes
of show; those that hold others; those in a child user namespace, in the same
order; and last those that hold nothing, by how much execve can give them.

Red marks what opens the node, yellow what is nearly a runtime's default or
nearly everything. On a terminal, a line below the table sums it up; in JSON
this is "summary".

With --by container, EFFECTIVE, PERMITTED and BOUNDING are what any process of
the container has, and NNP and SECCOMP are "no" if any process is without. "-"
is no container, "?" is not known. The sandboxes of pods are left out.

-o openmetrics counts processes and containers for Prometheus: those that hold
a capability which opens the node, run as its root, or lack no_new_privs or
seccomp. The textfile collector of node_exporter reads it.`,
	Example: `
capinspect ps
capinspect ps --privileged --sort risk
capinspect ps -t --cap sys_admin,net_admin
capinspect ps -n 'capins*' --columns +USER,CAPS
capinspect ps -o tree self
capinspect ps --by container -o jsonl
capinspect ps --privileged -o markdown
capinspect ps -o openmetrics`,
	New: newConfig,
}

type config struct {
	target.List
	format     flags.Formats[*format]
	privileged bool
	kernelToo  bool
	caps       flags.Repeated // each a list of its own
	name       string
	user       string
	container  string
	by         string
	sandboxes  bool
	columns    columns.Asked
	color      command.Colour
	full       bool
	every      flags.Interval
	changes    bool
	pods       string
	node       string
}

var formats = []*format{{string(table.Text)}, {"tree"}, {"json"}, {"jsonl"}, {string(table.CSV)}, {string(table.Markdown)}, {openMetrics}}

type format struct{ name string }

// tabular reports whether it is a table, whatever it is written as.
func (f *format) tabular() bool { return table.Form(f.name).Valid() }

// FormName returns the name of the format.
func (f *format) FormName() string { return f.name }

func newConfig() (command.Runner, []flags.Flag) {
	c := &config{format: flags.NewFormats(formats)}
	return c, slices.Concat(
		[]flags.Flag{target.PIDFlag(&c.PIDs, "look at this PID, or at several separated by commas")},
		c.Threads.Flags(),
		c.selectionFlags(),
		c.format.Flags(),
		c.columns.Flags(flags.AnyColumn),
		[]flags.Flag{c.color.Flag()},
		c.outputFlags(),
		[]flags.Flag{target.ProcFlag(&c.Proc), target.LastCapFlag(&c.LastCap, target.LastCapOfTasks)},
	)
}

// selectionFlags returns the flags that say which tasks are listed, and whether
// each has a row of its own.
func (c *config) selectionFlags() []flags.Flag {
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
			About: "only tasks whose name, of at most 15 bytes, matches GLOB", Value: (*flags.String)(&c.name),
		},
		{
			Name: "user", Shorthand: "u", Argument: "USER", Values: []flags.Candidate{flags.AnyUser}, NotEmpty: true,
			About: "only tasks of this effective USER (name or number)", Value: (*flags.String)(&c.user),
		},
		{
			Name: "container", Argument: "ID", Values: []flags.Candidate{flags.AnyContainer}, NotEmpty: true,
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
			Name: "sandboxes", About: "with --by container, also the sandboxes of pods, their pause containers",
			Value: (*flags.Bool)(&c.sandboxes),
		},
	}
}

// outputFlags returns the flags that say what is printed of each task.
func (c *config) outputFlags() []flags.Flag {
	return []flags.Flag{
		{
			Name: "full", About: "with json and jsonl, also the keys that come from files other than status",
			Value: (*flags.Bool)(&c.full),
		},
		{
			Name: "every", Argument: "TIME", Values: []flags.Candidate{flags.Anything},
			About: "print again after each TIME, such as 30s or 1h, with the time above", Value: &c.every,
		},
		{
			Name: "changes", About: "with --every, after the first list only what appeared, is gone, gained or lost",
			Value: (*flags.Bool)(&c.changes),
		},
		{
			Name: "pods", Argument: "FILE", Values: []flags.Candidate{flags.AnyFile}, NotEmpty: true,
			About: "name pods and containers as in FILE, the output of kubectl get pods -A -o json (or yaml); '-' is standard input",
			Value: (*flags.String)(&c.pods),
		},
		{
			Name: "node", Argument: "NODE", Values: []flags.Candidate{flags.Anything}, NotEmpty: true,
			About: "with json and jsonl, NODE in place of the hostname, which in a pod is that of the pod",
			Value: (*flags.String)(&c.node),
		},
	}
}

// run is a checked command line of ps.
type run struct {
	env     *command.Env
	config  *config
	query   collect.Query
	format  *format
	options collect.Options
	style   render.Style // of a table of text
	watch   *watch       // nil without --changes
	some    bool         // a list was written

	tasks      *columns.Chosen[*task.Task]
	containers *columns.Chosen[*containers.Sum]
}

func (c *config) Run(e *command.Env, args []string) (int, error) {
	switch {
	case c.columns.Names == "help" && c.by != "":
		return command.StatusOK, e.Write(columns.Help(table.Containers))
	case c.columns.Names == "help":
		return command.StatusOK, e.Write(columns.Help(table.Tasks))
	}
	r := &run{env: e, config: c}
	for _, step := range []func() error{
		r.chooseFormat, r.chooseColumns, r.choosePods, func() error { return r.chooseTasks(args) }, r.chooseHeld,
	} {
		if err := step(); err != nil {
			return 0, err
		}
	}
	if c.every == 0 {
		return r.once()
	}
	if c.changes {
		r.watch = &watch{}
	}
	for {
		if status, err := r.once(); err != nil {
			return status, err
		}
		time.Sleep(time.Duration(c.every))
	}
}

func (r *run) chooseFormat() error {
	c := r.config
	format, err := c.format.Chosen()
	if err != nil {
		return err
	}
	r.format = format
	switch {
	case c.by != "" && c.by != "container":
		return flags.Usagef("--by %s: want container", c.by)
	case c.by != "" && r.format.name == "tree":
		return flags.Usagef("-o tree shows no containers: leave out --by")
	case c.pods != "" && r.format.name == "tree":
		return flags.Usagef("--pods names what a tree does not show")
	case c.changes && c.every == 0:
		return flags.Usagef("--changes compares a list with the one before: use it with --every, as --every 10s")
	case c.changes && r.format.name == "tree":
		return flags.Usagef("--changes is for tasks and containers: use it without -o tree")
	case c.changes && c.Threads.Differing:
		return flags.Usagef("--changes compares each thread with itself: use -T in place of -t")
	case c.full && r.format.name != "json" && r.format.name != "jsonl":
		return flags.Usagef("--full is for json and jsonl")
	case c.node != "" && r.format.name != "json" && r.format.name != "jsonl":
		return flags.Usagef("--node is for json and jsonl")
	}
	return c.columns.Fit(r.format.name)
}

func (r *run) chooseColumns() (err error) {
	c, q := r.config, &r.query
	var needs table.Needs
	if c.by != "" {
		if r.containers, err = columns.Choose(&c.columns, table.Containers, &table.ContainerRisk, c.pods != ""); err != nil {
			return err
		}
		needs = r.containers.Needs()
	} else {
		if r.tasks, err = columns.Choose(&c.columns, table.Tasks, &table.TaskRisk, c.pods != ""); err != nil {
			return err
		}
		needs = r.tasks.Needs()
	}
	style, err := c.color.Style(r.env)
	if err != nil {
		return err
	}
	if r.format.name == string(table.Text) {
		r.style = style
	}
	q.Container = needs.Container || c.full || c.by != "" || c.container != "" || c.pods != "" || r.format.name == openMetrics
	q.UserNames = needs.UserNames || c.full
	q.Surroundings = c.full
	q.StartTime = c.full || c.changes
	q.UserNamespace = needs.UserNamespace || r.style != render.Style{} || r.format.name == "json" || r.format.name == openMetrics
	q.MarkChildren = r.format.tabular()
	return nil
}
