// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/operation"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/command"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/saved"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/target"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/why"
)

var whyCommand = command.Command{
	Name:     "why",
	Args:     "[flags] CAP | OPERATION ... [TARGET ...]",
	Operands: []flags.Candidate{flags.AnyCap, flags.AnyOperation, "container:", "file:", flags.Anything},
	Summary:  "why a capability or operation fails, and what helps",
	About: `Tell whether capabilities are effective in a process, by default in
capinspect's own. A TARGET is container:ID or file:PATH, as for show; a PID
needs -p before it, because a bare number is a capability. If one is not
effective, or is of no use, why gives the first reason, and what would change
it, least privilege first. Nothing is tried. The exit status is 1 if one is not
effective, or has no effect in its user namespace.

Any other word is an operation, as for explain: would it work, and what stops
it first: a capability, the user namespace that is checked, the default seccomp
filter of the runtime, the label of a security module, or a sysctl? The exit
status is 1 if it would not work, 2 if that cannot be known.

'why userns [PID ...]' tells whether a process may create a user namespace,
what refuses it first, and what it could do in there. 'why access PID ...'
tells which guarded files of /proc/PID capinspect itself may read, and which
clause of ptrace(2)'s rule forbids the others; the exit status is 1 unless it
may read all.`,
	Example: `
capinspect why chown
capinspect why NET_BIND_SERVICE NET_RAW
capinspect why mount 'bind :80' ping
capinspect why sys_admin --json -p self
capinspect why userns 1
capinspect why access self`,
	New: newWhy,
}

type whyConfig struct {
	target.List
	format flags.Formats[*render.Form[[]*why.Answers]]
}

func newWhy() (command.Runner, []flags.Flag) {
	c := &whyConfig{format: flags.NewFormats(render.Answers)}
	return c, append(c.List.Flags(), c.format.Flags()...)
}

func (c *whyConfig) Run(e *command.Env, args []string) (int, error) {
	format, err := c.format.Chosen()
	if err != nil {
		return 0, err
	}
	if args = c.TakeTargets(c.Take(args)); len(args) == 0 {
		return 0, usagef("no capability and no operation")
	}
	for _, topic := range whyTopics {
		if strings.EqualFold(args[0], topic.word) {
			return topic.run(c, e, args[1:])
		}
	}
	var asked why.Asked
	for _, arg := range args {
		if err := addAsked(&asked, arg); err != nil {
			return 0, err
		}
	}
	found, status, err := c.find(e, asked)
	if err != nil {
		return 0, err
	}
	if err := e.Write(format.Append(nil, &found)); err != nil {
		return 0, err
	}
	for _, answers := range found {
		for _, a := range answers.List {
			status = max(status, statusOf(a.Works))
		}
		for _, o := range answers.Operations {
			status = max(status, statusOf(o.Works))
		}
	}
	return status, nil
}

// whyTopics are the first words that begin a question of their own, which gets the words
// behind them. Every other word is a capability or else an operation.
var whyTopics = []struct {
	word string
	run  func(c *whyConfig, e *command.Env, args []string) (int, error)
}{
	{"userns", (*whyConfig).userns},
	{"access", (*whyConfig).access},
}

// statusOf returns the exit status of an answer.
func statusOf(works task.Value[bool]) int {
	switch yes, known := works.Get(); {
	case !known:
		return command.StatusTrouble
	case !yes:
		return command.StatusNo
	}
	return command.StatusOK
}

// addAsked adds what a word asks for: a capability, or else the operations of that name.
// A number is neither: whoever writes one means a process.
func addAsked(asked *why.Asked, word string) error {
	if strings.Trim(word, "0123456789") == "" && word != "" {
		return usagef("%q is neither a capability nor an operation: use -p %s for a process", word, word)
	}
	c, err := parseOnce(word)
	if err == nil {
		asked.Caps = append(asked.Caps, c)
		return nil
	}
	found := operation.Meant(word)
	for _, o := range found {
		asked.Operations = append(asked.Operations, why.Operation{Operation: o, As: word})
	}
	unknown, ok := errors.AsType[*capset.UnknownError](err)
	switch {
	case found != nil:
		return nil
	case !ok:
		return err
	}
	return unknownWord(unknown)
}

// unknownWord says that a word names nothing, and what it may have meant.
func unknownWord(unknown *capset.UnknownError) error {
	var close []string
	for _, c := range unknown.Close() {
		close = append(close, c.String())
	}
	if close = append(close, operation.Close(unknown.Name)...); close == nil {
		return fmt.Errorf("no such capability or operation: %q ('capinspect explain TEXT' searches)", unknown.Name)
	}
	return fmt.Errorf("no such capability or operation: %q, did you mean %s?", unknown.Name, strings.Join(close, " or "))
}

// parseOnce returns the capability of a name. One whose prefix appears twice is what
// runtimes make of a Kubernetes list with prefixes.
func parseOnce(name string) (capset.Cap, error) {
	c, err := capset.Parse(name)
	if err == nil {
		return c, nil
	}
	const prefix = "CAP_"
	if upper := strings.ToUpper(name); strings.HasPrefix(upper, prefix+prefix) {
		if c, known := capset.Parse(upper[len(prefix):]); known == nil {
			return 0, fmt.Errorf("%q: the prefix appears twice, which runtimes silently ignore: in Kubernetes it is %s", name, c.Kubernetes())
		}
	}
	return 0, err
}

// find returns the answers for each task. One that cannot be read does not hide the
// others.
func (c *whyConfig) find(e *command.Env, asked why.Asked) (found []*why.Answers, status int, err error) {
	pids, err := c.Choose(nil)
	if err != nil {
		return nil, 0, err
	}
	opts, err := c.Options()
	if err != nil {
		return nil, 0, err
	}
	if len(pids) == 0 && c.Proc != "" {
		return nil, 0, usagef("--proc is for tasks, but you named only files")
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
			answers, err := from.Why(pid, asked)
			add(from.Pid(pid), answers, err)
		}
	}
	for _, name := range c.Files {
		tasks, err := saved.Target(name, e.Stdin, opts.LastCap)
		if err != nil {
			failed.Fail("", err)
		}
		for _, t := range tasks {
			answers, err := why.Of(t, asked)
			add("", answers, err)
		}
	}
	return found, e.ComplainOf(failed, command.StatusOK), nil
}
