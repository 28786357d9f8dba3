// SPDX-License-Identifier: Apache-2.0

package check

import (
	"errors"
	"slices"

	"github.com/capinspect/capinspect/capset/podsecurity"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// PodSecurity is a level of the Pod Security Standards that tasks are held to.
type PodSecurity struct {
	Level  podsecurity.Level
	Minor  uint8    // the version of the standards, 1.Minor
	Unseen []string // the rules that could not be checked on some task, since nothing at run time shows it
}

// Conditions returns a condition for each rule of the level. They add to Unseen
// as they are checked.
func (p *PodSecurity) Conditions() []Condition {
	var conditions []Condition
	for _, rule := range podsecurity.Rules() {
		if rule.In(p.Level, p.Minor) {
			conditions = append(conditions, func(t *task.Task) (string, error) { return p.judge(rule, t) })
		}
	}
	return conditions
}

// judge holds a task to one rule.
func (p *PodSecurity) judge(rule podsecurity.Rule, t *task.Task) (string, error) {
	facts := t.PodFacts()
	verdict, why := rule.Judge(facts, p.Minor)
	prefix := p.Level.String() + ": " + rule.ID + ": "
	switch verdict {
	case podsecurity.Fits:
		return "", nil
	case podsecurity.Unseen:
		if !slices.Contains(p.Unseen, rule.ID) {
			p.Unseen = append(p.Unseen, rule.ID)
		}
		return "", nil
	case podsecurity.Unknown:
		return "", errors.New(prefix + t.WhyPodFact(why))
	}
	return prefix + facts.Text(why), nil
}
