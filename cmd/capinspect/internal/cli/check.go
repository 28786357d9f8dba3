// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/check"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/command"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/saved"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/target"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

var checkCommand = command.Command{
	Name:     "check",
	Args:     "[flags] [CONDITION ...] [TARGET ...]",
	Operands: []flags.Candidate{flags.AnyPID, "container:", "file:", "pod:"},
	Summary:  "yes or no, for scripts and probes",
	About: `Check conditions on tasks, by default on capinspect's own process. A TARGET is
a PID, self, container:ID or file:PATH, as for show, or pod:FILE[:CONTAINER].
The first line says yes, no or unknown, and for whom. The exit status is 0 if
all of them hold on every task, 1 with a line for each that does not, and 2 if
one is about something that cannot be known.

SET is inheritable, permitted, effective, bounding or ambient, or one of i p e
b a. Without it --has asks for effective, while --lacks and --within look at
all five: what a task may use, and what it can still get.

With pod:FILE, a manifest as for diff or a directory with some, check goes
through each container of each workload, or those called CONTAINER, in the
state in which its runtime starts it. What the image decides is unknown, unless
it makes no difference. -o github writes annotations for GitHub Actions, -o
sarif what code scanning reads.

Without a condition, check pod:FILE names what gives a container more than it
is likely to need, and the line to write instead: docs/lint.md lists that.

--pss holds a manifest to all rules of a level of the Pod Security Standards,
as Kubernetes does when a pod is created. For a task it asks whether a pod that
keeps to the level may look like this. A running process cannot show that its
pod does keep to it: one line names the rules about what cannot be seen.`,
	Example: `
capinspect check --has net_bind_service
capinspect check --lacks sys_admin,sys_module --no-new-privs -p 1
capinspect check --within docker --uid 1000 -q
capinspect check --has bounding:docker -p 1
capinspect check --pss restricted --pss-version 1.25`,
	CapFlag: "--has",
	New:     newCheck,
}

type checkConfig struct {
	target.List
	conditions []check.Condition
	pss        podSecurity
	runtime    string
	format     flags.Formats[*render.Form[check.Checked]]
	color      command.Colour
	quiet      bool
}

func newCheck() (command.Runner, []flags.Flag) {
	c := &checkConfig{pss: podSecurity{version: latest}, format: flags.NewFormats(render.Checks)}
	return c, slices.Concat(
		c.conditionFlags(),
		[]flags.Flag{{
			Name: "quiet", Shorthand: "q",
			About: "print nothing, but what could not be read", Value: (*flags.Bool)(&c.quiet),
		}, c.color.Flag()},
		c.format.Flags(),
		c.pss.flags(),
		[]flags.Flag{runtimeFlag(&c.runtime)},
		c.List.Flags(),
		c.Threads.Flags(),
	)
}

// allKinds are what a task holds or can get.
var allKinds = []capset.Kind{capset.Inheritable, capset.Permitted, capset.Effective, capset.Bounding, capset.Ambient}

// conditionFlags returns the flags that each add a condition.
func (c *checkConfig) conditionFlags() []flags.Flag {
	add := func(parse func(string) (check.Condition, error)) flags.Value {
		return flags.Func(func(text string) error {
			cond, err := parse(text)
			c.conditions = append(c.conditions, cond)
			return err
		})
	}
	caps, n := []flags.Candidate{flags.AnySetPrefix, flags.AnyCap, flags.AnyProfile}, []flags.Candidate{flags.Anything}
	seccomp := flags.Words(task.SeccompModes())
	modes := []flags.Candidate{"NOPRIV", "PURE1E_INIT", "PURE1E", "HYBRID", "UNCERTAIN"}
	return []flags.Flag{
		{
			Name: "has", Argument: "[SET:]CAP,...", Values: caps,
			About: "the set, or effective, holds all of these, or of a profile such as docker; all is what its kernel knows",
			Value: add(onSets([]capset.Kind{capset.Effective}, parseHeld, check.Has)),
		},
		{
			Name: "lacks", Argument: "[SET:]CAP,...", Values: caps,
			About: "the set, or each of the five, holds none of these, or none of a profile",
			Value: add(onSets(allKinds, parseHeld, check.Lacks)),
		},
		{
			Name: "within", Argument: "[SET:]LIST", Values: append(slices.Clone(caps), "none"),
			About: "the set, or each of the five, holds nothing else; digits are a bitmap as in decode, none is empty, docker and others are profiles",
			Value: add(onSets(allKinds, parseLimit, check.Within)),
		},
		{Name: "uid", Argument: "N", Values: n, About: "all four user ids are N", Value: add(onID("uid", check.UID))},
		{Name: "gid", Argument: "N", Values: n, About: "all four group ids are N", Value: add(onID("gid", check.GID))},
		{
			Name: "seccomp", Argument: "MODE", Values: seccomp,
			About: "seccomp is in MODE: " + flags.Joined(seccomp, ", ") + "; or a number", Value: add(parseSeccomp),
		},
		{
			Name: "mode", Argument: "MODE", Values: modes,
			About: "libcap's guess is MODE: " + flags.Joined(modes, ", "), Value: add(parseMode),
		},
		{
			Name: "no-new-privs", About: "no_new_privs is set",
			Value: add(func(string) (check.Condition, error) { return check.NoNewPrivs(), nil }),
		},
	}
}

func (c *checkConfig) Run(e *command.Env, args []string) (int, error) {
	checked, detail := check.Checked{Conditions: c.conditions}, collect.Credentials
	format, err := c.format.Chosen()
	if err != nil {
		return 0, err
	}
	if checked.Standard, err = c.pss.chosen(); err != nil {
		return 0, err
	}
	if checked.Standard != nil {
		detail = collect.Isolated
	}
	pods, args := podArguments(args)
	tasks := len(args) + len(c.PIDs) + len(c.Files)
	switch {
	case c.asksNothing() && len(pods) == 0:
		return 0, usagef("no condition: %s", likelyCondition(args))
	case c.asksNothing() && tasks > 0:
		return 0, usagef("no condition: only pod:FILE works without one")
	}
	var found target.Found
	switch {
	case len(pods) == 0 || tasks > 0:
		found, err = c.Collect(e.Stdin, args, detail)
	case c.Proc != "" || c.Threads != target.Threads{}:
		err = usagef("--proc, -t and -T are for tasks, but you named only files")
	}
	if err != nil {
		return 0, err
	}
	for _, t := range found.Tasks {
		checked.Task(t)
	}
	if err := c.checkPods(e, pods, &checked, &found); err != nil {
		return 0, err
	}
	return c.tell(e, format, &checked, &found)
}

// likelyCondition says which condition the arguments of a command line without one may be
// meant for.
func likelyCondition(args []string) string {
	for _, arg := range args {
		if _, err := capset.Parse(arg); err == nil && !target.IsPID(arg) {
			return "did you mean --has " + arg + "?"
		}
		if strings.HasSuffix(arg, ".yaml") || strings.HasSuffix(arg, ".yml") {
			return "did you mean " + podPrefix + arg + "?"
		}
	}
	return "want --has, --lacks, --within, --uid, --gid, --no-new-privs, --seccomp, --mode or --pss"
}

// asksNothing reports whether there is no condition.
func (c *checkConfig) asksNothing() bool {
	return len(c.conditions) == 0 && c.pss == podSecurity{version: latest}
}

// tell writes what was found, and returns the exit status.
func (c *checkConfig) tell(e *command.Env, format *render.Form[check.Checked], checked *check.Checked, found *target.Found) (int, error) {
	for _, failure := range found.Failures {
		checked.Failures = append(checked.Failures, failure)
	}
	style, err := c.color.Style(e)
	if err != nil {
		return 0, err
	}
	if out := format.Styled(nil, checked, style); !c.quiet && len(out) > 0 {
		if err := e.Write(out); err != nil {
			return 0, err
		}
	}
	status := command.StatusOK
	for _, f := range checked.Findings {
		switch {
		case f.Severity == check.Note:
			continue
		case f.Err == nil:
			status = max(status, command.StatusNo)
			continue
		}
		e.Complain(fmt.Errorf("%s: %s", render.SubjectName(&f.Subject), f.Why()))
		status = command.StatusTrouble
	}
	return e.ComplainOf(found, status), nil
}

// parseHeld returns the set of a list or of a profile that must name something.
func parseHeld(caps string) (capset.Set, error) {
	if isEverything(caps) {
		return check.Everything, nil
	}
	if p, ok := runtime.ProfileNamed(caps, capset.LastKnown); ok {
		if p.Set == 0 {
			return 0, fmt.Errorf("the profile %s has no capability", caps)
		}
		return p.Set, nil
	}
	return flags.ParseCaps(caps)
}

// parseLimit returns a set that may be empty: a bitmap, none, or what parseHeld takes.
func parseLimit(caps string) (capset.Set, error) {
	switch p, ok := runtime.ProfileNamed(caps, capset.LastKnown); {
	case caps == "none":
		return 0, nil
	case isEverything(caps):
		return check.Everything, nil
	case caps != "" && saved.IsMask(caps):
		return capset.ParseHex(caps)
	case ok:
		return p.Set, nil
	}
	return flags.ParseCaps(caps)
}

// isEverything reports whether a word stands for all that the kernel of a task knows, which
// is what a privileged container has.
func isEverything(word string) bool { return strings.EqualFold(word, "all") || word == "privileged" }

// isProfile reports whether a name is that of a profile.
func isProfile(name string) bool {
	_, ok := runtime.ProfileNamed(name, capset.LastKnown)
	return ok
}

// onSets returns the parser of a condition on the set that is named, or else on some.
func onSets(unnamed []capset.Kind, parse func(string) (capset.Set, error), of func(capset.Set, ...capset.Kind) check.Condition) func(string) (check.Condition, error) {
	return func(text string) (check.Condition, error) {
		kinds, caps, err := flags.SplitSet(text)
		if err != nil {
			return check.Condition{}, err
		}
		asked, err := parse(caps)
		if kinds == nil {
			kinds = unnamed
		}
		return of(asked, kinds...), err
	}
}

// onID returns the parser of a condition on an id.
func onID(kind string, of func(uint32) check.Condition) func(string) (check.Condition, error) {
	return func(text string) (check.Condition, error) {
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return check.Condition{}, fmt.Errorf("want a %s", kind)
		}
		return of(uint32(n)), nil
	}
}

func parseSeccomp(text string) (check.Condition, error) {
	want, ok := task.SeccompMode(text)
	if !ok {
		return check.Condition{}, errors.New("want disabled, strict, filter or a number")
	}
	return check.Seccomp(want), nil
}

func parseMode(text string) (check.Condition, error) {
	want, ok := capset.ParseMode(text)
	if !ok {
		return check.Condition{}, errors.New("want NOPRIV, PURE1E_INIT, PURE1E, HYBRID or UNCERTAIN")
	}
	return check.Mode(want), nil
}
