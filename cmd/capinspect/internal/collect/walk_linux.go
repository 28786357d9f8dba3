// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"runtime"
	"slices"
	"sync"

	"github.com/capinspect/capinspect/procstatus"
)

// chunkTasks is how many processes a worker takes at once, if they are not
// listed while they are read.
const chunkTasks = 64

// source hands out processes in chunks, numbered and ascending.
type source struct {
	mu     sync.Mutex
	taken  int
	pids   []int              // what is left of a list
	lister *procstatus.Lister // or where they are listed
	err    error              // why it ended before its end
}

// next returns the number of the next chunk and its processes, none at the end.
func (s *source) next(buf []int) (number int, pids []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.err != nil:
		return 0, nil
	case s.lister != nil:
		pids, s.err = s.lister.Next(buf[:0])
	default:
		n := min(chunkTasks, len(s.pids))
		pids, s.pids = s.pids[:n], s.pids[n:]
	}
	s.taken++
	return s.taken - 1, pids
}

// stop ends the source, if it has not ended with another error before, and
// returns the error that it ended with.
func (s *source) stop(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
	return s.err
}

// source returns the processes that were asked for, each once, or all.
func (c *Collector) source(asked []int) (*source, error) {
	if c.proc == nil {
		return nil, c.procErr
	}
	if asked == nil {
		lister, err := c.proc.Pids()
		return &source{lister: lister}, err
	}
	list := slices.Clone(asked)
	for i, pid := range list {
		if pid == Self {
			if list[i] = c.ownPid(); list[i] == 0 {
				return nil, errNotHere
			}
		}
	}
	slices.Sort(list)
	return &source{pids: slices.Compact(list)}, nil
}

// maxTasks is how many tasks are in a chunk at the most. A process may have
// tens of thousands of threads.
const maxTasks = 256

// result is a chunk that a worker has finished, or a part of it with more to
// come.
type result[C any] struct {
	chunk C
	found Walked
	more  bool
}

// Walk visits the tasks of a query by pid and tid. Several workers read them;
// each calls visit for the tasks of a chunk that begin made, and done gets the
// chunks in order. A Record is used again after visit has returned.
func Walk[C any](c *Collector, q Query, begin func() C, visit func(C, *Record), done func(C) error) (Walked, error) {
	c.ownPid() // before the workers ask for it
	from, err := c.source(q.Pids)
	if err != nil {
		return Walked{}, err
	}
	if from.lister != nil {
		defer from.lister.Close()
	}
	workers := q.Workers
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	// A worker takes a chunk only if it is at most this far ahead of what done
	// has got, so that memory does not grow and each chunk has a slot of its own.
	window := 4 * workers
	slots := make([]chan result[C], window)
	permits := make(chan struct{}, window)
	for i := range slots {
		slots[i] = make(chan result[C], 1)
		permits <- struct{}{}
	}
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			w := c.worker(&q)
			buf := make([]int, 0, 2*chunkTasks)
			for range permits {
				number, pids := from.next(buf)
				if len(pids) == 0 {
					return
				}
				chunk, tasks := begin(), 0
				w.found = Walked{}
				pass := func(r *Record) {
					if tasks++; tasks > maxTasks {
						slots[number%window] <- result[C]{chunk: chunk, more: true}
						chunk, tasks = begin(), 1
					}
					visit(chunk, r)
				}
				for _, pid := range pids {
					w.process(pid, pass)
				}
				slots[number%window] <- result[C]{chunk: chunk, found: w.found}
			}
		})
	}
	ended := make(chan struct{})
	go func() {
		group.Wait()
		close(ended)
	}()
	var total Walked
	for number := 0; ; {
		r, ok := receive(slots[number%window], ended)
		if !ok {
			return total, from.stop(nil)
		}
		total.Visited += r.found.Visited
		total.Refused += r.found.Refused
		total.Failures = append(total.Failures, r.found.Failures...)
		if from.stop(nil) == nil {
			from.stop(done(r.chunk))
		}
		if !r.more {
			number++
			permits <- struct{}{}
		}
	}
}

// receive waits for a value, and reports whether there was one before all that
// send had ended.
func receive[T any](from chan T, ended chan struct{}) (value T, ok bool) {
	select {
	case value = <-from:
		return value, true
	case <-ended:
	}
	select {
	case value = <-from:
		return value, true
	default:
		return value, false
	}
}
