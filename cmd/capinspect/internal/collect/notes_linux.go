// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/procstatus"
)

// remarkPID1 says that the main process of the container is another one than
// capinspect, which a runtime started beside it, and has other sets.
func (c *Collector) remarkPID1(r *Record) {
	// Where it has several numbers, the procfs is of a pid namespace around it.
	if c.ownPid() < 2 || r.Namespaces.initial(procstatus.NamespacePID) != No || len(r.Status.NSpid) > 1 {
		return
	}
	first, err := c.proc.Task(1).Status()
	if err != nil {
		return
	}
	if first.Name == "pause" {
		r.note("pid1-pause", "PID 1 is a pause process: the pod shares its pid namespace, and the application is another PID")
	}
	var differ []string
	for k := range capset.Kind(capset.NumKinds) {
		own, _ := r.Status.Caps(k)
		if set, _ := first.Caps(k); set != own {
			differ = append(differ, k.String())
		}
	}
	if differ != nil {
		r.note("pid1-differs", "PID 1 ("+first.Name+") has other capabilities than this process, in "+
			strings.Join(differ, ", ")+": see capinspect 1")
	}
}
