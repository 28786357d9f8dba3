// SPDX-License-Identifier: Apache-2.0

package report

import (
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/procstatus"
	"github.com/capinspect/capinspect/procstatus/container"
)

// Containers is what ps finds of each container: the processes in it together.
type Containers struct {
	Named bool // there are names, which the table then has
	rows  map[containerKey]*ContainerRow
}

// containerKey tells containers apart. The zero value is what is in none.
type containerKey struct {
	container container.Container
	unknown   bool
}

// ContainerRow is one container.
type ContainerRow struct {
	key                               containerKey
	names                             *collect.Container // nil if it is in none
	processes                         int
	effective, permitted              capset.Set // of any process
	bounding                          capset.Set
	last                              capset.Cap
	uids                              []uint32 // effective, ascending
	withoutNoNewPrivs, withoutSeccomp bool
	unknown                           map[string]string // for some process, by JSON key, why
}

// ContainerChunk is what some processes add.
type ContainerChunk struct {
	rows map[containerKey]*ContainerRow
}

// Begin returns an empty chunk.
func (c *Containers) Begin() *ContainerChunk {
	return &ContainerChunk{map[containerKey]*ContainerRow{}}
}

// Visit adds a process.
func (c *Containers) Visit(chunk *ContainerChunk, r *collect.Record) {
	key := containerKey{unknown: !r.Known("container")}
	if r.Container != nil {
		key.container = r.Container.Container
	}
	row := chunk.rows[key]
	if row == nil {
		row = &ContainerRow{key: key, names: r.Container}
		chunk.rows[key] = row
	}
	row.add(process(r))
}

// rowKeys are the JSON keys of a row that may be unknown, ascending, each with the
// key of a task under which that is explained.
var rowKeys = [...]struct{ key, path string }{
	{"bounding", "capabilities.bounding"},
	{"container", "container"},
	{"effective", "capabilities.effective"},
	{"permitted", "capabilities.permitted"},
	{"uids", "uid"},
	{"withoutNoNewPrivs", "noNewPrivs"},
	{"withoutSeccomp", "seccomp"},
}

// containerOf returns what ps knows of the task's container, nil if none.
func containerOf(r *collect.Record) *container.Container {
	if r.Container == nil {
		return nil
	}
	return &r.Container.Container
}

// process returns the row of one process.
func process(r *collect.Record) *ContainerRow {
	s := &r.Status
	state := s.CapState()
	row := &ContainerRow{
		processes: 1, effective: state[capset.Effective], permitted: state[capset.Permitted], bounding: state[capset.Bounding],
		last:              r.LastCap.Value,
		withoutNoNewPrivs: s.Has(procstatus.FieldNoNewPrivs) && !s.NoNewPrivs,
		withoutSeccomp:    s.Has(procstatus.FieldSeccomp) && s.Seccomp == 0,
	}
	if s.Has(procstatus.FieldUID) {
		row.uids = []uint32{s.UID.Effective}
	}
	for _, k := range rowKeys {
		if !r.Known(k.path) {
			row.lacks(k.key, r.Why(k.path))
		}
	}
	return row
}

// lacks lists a value as unknown for some process.
func (row *ContainerRow) lacks(key, reason string) {
	if row.unknown == nil {
		row.unknown = map[string]string{}
	}
	if row.unknown[key] == "" {
		row.unknown[key] = reason
	}
}

// Done adds what the processes of a chunk add.
func (c *Containers) Done(chunk *ContainerChunk) error {
	if c.rows == nil {
		c.rows = map[containerKey]*ContainerRow{}
	}
	for key, row := range chunk.rows {
		if c.rows[key] == nil {
			c.rows[key] = row
			continue
		}
		c.rows[key].add(row)
	}
	return nil
}

func (row *ContainerRow) add(other *ContainerRow) {
	row.processes += other.processes
	row.effective |= other.effective
	row.permitted |= other.permitted
	row.bounding |= other.bounding
	row.last = max(row.last, other.last)
	row.withoutNoNewPrivs = row.withoutNoNewPrivs || other.withoutNoNewPrivs
	row.withoutSeccomp = row.withoutSeccomp || other.withoutSeccomp
	for key, reason := range other.unknown {
		row.lacks(key, reason)
	}
	// One process without is an answer, whatever the others are.
	if row.withoutNoNewPrivs {
		delete(row.unknown, "withoutNoNewPrivs")
	}
	if row.withoutSeccomp {
		delete(row.unknown, "withoutSeccomp")
	}
	for _, uid := range other.uids {
		if at, found := slices.BinarySearch(row.uids, uid); !found {
			row.uids = slices.Insert(row.uids, at, uid)
		}
	}
}

// sorted returns the rows by pod, runtime and id, or, as far as they have names, by
// these; what is in no container is the last.
func (c *Containers) sorted() []*ContainerRow {
	rows := make([]*ContainerRow, 0, len(c.rows))
	for _, row := range c.rows {
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b *ContainerRow) int { return strings.Compare(a.order(), b.order()) })
	return rows
}

// order returns what a row is sorted by.
func (row *ContainerRow) order() string {
	who, names := row.key.container, nameCells(row.names, true)
	return rank(row.key) + strings.Join(append(names[:], who.PodUID, who.Runtime, who.ID), "\x00")
}

// rank is which rows come first.
func rank(key containerKey) string {
	switch {
	case key.unknown:
		return "2"
	case key.container == container.Container{}:
		return "1"
	}
	return "0"
}

// namedColumns come before the others where there are names.
var namedColumns = [...]string{"NAMESPACE", "PODNAME", "CONTAINERNAME"}

var containerColumns = [...]string{"CONTAINER", "POD", "RUNTIME", "PROCESSES", "EFFECTIVE", "PERMITTED", "BOUNDING", "UIDS", "NNP", "SECCOMP"}

// WriteTo writes a row for each container, behind a header.
func (c *Containers) WriteTo(w io.Writer, header bool) error {
	grid := make([][]string, len(containerColumns)+len(namedColumns))
	if !c.Named {
		grid = grid[len(namedColumns):]
	}
	add := func(cells []string) {
		cells = cells[len(cells)-len(grid):]
		for i, cell := range cells {
			grid[i] = append(grid[i], cell)
		}
	}
	if header {
		add(append(namedColumns[:], containerColumns[:]...))
	}
	for _, row := range c.sorted() {
		add(row.cells())
	}
	_, err := w.Write(appendGrid(nil, grid[0], grid[1:]))
	return err
}

func (row *ContainerRow) cells() []string {
	who := &row.key.container
	if *who == (container.Container{}) {
		who = nil
	}
	id, pod, runtime := containerCells(who, !row.key.unknown)
	uids := make([]string, len(row.uids))
	for i, uid := range row.uids {
		uids[i] = strconv.FormatUint(uint64(uid), 10)
	}
	cell := func(key, text string) string {
		if _, lacking := row.unknown[key]; lacking {
			return unknown
		}
		return text
	}
	short := func(key string, set capset.Set) string { return cell(key, string(appendShort(nil, set, row.last))) }
	names := nameCells(row.names, !row.key.unknown)
	return []string{
		Escape(names[0]), Escape(names[1]), Escape(names[2]), Escape(id), Escape(pod), Escape(runtime), strconv.Itoa(row.processes),
		short("effective", row.effective), short("permitted", row.permitted), short("bounding", row.bounding),
		cell("uids", strings.Join(uids, ",")),
		cell("withoutNoNewPrivs", choose(row.withoutNoNewPrivs, "no", "yes")), cell("withoutSeccomp", choose(row.withoutSeccomp, "no", "yes")),
	}
}
