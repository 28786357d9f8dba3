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
	Subjects   []Judged
	Findings   []Finding
	PassedOver []PassedOver
	Failures   []error // what could not be read
}

// PassedOver are the objects of a file that are no pods and have no template of pods.
type PassedOver struct {
	File string
	manifest.Others
}

// Judged is what came of the conditions for one subject.
type Judged struct {
	Subject
	Conditions []Held
}

// Held is what came of one condition.
type Held struct {
	Code  string
	Level string // whose rule it is; "" for a condition
	Holds task.Value[bool]
	Text  string // what is so, or why it does not hold
}

// Holds reports whether all conditions hold of a subject. It is unknown if that is so of
// some, and the others hold.
func (j *Judged) Holds() task.Value[bool] {
	holds := task.Known(true)
	for _, c := range j.Conditions {
		switch yes, known := c.Holds.Get(); {
		case !known:
			holds = task.Unknown[bool](c.Holds.Why())
		case !yes:
			return task.Known(false)
		}
	}
	return holds
}

// judge holds a subject in its possible states to a condition.
func (c *Checked) judge(j *Judged, condition *Condition, states []*task.Task, err error) {
	why := ""
	if err == nil {
		why, err = ofAll(states, condition.Test)
	}
	f := Finding{Subject: j.Subject, Code: condition.Code, Text: why, Err: err}
	if why != "" && condition.Brief != nil {
		f.Brief = condition.Brief(states[len(states)-1])
	}
	j.add(&f, condition.Says)
	c.add(f)
}

// add adds what came of a condition or a rule; says is what is so if it holds.
func (j *Judged) add(f *Finding, says string) {
	h := Held{f.Code, f.Level, task.Known(f.Text == ""), says}
	switch {
	case f.Err != nil:
		h.Holds, h.Text = task.Unknown[bool](f.Err.Error()), f.Err.Error()
	case f.Text != "":
		h.Text = f.Text
	}
	j.Conditions = append(j.Conditions, h)
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
	Brief    string // the same in fewer words; "" if there are none
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
	j := Judged{Subject: Subject{Task: t}}
	for i := range c.Conditions {
		c.judge(&j, &c.Conditions[i], t.States(), nil)
	}
	if c.Standard != nil {
		for _, rule := range c.Standard.rules() {
			why, err := ofAll(t.States(), func(t *task.Task) (string, error) { return c.Standard.judge(rule, t) })
			f := Finding{Subject: Subject{Task: t}, Code: rule.ID, Level: c.Standard.Level.String(), Text: why, Err: err}
			if !slices.Contains(c.Standard.Unseen, rule.ID) {
				j.add(&f, "nothing breaks the rule")
			}
			c.add(f)
		}
	}
	c.Subjects = append(c.Subjects, j)
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
		c.keeps(p, from, chosen)
	}
	place(c.Findings[before:], from)
}

// keeps holds a pod, and those of its containers that are chosen, to the standard.
func (c *Checked) keeps(p *manifest.Pod, from Source, chosen func(*manifest.Container) bool) {
	j := Judged{Subject: Subject{Pod: p, File: from.File}}
	level := c.Standard.Level.String()
	for _, f := range c.Standard.breaches(p) {
		if f.Container == nil || chosen(f.Container) {
			j.add(&f, "")
			c.add(f)
		}
	}
	if j.Conditions == nil {
		j.Conditions = []Held{{Code: "pss", Level: level, Holds: task.Known(true), Text: "it keeps to all rules of " + level}}
	}
	c.Subjects = append(c.Subjects, j)
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
	var err error
	if p.Windows {
		err = errWindows
	}
	j := Judged{Subject: Subject{Pod: p, File: from.File, Container: in, field: []string{"securityContext"}}}
	for i := range c.Conditions {
		c.judge(&j, &c.Conditions[i], states, err)
	}
	c.Subjects = append(c.Subjects, j)
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

// About says what the rule or the condition of the finding is about, and where more is written.
func (f *Finding) About() (text, address string) {
	const docs = "https://github.com/capinspect/capinspect/blob/main/docs/"
	switch {
	case f.Level != "":
		return "a rule of the Pod Security Standards", "https://kubernetes.io/docs/concepts/security/pod-security-standards/"
	case f.Lint:
		return lintAbout(f.Code), docs + "lint.md"
	}
	return "the condition --" + f.Code + " of capinspect check", docs + "check.md"
}

// Short is Why in fewer words, if there are some.
func (f *Finding) Short() string {
	if f.Brief != "" && f.Explains == "" {
		return f.Brief
	}
	return f.Why()
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
