// SPDX-License-Identifier: Apache-2.0

package report

import (
	"slices"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/containers"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/diff"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Containers is what ps --by container finds.
type Containers struct {
	Version
	Reader
	Containers []ContainerRow `json:"containers" lines:"elements"`
	Failed
	*List
	Incomplete
}

// ContainerLine is a container that is a line of its own.
type ContainerLine struct {
	Version
	Stamp
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
	Became
	Explained
}

// FromContainers returns the JSON form of what some containers have, in their order, and
// of what could not be read or is not shown. change returns what became of one since the list
// before; it is nil if lists are not compared.
func FromContainers(r ReaderInfo, list []*containers.Sum, change func(*containers.Sum) *diff.Delta, failures []Failure, left *NotShown) Containers {
	rows := each(list, containerRow)
	if change != nil {
		for i, sum := range list {
			rows[i].Became = became(change(sum))
		}
	}
	return Containers{Version{SchemaVersion}, reader(r), rows, failed(failures), &List{containers.Summary(list), left}, incomplete(r)}
}

// Lines returns the containers as lines of their own.
func (c *Containers) Lines() []ContainerLine {
	return each(c.Containers, func(row ContainerRow) ContainerLine {
		row.Unknown = slices.Concat(c.Incomplete.Unknown, row.Unknown)
		return ContainerLine{c.Version, c.Stamp, row}
	})
}

func containerRow(c *containers.Sum) ContainerRow {
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
