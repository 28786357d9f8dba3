// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
)

// self stands for capinspect's own process among PIDs.
const self = "self"

// targets are the flags that say which tasks a command looks at, and where.
type targets struct {
	pids    list
	proc    string
	lastCap string
}

// list is a flag that takes values separated by commas, and may be repeated.
// pflag has one, but that loads a CSV parser into every start.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

func (l *list) Type() string { return "list" }

func (l *list) Set(s string) error {
	*l = append(*l, strings.Split(s, ",")...)
	return nil
}

func (t *targets) addTo(flags *pflag.FlagSet) {
	flags.VarP(&t.pids, "pid", "p", "look at these `PID`s; 'self' is capinspect's own process")
	flags.StringVar(&t.proc, "proc", "", "read another procfs, as /host/proc, in `DIR`")
	flags.StringVar(&t.lastCap, "last-cap", "", "take capability `N` for the last that the tasks' kernel has")
}

// tasks returns the tasks to look at: those of -p, then those of args, then,
// if there are none, capinspect's own process.
func (t *targets) tasks(args []string) ([]string, error) {
	all := append(append([]string(nil), t.pids...), args...)
	if len(all) == 0 {
		all = []string{self}
	}
	for _, task := range all {
		if task != self && !isPID(task) {
			return nil, usagef("%q is not a PID%s", task, misplaced(task))
		}
	}
	return all, nil
}

// misplaced explains a word that would be a command if it stood first.
func misplaced(word string) string {
	for _, c := range commands() {
		if c.name == word {
			return ": a command comes first"
		}
	}
	return ""
}

func isPID(s string) bool {
	return s != "" && len(s) <= 10 && s[0] != '0' && strings.Trim(s, "0123456789") == ""
}

// options returns how the tasks are to be read.
func (t *targets) options() (opts collect.Options, err error) {
	opts.Proc = t.proc
	if t.lastCap != "" {
		n, err := strconv.ParseUint(t.lastCap, 10, 8)
		if err != nil || n > uint64(capset.Max) {
			return opts, usagef("--last-cap %q: want a number from 0 to %d", t.lastCap, capset.Max)
		}
		last := capset.Cap(n)
		opts.LastCap = &last
	}
	return opts, nil
}
