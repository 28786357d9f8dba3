// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"strings"

	"github.com/capinspect/capinspect/capset"
)

// initialPidNS is the initial pid namespace, on every kernel since Linux 3.8
// (include/linux/proc_ns.h, PROC_PID_INIT_INO).
const initialPidNS = "pid:[4026531836]"

// Annotate adds the notes that compare a task with others.
func (c *Collector) Annotate(r *Record) {
	if r.Self && r.Source == procSource && c.ownPid() > 1 {
		c.notePID1(r)
	}
}

// notePID1 says that the main process of the container is another one than
// capinspect, which a runtime started beside it, and has other sets.
func (c *Collector) notePID1(r *Record) {
	if ns, err := c.proc.Readlink("self/ns/pid"); err != nil || ns == initialPidNS {
		return
	}
	first, err := c.parsed("1")
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

func (r *Record) note(code, text string) { r.Notes = append(r.Notes, Note{code, text}) }
