// SPDX-License-Identifier: Apache-2.0

package report

import (
	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/diff"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/manifest"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/securitycontext"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/why"
)

// Why is what why finds.
type Why struct {
	Version
	Tasks []WhyTask `json:"tasks" lines:"elements,members"`
}

// WhyTask has the answers for one task.
type WhyTask struct {
	Process
	Origin
	Answers    []Answer          `json:"answers" lines:"elements,members"`
	Operations []OperationAnswer `json:"operations" lines:"elements,members"`
	Assumptions
}

// OperationAnswer says of one operation whether it would work, and what stops it.
type OperationAnswer struct {
	Operation    string           `json:"operation"`
	Capabilities []string         `json:"capabilities"`
	Any          bool             `json:"any"` // any of them suffices
	Alone        []string         `json:"alone"`
	Works        task.Value[bool] `json:"works"`
	Reason       Note             `json:"reason"`
	Also         []Note           `json:"also" lines:"elements"`
	Changes      []Change         `json:"changes" lines:"elements"`
	Gates        []Note           `json:"gates" lines:"elements"`
}

// Answer says of one capability whether it is effective, and why.
type Answer struct {
	Number    int              `json:"number"`
	Name      string           `json:"name"`
	Sets      []string         `json:"sets"`
	Effective bool             `json:"effective"`
	Works     task.Value[bool] `json:"works"`
	Reason    Note             `json:"reason"`
	Also      []Note           `json:"also" lines:"elements"`
	Changes   []Change         `json:"changes" lines:"elements"`
}

// Change is something that somebody can do, and where.
type Change struct {
	Where string `json:"where"`
	Text  string `json:"text"`
}

// FromAnswers returns the JSON form of the answers for some tasks.
func FromAnswers(list []*why.Answers) Why {
	return Why{Version{SchemaVersion}, each(list, func(a *why.Answers) WhyTask {
		return WhyTask{
			Process: Process{a.Task.Pid, a.Task.Tid}, Origin: Origin{a.Task.Source},
			Answers: each(a.List, answer), Operations: each(a.Operations, operationAnswer), Assumptions: Assumptions{notes(a.Assumed)},
		}
	})}
}

func operationAnswer(o why.Outcome) OperationAnswer {
	named := func(list []capset.Cap) []string { return each(list, capset.Cap.String) }
	return OperationAnswer{
		Operation: o.Operation.Name(), Capabilities: named(o.Operation.Caps), Any: !o.Operation.All, Alone: named(o.Operation.Alone),
		Works: o.Works, Reason: Note(o.Reason), Also: notes(o.Also), Changes: changes(o.Changes), Gates: notes(o.Gates),
	}
}

func changes(list []why.Change) []Change {
	return each(list, func(c why.Change) Change { return Change(c) })
}

func answer(a why.Answer) Answer {
	sets := []string{}
	for k, has := range a.Sets {
		if has {
			sets = append(sets, task.SetName(capset.Kind(k)))
		}
	}
	return Answer{
		Number: int(a.Cap), Name: a.Cap.String(), Sets: sets, Effective: a.Effective(), Works: a.Works,
		Reason: Note(a.Reason), Also: notes(a.Also), Changes: changes(a.Changes),
	}
}

// Diff is what diff finds.
type Diff struct {
	Version
	A           *string                 `json:"a"`
	B           *string                 `json:"b"`
	Equal       bool                    `json:"equal"`
	Summary     string                  `json:"summary"`
	Sets        ByKind[*SetDifference]  `json:"sets" lines:"members"`
	Values      Object[ValueDifference] `json:"values" lines:"members"` // by the keys that a task has
	Manifests   []Manifest              `json:"manifests" lines:"elements,members"`
	NotCompared []Note                  `json:"notCompared" lines:"elements"`
	Errors      []string                `json:"errors"`
}

// SetDifference is what a set has more and less.
type SetDifference struct {
	More []string `json:"more"`
	Less []string `json:"less"`
}

// ValueDifference has both of two values that differ.
type ValueDifference struct {
	A any `json:"a"`
	B any `json:"b"`
}

// Manifest tells which container or unit a side asks for.
type Manifest struct {
	Of        *string `json:"of"`
	Namespace *string `json:"namespace"`
	Name      *string `json:"name"`
	Container *string `json:"container"`
	Runtime   *string `json:"runtime"`
	Traps     []Note  `json:"traps" lines:"elements"`
	Assumptions
}

// FromDifference returns the JSON form of a difference.
func FromDifference(d *diff.Difference) Diff {
	r := Diff{
		Version: Version{SchemaVersion}, A: text(d.A.Label), B: text(d.B.Label), Equal: d.Equal(), Summary: d.Summary(),
		Manifests: []Manifest{}, NotCompared: notes(d.NotCompared), Errors: each(d.Unknown, error.Error),
	}
	for _, s := range d.Sets {
		*r.Sets.of(s.Kind) = &SetDifference{names(s.More), names(s.Less)}
	}
	for _, v := range d.Values {
		r.Values = append(r.Values, Member[ValueDifference]{v.Key, ValueDifference{value(v.A), value(v.B)}})
	}
	for _, s := range [...]*diff.Side{d.A, d.B} {
		if a := s.Asks(); a != nil {
			r.Manifests = append(r.Manifests, Manifest{
				text(s.Label), text(a.Namespace), text(a.Pod), text(a.Name), text(a.Runtime), notes(a.Traps), Assumptions{notes(a.Assumed)},
			})
		}
	}
	return r
}

// value returns a value that differs as it looks in JSON.
func value(v any) any {
	switch v := v.(type) {
	case capset.IDs:
		return fourIDs(v)
	case []uint32:
		return array(v)
	}
	return v
}

// SecurityContext is what securitycontext finds.
type SecurityContext struct {
	Version
	Process
	Origin
	Minimal         bool                     `json:"minimal"`
	SecurityContext manifest.SecurityContext `json:"securityContext" lines:"members"`
	Comments        []Note                   `json:"comments" lines:"elements"`
}

// FromDerived returns the JSON form of what a manifest has to say.
func FromDerived(d *securitycontext.Derived) SecurityContext {
	return SecurityContext{
		Version: Version{SchemaVersion}, Process: Process{d.Task.Pid, d.Task.Tid}, Origin: Origin{d.Task.Source},
		Minimal: d.Minimal, SecurityContext: d.SecurityContext, Comments: notes(d.CommentsFor(securitycontext.Kubernetes)),
	}
}
