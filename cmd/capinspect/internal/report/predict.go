// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/predict"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Prediction is what predict finds.
type Prediction struct {
	Version
	Pid   task.Value[int] `json:"pid"`
	Image *string         `json:"image"`
	Outcome
	After   *After   `json:"after" lines:"members"`
	Steps   []Note   `json:"steps" lines:"elements"`
	Notes   []Note   `json:"notes" lines:"elements"`
	Changes []Change `json:"changes" lines:"elements"`
	Assumptions
	NotExamined string `json:"notExamined"`
}

// Outcome is what comes of execve(2) of a file.
type Outcome struct {
	File    string   `json:"file"`
	Program *Program `json:"program"`
	Result  string   `json:"result"`
	Why     *string  `json:"why"`
}

// Program is the file whose attributes count.
type Program struct {
	Path         string  `json:"path"`
	Mode         string  `json:"mode"`
	UID          uint32  `json:"uid"`
	GID          uint32  `json:"gid"`
	Capabilities *string `json:"capabilities"`
	NoSuid       bool    `json:"nosuid"`
}

// After is what of a task may be another after execve(2).
type After struct {
	Owner
	Privileges
	Restraint
	Switches
	Secure bool `json:"secureExecution"`
}

// FromPrediction returns the JSON form of a prediction.
func FromPrediction(p *predict.Prediction) Prediction {
	r := Prediction{
		Version: Version{SchemaVersion}, Pid: p.Task.Tid, Image: text(p.Image), Outcome: outcome(p),
		Steps: notes(p.Steps), Notes: notes(p.Notes), Changes: each(p.Changes, func(c predict.Change) Change { return Change(c) }),
		Assumptions: Assumptions{notes(p.Assumed)}, NotExamined: predict.NotExamined,
	}
	if t := p.After; t != nil {
		r.After = &After{owner(t), privileges(t), Restraint{t.NoNewPrivs}, switches(t), p.Secure()}
	}
	return r
}

func outcome(p *predict.Prediction) Outcome {
	o := Outcome{File: p.File, Result: p.Result, Why: text(p.Why)}
	if f := p.Program; f != nil {
		o.Program = &Program{
			Path: f.Path, Mode: fmt.Sprintf("%04o", f.Mode), UID: f.UID, GID: f.GID,
			Capabilities: text(f.CapsText(p.Task.LastCap.Value)), NoSuid: f.NoSuid,
		}
	}
	return o
}

// Scan is what a scan of a directory finds.
type Scan struct {
	Version
	Pid          task.Value[int]  `json:"pid"`
	Dir          string           `json:"dir"`
	Summary      string           `json:"summary"`
	Files        int              `json:"files"`
	Directories  int              `json:"directories"`
	Unsearchable int              `json:"unsearchable"`
	OtherDevices int              `json:"otherDevices"`
	Programs     []ScannedProgram `json:"programs" lines:"elements,members"`
	Left         int              `json:"left"`
	Assumptions
	NotExamined string   `json:"notExamined"`
	Errors      []string `json:"errors" lines:"elements"`
	MoreErrors  int      `json:"moreErrors"`
}

// ScannedProgram is a program that gives more to one task than to another. Gains and Secure
// are nil if execve(2) fails.
type ScannedProgram struct {
	Outcome
	Gains  *Gains `json:"gains"`
	Secure *bool  `json:"secureExecution"`
}

// Gains is what a task has after execve(2) only. An id that stays is nil.
type Gains struct {
	Permitted    Set     `json:"permitted"`
	EffectiveUID *uint32 `json:"effectiveUid"`
	EffectiveGID *uint32 `json:"effectiveGid"`
}

// FromScan returns the JSON form of a scan.
func FromScan(s *predict.Scan) Scan {
	return Scan{
		Version: Version{SchemaVersion}, Pid: s.Task.Tid, Dir: s.Dir, Summary: s.Summary(),
		Files: s.Files, Directories: s.Dirs, Unsearchable: s.Closed, OtherDevices: s.Others,
		Programs: each(s.Programs, scannedProgram),
		Left:     s.Left, Assumptions: Assumptions{notes(s.Assumed)}, NotExamined: predict.NotExamined,
		Errors: each(s.Failures, error.Error), MoreErrors: s.MoreFailures,
	}
}

func scannedProgram(p *predict.Prediction) ScannedProgram {
	r := ScannedProgram{Outcome: outcome(p), Gains: gains(p)}
	if p.After != nil {
		secure := p.Secure()
		r.Secure = &secure
	}
	return r
}

func gains(p *predict.Prediction) *Gains {
	if p.After == nil {
		return nil
	}
	was, is := p.Before, p.After
	return &Gains{
		Permitted:    setOf(p.Gained()),
		EffectiveUID: ifOther(was.UID.Zero().Effective, is.UID.Zero().Effective),
		EffectiveGID: ifOther(was.GID.Zero().Effective, is.GID.Zero().Effective),
	}
}

// ifOther returns an id if it is another than before, else nil.
func ifOther(was, is uint32) *uint32 {
	if was == is {
		return nil
	}
	return &is
}
