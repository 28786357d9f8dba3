// SPDX-License-Identifier: Apache-2.0

package ps

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"
	"time"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// list returns tasks of some pids.
func list(pids ...int) (all []*task.Kept) {
	var k task.Keeper
	k.Next()
	for _, pid := range pids {
		t := &task.Task{}
		t.Pid, t.Tid = task.Known(pid), task.Known(pid)
		all = append(all, k.Keep(t))
	}
	return all
}

// TestFail holds which failures are told, and which tasks are kept that cannot be read.
func TestFail(t *testing.T) {
	refused, ended := fs.ErrPermission, fmt.Errorf("it has ended: %w", collect.ErrNoProcess)
	w := &watch{}
	for i, round := range []struct {
		before   []*task.Kept
		failures []*collect.Failure
		want     string // the pids that are told, and those that are kept
	}{
		{nil, []*collect.Failure{{Pid: 1, Err: refused}, {Pid: 2, Err: ended}}, "told 1 2 kept"},
		{list(3, 4, 4), []*collect.Failure{{Pid: 1, Err: refused}, {Pid: 3, Err: ended}, {Pid: 4, Err: refused}}, "told 4 kept 4 4"},
		{list(4, 4), []*collect.Failure{{Pid: 4, Err: refused}}, "told kept 4 4"},
		{list(4, 4), nil, "told kept"},
		{nil, []*collect.Failure{{Pid: 1, Err: refused}, {Pid: 4, Err: refused}}, "told 1 4 kept"}, // another one by now
	} {
		w.all, w.found = nil, collect.Walked{Failures: round.failures}
		w.fail(round.before)
		got := "told"
		for _, f := range w.found.Failures {
			got += fmt.Sprint(" ", f.Pid)
		}
		got += " kept"
		for _, k := range w.all {
			got += fmt.Sprint(" ", k.Pid())
		}
		if got != round.want {
			t.Errorf("round %d: %s, want %s", i+1, got, round.want)
		}
		if len(w.told) != len(round.failures) {
			t.Errorf("round %d: %d pids remembered", i+1, len(w.told))
		}
	}
}

// TestFailMany holds that failures are looked up: each of many tasks may be unreadable.
func TestFailMany(t *testing.T) {
	const many = 50_000
	var failures []*collect.Failure
	pids := make([]int, many)
	for i := range pids {
		pids[i] = i
		failures = append(failures, &collect.Failure{Pid: i, Err: errors.ErrUnsupported})
	}
	w := &watch{found: collect.Walked{Failures: failures}}
	before := list(pids[:1000]...)
	for range 49 {
		before = append(before, before[:1000]...)
	}
	start := time.Now()
	w.fail(before)
	if took := time.Since(start); took > 10*time.Second || len(w.all) != many {
		t.Errorf("%v, %d tasks", took, len(w.all))
	}
}
