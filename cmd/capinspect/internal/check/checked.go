// SPDX-License-Identifier: Apache-2.0

package check

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/manifest"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Checked is what came of the conditions that tasks and containers were held to.
type Checked struct {
	Conditions []Condition
	Standard   *PodSecurity // nil if no level of Pod Security was asked for
	Findings   []Finding
	Failures   []error // what could not be read
}

// Severity says how bad a finding is. The names are those of SARIF.
type Severity uint8

// The severities. A note is no reason for a no.
const (
	Error Severity = iota
	Warning
	Note
)

// String returns the name of the severity.
func (s Severity) String() string { return [...]string{"error", "warning", "note"}[min(s, Note)] }

// Finding is a condition that a subject does not meet, or of which nobody can know whether
// it does.
type Finding struct {
	Subject
	Code     string // of the condition, or the ID of a rule
	Level    string // whose rule it is, as "restricted"; "" for a condition
	Lint     bool   // the code is one of lint's
	Severity Severity
	Text     string // what is wrong; "" if nobody can know
	Err      error  // why nobody can know

	// Lint says what to write: a line of YAML, and the keys that lead to where it goes. It
	// is a merge patch (RFC 7386): a list replaces a list, and null takes away.
	Where []string
	Write string

	Explains string // what the capability is for that the text names, "" if it names none
}

// Subject is what is held to a condition: a task, or what a manifest asks for.
type Subject struct {
	Task *task.Task

	File      string
	Line      int
	Pod       *manifest.Pod
	Container *manifest.Container // nil for the pod itself
	field     []string            // of the container or the pod
}

// Source is where a manifest is from, and how its containers start.
type Source struct {
	File    string
	Runtime *runtime.Runtime // nil if it was not said
	Last    capset.Cap       // of the kernel
}

// Task holds a task to the conditions and to the standard.
func (c *Checked) Task(t *task.Task) {
	for _, condition := range c.Conditions {
		why, err := ofAll(t.States(), condition.Test)
		c.add(Finding{Subject: Subject{Task: t}, Code: condition.Code, Text: why, Err: err})
	}
	if c.Standard == nil {
		return
	}
	for _, rule := range c.Standard.rules() {
		why, err := ofAll(t.States(), func(t *task.Task) (string, error) { return c.Standard.judge(rule, t) })
		c.add(Finding{Subject: Subject{Task: t}, Code: rule.ID, Level: c.Standard.Level.String(), Text: why, Err: err})
	}
}

// Pod holds those containers of a pod that are chosen to the conditions, and them and the
// pod itself to the standard.
func (c *Checked) Pod(p *manifest.Pod, from Source, chosen func(*manifest.Container) bool) {
	before := len(c.Findings)
	for _, container := range p.Containers {
		if chosen(container) {
			c.container(p, container, from)
		}
	}
	if c.Standard != nil {
		for _, f := range c.Standard.breaches(p) {
			if f.Container == nil || chosen(f.Container) {
				c.add(f)
			}
		}
	}
	place(c.Findings[before:], from)
}

// place tells where in the file the findings on a pod are, and sorts them by that.
func place(found []Finding, from Source) {
	if len(found) == 0 {
		return
	}
	fields := make([][]string, len(found))
	for i := range found {
		found[i].File = from.File
		fields[i] = found[i].field
		if in := found[i].Container; in != nil {
			fields[i] = in.Field(fields[i]...)
		}
	}
	for i, line := range found[0].Pod.Lines(fields) {
		if found[i].Line == 0 {
			found[i].Line = line
		}
	}
	slices.SortStableFunc(found, func(a, b Finding) int { return a.Line - b.Line })
}

var errWindows = errors.New("it is for Windows, which has nothing of the kind")

// container holds a container of a manifest to the conditions, in the state in which its
// runtime starts it.
func (c *Checked) container(p *manifest.Pod, in *manifest.Container, from Source) {
	if len(c.Conditions) == 0 {
		return
	}
	m := p.Of(in)
	m.Through(from.Runtime, nil)
	states := m.Possible(from.Last)
	for _, condition := range c.Conditions {
		why, err := "", errWindows
		if p.Security.OS != "windows" {
			why, err = ofAll(states, condition.Test)
		}
		c.add(Finding{Subject: Subject{Pod: p, Container: in, field: []string{"securityContext"}}, Code: condition.Code, Text: why, Err: err})
	}
}

// add adds what came of a condition, if that is something to tell.
func (c *Checked) add(f Finding) {
	if f.Text != "" || f.Err != nil {
		c.Findings = append(c.Findings, f)
	}
}

// ofAll holds a test against the states in which a container may start: one, or first that
// of root and then that of another user. A no holds for both.
func ofAll(states []*task.Task, test func(*task.Task) (string, error)) (why string, err error) {
	if len(states) == 1 {
		return test(states[0])
	}
	asRoot, errRoot := test(states[0])
	asUser, errUser := test(states[1])
	switch err := cmp.Or(errRoot, errUser); {
	case err != nil:
		return "", err
	case asRoot != "" && asUser == "":
		return "", fmt.Errorf("as root, %s; its user is %s", asRoot, manifest.OfImage)
	case asRoot == "" && asUser != "":
		return "", fmt.Errorf("as a user other than root, %s; its user is %s", asUser, manifest.OfImage)
	}
	return asUser, nil
}

// Why says what is wrong, or why nobody can know, with the rule that says so.
func (f *Finding) Why() string {
	why := f.Text
	if f.Err != nil {
		why = f.Err.Error()
	}
	if f.Explains != "" {
		why += " (" + f.Explains + ")"
	}
	switch {
	case f.Level != "":
		return f.Level + ": " + f.Code + ": " + why
	case f.Lint:
		return f.Severity.String() + ": " + f.Code + ": " + why
	}
	return why
}

// Advice is Why, with what to write.
func (f *Finding) Advice() string {
	if f.Write == "" {
		return f.Why()
	}
	return f.Why() + "; write " + f.Write
}

// Holds reports whether all conditions hold. It is unknown if that is so of some, and the
// others hold.
func (c *Checked) Holds() task.Value[bool] {
	holds := task.Known(true)
	if len(c.Failures) > 0 {
		holds = task.Unknown[bool]("not all could be read")
	}
	for _, f := range c.Findings {
		switch {
		case f.Severity == Note:
			continue
		case f.Err == nil:
			return task.Known(false)
		}
		holds = task.Unknown[bool](f.Why())
	}
	return holds
}
