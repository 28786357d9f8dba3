// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/operation"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/saved"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/target"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/why"
)

var whyCommand = command{
	name:     "why",
	args:     "[flags] CAP ...",
	operands: []flags.Candidate{flags.AnyCap},
	summary:  "why a capability is not effective, and what changes it",
	about: `Tell whether capabilities are effective in a process, by default in
capinspect's own, the first reason that holds if they are not, or are and may
be of no use, and what would change it, in the order of least privilege.
Nothing is tried. The exit status is 1 if one is not effective, or counts for
nothing in its user namespace.

'why userns [PID ...]' tells whether a process may create a user namespace,
what refuses it first, and what it could do in there. 'why access PID ...'
tells which guarded files of /proc/PID capinspect itself may read, and by which
clause of ptrace(2)'s rule it may not; the exit status is 1 unless it may read
all.`,
	example: `
capinspect why chown
capinspect why NET_BIND_SERVICE NET_RAW
capinspect why sys_admin --json -p self
capinspect why userns 1
capinspect why access self`,
	new: newWhy,
}

type whyConfig struct {
	target.List
	format flags.Formats[*render.Form[[]*why.Answers]]
}

func newWhy() (runner, []flags.Flag) {
	c := &whyConfig{format: flags.NewFormats(render.Answers)}
	return c, append(c.List.Flags(), c.format.Flags()...)
}

func (c *whyConfig) run(e *env, args []string) (int, error) {
	format, err := c.format.Chosen()
	if err != nil {
		return 0, err
	}
	if args = c.Take(args); len(args) == 0 {
		return 0, usagef("no capability")
	}
	for _, topic := range whyTopics {
		if strings.EqualFold(args[0], topic.word) {
			return topic.run(c, e, args[1:])
		}
	}
	var caps []capset.Cap
	for _, arg := range args {
		cap, err := parseOnce(arg)
		if found := operation.Named(arg); err != nil && found != nil {
			return 0, fmt.Errorf("%q is an operation: 'capinspect explain' tells which capabilities it needs", arg)
		}
		if err != nil {
			return 0, err
		}
		caps = append(caps, cap)
	}
	found, status, err := c.find(e, caps)
	if err != nil {
		return 0, err
	}
	if err := e.write(format.Append(nil, &found)); err != nil {
		return 0, err
	}
	for _, answers := range found {
		for _, a := range answers.List {
			switch works, known := a.Works.Get(); {
			case !known:
				status = statusTrouble
			case !works:
				status = max(status, statusNo)
			}
		}
	}
	return status, nil
}

// whyTopics are the first words that begin a question of their own, which gets the words
// behind them. Every other word is a capability or else an operation.
var whyTopics = []struct {
	word string
	run  func(c *whyConfig, e *env, args []string) (int, error)
}{
	{"userns", (*whyConfig).userns},
	{"access", (*whyConfig).access},
}

// parseOnce returns the capability of a name. One whose prefix stands twice is what
// runtimes make of a Kubernetes list with prefixes.
func parseOnce(name string) (capset.Cap, error) {
	c, err := capset.Parse(name)
	if err == nil {
		return c, nil
	}
	const prefix = "CAP_"
	if upper := strings.ToUpper(name); strings.HasPrefix(upper, prefix+prefix) {
		if c, known := capset.Parse(upper[len(prefix):]); known == nil {
			return 0, fmt.Errorf("%q: the prefix stands twice, which runtimes ignore in silence: in Kubernetes it is %s", name, c.Kubernetes())
		}
	}
	return 0, err
}

// find returns the answers for each task. One that cannot be read does not hide the
// others.
func (c *whyConfig) find(e *env, caps []capset.Cap) (found []*why.Answers, status int, err error) {
	pids, err := c.Choose(nil)
	if err != nil {
		return nil, 0, err
	}
	opts, err := c.Options()
	if err != nil {
		return nil, 0, err
	}
	if len(pids) == 0 && c.Proc != "" {
		return nil, 0, usagef("--proc is for tasks, and there are only files")
	}
	opts.Detail = collect.Surrounded
	failed := new(target.Found)
	add := func(pid string, answers *why.Answers, err error) {
		if err != nil {
			failed.Fail(pid, err)
			return
		}
		found = append(found, answers)
	}
	if len(pids) > 0 {
		from, err := collect.Open(opts)
		if err != nil {
			return nil, 0, err
		}
		defer from.Close()
		for _, pid := range pids {
			answers, err := from.Why(pid, caps)
			add(from.Pid(pid), answers, err)
		}
	}
	for _, name := range c.Files {
		tasks, err := saved.Target(name, e.stdin, opts.LastCap)
		if err != nil {
			failed.Fail("", err)
		}
		for _, t := range tasks {
			answers, err := why.Of(t, caps)
			add("", answers, err)
		}
	}
	return found, e.complainOf(failed, statusOK), nil
}
