// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"os/exec"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// TestOrder holds that chunks are passed on in order, and that a worker that is far ahead
// waits for the others.
func TestOrder(t *testing.T) {
	var passed []int
	o := order[int]{finished: map[int]int{}, window: 2, pass: func(chunk int) { passed = append(passed, chunk) }}
	o.turn = sync.NewCond(&o.mu)
	ahead := make(chan bool)
	o.finish(1, 10) // one ahead does not wait
	go func() {
		o.finish(2, 20)
		close(ahead)
	}()
	select {
	case <-ahead:
		t.Error("it did not wait")
	case <-time.After(50 * time.Millisecond):
	}
	o.finish(0, 0)
	<-ahead
	if !slices.Equal(passed, []int{0, 10, 20}) {
		t.Error(passed)
	}
}

// TestSkip asks of a process that holds nothing and may gain all.
func TestSkip(t *testing.T) {
	need.On(t, "root")
	cmd := exec.Command("sleep", "60")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 4242, Gid: 4242}}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { cmd.Process.Kill(); cmd.Wait() }()
	for name, test := range map[string]struct {
		q    Query
		want bool
	}{
		"anything":     {Query{Privileged: true}, true},
		"effective":    {Query{Holding: []Held{{Kind: capset.Effective, Caps: capset.Of(capset.Chown)}}}, true},
		"any":          {Query{Holding: []Held{{Any: true, Caps: capset.Of(capset.Chown)}}}, true},
		"bounding":     {Query{Holding: []Held{{Kind: capset.Bounding, Caps: capset.Of(capset.Chown)}}}, false},
		"one of these": {Query{Holding: []Held{{Any: true, Caps: 1}, {Kind: capset.Bounding, Caps: 1}}}, false},
	} {
		if got := (&worker{q: &test.q}).skip(cmd.Process.Pid); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
