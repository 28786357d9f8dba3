// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/containers"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus/container"
)

// sum returns what the processes of the container have together.
func (row *ContainerRow) sum() (*containers.Sum, error) {
	if row.Processes < 1 {
		return nil, errors.New("no processes")
	}
	explain(row, row.Unknown)
	sum := &containers.Sum{
		Container: row.container(), Processes: row.Processes, UIDs: row.UIDs, LastCap: capset.LastKnown,
		WithoutNoNewPrivs: row.WithoutNoNewPrivs, WithoutSeccomp: row.WithoutSeccomp,
	}
	for _, member := range [...]struct {
		kind  capset.Kind
		saved task.Value[Set]
		to    *task.Value[capset.Set]
	}{
		{capset.Effective, row.Effective, &sum.Effective},
		{capset.Permitted, row.Permitted, &sum.Permitted},
		{capset.Bounding, row.Bounding, &sum.Bounding},
	} {
		set, ok := member.saved.Get()
		if !ok {
			*member.to = task.Unknown[capset.Set](cmp.Or(member.saved.Why(), task.Untold))
			continue
		}
		bits, err := capset.ParseHex(set.Hex.Zero())
		if err != nil {
			return nil, fmt.Errorf("%s: hex: %q: %w", task.SetName(member.kind), set.Hex.Zero(), err)
		}
		*member.to = task.Known(bits)
	}
	return sum, nil
}

// container returns the container of a row, nil if its processes are in none.
func (row *ContainerRow) container() task.Value[*task.Container] {
	c := &task.Container{
		Container: container.Container{
			Runtime: row.Runtime.Zero(), ID: row.ID.Zero(), PodUID: row.PodUID.Zero(), Name: row.Name.Zero(),
		},
		PodName: row.PodName.Zero(), PodNamespace: row.PodNamespace.Zero(), Sandbox: row.Sandbox,
		Why: task.Reasons{Runtime: row.Runtime.Why(), ID: row.ID.Why(), PodUID: row.PodUID.Why()},
	}
	switch {
	case row.In.Why() != "":
		return task.Unknown[*task.Container](row.In.Why())
	case c.Container == container.Container{} && c.Why == task.Reasons{}:
		return task.Known[*task.Container](nil)
	}
	return task.Known(c)
}
