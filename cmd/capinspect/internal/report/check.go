// SPDX-License-Identifier: Apache-2.0

package report

import (
	"github.com/capinspect/capinspect/cmd/capinspect/internal/check"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Check is what check finds.
type Check struct {
	Version
	Holds    task.Value[bool] `json:"holds"`
	Summary  *string          `json:"summary"`
	Subjects []Judged         `json:"subjects" lines:"elements,members"`
	Level    *string          `json:"level"`        // of Pod Security
	Of       *string          `json:"levelVersion"` // as it was asked for
	Findings []Finding        `json:"findings" lines:"elements"`
	NotShown []string         `json:"notShown"` // the rules that no run time shows
	Passed   []PassedOver     `json:"passedOver" lines:"elements"`
	Errors   []string         `json:"errors"`
}

// PassedOver counts the objects of a file that are no pods and have no template of pods.
type PassedOver struct {
	File    string   `json:"file"`
	Objects int      `json:"objects"`
	Kinds   []string `json:"kinds"` // the first of them
}

// Finding is a condition that a task or a container does not meet, or of which nobody can
// know whether it does.
type Finding struct {
	Code     string  `json:"code"`
	Level    *string `json:"level"` // whose rule the code is
	Severity string  `json:"severity"`
	Verdict  string  `json:"verdict"`
	Text     string  `json:"text"`
	Subject
	Explains *string `json:"explanation"`
	Lint
}

// Judged tells which conditions hold of a task or a container.
type Judged struct {
	Subject
	Holds      task.Value[bool] `json:"holds"`
	Conditions []Held           `json:"conditions" lines:"elements"`
}

// Held is one condition, and whether it holds.
type Held struct {
	Code  string           `json:"code"`
	Level *string          `json:"level"` // whose rule the code is
	Holds task.Value[bool] `json:"holds"`
	Text  string           `json:"text"`
}

// Subject tells what was held to a condition: a task, a container or a pod.
type Subject struct {
	Process
	TaskName *string `json:"taskName"`
	File     *string `json:"file"`
	Line     *int    `json:"line"`
	Kind     *string `json:"kind"`
	Space    *string `json:"namespace"`
	Name     *string `json:"name"`
	List     *string `json:"list"` // of containers, as "initContainers"
	In       *string `json:"container"`
}

// Lint is what lint says to write in the manifest.
type Lint struct {
	Where []string `json:"where"`
	Write *string  `json:"write"`
}

// FromChecked returns the JSON form of what check finds. name is what a sentence calls a
// subject.
func FromChecked(c *check.Checked, name func(*check.Subject) string) Check {
	r := Check{
		Version: Version{SchemaVersion}, Holds: c.Holds(), Summary: text(c.Summary(name)), NotShown: []string{},
		Subjects: each(c.Subjects, judged), Passed: each(c.PassedOver, passedOver),
		Findings: each(c.Findings, finding), Errors: each(c.Failures, error.Error),
	}
	if s := c.Standard; s != nil {
		r.Level, r.Of, r.NotShown = text(s.Level.String()), text(s.Asked), array(s.Unseen)
	}
	return r
}

func passedOver(p check.PassedOver) PassedOver {
	return PassedOver{p.File, p.Count, p.Named()}
}

func judged(j check.Judged) Judged {
	return Judged{subject(&j.Subject), j.Holds(), each(j.Conditions, func(h check.Held) Held {
		return Held{h.Code, text(h.Level), h.Holds, h.Text}
	})}
}

func finding(f check.Finding) Finding {
	r := Finding{Code: f.Code, Level: text(f.Level), Severity: f.Severity.String(), Verdict: "no", Text: f.Text, Subject: subject(&f.Subject), Explains: text(f.Explains), Lint: Lint{array(f.Where), text(f.Write)}}
	if f.Err != nil {
		r.Verdict, r.Text = "unknown", f.Err.Error()
	}
	return r
}

func subject(s *check.Subject) Subject {
	r := Subject{File: text(s.File)}
	if t := s.Task; t != nil {
		r.Process, r.TaskName = Process{t.Pid, t.Tid}, text(t.Name.Zero())
		if t.Source != task.SourceProc {
			r.File = text(t.Source)
		}
		return r
	}
	if s.Line > 0 {
		r.Line = &s.Line
	}
	r.Kind, r.Space, r.Name = text(s.Pod.Kind), text(s.Pod.Namespace), text(s.Pod.Name)
	if s.Container != nil {
		r.List, r.In = text(s.Container.List), text(s.Container.Name)
	}
	return r
}
