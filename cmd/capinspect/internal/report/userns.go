// SPDX-License-Identifier: Apache-2.0

package report

import (
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/why/userns"
)

// WhyUserns is what why userns finds.
type WhyUserns struct {
	Version
	Tasks []UsernsTask `json:"tasks" lines:"elements,members"`
}

// UsernsTask has the answer for one task.
type UsernsTask struct {
	Process
	Origin
	Userns UsernsAnswer `json:"userns" lines:"members"`
	Assumptions
}

// UsernsAnswer says whether a task may create a user namespace, and of what use that is.
type UsernsAnswer struct {
	Creates task.Value[bool] `json:"creates"`
	Works   task.Value[bool] `json:"works"`
	Reason  Note             `json:"reason"`
	Also    []Note           `json:"also" lines:"elements"`
	Inside  Set              `json:"inside"`
	UIDs    MappableIDs      `json:"uids"`
	GIDs    MappableIDs      `json:"gids"`
	Changes []Change         `json:"changes" lines:"elements"`
}

// MappableIDs are the ids that a user namespace of a task may have.
type MappableIDs struct {
	Own    uint32                `json:"own"`
	Any    bool                  `json:"any"`
	File   string                `json:"file"`
	Ranges task.Value[[]IDRange] `json:"ranges"`
	Helper *string               `json:"helper"`
	Helps  task.Value[bool]      `json:"helps"`
	Why    *string               `json:"why"`
}

// IDRange is a range of ids.
type IDRange struct {
	First uint32 `json:"first"`
	Count uint32 `json:"count"`
}

// FromUserns returns the JSON form of the answers for some tasks.
func FromUserns(list []*userns.Answer) WhyUserns {
	return WhyUserns{Version{SchemaVersion}, each(list, func(a *userns.Answer) UsernsTask {
		return UsernsTask{
			Process{a.Task.Pid, a.Task.Tid},
			Origin{a.Task.Source},
			UsernsAnswer{
				a.Creates, a.Works, Note(a.Reason), notes(a.Also), setOf(a.Inside), mappable(&a.Users), mappable(&a.Groups),
				changes(a.Changes),
			},
			Assumptions{notes(a.Assumed)},
		}
	})}
}

func mappable(ids *userns.SubordinateIDs) MappableIDs {
	ranges := task.Map(ids.Ranges, func(list []task.IDRange) []IDRange {
		return each(list, func(r task.IDRange) IDRange { return IDRange(r) })
	})
	reason := ids.Why
	if !ids.Helps.Known() {
		reason = ids.Helps.Why()
	}
	return MappableIDs{ids.Own, ids.Any, ids.File, ranges, text(ids.Helper), ids.Helps, text(reason)}
}
