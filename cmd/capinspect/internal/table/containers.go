// SPDX-License-Identifier: Apache-2.0

package table

import (
	"io"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/containers"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// containerColumns are the columns of the table.
var containerColumns = [...]struct {
	name  string
	named bool // it is a name that only a manifest tells
	text  func(*containers.Sum) string
}{
	{"NAMESPACE", true, rowCell(podNamespace)},
	{"PODNAME", true, rowCell(podName)},
	{"CONTAINERNAME", true, rowCell(containerName)},
	{"CONTAINER", false, rowCell(containerID)},
	{"POD", false, rowCell(podUID)},
	{"RUNTIME", false, rowCell(containerRuntime)},
	{"PROCESSES", false, func(row *containers.Sum) string { return strconv.Itoa(row.Processes) }},
	{"EFFECTIVE", false, func(row *containers.Sum) string { return setOf(row, row.Effective) }},
	{"PERMITTED", false, func(row *containers.Sum) string { return setOf(row, row.Permitted) }},
	{"BOUNDING", false, func(row *containers.Sum) string { return setOf(row, row.Bounding) }},
	{"UIDS", false, func(row *containers.Sum) string { return task.Map(row.UIDs, commas).Or(render.Unknown) }},
	{"NNP", false, func(row *containers.Sum) string { return task.Map(row.WithoutNoNewPrivs, noOrYes).Or(render.Unknown) }},
	{"SECCOMP", false, func(row *containers.Sum) string { return task.Map(row.WithoutSeccomp, noOrYes).Or(render.Unknown) }},
}

// rowCell returns what of returns for the container of a row.
func rowCell(of func(*task.Container) string) func(*containers.Sum) string {
	return func(row *containers.Sum) string { return render.Escape(ofContainer(row.Container, of)) }
}

func setOf(row *containers.Sum, v task.Value[capset.Set]) string {
	return task.Map(v, func(set capset.Set) string { return render.Short(set, row.LastCap) }).Or(render.Unknown)
}

func commas(ids []uint32) string { return strings.Join(task.Decimals(ids), ",") }

func noOrYes(without bool) string { return yesOrNo(!without) }

// ContainerTable is a table with a row for each container.
type ContainerTable struct {
	Header bool
	Form   Form
	Named  bool // a manifest tells names, and the table shows them
}

// Write writes what the processes of some containers have.
func (c ContainerTable) Write(w io.Writer, list []*containers.Sum) error {
	var grid [][]string
	add := func(cell func(i int) string) {
		var cells []string
		for i := range containerColumns {
			if c.Named || !containerColumns[i].named {
				cells = append(cells, cell(i))
			}
		}
		grid = append(grid, cells)
	}
	if c.Header {
		add(func(i int) string { return containerColumns[i].name })
	}
	for _, row := range list {
		add(func(i int) string { return containerColumns[i].text(row) })
	}
	return c.Form.write(w, grid)
}
