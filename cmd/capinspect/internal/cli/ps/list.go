// SPDX-License-Identifier: Apache-2.0

package ps

import (
	"errors"
	"strconv"
	"time"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/command"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/containers"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/layout"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/table"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/target"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// once prints one list.
func (r *run) once() (int, error) {
	from, err := collect.Open(r.options)
	if err != nil {
		return 0, err
	}
	defer from.Close()
	hides := ""
	if r.query.Pids == nil {
		hides = from.Hides()
	}
	found, err := r.listChanged(from, hides)
	if err != nil {
		return 0, err
	}
	status := command.StatusOK
	for _, failure := range found.Failures {
		r.env.Complain(report.Failure{Pid: strconv.Itoa(failure.Pid), Err: failure.Err})
		status = command.StatusTrouble
	}
	if !r.watch.isFirst() {
		return status, nil
	}
	if found.Visited == 0 && found.Kernel == 0 && len(found.Failures) == 0 {
		r.env.Note("nothing matches")
	}
	if found.Kernel > 0 && r.format.name != openMetrics {
		r.env.Note("kernel threads left out: %d, see --kernel-threads", found.Kernel)
	}
	if found.Refused > 0 {
		r.env.Note("%d tasks may not be read", found.Refused)
	}
	if hides != "" {
		r.env.Note("%s is mounted with hidepid=%s: processes of others are not shown", from.Dir(), hides)
	}
	if r.query.Pids == nil && from.Blind(found, hides) {
		return 0, errBlind
	}
	return status, nil
}

var errBlind = errors.New("there are other processes, and none of them can be read")

// listChanged writes the tasks, or what has changed since the list before, with the time
// above if there is more than one list.
func (r *run) listChanged(from *collect.Collector, hides string) (found collect.Walked, err error) {
	if w := r.watch; w != nil {
		look := w.look
		if r.config.by != "" {
			look = w.lookByContainer
		}
		if err := look(r, from); err != nil {
			return found, err
		}
		if w.quiet() {
			return w.found, nil
		}
	}
	if r.config.every > 0 {
		if err := r.writeTime(); err != nil {
			return found, err
		}
	}
	return r.list(from, hides)
}

// writeTime writes the time above a list that people read, and a line between two of them.
func (r *run) writeTime() error {
	if r.format.name != string(table.Text) && r.format.name != "tree" {
		return nil
	}
	head := ""
	if r.some {
		head = "\n"
	}
	r.some = true
	if !r.config.columns.NoHeaders {
		head += time.Now().UTC().Format(time.RFC3339) + "\n"
	}
	return r.env.Write([]byte(head))
}

// list writes the tasks in the form that was asked for.
func (r *run) list(from *collect.Collector, hides string) (found collect.Walked, err error) {
	out := r.env.Output()
	switch {
	case r.config.by != "":
		return r.byContainer(from, out, hides)
	case r.format.name == "json" || r.format.name == "jsonl":
		return r.stream(from, out, hides)
	case r.format.name == openMetrics:
		return r.metrics(from, out, hides)
	case r.format.name == "tree":
		var tree table.Tree
		if found, err = walk(r, from, tree.Begin, tree.Visit, tree.Done); err == nil {
			_, err = tree.WriteTo(out)
		}
		return found, err
	}
	return r.table(from, out)
}

// table writes the table, and on a terminal a line below it that sums it up.
func (r *run) table(from *collect.Collector, out *command.Output) (found collect.Walked, err error) {
	rows := r.tasks.Table(table.Form(r.format.name), r.style)
	if !r.watch.isFirst() {
		rows.Columns = table.WithChanges(rows.Columns, r.watch.change, func(t *task.Task) capset.Cap { return t.LastCap.Value })
	}
	var total task.Total
	if r.sums() {
		found, err = walkCounting(r, from, &total, rows.Begin, rows.Visit, rows.Done)
	} else {
		found, err = walk(r, from, rows.Begin, rows.Visit, rows.Done)
	}
	if err == nil {
		_, err = rows.WriteTo(out)
	}
	if err == nil && r.sums() && found.Visited > 0 {
		_, err = out.Write(r.style.Wrap([]byte(total.String() + "\n")))
	}
	return found, err
}

// sums reports whether a line below the table sums it up: for a person, and not for what
// counts lines.
func (r *run) sums() bool {
	return r.style.Width > 0 && !r.config.columns.NoHeaders && r.watch.isFirst()
}

func (r *run) stream(from *collect.Collector, out *command.Output, hides string) (found collect.Walked, err error) {
	s := report.Stream{
		Frame: report.Frame{W: out, Object: r.format.name == "json", Reader: r.reader()},
		Keys:  report.Keys{Container: r.query.Container, UserNames: r.query.UserNames, Place: r.query.Surroundings},
	}
	if !r.watch.isFirst() {
		s.Change = r.watch.change
	}
	if err := s.Start(); err != nil {
		return found, err
	}
	if !s.Object {
		return walk(r, from, s.Begin, s.Visit, s.Done)
	}
	var total task.Total
	if found, err = walkCounting(r, from, &total, s.Begin, s.Visit, s.Done); err == nil {
		err = s.End(failures(found), &report.List{Summary: total.String(), NotShown: notShown(found, hides)})
	}
	return found, err
}

// reader returns when and where the list is made. A pod has a hostname of its own, and only
// its manifest can tell the name of the node.
func (r *run) reader() report.ReaderInfo {
	info := target.Reader()
	if name := r.config.node; name != "" {
		info.Node = task.Known(name)
	}
	return info
}

func (r *run) byContainer(from *collect.Collector, out *command.Output, hides string) (found collect.Walked, err error) {
	found, sums, leftOut, err := r.sumContainers(from)
	if err != nil {
		return found, err
	}
	if leftOut > 0 && r.watch.isFirst() {
		defer r.env.Note("sandboxes of pods left out: %d, see --sandboxes", leftOut)
	}
	if r.format.tabular() {
		rows := r.containers.Table(table.Form(r.format.name), r.style)
		if !r.watch.isFirst() {
			rows.Columns = table.WithChanges(rows.Columns, r.watch.delta, func(sum *containers.Sum) capset.Cap { return sum.LastCap })
		}
		err = rows.Write(out, sums)
		if err == nil && r.sums() && len(sums) > 0 {
			_, err = out.Write(r.style.Wrap([]byte(containers.Summary(sums) + "\n")))
		}
		return found, err
	}
	all := report.FromContainers(r.reader(), sums, r.watch.delta, failures(found), notShown(found, hides))
	marshal := func() ([]byte, error) { return layout.Marshal(all, true) }
	if r.format.name == "jsonl" {
		marshal = func() ([]byte, error) { return layout.MarshalLines(all.Lines()) }
	}
	text, err := marshal()
	if err == nil {
		_, err = out.Write(text)
	}
	return found, err
}

// sumContainers returns the containers that are listed, and how many sandboxes are not.
func (r *run) sumContainers(from *collect.Collector) (found collect.Walked, sums []*containers.Sum, leftOut int, err error) {
	if w := r.watch; w != nil {
		return w.found, w.shownSums, w.leftOut, nil
	}
	c := containers.Containers{Sandboxes: r.config.sandboxes}
	found, err = walk(r, from, c.Begin, c.Visit, c.Done)
	return found, c.Sums(), c.LeftOut(), err
}

func failures(found collect.Walked) []report.Failure {
	var list []report.Failure
	for _, f := range found.Failures {
		list = append(list, report.Failure{Pid: strconv.Itoa(f.Pid), Err: f.Err})
	}
	return list
}

func notShown(found collect.Walked, hides string) *report.NotShown {
	return report.NewNotShown(found.Kernel, found.Refused, hides)
}

// walk visits the tasks that are listed.
func walk[C any](r *run, from *collect.Collector, begin func() C, visit func(C, *task.Task), done func(C) error) (collect.Walked, error) {
	if r.watch != nil {
		return again(r.watch, begin, visit, done)
	}
	return read(r, from, r.query, begin, visit, done)
}

// read visits the tasks of a query, with a progress line if it takes longer than a second
// and somebody watches.
func read[C any](r *run, from *collect.Collector, q collect.Query, begin func() C, visit func(C, *task.Task), done func(C) error) (collect.Walked, error) {
	p := r.env.Waiting("reading tasks")
	defer p.Clear()
	return collect.Walk(from, q, begin, visit, func(chunk C) error {
		p.Step()
		return done(chunk)
	})
}

// walkCounting is walk, and counts the tasks.
func walkCounting[C any](r *run, from *collect.Collector, total *task.Total, begin func() C, visit func(C, *task.Task), done func(C) error) (collect.Walked, error) {
	type counted struct {
		chunk C
		total task.Total
	}
	return walk(r, from,
		func() *counted { return &counted{chunk: begin()} },
		func(c *counted, t *task.Task) {
			c.total.Count(t)
			visit(c.chunk, t)
		},
		func(c *counted) error {
			total.Add(c.total)
			return done(c.chunk)
		})
}
