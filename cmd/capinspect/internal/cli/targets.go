// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"slices"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/saved"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// self stands for capinspect's own process among PIDs.
const self = "self"

// targets are the flags that say which tasks a command looks at, and where it
// finds them.
type targets struct {
	pids    flags.List
	files   flags.Repeated
	proc    string
	lastCap string
	threads threadFlags
}

// threadFlags say which threads of a process a command looks at besides the
// leader.
type threadFlags struct{ differing, all bool }

func (t *threadFlags) flags() []flags.Flag {
	return []flags.Flag{
		{
			Name: "threads", Shorthand: "t",
			About: "also the threads that differ from the leader of their process", Value: (*flags.Bool)(&t.differing),
		},
		{Name: "all-threads", Shorthand: "T", About: "all threads", Value: (*flags.Bool)(&t.all)},
	}
}

// choice returns the threads that the flags ask for.
func (t *threadFlags) choice() (collect.Threads, error) {
	switch {
	case t.differing && t.all:
		return 0, usagef("-t and -T exclude each other")
	case t.all:
		return collect.AllThreads, nil
	case t.differing:
		return collect.Differing, nil
	}
	return collect.Leaders, nil
}

// flags returns the flags of targets, those of the threads apart.
func (t *targets) flags() []flags.Flag {
	return []flags.Flag{
		pidFlag(&t.pids, "look at this PID, or at several with commas between; 'self' is capinspect itself"),
		fileFlag(&t.files, "read pasted text, a report, docker inspect, a unit and the like from PATH; '-' is standard input, PATH:NAME one of several"),
		procFlag(&t.proc),
		lastCapFlag(&t.lastCap, lastCapOfTasks),
	}
}

// choose returns the tasks to look at: those of -p, then those of args or, if there are
// none and no files, capinspect's own process.
func (t *targets) choose(args []string) ([]string, error) {
	all := slices.Concat(t.pids, args)
	if len(all)+len(t.files) == 0 {
		all = []string{self}
	}
	for _, pid := range all {
		if pid != self && !isPID(pid) {
			return nil, usagef("%q is not a PID%s", pid, misplaced(pid))
		}
	}
	return all, nil
}

// misplaced explains a word that is right at another place.
func misplaced(word string) string {
	if find(word) != nil {
		return ": a command comes first"
	}
	if _, err := capset.Parse(word); err == nil && !isPID(word) && strings.Trim(word, "0123456789") != "" {
		return ": a capability stands behind a flag, as --has " + word
	}
	return ", and no command"
}

func isPID(s string) bool {
	return s != "" && len(s) <= 10 && s[0] != '0' && strings.Trim(s, "0123456789") == ""
}

// options returns how the tasks are to be read.
func (t *targets) options() (opts collect.Options, err error) {
	opts.Proc = t.proc
	opts.LastCap, err = parseLastCap(t.lastCap)
	return opts, err
}

// parseLastCap returns the value of --last-cap, nil if it was not given.
func parseLastCap(text string) (*capset.Cap, error) {
	if text == "" {
		return nil, nil
	}
	n, err := strconv.ParseUint(text, 10, 8)
	if err != nil || n > uint64(capset.Max) {
		return nil, usagef("--last-cap %q: want a number from 0 to %d", text, capset.Max)
	}
	last := capset.Cap(n)
	return &last, nil
}

// collected is what the targets of a command line came to.
type collected struct {
	tasks    []*task.Task
	pids     []string // those that were asked for, as a message has them
	failures []report.Failure
}

// fail notes that a target could not be read. pid is "" for a file, which the error names.
func (c *collected) fail(pid string, err error) {
	c.failures = append(c.failures, report.Failure{Pid: pid, Err: err})
}

// collect reads the tasks of the flags and of args. One that cannot be read does not hide
// the others.
func (t *targets) collect(e *env, args []string, detail collect.Detail) (c collected, err error) {
	var tasks []*task.Task
	c, err = t.each(e, args, detail, func(t *task.Task) error {
		tasks = append(tasks, t)
		return nil
	})
	c.tasks = tasks
	return c, err
}

// each is collect that visits the tasks while they come, and keeps none. It ends where
// visit returns an error.
func (t *targets) each(e *env, args []string, detail collect.Detail, visit func(*task.Task) error) (c collected, err error) {
	args = t.take(args)
	pids, err := t.choose(args)
	if err != nil {
		return c, err
	}
	opts, err := t.options()
	if err != nil {
		return c, err
	}
	opts.Detail = detail
	threads, err := t.threads.choice()
	if err != nil {
		return c, err
	}
	if len(pids) == 0 && (t.proc != "" || threads != collect.Leaders) {
		return c, usagef("--proc, -t and -T are for tasks, and there are only files")
	}
	if len(pids) > 0 {
		from, err := collect.Open(opts)
		if err != nil {
			return c, err
		}
		defer from.Close()
		for _, pid := range pids {
			var stop error
			err := from.Threads(pid, threads, func(t *task.Task) bool {
				stop = visit(t)
				return stop == nil
			})
			if stop != nil {
				return c, stop
			}
			if err != nil {
				c.fail(from.Pid(pid), err)
			}
			c.pids = append(c.pids, from.Pid(pid))
		}
	}
	for _, name := range t.files {
		tasks, err := saved.Target(name, e.stdin, opts.LastCap)
		if err != nil {
			c.fail("", err)
		}
		for _, t := range tasks {
			if err := visit(t); err != nil {
				return c, err
			}
		}
	}
	return c, nil
}

// filePrefix stands before the name of a file among PIDs.
const filePrefix = "file:"

// take takes the files out of args, and returns the rest.
func (t *targets) take(args []string) (rest []string) {
	for _, arg := range args {
		if name, ok := strings.CutPrefix(arg, filePrefix); ok {
			t.files = append(t.files, name)
		} else {
			rest = append(rest, arg)
		}
	}
	return rest
}

// complain says of each target that could not be read why, and returns the
// exit status: trouble, or what it would be without.
func (c *collected) complain(e *env, status int) int {
	for _, failure := range c.failures {
		e.complain(failure)
		status = statusTrouble
	}
	return status
}
