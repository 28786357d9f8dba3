// SPDX-License-Identifier: Apache-2.0

// Package metrics counts the processes of each container by what they hold and what they
// run without, for Prometheus.
package metrics

import (
	"cmp"
	"strings"
	"sync"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Metrics counts processes. There are as many rows as containers, and two more: no name that
// a process chooses is a label.
type Metrics struct {
	Unreadable int  // how many processes may not be read, or could not be
	Hidden     bool // the processes of others are hidden

	rows
	child bool // capinspect is in a child user namespace, where uid 0 is not that of the node
}

// rows has what is counted of each place, by its labels.
type rows map[string]*row

// row has what is counted of a container, or of the processes that are in none.
type row struct {
	container bool
	counts    []int // by the indexes of series
	unknown   [len(unknowns)]int
}

// Chunk has what some processes add.
type Chunk struct {
	rows
	child bool
}

// Begin returns an empty chunk.
func (m *Metrics) Begin() *Chunk { return &Chunk{rows: rows{}} }

// Visit counts a process. The sandboxes of pods are left out, as by ps --by container.
func (m *Metrics) Visit(c *Chunk, t *task.Task) {
	c.child = c.child || t.Self && t.InChildUserNamespace()
	in := t.Container.Zero()
	if in != nil && task.Is(in.Sandbox, true) {
		return
	}
	r := c.row(labels(t), in != nil)
	for i, s := range series() {
		if s.counts(t) {
			r.counts[i]++
		}
	}
	for i, u := range unknowns {
		if !u.known(t) {
			r.unknown[i]++
		}
	}
}

// Done adds what the processes of a chunk add.
func (m *Metrics) Done(c *Chunk) error {
	if m.rows == nil {
		m.rows = rows{}
	}
	m.child = m.child || c.child
	for at, more := range c.rows {
		r := m.row(at, more.container)
		for i, n := range more.counts {
			r.counts[i] += n
		}
		for i, n := range more.unknown {
			r.unknown[i] += n
		}
	}
	return nil
}

func (rs rows) row(at string, container bool) *row {
	if rs[at] == nil {
		rs[at] = &row{container: container, counts: make([]int, len(series()))}
	}
	return rs[at]
}

// labels returns the labels that say where a process is. A container that differs from
// another only in what is no label has its row: no row is written twice.
func labels(t *task.Task) string {
	in, known := t.Container.Get()
	switch {
	case !known:
		return `where="unknown"`
	case in == nil:
		return `where="host"`
	}
	var b strings.Builder
	b.WriteString(`where="container"`)
	for _, l := range [...]struct{ name, value string }{
		{"runtime", in.Runtime},
		{"container_id", in.ID},
		{"pod_uid", cmp.Or(in.PodUID, in.PodID)},
		{"namespace", in.PodNamespace},
		{"pod", in.PodName},
		{"container", in.Name},
	} {
		if l.value != "" { // to Prometheus an empty label is none
			b.WriteString("," + l.name + `="` + escaped(l.value) + `"`)
		}
	}
	return b.String()
}

// oneSeries is what is counted of each row, as one line.
type oneSeries struct {
	family     int        // its index in families
	capability capset.Cap // of the last family
	counts     func(*task.Task) bool
}

// family is a metric of processes, and one of containers that have such a process.
type family struct{ suffix, processes, containers string }

var families = [...]family{
	{
		"", "Processes, without kernel threads and the sandboxes of pods.",
		"Containers, without the sandboxes of pods.",
	},
	{
		"_without_no_new_privs", "Processes without no_new_privs.",
		"Containers with a process without no_new_privs.",
	},
	{
		"_without_seccomp", "Processes without a seccomp filter.",
		"Containers with a process without a seccomp filter.",
	},
	{
		"_as_host_root", "Processes with the effective uid 0 of the node.",
		"Containers with a process with the effective uid 0 of the node.",
	},
	{
		"_with_capability", "Processes that hold a capability with which the node may be open to them.",
		"Containers with a process that holds a capability with which the node may be open to it.",
	},
}

// The families that are not like the others.
const (
	ofRoot         = len(families) - 2
	ofCapabilities = len(families) - 1
)

// series returns what is counted, in the order of the families.
var series = sync.OnceValue(func() []oneSeries {
	list := []oneSeries{
		{family: 0, counts: func(*task.Task) bool { return true }},
		{family: 1, counts: func(t *task.Task) bool { return task.Is(t.NoNewPrivs, false) }},
		{family: 2, counts: func(t *task.Task) bool { s, known := t.Seccomp.Get(); return known && s.Mode == 0 }},
		{family: ofRoot, counts: func(t *task.Task) bool { ids, known := t.UID.Get(); return known && ids.Effective == 0 }},
	}
	for c := range task.Opening().Caps() {
		list = append(list, oneSeries{ofCapabilities, c, func(t *task.Task) bool { return t.Held().Has(c) && t.Opens(capset.Of(c)) }})
	}
	return list
})

// unknowns are the values that may be unknown of a process, which then is not counted.
var unknowns = [...]struct {
	name  string
	known func(*task.Task) bool
}{
	{"capabilities", func(t *task.Task) bool {
		return t.Sets[capset.Permitted].Known() && t.Sets[capset.Effective].Known()
	}},
	{"no_new_privs", func(t *task.Task) bool { return t.NoNewPrivs.Known() }},
	{"seccomp", func(t *task.Task) bool { return t.Seccomp.Known() }},
	{"uid", func(t *task.Task) bool { return t.UID.Known() }},
}
