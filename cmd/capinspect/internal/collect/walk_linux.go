// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"iter"
	"runtime"
	"slices"
	"sync"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// chunkTasks is how many processes a worker takes at once.
const chunkTasks = 64

// source hands out processes in chunks, numbered and ascending.
type source struct {
	mu    sync.Mutex
	taken int
	next  func() (procstatus.Task, error, bool)
	err   error // why it ended before its end
}

// take returns the number of the next chunk and its processes, none at the end.
func (s *source) take(chunk []procstatus.Task) (number int, tasks []procstatus.Task) {
	s.mu.Lock()
	defer s.mu.Unlock()
	chunk = chunk[:0]
	for s.err == nil && len(chunk) < chunkTasks {
		handle, err, ok := s.next()
		if !ok {
			break
		}
		if s.err = err; err == nil {
			chunk = append(chunk, handle)
		}
	}
	s.taken++
	return s.taken - 1, chunk
}

// end ends the source with an error, unless it has ended with another one before,
// and returns the error that it ended with.
func (s *source) end(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
	return s.err
}

// tasks returns the processes that were asked for, each once, or all if asked is
// nil.
func (c *Collector) tasks(asked []int) (iter.Seq2[procstatus.Task, error], error) {
	if c.proc == nil {
		return nil, c.procErr
	}
	if asked == nil {
		return c.proc.Tasks(), nil
	}
	list := slices.Clone(asked)
	for i, pid := range list {
		if pid == Self {
			if list[i] = c.place.OwnPid(); list[i] == 0 {
				return nil, errNotHere
			}
		}
	}
	slices.Sort(list)
	list = slices.Compact(list)
	return func(yield func(procstatus.Task, error) bool) {
		for _, pid := range list {
			if !yield(c.proc.Task(pid), nil) {
				return
			}
		}
	}, nil
}

// maxTasks is how many tasks a chunk has at most. A process may have tens of thousands of
// threads. A task with many groups counts for several: its record is that much longer.
const (
	maxTasks      = 256
	groupsPerTask = 64
)

// order passes chunks on in the order of their numbers. The worker whose turn
// it is does it itself: a goroutine of its own for that would have to wait until
// a worker rests.
type order[C any] struct {
	mu       sync.Mutex
	turn     *sync.Cond
	next     int       // the number whose turn it is
	finished map[int]C // those that wait for their turn
	window   int       // how far ahead of its turn a worker may go on
	pass     func(chunk C)
}

// part passes on what a chunk has so far, when it is its turn.
func (o *order[C]) part(number int, chunk C) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.next != number {
		o.turn.Wait()
	}
	o.pass(chunk)
}

// finish passes a chunk on, at once or when its turn comes, and waits if it is
// far from that, so that memory does not grow.
func (o *order[C]) finish(number int, chunk C) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.finished[number] = chunk
	for chunk, ok := o.finished[o.next]; ok; chunk, ok = o.finished[o.next] {
		o.pass(chunk)
		delete(o.finished, o.next)
		o.next++
		o.turn.Broadcast()
	}
	for number-o.next >= o.window {
		o.turn.Wait()
	}
}

// Walk visits the tasks of a query by pid and tid. Several workers read them;
// each calls visit for the tasks of a chunk that begin made, and done gets the
// chunks in order, one at a time. Visit must not keep a task: the next one takes its place.
func Walk[C any](c *Collector, q Query, begin func() C, visit func(C, *task.Task), done func(C) error) (total Walked, err error) {
	c.place.OwnPid() // before the workers ask for it
	if q.Surroundings {
		c.place.Own(procstatus.NamespaceUser)
	}
	tasks, err := c.tasks(q.Pids)
	if err != nil {
		return total, err
	}
	next, stop := iter.Pull2(tasks)
	defer stop()
	from := &source{next: next}
	workers := q.Workers
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	out := order[C]{finished: map[int]C{}, window: 4 * workers}
	out.turn = sync.NewCond(&out.mu)
	out.pass = func(chunk C) {
		if from.end(nil) == nil {
			from.end(done(chunk))
		}
	}
	var group sync.WaitGroup
	for range workers {
		w := c.worker(&q) // here, since it asks the collector for what it keeps
		group.Go(func() {
			work(w, from, &out, begin, visit)
			out.mu.Lock()
			defer out.mu.Unlock()
			total.add(w.found)
		})
	}
	group.Wait()
	slices.SortFunc(total.Failures, func(a, b *Failure) int { return a.Pid - b.Pid })
	return total, from.end(nil)
}

// work reads chunk after chunk, until there are no more.
func work[C any](w *worker, from *source, out *order[C], begin func() C, visit func(C, *task.Task)) {
	buf := make([]procstatus.Task, 0, chunkTasks)
	for {
		number, handles := from.take(buf)
		if len(handles) == 0 {
			return
		}
		chunk, passed := begin(), 0
		pass := func(t *task.Task) {
			weight := 1 + len(t.Groups.Zero())/groupsPerTask
			if passed += weight; passed > maxTasks && passed > weight {
				out.part(number, chunk)
				chunk, passed = begin(), weight
			}
			visit(chunk, t)
		}
		for _, handle := range handles {
			w.process(handle, pass)
		}
		out.finish(number, chunk)
	}
}
