// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/podsecurity"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/command"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/diff"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/saved"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/table"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/target"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

var diffCommand = command.Command{
	Name:     "diff",
	Args:     "[flags] A [B]",
	Operands: []flags.Candidate{flags.AnyPID, "container:", flags.AnyProfile, flags.AnyCap, "file:", "pod:", flags.Anything},
	Summary:  "two tasks, manifests, profiles, sets or saved reports",
	About: `Tell what B has more (+) and less (-) than A, first in a sentence; without B it
is capinspect's own process. Each is a PID, self, container:ID, the name of a
profile, with profile: before it or not, a bitmap as 0x2000, none, a list of
capabilities, file:PATH[:NAME], which takes the files of -f, or
pod:FILE[:CONTAINER], a manifest in YAML or JSON; "-" as the file is standard
input.

Two tasks are compared in their five sets, ids, groups, no_new_privs, seccomp,
securebits, tracer, user namespace and its maps, security label, the runtime of
their container, read-only root, masked /proc and /sys, which of the namespaces
are the node's, and for which the capabilities count. What is unknown about
one, and what cannot be compared, is listed as not compared. What only
identifies a task, such as its name, PID and container, is left out. A profile
or a set is compared with the Bounding set, which a runtime configures, or with
that of --set; baseline is then what that level of Pod Security lets a
container have, including the default of its runtime. What is equal is not
printed; the exit status is 1 if anything differs.

A manifest holds pods, lists of them, workloads, or any other kind with pod
templates, as at spec.template, or with those of Argo Workflows, in one or
several documents; other documents are skipped. CONTAINER is its name, or
POD/NAME or NAMESPACE/POD/NAME; without it, it is that of the task, or the only
one. If the task is in another pod, or is the pause process of a pod, diff
refuses to compare them. A manifest stands for
what its runtime starts: drop ALL comes before add; a name in both lists is
dropped by containerd and CRI-O, and added by docker. Sets, ids, groups,
no_new_privs, seccomp, the read-only root and the node's pid, ipc and user
namespaces are compared, as far as the manifest names them. Traps, such as
CAP_NET_RAW for NET_RAW, are listed and do not change the exit status.

Two files that are reports of many tasks, from ps with -o jsonl or json, are
compared as a whole: which containers and processes gained, lost, appeared or
are gone, the most dangerous first. Use ps --full, which tells containers,
namespaces and labels, or ps --by container. A container is the same by the
workload of its pod and its name in it, which do not change at a rollout, else
by pod and name or by id; what is in none is the same by its name and effective
uid. Processes of one name in a container, and the containers of several
replicas, are compared as a set: what any of them has. As far as both reports
tell them, the five sets, uids, no_new_privs, seccomp, security labels,
securebits and the namespaces of the node are compared; what one does not say
is listed as not compared. A gain is a capability more, something off that held
it back (no_new_privs, seccomp, a security module, a securebit), a namespace of
the node, a privileged container, or uid 0; and what appeared with more than
the default of its runtime, with more than its container held, or in no
container with anything. --fail-on gain exits with 1 on a gain alone.`,
	Example: `
capinspect diff self self
capinspect diff docker containerd
capinspect diff 0xa80425fb docker --json`,
	New: newDiff,
}

type diffConfig struct {
	proc, set, runtime string
	failOn             string
	format             flags.Formats[*render.Form[diff.Difference]]
	color              command.Colour
	detail             collect.Detail        // how much of a task the comparison needs
	only               map[string]*task.Task // of the files that were read already
	wrong              []error               // of lines beside those of the task in a file
}

func newDiff() (command.Runner, []flags.Flag) {
	c := &diffConfig{set: "bounding", failOn: onAny, format: flags.NewFormats(render.Differences)}
	return c, append([]flags.Flag{
		{
			Name: "set", Argument: "SET", Values: []flags.Candidate{flags.AnySet},
			About: "compare a profile or a set with this SET of a task", Value: (*flags.String)(&c.set),
		},
		{
			Name: "fail-on", Argument: "WHAT", Values: []flags.Candidate{onAny, onGain},
			About: "of two reports of many tasks: exit with 1 on any difference, or on a gain alone", Value: (*flags.String)(&c.failOn),
		},
		runtimeFlag(&c.runtime),
		target.ProcFlag(&c.proc),
		c.color.Flag(),
	}, c.format.Flags()...)
}

func (c *diffConfig) Run(e *command.Env, args []string) (int, error) {
	format, err := c.format.Chosen()
	if err != nil {
		return 0, err
	}
	style, err := c.color.Style(e)
	if err != nil {
		return 0, err
	}
	kind, ok := capset.ParseKind(c.set)
	switch {
	case c.failOn != onAny && c.failOn != onGain:
		return 0, usagef("--fail-on %s: want %s or %s", c.failOn, onAny, onGain)
	case !ok:
		return 0, usagef("--set: %v", flags.UnknownSet(c.set))
	case len(args) == 0 || len(args) > 2:
		return 0, usagef("want one or two to compare, as 'capinspect diff docker 1'")
	case len(args) == 1:
		args = append(args, target.Self)
	}
	c.detail = collect.Surrounded
	inputs := 0
	for _, arg := range args {
		if strings.HasPrefix(arg, podPrefix) {
			c.detail = collect.Isolated
		}
		if isInput(arg) {
			inputs++
		}
	}
	if inputs > 1 {
		return 0, usagef("standard input can be one side only")
	}
	if inputs < 2 && len(args) == 2 {
		first, second, err := c.lists(e, args)
		if err != nil {
			return 0, err
		}
		if first != nil {
			return c.drift(e, first, second, style)
		}
	}
	if c.failOn != onAny {
		return 0, usagef("--fail-on is for two reports of many tasks, as 'capinspect diff file:a.jsonl file:b.jsonl --fail-on gain'")
	}
	if table.Form(format.Name).Valid() {
		return 0, usagef("-o %s is for two reports of many tasks, as 'capinspect diff file:a.jsonl file:b.jsonl -o %[1]s'", format.Name)
	}
	a, b, err := c.sides(e, args[0], args[1])
	if err != nil {
		return 0, err
	}
	if c.runtime != "" && !strings.HasPrefix(args[0], podPrefix) && !strings.HasPrefix(args[1], podPrefix) {
		return 0, usagef("--runtime is for pod:FILE")
	}
	adapt(a, b)
	adapt(b, a)
	d := diff.Compare(a, b, kind)
	if err := e.Write(format.Styled(nil, d, style)); err != nil {
		return 0, err
	}
	status := command.StatusOK
	if !d.Equal() {
		status = command.StatusNo
	}
	for _, err := range slices.Concat(c.wrong, d.Unknown) {
		e.Complain(err)
		status = command.StatusTrouble
	}
	return status, nil
}

// profilePrefix stands before the name of a profile among targets.
const profilePrefix = "profile:"

// isInput reports whether an argument stands for standard input.
func isInput(arg string) bool {
	pod, ok := strings.CutPrefix(arg, podPrefix)
	name, _ := splitPod(pod)
	return ok && name == "-" || arg == "file:-"
}

// sides returns what two arguments stand for. A manifest comes last, since what it is
// compared with may tell which of its containers is meant.
func (c *diffConfig) sides(e *command.Env, first, second string) (a, b *diff.Side, err error) {
	if strings.HasPrefix(first, podPrefix) {
		if b, err = c.side(e, second, nil); err == nil {
			a, err = c.side(e, first, b)
		}
		return a, b, err
	}
	if a, err = c.side(e, first, nil); err == nil {
		b, err = c.side(e, second, a)
	}
	if err == nil && !strings.HasPrefix(second, podPrefix) {
		inside(a, b)
		inside(b, a)
	}
	return a, b, err
}

// inside gives a task the ids that it has in its own user namespace if it is compared with
// the configuration of a container, which names those.
func inside(s, other *diff.Side) {
	if s.Task != nil && s.Asks() == nil && other.Asks() != nil {
		s.Task.Inside()
	}
}

// side returns what an argument stands for.
func (c *diffConfig) side(e *command.Env, arg string, other *diff.Side) (*diff.Side, error) {
	if strings.HasPrefix(arg, podPrefix) {
		return c.pod(e, arg, other)
	}
	name, named := strings.CutPrefix(arg, profilePrefix)
	if named && !isProfile(name) {
		return nil, fmt.Errorf("unknown profile %q: %s", name, flags.DidYouMean(name, profileNames(), "see capinspect profiles"))
	}
	if named {
		arg = name
	}
	s := &diff.Side{Label: arg}
	path, file := strings.CutPrefix(arg, target.FilePrefix)
	var err error
	switch {
	case file && c.only[path] != nil:
		s.Task = c.only[path]
	case file:
		if s.Task, err = saved.One(path, e.Stdin, nil); s.Task != nil && err != nil {
			c.wrong, err = append(c.wrong, err), nil
		}
	case arg == target.Self || target.IsPID(arg) || strings.HasPrefix(arg, target.ContainerPrefix):
		s.Task, err = c.read(arg)
	case arg == "-":
		err = errors.New("- is standard input: use file:- for a task, pod:- for a manifest")
	case arg == "0":
		err = errors.New("0 is not a PID; an empty bitmap is 0x0, or none")
	case arg == "none": // the empty set
	case isProfile(arg):
		p, _ := runtime.ProfileNamed(arg, capset.LastKnown)
		s.Set = p.Set
	case saved.IsMask(arg):
		s.Set, err = capset.ParseHex(arg)
	default:
		if s.Set, err = flags.ParseCaps(arg); err != nil {
			err = fmt.Errorf("%w; %s", err, flags.DidYouMean(arg, profileNames(), "and no PID, container:ID, profile, bitmap, file:PATH or pod:FILE"))
		}
	}
	return s, err
}

// adapt makes a profile what it stands for beside a task or a manifest: that of a
// privileged container has what the kernel of the task knows, and that of a level what
// the level lets a container of that runtime have.
func adapt(s, other *diff.Side) {
	if s.Task != nil || other.Task == nil {
		return
	}
	started := other.Task.Runtime()
	if asked := other.Asks(); asked != nil {
		started = asked.Runtime
	}
	level, ok := podsecurity.ParseLevel(s.Label)
	switch {
	case ok:
		s.Set = podsecurity.Allowed(level, started)
	case s.Label == "privileged":
		s.Set = capset.UpTo(other.Task.LastCap.Value)
	}
}

// read reads a task.
func (c *diffConfig) read(word string) (*task.Task, error) {
	pid, err := target.PID(c.proc, word)
	if err != nil {
		return nil, err
	}
	from, err := collect.Open(collect.Options{Proc: c.proc, Detail: c.detail})
	if err != nil {
		return nil, err
	}
	defer from.Close()
	t, err := from.Task(pid)
	if err != nil {
		return nil, report.Failure{Pid: from.Pid(pid), Err: err}
	}
	return t, nil
}
