// SPDX-License-Identifier: Apache-2.0

// Package tasktest makes tasks for tests.
package tasktest

import (
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus/container"
)

// Process returns a task with a value for each column.
func Process() *task.Task {
	x := &task.Task{LastCap: task.LastCap{Value: capset.LastKnown}}
	x.Pid, x.Tid, x.PPid, x.Threads = task.Known(4711), task.Known(4712), task.Known(1), task.Known(3)
	x.Name = task.Known("a\x1b")
	x.NSPid = task.Known([]int{4712, 7})
	x.UID = task.Known(capset.IDs{Real: 1, Effective: 33})
	x.UserNames = task.Names{33: task.Known("www-data")}
	x.NoNewPrivs = task.Known(true)
	x.Seccomp = task.Known(task.Seccomp{Mode: task.SeccompFilter})
	for k, set := range (capset.State{
		capset.Effective: capset.Of(capset.NetRaw), capset.Permitted: capset.Of(capset.NetRaw, capset.Chown),
		capset.Bounding: capset.UpTo(capset.LastKnown),
	}) {
		x.Sets[k] = task.Known(set)
	}
	x.Container = task.Known(&task.Container{
		Container: container.Container{Runtime: "crio", ID: strings.Repeat("0123456789abcdef", 4), PodUID: "u-1", Name: "web"},
		PodName:   "shop-1", PodNamespace: "shop",
	})
	x.UserNamespace = task.Known(task.UserNamespace{ID: task.Known(uint64(4026532999)), Initial: task.Known(false)})
	return x
}
