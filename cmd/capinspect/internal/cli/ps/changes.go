// SPDX-License-Identifier: Apache-2.0

package ps

import (
	"errors"
	"slices"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/containers"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/diff"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// watch is what ps --changes knows of the list before.
type watch struct {
	round   int
	found   collect.Walked
	keeper  task.Keeper
	all     []*task.Kept  // whatever the query asks for, so that one that matches no more is not gone
	first   []*task.Kept  // those that are shown in the first round
	shown   []diff.Change // those that are shown later
	current *diff.Change  // of the task that is written now; nil in the first round
	told    map[int]bool  // the pids of which nothing is to be told, since it was the last time

	sums      []*containers.Sum // with --by container: of all
	shownSums []*containers.Sum
	deltas    map[*containers.Sum]*diff.Delta // of those that are shown, but in the first round
	leftOut   int                             // sandboxes
}

// look reads the tasks. The first time all are shown that the query asks for, then those
// that have changed and match it now or did so before.
func (w *watch) look(r *run, from *collect.Collector) error {
	q, before := r.query, w.all
	w.all, w.first, w.shown, w.current = nil, nil, nil, nil
	w.keeper.Next()
	begin := func() *[]*task.Task { return new([]*task.Task) }
	visit := func(chunk *[]*task.Task, t *task.Task) { *chunk = append(*chunk, t.Keep()) }
	var err error
	w.found, err = read(r, from, q.Unfiltered(), begin, visit, func(chunk *[]*task.Task) error {
		for _, t := range *chunk {
			k := w.keeper.Keep(t)
			w.all = append(w.all, k)
			if w.round == 0 && q.Matches(t) {
				w.first = append(w.first, k)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	w.round++
	w.fail(before)
	if !w.isFirst() {
		for _, c := range diff.Changes(before, w.all) {
			if q.Matches(c.Task.Task()) || c.Before != nil && q.Matches(c.Before.Task()) {
				w.shown = append(w.shown, c)
			}
		}
	}
	w.found.Visited = len(w.first) + len(w.shown)
	return nil
}

// lookByContainer is look for containers.
func (w *watch) lookByContainer(r *run, from *collect.Collector) error {
	c := containers.Containers{Sandboxes: r.config.sandboxes}
	found, err := read(r, from, r.query, c.Begin, c.Visit, c.Done)
	if err != nil {
		return err
	}
	before := w.sums
	w.found, w.sums, w.leftOut, w.deltas = found, c.Sums(), c.LeftOut(), map[*containers.Sum]*diff.Delta{}
	w.round++
	w.fail(nil)
	w.shownSums = w.sums
	if !w.isFirst() {
		w.shownSums = nil
		for _, e := range diff.Compared(&diff.List{Sums: before}, &diff.List{Sums: w.sums}).Entries {
			w.shownSums = append(w.shownSums, e.Sum())
			w.deltas[e.Sum()] = &e.Delta
		}
	}
	return nil
}

// delta returns what became of a container that is shown; nil in the first round.
func (w *watch) delta(sum *containers.Sum) *diff.Delta {
	if w == nil {
		return nil
	}
	return w.deltas[sum]
}

// quiet reports whether a round has nothing to list.
func (w *watch) quiet() bool { return w.round > 1 && len(w.shown)+len(w.shownSums) == 0 }

// fail keeps what is known of a task that cannot be read this time, and leaves out the
// failures that were told the last time, and those of tasks that have ended.
func (w *watch) fail(before []*task.Kept) {
	ended := map[int]bool{} // or not, of the pids that cannot be read
	for _, f := range w.found.Failures {
		ended[f.Pid] = errors.Is(f.Err, collect.ErrNoProcess)
	}
	listed := map[int]bool{}
	for _, k := range before {
		if gone, failed := ended[k.Pid()]; failed {
			listed[k.Pid()] = true
			if !gone {
				w.all = append(w.all, k)
			}
		}
	}
	told := map[int]bool{}
	w.found.Failures = slices.DeleteFunc(w.found.Failures, func(f *collect.Failure) bool {
		told[f.Pid] = true
		return listed[f.Pid] && ended[f.Pid] || w.told[f.Pid]
	})
	w.told = told
}

// isFirst reports whether nothing was listed before. A nil watch compares nothing.
func (w *watch) isFirst() bool { return w == nil || w.round <= 1 }

// change returns what became of the task that is written now; nil in the first round.
func (w *watch) change(*task.Task) *diff.Delta {
	if w.current == nil {
		return nil
	}
	return &w.current.Delta
}

// chunkShown is how many tasks are listed at a time.
const chunkShown = 256

// again visits the tasks that are shown, as collect.Walk does.
func again[C any](w *watch, begin func() C, visit func(C, *task.Task), done func(C) error) (collect.Walked, error) {
	for part := range slices.Chunk(w.first, chunkShown) {
		chunk := begin()
		for _, k := range part {
			visit(chunk, k.Task())
		}
		if err := done(chunk); err != nil {
			return w.found, err
		}
	}
	for part := range slices.Chunk(w.shown, chunkShown) {
		chunk := begin()
		for i := range part {
			w.current = &part[i]
			visit(chunk, part[i].Task.Task())
		}
		if err := done(chunk); err != nil {
			return w.found, err
		}
	}
	w.first = nil
	return w.found, nil
}
