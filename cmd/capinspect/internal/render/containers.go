// SPDX-License-Identifier: Apache-2.0

package render

import (
	"cmp"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus/container"
)

// Containers is what ps --by container finds: the processes of each container together.
type Containers struct {
	Named     bool // a manifest tells names, and the table shows them
	Sandboxes bool // show the sandboxes of pods too
	rows      containerRows
}

// containerRow is one container.
type containerRow struct {
	report.ContainerSum
	lastCap capset.Cap // the highest of any process
}

// ContainerChunk has what some processes add.
type ContainerChunk struct{ rows containerRows }

type containerRows map[containerKey]*containerRow

// containerKey tells containers apart. The zero value stands for no container.
type containerKey struct {
	container container.Container
	unknown   bool
}

// Begin returns an empty chunk.
func (c *Containers) Begin() *ContainerChunk { return &ContainerChunk{containerRows{}} }

// Visit adds a process to a chunk.
func (c *Containers) Visit(chunk *ContainerChunk, t *task.Task) {
	in, known := t.Container.Get()
	key := containerKey{unknown: !known}
	if in != nil {
		key.container = in.Container
	}
	chunk.rows.add(key, process(t))
}

// Done adds what the processes of a chunk add.
func (c *Containers) Done(chunk *ContainerChunk) error {
	if c.rows == nil {
		c.rows = containerRows{}
	}
	for key, row := range chunk.rows {
		c.rows.add(key, row)
	}
	return nil
}

// process returns the row of one process.
func process(t *task.Task) *containerRow {
	sum := report.ContainerSum{
		Container: t.Container,
		Processes: 1,
		Effective: t.Sets[capset.Effective], Permitted: t.Sets[capset.Permitted], Bounding: t.Sets[capset.Bounding],
		UIDs:              task.Map(t.UID, func(ids capset.IDs) []uint32 { return []uint32{ids.Effective} }),
		WithoutNoNewPrivs: task.Map(t.NoNewPrivs, func(set bool) bool { return !set }),
		WithoutSeccomp:    task.Map(t.Seccomp, func(s task.Seccomp) bool { return s.Mode == 0 }),
	}
	return &containerRow{sum, t.LastCap.Value}
}

func (rows containerRows) add(key containerKey, more *containerRow) {
	row := rows[key]
	if row == nil {
		rows[key] = more
		return
	}
	row.Processes += more.Processes
	row.Effective = both(row.Effective, more.Effective, union)
	row.Permitted = both(row.Permitted, more.Permitted, union)
	row.Bounding = both(row.Bounding, more.Bounding, union)
	row.UIDs = both(row.UIDs, more.UIDs, merge)
	row.WithoutNoNewPrivs = either(row.WithoutNoNewPrivs, more.WithoutNoNewPrivs)
	row.WithoutSeccomp = either(row.WithoutSeccomp, more.WithoutSeccomp)
	row.lastCap = max(row.lastCap, more.lastCap)
}

// both returns f of two values. It is unknown, for the first reason, if one of them is.
func both[T any](a, b task.Value[T], f func(a, b T) T) task.Value[T] {
	if !a.Known() || !b.Known() {
		return task.Unknown[T](cmp.Or(a.Why(), b.Why()))
	}
	return task.Known(f(a.Zero(), b.Zero()))
}

// either reports whether one of two values is true. One that is decides it, even if the
// other is unknown.
func either(a, b task.Value[bool]) task.Value[bool] {
	if task.Is(a, true) || task.Is(b, true) {
		return task.Known(true)
	}
	return both(a, b, func(a, b bool) bool { return a || b })
}

func union(a, b capset.Set) capset.Set { return a | b }

// merge adds some ids to a list that is ascending and has each once.
func merge(list, more []uint32) []uint32 {
	for _, id := range more {
		if at, found := slices.BinarySearch(list, id); !found {
			list = slices.Insert(list, at, id)
		}
	}
	return list
}

// LeftOut returns how many sandboxes of pods are not shown.
func (c *Containers) LeftOut() (n int) {
	for _, row := range c.rows {
		if !c.shows(row) {
			n++
		}
	}
	return n
}

// shows reports whether a row is shown. A sandbox runs nothing but a program of the
// runtime that waits.
func (c *Containers) shows(row *containerRow) bool {
	in := row.Container.Zero()
	return c.Sandboxes || in == nil || !task.Is(in.Sandbox, true)
}

// sorted returns the rows that are shown, by the names of namespace, pod and container, then by pod, runtime
// and id. What is in no container comes after them, and what may be in one is the last.
func (c *Containers) sorted() []*containerRow {
	rows := slices.SortedFunc(maps.Values(c.rows), func(a, b *containerRow) int {
		return slices.Compare(a.order(), b.order())
	})
	return slices.DeleteFunc(rows, func(row *containerRow) bool { return !c.shows(row) })
}

// Sums returns what the processes of each container have together, in the order of the
// table.
func (c *Containers) Sums() []*report.ContainerSum {
	var list []*report.ContainerSum
	for _, row := range c.sorted() {
		list = append(list, &row.ContainerSum)
	}
	return list
}

// order returns what a row is sorted by.
func (row *containerRow) order() []string {
	in, known := row.Container.Get()
	switch {
	case !known:
		return []string{"2"}
	case in == nil || in.Container == container.Container{}:
		return []string{"1"}
	}
	return []string{"0", podNamespace(in), podName(in), containerName(in), in.PodUID, in.Runtime, in.ID}
}

// containerColumns are the columns of the table.
var containerColumns = [...]struct {
	name  string
	named bool // it is a name that only a manifest tells
	text  func(*containerRow) string
}{
	{"NAMESPACE", true, rowCell(podNamespace)},
	{"PODNAME", true, rowCell(podName)},
	{"CONTAINERNAME", true, rowCell(containerName)},
	{"CONTAINER", false, rowCell(containerID)},
	{"POD", false, rowCell(podUID)},
	{"RUNTIME", false, rowCell(containerRuntime)},
	{"PROCESSES", false, func(row *containerRow) string { return strconv.Itoa(row.Processes) }},
	{"EFFECTIVE", false, func(row *containerRow) string { return row.set(row.Effective) }},
	{"PERMITTED", false, func(row *containerRow) string { return row.set(row.Permitted) }},
	{"BOUNDING", false, func(row *containerRow) string { return row.set(row.Bounding) }},
	{"UIDS", false, func(row *containerRow) string { return task.Map(row.UIDs, commas).Or(unknown) }},
	{"NNP", false, func(row *containerRow) string { return task.Map(row.WithoutNoNewPrivs, noOrYes).Or(unknown) }},
	{"SECCOMP", false, func(row *containerRow) string { return task.Map(row.WithoutSeccomp, noOrYes).Or(unknown) }},
}

// rowCell returns what of returns for the container of a row.
func rowCell(of func(*task.Container) string) func(*containerRow) string {
	return func(row *containerRow) string { return Escape(ofContainer(row.Container, of)) }
}

func (row *containerRow) set(v task.Value[capset.Set]) string {
	return task.Map(v, func(set capset.Set) string { return short(set, row.lastCap) }).Or(unknown)
}

func commas(ids []uint32) string { return strings.Join(decimals(ids), ",") }

// decimals returns ids in decimal.
func decimals(ids []uint32) []string {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = task.Decimal(id)
	}
	return list
}

func noOrYes(without bool) string { return choose(without, "no", "yes") }

// WriteTable writes a table with a row for each container.
func (c *Containers) WriteTable(w io.Writer, header bool) error {
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
	if header {
		add(func(i int) string { return containerColumns[i].name })
	}
	for _, row := range c.sorted() {
		add(func(i int) string { return containerColumns[i].text(row) })
	}
	var p printer
	p.grid(grid)
	_, err := w.Write(p.buf)
	return err
}
