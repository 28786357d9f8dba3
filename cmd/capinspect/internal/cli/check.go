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
	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/saved"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

var checkCommand = command{
	name:     "check",
	args:     "[flags] CONDITION ... [PID ...]",
	operands: []flags.Candidate{flags.Anything, flags.AnyPID},
	summary:  "yes or no, for scripts and probes",
	about: `Check conditions on tasks, by default on capinspect's own process. All must
hold, on every task: then the exit status is 0. If one does not it is 1, with a
line for each; if one is about something that cannot be known it is 2.

SET is inheritable, permitted, effective, bounding or ambient, or one of
i p e b a; without it, effective is meant.

--pss asks whether a pod that keeps to a level of the Pod Security Standards
may look like this. That it does keep to it no run time shows: one line names
the rules on what cannot be seen.`,
	example: `
capinspect check --has net_bind_service
capinspect check --lacks sys_admin,sys_module --no-new-privs -p 1
capinspect check --within bounding:a80425fb --uid 1000 -q
capinspect check --pss restricted --pss-version 1.25`,
	new: newCheck,
}

type checkConfig struct {
	targets
	conditions []check.Condition
	pss        podSecurity
	quiet      bool
}

func newCheck() (runner, []flags.Flag) {
	c := &checkConfig{pss: podSecurity{version: latest}}
	return c, slices.Concat(
		c.conditionFlags(),
		[]flags.Flag{{
			Name: "quiet", Shorthand: "q",
			About: "print nothing about a condition that does not hold", Value: (*flags.Bool)(&c.quiet),
		}},
		c.pss.flags(),
		c.targets.flags(),
		c.threads.flags(),
	)
}

// conditionFlags returns the flags that each add a condition.
func (c *checkConfig) conditionFlags() []flags.Flag {
	add := func(parse func(string) (check.Condition, error)) flags.Value {
		return flags.Func(func(text string) error {
			cond, err := parse(text)
			c.conditions = append(c.conditions, cond)
			return err
		})
	}
	caps, n := []flags.Candidate{flags.AnySetPrefix, flags.AnyCap}, []flags.Candidate{flags.Anything}
	seccomp := flags.Words(task.SeccompModes())
	modes := []flags.Candidate{"NOPRIV", "PURE1E_INIT", "PURE1E", "HYBRID", "UNCERTAIN"}
	return []flags.Flag{
		{Name: "has", Argument: "[SET:]CAP,...", Values: caps, About: "the set holds all of these", Value: add(onSet(false, check.Has))},
		{Name: "lacks", Argument: "[SET:]CAP,...", Values: caps, About: "the set holds none of these", Value: add(onSet(false, check.Lacks))},
		{
			Name: "within", Argument: "[SET:]LIST", Values: []flags.Candidate{flags.AnySetPrefix, flags.AnyCap, flags.AnyProfile, "none"},
			About: "the set holds nothing else; digits are a bitmap as in decode, none is empty, docker and others are profiles",
			Value: add(onSet(true, check.Within)),
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
			Value: add(func(string) (check.Condition, error) { return check.NoNewPrivs, nil }),
		},
	}
}

func (c *checkConfig) run(e *env, args []string) (int, error) {
	conditions, detail := c.conditions, collect.Credentials
	pss, err := c.pss.chosen()
	switch {
	case err != nil:
		return 0, err
	case pss != nil:
		conditions, detail = append(conditions, pss.Conditions()...), collect.Isolated
	case len(conditions) == 0:
		return 0, usagef("no condition: want --has, --lacks, --within, --uid, --gid, --no-new-privs, --seccomp, --mode or --pss")
	}
	found, err := c.collect(e, args, detail)
	if err != nil {
		return 0, err
	}
	status := statusOK
	var out []byte
	var trouble []error
	for _, t := range found.tasks {
		for _, cond := range conditions {
			why, err := cond(t)
			switch {
			case err != nil:
				trouble = append(trouble, fmt.Errorf("%s: %w", who(t), err))
			case why != "":
				out = append(out, who(t)+": "+why+"\n"...)
				status = statusNo
			}
		}
	}
	if pss != nil && len(pss.Unseen) > 0 {
		out = fmt.Appendf(out, "not shown at run time, of %v (%s): %s\n", pss.Level, c.pss.version, strings.Join(pss.Unseen, ", "))
	}
	if !c.quiet && len(out) > 0 {
		if err := e.write(out); err != nil {
			return 0, err
		}
	}
	for _, err := range trouble {
		e.complain(err)
		status = statusTrouble
	}
	return found.complain(e, status), nil
}

// who is what a message calls a task.
func who(t *task.Task) string {
	name := "name unknown"
	if known, ok := t.Name.Get(); ok {
		name = render.Escape(known)
	}
	if tid, ok := t.Tid.Get(); ok {
		return fmt.Sprintf("pid %d (%s)", tid, name)
	}
	return fmt.Sprintf("%s (%s)", render.Escape(task.InputName(t.Source)), name)
}

// parseSetOf splits "SET:CAPS".
func parseSetOf(text string) (k capset.Kind, caps string, err error) {
	name, caps, ok := strings.Cut(text, ":")
	if !ok {
		return capset.Effective, text, nil
	}
	if k, ok = capset.ParseKind(name); !ok {
		return 0, "", unknownSet(name)
	}
	return k, caps, nil
}

func unknownSet(name string) error {
	return fmt.Errorf("unknown set %q: want effective, permitted, inheritable, bounding or ambient", name)
}

// parseCaps returns the set of a list that must name something.
func parseCaps(list string) (capset.Set, error) {
	if strings.Trim(list, ", ") == "" {
		return 0, errors.New("no capability")
	}
	return capset.ParseList(list)
}

// parseSet returns what a condition on a set asks: which set, and the
// capabilities. masks allows a bitmap, a profile and none in place of names.
func parseSet(text string, masks bool) (k capset.Kind, asked capset.Set, err error) {
	k, caps, err := parseSetOf(text)
	if err != nil {
		return 0, 0, err
	}
	switch {
	case masks && caps == "none":
	case masks && caps != "" && saved.IsMask(caps):
		asked, err = capset.ParseHex(caps)
	case masks && isProfile(caps):
		p, _ := runtime.ProfileNamed(caps, capset.LastKnown)
		asked = p.Set
	default:
		asked, err = parseCaps(caps)
	}
	return k, asked, err
}

// isProfile reports whether a name is that of a profile.
func isProfile(name string) bool {
	_, ok := runtime.ProfileNamed(name, capset.LastKnown)
	return ok
}

// onSet returns the parser of a condition on a set.
func onSet(masks bool, of func(capset.Kind, capset.Set) check.Condition) func(string) (check.Condition, error) {
	return func(text string) (check.Condition, error) {
		k, asked, err := parseSet(text, masks)
		return of(k, asked), err
	}
}

// onID returns the parser of a condition on an id.
func onID(kind string, of func(uint32) check.Condition) func(string) (check.Condition, error) {
	return func(text string) (check.Condition, error) {
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("want a %s", kind)
		}
		return of(uint32(n)), nil
	}
}

func parseSeccomp(text string) (check.Condition, error) {
	want, ok := task.SeccompMode(text)
	if !ok {
		return nil, errors.New("want disabled, strict, filter or a number")
	}
	return check.Seccomp(want), nil
}

func parseMode(text string) (check.Condition, error) {
	want, ok := capset.ParseMode(text)
	if !ok {
		return nil, errors.New("want NOPRIV, PURE1E_INIT, PURE1E, HYBRID or UNCERTAIN")
	}
	return check.Mode(want), nil
}
