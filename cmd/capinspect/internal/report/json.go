// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strconv"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
)

// SchemaVersion is the version of the JSON form. Within one, keys are added
// but none changes its meaning.
const SchemaVersion = 1

// setKeys are the keys of the five sets.
var setKeys = [capset.NumKinds]string{
	capset.Inheritable: "inheritable",
	capset.Permitted:   "permitted",
	capset.Effective:   "effective",
	capset.Bounding:    "bounding",
	capset.Ambient:     "ambient",
}

// report appends the JSON form of a whole report: what a reader of all its
// tasks needs to know, the tasks, and the errors of those that failed.
func (e *encoder) report(rep *Report) {
	e.openLines('{')
	e.head(rep.Kernel)
	e.key("tasks")
	e.openLines('[')
	for _, r := range rep.Tasks {
		e.openLines('{')
		e.task(r)
		e.close('}')
	}
	e.close(']')
	e.failures(rep.Errors)
	e.close('}')
	e.buf = append(e.buf, '\n')
}

// head appends the members that stand before the tasks.
func (e *encoder) head(kernel collect.KernelInfo) {
	e.number("schemaVersion", SchemaVersion)
	e.key("kernel")
	e.open('{')
	e.text("release", kernel.Release)
	e.key("lastCap")
	if kernel.LastCap != nil {
		e.int(int64(*kernel.LastCap))
	} else {
		e.null()
	}
	e.close('}')
}

// failures appends the member that lists what could not be read.
func (e *encoder) failures(list []Failure) {
	e.key("errors")
	e.openLines('[')
	for _, failure := range list {
		e.open('{')
		e.key("pid")
		if pid, err := strconv.Atoi(failure.Pid); err == nil {
			e.int(int64(pid))
		} else {
			e.null()
		}
		e.member("error", failure.Err.Error())
		e.close('}')
	}
	e.close(']')
}

// line appends one task as a line of its own.
func (e *encoder) line(r *collect.Record) {
	e.open('{')
	e.number("schemaVersion", SchemaVersion)
	e.task(r)
	e.close('}')
	e.buf = append(e.buf, '\n')
}

// member appends a member that is a string, number one that is a number.
func (e *encoder) member(key, value string) {
	e.key(key)
	e.string(value)
}

func (e *encoder) number(key string, n int64) {
	e.key(key)
	e.int(n)
}

// text appends a member that is a string, or null if it is empty.
func (e *encoder) text(key, s string) {
	e.key(key)
	e.optional(s)
}

// optional appends a text that is null where it is empty.
func (e *encoder) optional(s string) {
	if s == "" {
		e.null()
		return
	}
	e.string(s)
}
