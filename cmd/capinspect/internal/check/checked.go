// SPDX-License-Identifier: Apache-2.0

package check

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/manifest"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Checked is what came of the conditions that tasks and containers were held to.
type Checked struct {
	Conditions []Condition
	Standard   *PodSecurity // nil if no level of Pod Security was asked for
	Findings   []Finding
}

// Finding is a condition that a subject does not meet, or of which nobody can know whether
// it does.
type Finding struct {
	Subject
	Code  string // of the condition, or the ID of a rule
	Level string // whose rule it is, as "restricted"; "" for a condition
	Text  string // what is wrong; "" if nobody can know
	Err   error  // why nobody can know
}

// Why says what is wrong, or why nobody can know, with the rule that says so.
func (f *Finding) Why() string {
	why := f.Text
	if f.Err != nil {
		why = f.Err.Error()
	}
	if f.Level != "" {
		return f.Level + ": " + f.Code + ": " + why
	}
	return why
}

// Subject is what is held to a condition: a task, or what a manifest asks for.
type Subject struct {
	Task *task.Task

	File      string
	Pod       *manifest.Pod
	Container *manifest.Container // nil for the pod itself
}

// Task holds a task to the conditions and to the standard.
func (c *Checked) Task(t *task.Task) {
	for _, condition := range c.Conditions {
		why, err := condition.Test(t)
		c.add(Finding{Subject: Subject{Task: t}, Code: condition.Code, Text: why, Err: err})
	}
	if c.Standard == nil {
		return
	}
	for _, rule := range c.Standard.rules() {
		why, err := c.Standard.judge(rule, t)
		c.add(Finding{Subject: Subject{Task: t}, Code: rule.ID, Level: c.Standard.Level.String(), Text: why, Err: err})
	}
}

// Container holds a container of a manifest to the conditions, in the state in which its
// runtime starts it on a kernel with the given last capability.
func (c *Checked) Container(file string, m *manifest.Manifest, last capset.Cap) {
	states := m.Possible(last)
	for _, condition := range c.Conditions {
		why, err := "", errWindows
		if m.Pod.Security.OS != "windows" {
			why, err = condition.ofAll(states)
		}
		c.add(Finding{Subject: Subject{File: file, Pod: m.Pod, Container: m.Container}, Code: condition.Code, Text: why, Err: err})
	}
}

// Pod holds a pod to the standard, and those of its containers that are chosen.
func (c *Checked) Pod(file string, p *manifest.Pod, chosen func(*manifest.Container) bool) {
	if c.Standard == nil {
		return
	}
	for _, rule := range c.Standard.rules() {
		for _, breach := range rule.Breaches(p.Security, c.Standard.Minor) {
			subject := Subject{File: file, Pod: p}
			if breach.Container >= 0 {
				if subject.Container = p.Containers[breach.Container]; !chosen(subject.Container) {
					continue
				}
			}
			c.add(Finding{Subject: subject, Code: rule.ID, Level: c.Standard.Level.String(), Text: breach.String()})
		}
	}
}

var errWindows = errors.New("it is for Windows, which has nothing of the kind")

// add adds what came of a condition, if that is something to tell.
func (c *Checked) add(f Finding) {
	if f.Text != "" || f.Err != nil {
		c.Findings = append(c.Findings, f)
	}
}

// ofAll holds a condition against the states in which a container may start: one, or first
// that of root and then that of another user. A no holds for both.
func (c Condition) ofAll(states []*task.Task) (why string, err error) {
	if len(states) == 1 {
		return c.Test(states[0])
	}
	asRoot, errRoot := c.Test(states[0])
	asUser, errUser := c.Test(states[1])
	switch err := cmp.Or(errRoot, errUser); {
	case err != nil:
		return "", err
	case asRoot != "" && asUser == "":
		return "", fmt.Errorf("as root, %s; who it runs as is %s", asRoot, manifest.OfImage)
	case asRoot == "" && asUser != "":
		return "", fmt.Errorf("as another user than root, %s; who it runs as is %s", asUser, manifest.OfImage)
	}
	return asUser, nil
}
