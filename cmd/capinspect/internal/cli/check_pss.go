// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset/podsecurity"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// podSecurity is the level of the Pod Security Standards that tasks are checked
// against.
type podSecurity struct {
	level, version string
	minor          uint8
	unseen         flags.List // the rules that could not be checked on some task, since nothing at run time shows it
}

func (p *podSecurity) flags() []flags.Flag {
	levels := []flags.Candidate{"baseline", "restricted"}
	return []flags.Flag{
		{
			Name: "pss", Argument: "LEVEL", Values: levels,
			About: "a pod may look like it that keeps to this Pod Security LEVEL: " + flags.Joined(levels, ", "),
			Value: (*flags.String)(&p.level),
		},
		{
			Name: "pss-version", Argument: "VERSION", Values: []flags.Candidate{flags.Anything},
			About: "that level in this VERSION, as 1.25; the latest otherwise", Value: (*flags.String)(&p.version),
		},
	}
}

// latest is the default of --pss-version.
const latest = "latest"

// addConditions adds a condition for each rule of the level, and returns how much has
// to be known of a task.
func (p *podSecurity) addConditions(to *[]condition) (detail collect.Detail, err error) {
	level, ok := podsecurity.Baseline, false
	if p.minor, ok = podsecurity.ParseVersion(p.version); p.level == "restricted" {
		level = podsecurity.Restricted
	}
	switch {
	case p.level == "" && p.version == latest:
		return collect.Credentials, nil
	case !ok || level == podsecurity.Baseline && p.level != "baseline":
		return 0, usagef("want --pss baseline or restricted, and --pss-version latest or 1.0 to 1.%d", podsecurity.LatestVersion)
	}
	for _, rule := range podsecurity.Rules() {
		if rule.In(level, p.minor) {
			*to = append(*to, func(t *task.Task) (string, error) { return p.judge(rule, t) })
		}
	}
	return collect.Isolated, nil
}

// judge holds a task to one rule.
func (p *podSecurity) judge(rule podsecurity.Rule, t *task.Task) (what string, err error) {
	f := t.PodFacts()
	v, why := rule.Judge(f, p.minor)
	switch v {
	case podsecurity.Unseen:
		if !slices.Contains(p.unseen, rule.ID) {
			p.unseen = append(p.unseen, rule.ID)
		}
		return "", nil
	case podsecurity.Fits:
		return "", nil
	case podsecurity.Unknown:
		what = t.WhyPodFact(why)
	default:
		what = f.Text(why)
	}
	if what = p.level + ": " + rule.ID + ": " + what; v == podsecurity.Unknown {
		return "", errors.New(what)
	}
	return what, nil
}

// summary names what some task did not show, "" without a level.
func (p *podSecurity) summary() string {
	if p.unseen == nil {
		return ""
	}
	return "not shown at run time, of " + p.level + " (" + p.version + "): " + strings.Join(p.unseen, ", ") + "\n"
}
