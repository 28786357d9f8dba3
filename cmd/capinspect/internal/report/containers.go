// SPDX-License-Identifier: Apache-2.0

package report

import (
	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// ContainerSum is what the processes of one container have together. A value is unknown if
// it is unknown of one of them, unless the others decide it.
type ContainerSum struct {
	Container                      task.Value[*task.Container] // nil for the processes that are in none
	Processes                      int
	Effective, Permitted, Bounding task.Value[capset.Set] // what any process has
	UIDs                           task.Value[[]uint32]   // the effective ones, ascending
	// WithoutNoNewPrivs and WithoutSeccomp report whether any process runs without.
	WithoutNoNewPrivs, WithoutSeccomp task.Value[bool]
}

// Containers is what ps --by container finds.
type Containers struct {
	Version
	Reader
	Containers []ContainerRow `json:"containers" lines:"elements"`
	Failed
	Partial
}

// ContainerLine is a container that is a line of its own.
type ContainerLine struct {
	Version
	ContainerRow
}

// ContainerRow is what the processes of one container have together.
type ContainerRow struct {
	In task.Value[struct{}] `json:"-" unknown:"container"` // whether they are in a container is known
	ContainerID
	ContainerNames
	Sandbox           task.Value[bool]     `json:"sandbox"`
	Processes         int                  `json:"processes"`
	Effective         task.Value[Set]      `json:"effective"`
	Permitted         task.Value[Set]      `json:"permitted"`
	Bounding          task.Value[Set]      `json:"bounding"`
	UIDs              task.Value[[]uint32] `json:"uids"`
	WithoutNoNewPrivs task.Value[bool]     `json:"withoutNoNewPrivs"`
	WithoutSeccomp    task.Value[bool]     `json:"withoutSeccomp"`
	Explained
}

// FromContainers returns the JSON form of what some containers have, in their order, and
// of what could not be read or is not shown.
func FromContainers(kernel KernelInfo, list []*ContainerSum, failures []Failure, left *NotShown) Containers {
	return Containers{Version{SchemaVersion}, reader(kernel), each(list, containerRow), failed(failures), Partial{left}}
}

// Lines returns the containers as lines of their own.
func (c *Containers) Lines() []ContainerLine {
	return each(c.Containers, func(row ContainerRow) ContainerLine { return ContainerLine{c.Version, row} })
}

func containerRow(c *ContainerSum) ContainerRow {
	in := c.Container.Zero()
	if in == nil {
		in = new(task.Container)
	}
	row := ContainerRow{
		In:             task.Map(c.Container, func(*task.Container) struct{} { return struct{}{} }),
		ContainerID:    containerID(in),
		ContainerNames: containerNames(in),
		Sandbox:        in.Sandbox,
		Processes:      c.Processes,
		Effective:      task.Map(c.Effective, setOf), Permitted: task.Map(c.Permitted, setOf), Bounding: task.Map(c.Bounding, setOf),
		UIDs:              task.Map(c.UIDs, array),
		WithoutNoNewPrivs: c.WithoutNoNewPrivs, WithoutSeccomp: c.WithoutSeccomp,
	}
	row.Unknown = unknownOf(&row)
	return row
}
