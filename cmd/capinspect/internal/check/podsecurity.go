// SPDX-License-Identifier: Apache-2.0

package check

import (
	"errors"
	"slices"

	"github.com/capinspect/capinspect/capset/podsecurity"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/manifest"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// PodSecurity is a level of the Pod Security Standards that tasks and manifests are held
// to.
type PodSecurity struct {
	Level  podsecurity.Level
	Minor  uint8    // the version of the standards, 1.Minor
	Asked  string   // that version as it was asked for
	Unseen []string // the rules that could not be checked on some task, since nothing at run time shows it
}

// rules returns the rules of the level.
func (p *PodSecurity) rules() (rules []podsecurity.Rule) {
	for _, rule := range podsecurity.Rules() {
		if rule.In(p.Level, p.Minor) {
			rules = append(rules, rule)
		}
	}
	return rules
}

// breaches returns where a pod breaks the rules.
func (p *PodSecurity) breaches(pod *manifest.Pod) (found []Finding) {
	for _, rule := range p.rules() {
		for _, b := range rule.Breaches(pod.Security, p.Minor) {
			f := Finding{Subject: Subject{Pod: pod, field: b.Field}, Code: rule.ID, Level: p.Level.String(), Text: b.String()}
			if b.Container >= 0 {
				f.Container = pod.Containers[b.Container]
			}
			found = append(found, f)
		}
	}
	return found
}

// judge holds a task to one rule.
func (p *PodSecurity) judge(rule podsecurity.Rule, t *task.Task) (string, error) {
	facts := t.PodFacts()
	switch verdict, why := rule.Judge(facts, p.Minor); verdict {
	case podsecurity.Violates:
		return facts.Text(why), nil
	case podsecurity.Unknown:
		return "", errors.New(t.WhyPodFact(why))
	case podsecurity.Unseen:
		if !slices.Contains(p.Unseen, rule.ID) {
			p.Unseen = append(p.Unseen, rule.ID)
		}
	}
	return "", nil
}
