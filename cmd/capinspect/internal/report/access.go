// SPDX-License-Identifier: Apache-2.0

package report

import (
	"github.com/capinspect/capinspect/cmd/capinspect/internal/access"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// WhyAccess is what why access finds.
type WhyAccess struct {
	Version
	Tasks []AccessTask `json:"tasks" lines:"elements,members"`
}

// AccessTask has the answer for one task.
type AccessTask struct {
	Process
	Origin
	Access AccessAnswer `json:"access" lines:"members"`
	Assumptions
}

// AccessAnswer says which guarded files of a task may be read.
type AccessAnswer struct {
	Works   task.Value[bool] `json:"works"`
	Traces  task.Value[bool] `json:"traces"`
	Reason  Note             `json:"reason"`
	Also    []Note           `json:"also" lines:"elements"`
	Files   []FileAccess     `json:"files" lines:"elements"`
	Changes []Change         `json:"changes" lines:"elements"`
}

// FileAccess says whether one file may be read.
type FileAccess struct {
	Name    string           `json:"name"`
	Rule    string           `json:"rule"`
	May     task.Value[bool] `json:"may"`
	Refused *string          `json:"refused"`
}

// FromAccess returns the JSON form of the answers for some tasks.
func FromAccess(list []*access.Answer) WhyAccess {
	return WhyAccess{Version{SchemaVersion}, each(list, func(a *access.Answer) AccessTask {
		return AccessTask{
			Process{a.Task.Pid, a.Task.Tid},
			Origin{a.Task.Source},
			AccessAnswer{
				a.Works, a.Traces, Note(a.Reason), notes(a.Also),
				each(a.Files, func(f access.FileAccess) FileAccess { return FileAccess{f.Name, f.Rule, f.May, text(f.Why)} }),
				changes(a.Changes),
			},
			Assumptions{notes(a.Assumed)},
		}
	})}
}
