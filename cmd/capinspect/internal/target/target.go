// SPDX-License-Identifier: Apache-2.0

// Package target finds the tasks that a command line names: by PID, in files, and among
// the threads of a process.
package target

import (
	"io"
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

// Self stands for capinspect's own process among PIDs.
const Self = "self"

// List holds the flags that say which tasks a command looks at, and where it finds them.
type List struct {
	PIDs    flags.List
	Files   flags.Repeated
	Proc    string
	LastCap string
	Threads Threads
}

// Threads says which threads of a process a command looks at besides the
// leader.
type Threads struct{ Differing, All bool }

// Flags returns -t and -T.
func (t *Threads) Flags() []flags.Flag {
	return []flags.Flag{
		{
			Name: "threads", Shorthand: "t",
			About: "also the threads that differ from the leader of their process", Value: (*flags.Bool)(&t.Differing),
		},
		{Name: "all-threads", Shorthand: "T", About: "all threads", Value: (*flags.Bool)(&t.All)},
	}
}

// Choice returns the threads that the flags ask for.
func (t *Threads) Choice() (collect.Threads, error) {
	switch {
	case t.Differing && t.All:
		return 0, flags.Usagef("-t and -T cannot be used together")
	case t.All:
		return collect.AllThreads, nil
	case t.Differing:
		return collect.Differing, nil
	}
	return collect.Leaders, nil
}

// Flags returns the flags of a list, those of the threads apart.
func (t *List) Flags() []flags.Flag {
	return []flags.Flag{
		PIDFlag(&t.PIDs, "look at this PID, or at several separated by commas; 'self' is capinspect itself, container:ID the first process of a container"),
		FileFlag(&t.Files, "read pasted text, a report, docker inspect, a unit and the like from PATH; '-' is standard input, PATH:NAME one of several"),
		ProcFlag(&t.Proc),
		LastCapFlag(&t.LastCap, LastCapOfTasks),
	}
}

// Choose returns the tasks to look at: those of -p, then those of args or, if there are
// none and no files, capinspect's own process.
func (t *List) Choose(args []string) ([]string, error) {
	all := slices.Concat(t.PIDs, args)
	if len(all)+len(t.Files) == 0 {
		all = []string{Self}
	}
	for i, word := range all {
		pid, err := PID(t.Proc, word)
		if err != nil {
			return nil, err
		}
		all[i] = pid
	}
	return all, nil
}

// NotPID is the error for a word where a PID belongs.
type NotPID struct{ Word string }

func (e NotPID) Error() string { return strconv.Quote(e.Word) + " is not a PID" }

// IsPID reports whether a word is a PID as people write it.
func IsPID(s string) bool {
	return s != "" && len(s) <= 10 && s[0] != '0' && strings.Trim(s, "0123456789") == ""
}

// Options returns how the tasks are to be read.
func (t *List) Options() (opts collect.Options, err error) {
	opts.Proc = t.Proc
	opts.LastCap, err = ParseLastCap(t.LastCap)
	return opts, err
}

// ParseLastCap returns the value of --last-cap, nil if it was not given.
func ParseLastCap(text string) (*capset.Cap, error) {
	if text == "" {
		return nil, nil
	}
	n, err := strconv.ParseUint(text, 10, 8)
	if err != nil || n > uint64(capset.Max) {
		return nil, flags.Usagef("--last-cap %q: want a number from 0 to %d", text, capset.Max)
	}
	last := capset.Cap(n)
	return &last, nil
}

// Found is what a list came to.
type Found struct {
	Tasks    []*task.Task
	PIDs     []string // those that were asked for, as a message has them
	Failures []report.Failure
}

// Fail notes that a target could not be read. pid is "" for a file, which the error names.
func (f *Found) Fail(pid string, err error) {
	f.Failures = append(f.Failures, report.Failure{Pid: pid, Err: err})
}

// Collect reads the tasks of the flags and of args. One that cannot be read does not hide
// the others.
func (t *List) Collect(stdin io.Reader, args []string, detail collect.Detail) (found Found, err error) {
	var tasks []*task.Task
	found, err = t.Each(stdin, args, detail, func(t *task.Task) error {
		tasks = append(tasks, t)
		return nil
	})
	found.Tasks = tasks
	return found, err
}

// Each is Collect that visits the tasks while they come, and keeps none. It ends where
// visit returns an error.
func (t *List) Each(stdin io.Reader, args []string, detail collect.Detail, visit func(*task.Task) error) (found Found, err error) {
	args = t.Take(args)
	pids, err := t.Choose(args)
	if err != nil {
		return found, err
	}
	opts, err := t.Options()
	if err != nil {
		return found, err
	}
	opts.Detail = detail
	threads, err := t.Threads.Choice()
	if err != nil {
		return found, err
	}
	if len(pids) == 0 && (t.Proc != "" || threads != collect.Leaders) {
		return found, flags.Usagef("--proc, -t and -T are for tasks, but you named only files")
	}
	if len(pids) > 0 {
		from, err := collect.Open(opts)
		if err != nil {
			return found, err
		}
		defer from.Close()
		for _, pid := range pids {
			var stop error
			err := from.Threads(pid, threads, func(t *task.Task) bool {
				stop = visit(t)
				return stop == nil
			})
			if stop != nil {
				return found, stop
			}
			if err != nil {
				found.Fail(from.Pid(pid), err)
			}
			found.PIDs = append(found.PIDs, from.Pid(pid))
		}
	}
	for _, name := range t.Files {
		tasks, err := saved.Target(name, stdin, opts.LastCap)
		if err != nil {
			found.Fail("", err)
		}
		for _, t := range tasks {
			if err := visit(t); err != nil {
				return found, err
			}
		}
	}
	return found, nil
}

// FilePrefix stands before the name of a file among PIDs.
const FilePrefix = "file:"

// Take takes the files out of args, and returns the rest.
func (t *List) Take(args []string) (rest []string) {
	for _, arg := range args {
		if name, ok := strings.CutPrefix(arg, FilePrefix); ok {
			t.Files = append(t.Files, name)
		} else {
			rest = append(rest, arg)
		}
	}
	return rest
}
