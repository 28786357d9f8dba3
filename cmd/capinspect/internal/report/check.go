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
	Level    *string          `json:"level"`        // of Pod Security
	Of       *string          `json:"levelVersion"` // as it was asked for
	Findings []Finding        `json:"findings" lines:"elements"`
	NotShown []string         `json:"notShown"` // the rules that no run time shows
	Errors   []string         `json:"errors"`
}

// Finding is a condition that a task or a container does not meet, or of which nobody can
// know whether it does.
type Finding struct {
	Code     string  `json:"code"`
	Level    *string `json:"level"` // whose rule the code is
	Severity string  `json:"severity"`
	Verdict  string  `json:"verdict"`
	Text     string  `json:"text"`
	Process
	TaskName *string `json:"taskName"`
	File     *string `json:"file"`
	Line     *int    `json:"line"`
	Kind     *string `json:"kind"`
	Space    *string `json:"namespace"`
	Name     *string `json:"name"`
	List     *string `json:"list"` // of containers, as "initContainers"
	In       *string `json:"container"`
	Explains *string `json:"explanation"`
	Lint
}

// Lint is what lint says to write in the manifest.
type Lint struct {
	Where []string `json:"where"`
	Write *string  `json:"write"`
}

// FromChecked returns the JSON form of what check finds.
func FromChecked(c *check.Checked) Check {
	r := Check{
		Version: Version{SchemaVersion}, Holds: c.Holds(), NotShown: []string{},
		Findings: each(c.Findings, finding), Errors: each(c.Failures, error.Error),
	}
	if s := c.Standard; s != nil {
		r.Level, r.Of, r.NotShown = text(s.Level.String()), text(s.Asked), array(s.Unseen)
	}
	return r
}

func finding(f check.Finding) Finding {
	r := Finding{Code: f.Code, Level: text(f.Level), Severity: f.Severity.String(), Verdict: "no", Text: f.Text, File: text(f.File), Explains: text(f.Explains), Lint: Lint{array(f.Where), text(f.Write)}}
	if f.Err != nil {
		r.Verdict, r.Text = "unknown", f.Err.Error()
	}
	if t := f.Task; t != nil {
		r.Process, r.TaskName = Process{t.Pid, t.Tid}, text(t.Name.Zero())
		if t.Source != task.SourceProc {
			r.File = text(t.Source)
		}
		return r
	}
	r.Line, r.Kind, r.Space, r.Name = &f.Line, text(f.Pod.Kind), text(f.Pod.Namespace), text(f.Pod.Name)
	if f.Container != nil {
		r.List, r.In = text(f.Container.List), text(f.Container.Name)
	}
	return r
}
