// SPDX-License-Identifier: Apache-2.0

package report

import (
	"github.com/capinspect/capinspect/cmd/capinspect/internal/diff"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Drift is what diff finds of two reports of many tasks.
type Drift struct {
	Version
	A           *string        `json:"a"`
	B           *string        `json:"b"`
	Equal       bool           `json:"equal"`
	Gains       bool           `json:"gains"`
	Summary     string         `json:"summary"`
	Reports     []ReportStamp  `json:"reports" lines:"elements"`
	Changes     []DriftedPlace `json:"changes" lines:"elements"`
	NotCompared []Note         `json:"notCompared" lines:"elements"`
}

// ReportStamp tells when and where one of two reports was made.
type ReportStamp struct {
	Time *string `json:"time"`
	Node *string `json:"node"`
}

// DriftedPlace is a container, or the processes of one name, that two reports do not have
// alike.
type DriftedPlace struct {
	Workload *string  `json:"workload"`
	Process  *string  `json:"process"`
	UID      *uint32  `json:"uid"`
	Gains    bool     `json:"gains"`
	New      []string `json:"new"`
	ContainerRow
}

// FromDrift returns the JSON form of what two reports do not have alike.
func FromDrift(d *diff.Drift) Drift {
	stamp := func(l *diff.List) ReportStamp {
		return ReportStamp{text(l.Reported.Time.Zero()), text(l.Reported.Node.Zero())}
	}
	return Drift{
		Version: Version{SchemaVersion}, A: text(d.A.Label), B: text(d.B.Label), Equal: d.Equal(), Gains: d.Gains(), Summary: d.Summary(),
		Reports: []ReportStamp{stamp(d.A), stamp(d.B)}, Changes: each(d.Entries, driftedPlace), NotCompared: notes(d.NotCompared),
	}
}

func driftedPlace(e *diff.Entry) DriftedPlace {
	sum := *e.Sum()
	if in := e.In; in != nil {
		sum.Container = task.Known(in)
	}
	p := DriftedPlace{
		Workload: text(e.Workload), Process: text(e.Process), Gains: e.Gains(), New: names(e.More),
		ContainerRow: containerRow(&sum),
	}
	p.Became = became(&e.Delta)
	if uid, ok := e.UID.Get(); ok {
		p.UID = &uid
	}
	return p
}
