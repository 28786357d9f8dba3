// SPDX-License-Identifier: Apache-2.0

package report

import (
	"github.com/capinspect/capinspect/capset"
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
	DriftedFacts
}

// DriftedFacts are what is compared beside what a container shows. What the reports do not
// tell is left out.
type DriftedFacts struct {
	Inheritable *Set     `json:"inheritable,omitempty"`
	Ambient     *Set     `json:"ambient,omitempty"`
	Unconfined  *bool    `json:"unconfined,omitempty"`
	Privileged  *bool    `json:"privileged,omitempty"`
	HostPID     *bool    `json:"hostPID,omitempty"`
	HostIPC     *bool    `json:"hostIPC,omitempty"`
	HostNetwork *bool    `json:"hostNetwork,omitempty"`
	HostUsers   *bool    `json:"hostUsers,omitempty"`
	HostRoot    *bool    `json:"hostRoot,omitempty"`
	Securebits  []uint32 `json:"securebits,omitempty"`
	LSM         []string `json:"lsm,omitempty"`
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
		ContainerRow: containerRow(&sum), DriftedFacts: driftedFacts(e),
	}
	p.Became = became(&e.Delta)
	if uid, ok := e.UID.Get(); ok {
		p.UID = &uid
	}
	return p
}

func driftedFacts(e *diff.Entry) (f DriftedFacts) {
	for key, to := range map[string]**Set{"capabilities.inheritable": &f.Inheritable, "capabilities.ambient": &f.Ambient} {
		if set, ok := e.Fact(key).Zero().(capset.Set); ok {
			s := setOf(set)
			*to = &s
		}
	}
	for key, to := range map[string]**bool{
		"unconfined": &f.Unconfined, "privileged": &f.Privileged, "hostPID": &f.HostPID, "hostIPC": &f.HostIPC,
		"hostNetwork": &f.HostNetwork, "hostUsers": &f.HostUsers, "hostRoot": &f.HostRoot,
	} {
		if is, ok := e.Fact(key).Zero().(bool); ok {
			*to = &is
		}
	}
	f.Securebits, _ = e.Fact("securebits").Zero().([]uint32)
	f.LSM, _ = e.Fact("lsm").Zero().([]string)
	return f
}
