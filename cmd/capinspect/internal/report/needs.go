// SPDX-License-Identifier: Apache-2.0

package report

import (
	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/needs"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Told is what a run of needs has found.
type Told struct {
	*needs.Answer
	Compared []*needs.Comparison // with tasks, if any were asked for
	Lines    int                 // how many the logs have
}

// Needs is what needs finds.
type Needs struct {
	Version
	Needs    []NeededCapability `json:"needs" lines:"elements,members"`
	Perhaps  []Refusal          `json:"perhaps" lines:"elements,members"`
	Survived []Refusal          `json:"survived" lines:"elements,members"`
	Child    []Refusal          `json:"childNamespaces" lines:"elements,members"`
	Other    []Refusal          `json:"notAboutCapabilities" lines:"elements,members"`
	Used     []NeededCapability `json:"used" lines:"elements,members"`
	TellsUse bool               `json:"tellsUse"` // the log has what was granted too
	Lines    int                `json:"lines"`
	Dropped  int                `json:"dropped"` // refusals beyond what is kept
	Tasks    []ComparedTask     `json:"tasks" lines:"elements,members"`
}

// NeededCapability is a capability that a log tells of.
type NeededCapability struct {
	Number     int            `json:"number"`
	Name       string         `json:"name"`
	Or         []string       `json:"or"` // any of which does as well
	Count      int            `json:"count"`
	Programs   []ProgramCount `json:"programs"`
	Operations []string       `json:"operations"`
	Reasons    []Note         `json:"reasons" lines:"elements"`
	Evidence   Evidence       `json:"evidence"`
}

// Refusal is something that was refused.
type Refusal struct {
	Capabilities []string       `json:"capabilities"`
	Or           []string       `json:"or"`
	Operation    *string        `json:"operation"`
	Errno        *string        `json:"errno"`
	Reasons      []Note         `json:"reasons" lines:"elements"`
	Count        int            `json:"count"`
	Programs     []ProgramCount `json:"programs"`
	Paths        []string       `json:"paths"`
	Evidence     Evidence       `json:"evidence"`
}

// ProgramCount is a program, and how often it did something.
type ProgramCount struct {
	Name  *string `json:"name"`
	Count int     `json:"count"`
}

// Evidence is the first line of a log that tells it.
type Evidence struct {
	File *string `json:"file"` // null for standard input
	Line int     `json:"line"`
	Text string  `json:"text"`
}

// ComparedTask says what a task has of what is needed.
type ComparedTask struct {
	Process
	Origin
	Missing []string             `json:"missing"`
	Bounded task.Value[[]string] `json:"missingInBounding"`
	Held    []string             `json:"heldAndRefused"`
	Unused  task.Value[[]string] `json:"unused"`
	Unknown Unknown              `json:"unknown" lines:"members"`
}

// FromTold returns the JSON form of what needs has found.
func FromTold(t *Told) Needs {
	return Needs{
		Version: Version{SchemaVersion}, Needs: each(needs.Capabilities(t.Needed), neededCapability), Perhaps: each(t.Perhaps, refusal),
		Survived: each(t.Survived, refusal), Child: each(t.Child, refusal), Other: each(t.Other, refusal),
		Used: each(needs.Capabilities(t.Used), neededCapability), TellsUse: t.TellsUse, Lines: t.Lines, Dropped: t.Dropped,
		Tasks: each(t.Compared, comparedTask),
	}
}

func neededCapability(c needs.Capability) NeededCapability {
	return NeededCapability{
		Number: int(c.Cap), Name: c.Cap.String(), Or: each(c.Or, capset.Cap.String), Count: c.Count, Programs: each(c.Programs, programCount),
		Operations: array(c.Operations), Reasons: notes(c.Reasons), Evidence: evidence(c.First),
	}
}

func refusal(f needs.Finding) Refusal {
	return Refusal{
		Capabilities: each(f.Caps, capset.Cap.String), Or: each(f.Or, capset.Cap.String), Operation: text(f.Operation), Errno: text(f.Errno),
		Reasons: notes(f.Reasons), Count: f.Count, Programs: each(f.Programs, programCount), Paths: array(f.Paths), Evidence: evidence(f.First),
	}
}

func programCount(p needs.Program) ProgramCount { return ProgramCount{text(p.Name), p.Count} }

func evidence(p needs.Place) Evidence { return Evidence{text(p.File), p.Line, p.Text} }

func comparedTask(c *needs.Comparison) ComparedTask {
	compared := ComparedTask{
		Process: Process{c.Task.Pid, c.Task.Tid}, Origin: Origin{c.Task.Source}, Missing: names(c.Missing), Held: names(c.Held),
		Bounded: task.Map(c.Bounded, names), Unused: task.Map(c.Unused, names),
	}
	compared.Unknown = unknownOf(&compared)
	return compared
}
