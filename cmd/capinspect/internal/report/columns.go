// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/procstatus"
	"github.com/capinspect/capinspect/procstatus/container"
)

// Column is one column of the table of ps.
type Column struct {
	Name    string
	About   string // a line for --columns help
	Key     string // of the value in JSON
	Number  bool   // it is aligned to the right, and sorts by its value
	Default bool   // it is there if nothing else is asked for
	Named   bool   // it is a name that only a manifest tells, and there if one does
	Needs   Needs  // what it takes besides the status file
	append  func([]byte, *collect.Record) []byte
}

// Needs is what a column takes besides the status file.
type Needs struct{ Container, UserNames bool }

const (
	none    = "none"
	unknown = "?"
	nothing = "-"
)

var columns = [...]Column{
	{"PID", "the process", "pid", true, true, false, Needs{}, appendPid},
	{"TID", "the thread", "tid", true, false, false, Needs{}, appendTid},
	{"PPID", "the parent process", "ppid", true, true, false, Needs{}, appendPPid},
	{"USER", "the effective user's name, where it is the reader's user too", "uid.effectiveName", false, false, false, Needs{UserNames: true}, appendUser},
	{"UID", "the effective user id", "uid.effective", true, true, false, Needs{}, appendUID},
	{"NAME", "the command's name; [name] is a kernel thread", "name", false, true, false, Needs{}, appendName},
	{"EFFECTIVE", "what permission checks look at", "capabilities.effective", false, true, false, Needs{}, appendEffective},
	{"PERMITTED", "what the task may make effective", "capabilities.permitted", false, true, false, Needs{}, appendPermitted},
	{"INHERITABLE", "kept over execve of a file that inherits it", "capabilities.inheritable", false, false, false, Needs{}, appendInheritable},
	{"AMBIENT", "kept over execve of an ordinary file", "capabilities.ambient", false, true, false, Needs{}, appendAmbient},
	{"BOUNDING", "what execve can give at the most", "capabilities.bounding", false, true, false, Needs{}, appendBounding},
	{"CAPS", "libcap's text form", "capabilities.text", false, false, false, Needs{}, appendCaps},
	{"NNP", "no_new_privs", "noNewPrivs", false, true, false, Needs{}, appendNNP},
	{"SECCOMP", "the seccomp mode", "seccomp.mode", false, false, false, Needs{}, appendSeccomp},
	{"CONTAINER", "the container's id, its first 12 digits", "container.id", false, false, false, Needs{Container: true}, appendContainer},
	{"POD", "the pod's UID", "container.podUID", false, false, false, Needs{Container: true}, appendPod},
	{"RUNTIME", "the container's runtime", "container.runtime", false, false, false, Needs{Container: true}, appendRuntime},
	{"NAMESPACE", "the pod's namespace, by --pods", "container.podNamespace", false, false, true, Needs{Container: true}, appendNamespace},
	{"PODNAME", "the pod's name, by --pods", "container.podName", false, false, true, Needs{Container: true}, appendPodName},
	{"CONTAINERNAME", "the container's name, by --pods", "container.name", false, false, true, Needs{Container: true}, appendContainerName},
	{"THREADS", "how many threads the process has", "threads", true, false, false, Needs{}, appendThreads},
	{"NSPID", "the pid in the innermost pid namespace", "nsPid", true, false, false, Needs{}, appendNSPid},
}

// Columns returns the table of columns.
func Columns() []Column { return slices.Clone(columns[:]) }

// ColumnNamed returns the column of a name, in upper or lower case.
func ColumnNamed(name string) (*Column, bool) {
	for i := range columns {
		if strings.EqualFold(name, columns[i].Name) {
			return &columns[i], true
		}
	}
	return nil, false
}

func appendIfHas(dst []byte, r *collect.Record, f procstatus.Field, n int) []byte {
	if !r.Status.Has(f) {
		return append(dst, unknown...)
	}
	return strconv.AppendInt(dst, int64(n), 10)
}

func appendPid(dst []byte, r *collect.Record) []byte {
	return appendIfHas(dst, r, procstatus.FieldTgid, r.Status.Tgid)
}

func appendTid(dst []byte, r *collect.Record) []byte {
	return appendIfHas(dst, r, procstatus.FieldPid, r.Status.Pid)
}

func appendPPid(dst []byte, r *collect.Record) []byte {
	return appendIfHas(dst, r, procstatus.FieldPPid, r.Status.PPid)
}

func appendThreads(dst []byte, r *collect.Record) []byte {
	return appendIfHas(dst, r, procstatus.FieldThreads, r.Status.Threads)
}

func appendUID(dst []byte, r *collect.Record) []byte {
	if !r.Status.Has(procstatus.FieldUID) {
		return append(dst, unknown...)
	}
	return strconv.AppendUint(dst, uint64(r.Status.UID.Effective), 10)
}

func appendUser(dst []byte, r *collect.Record) []byte {
	if name, ok := r.UserNames[r.Status.UID.Effective]; ok && r.Status.Has(procstatus.FieldUID) {
		return appendEscaped(dst, name)
	}
	return appendUID(dst, r)
}

func appendName(dst []byte, r *collect.Record) []byte {
	if r.Status.KernelThread() {
		return append(appendEscaped(append(dst, '['), r.Status.Name), ']')
	}
	return appendEscaped(dst, r.Status.Name)
}

func appendEffective(dst []byte, r *collect.Record) []byte {
	return appendSet(dst, r, capset.Effective)
}

func appendPermitted(dst []byte, r *collect.Record) []byte {
	return appendSet(dst, r, capset.Permitted)
}

func appendInheritable(dst []byte, r *collect.Record) []byte {
	return appendSet(dst, r, capset.Inheritable)
}

func appendAmbient(dst []byte, r *collect.Record) []byte { return appendSet(dst, r, capset.Ambient) }

func appendBounding(dst []byte, r *collect.Record) []byte { return appendSet(dst, r, capset.Bounding) }

func appendSet(dst []byte, r *collect.Record, k capset.Kind) []byte {
	set, ok := r.Status.Caps(k)
	switch {
	case r.Unsupported(k):
		return append(dst, nothing...)
	case !ok:
		return append(dst, unknown...)
	}
	return appendShort(dst, set, r.LastCap.Value)
}

// fewMissing is how many capabilities a set may lack and still be written as
// all but these.
const fewMissing = 4

// appendShort appends a set in few words: all, none, all but some, the name of
// the runtime whose default it is, or the names without "cap_".
func appendShort(dst []byte, set capset.Set, last capset.Cap) []byte {
	full := capset.UpTo(last)
	missing := full &^ set
	switch {
	case set == 0:
		return append(dst, none...)
	case missing == 0 && set == full:
		return append(dst, "all"...)
	case set.Within(full) && missing.Len() <= fewMissing && missing.Len() < set.Len():
		return appendShortNames(append(dst, "all but "...), missing)
	}
	if name := runtime.ProfileOf(set); name != "" {
		return append(dst, name...)
	}
	return appendShortNames(dst, set)
}

func appendShortNames(dst []byte, set capset.Set) []byte {
	start := len(dst)
	for ; set != 0; set &= set - 1 {
		if len(dst) > start {
			dst = append(dst, ',')
		}
		dst = append(dst, set.First().Short()...)
	}
	return dst
}

func appendCaps(dst []byte, r *collect.Record) []byte {
	if missing(r, capset.Effective, capset.Permitted, capset.Inheritable) != "" {
		return append(dst, unknown...)
	}
	return r.Status.CapState().AppendText(dst, r.LastCap.Value)
}

func appendNNP(dst []byte, r *collect.Record) []byte {
	if !r.Status.Has(procstatus.FieldNoNewPrivs) {
		return append(dst, unknown...)
	}
	return append(dst, choose(r.Status.NoNewPrivs, "yes", "no")...)
}

func appendSeccomp(dst []byte, r *collect.Record) []byte {
	if !r.Status.Has(procstatus.FieldSeccomp) {
		return append(dst, unknown...)
	}
	return append(dst, collect.SeccompName(r.Status.Seccomp)...)
}

// containerCells returns id, pod and runtime of a task's container: "-" is none,
// "?" not known. A task may be in a pod and in none of its containers.
func containerCells(c *container.Container, known bool) (id, pod, runtime string) {
	switch {
	case !known:
		return unknown, unknown, unknown
	case c == nil:
		return nothing, nothing, nothing
	case c.ID == "":
		return nothing, cmp.Or(c.PodUID, nothing), nothing
	}
	return shortID(c.ID), cmp.Or(c.PodUID, nothing), cmp.Or(c.Runtime, unknown)
}

func appendContainer(dst []byte, r *collect.Record) []byte {
	id, _, _ := containerCells(containerOf(r), r.Known("container"))
	return appendEscaped(dst, id)
}

func appendPod(dst []byte, r *collect.Record) []byte {
	_, pod, _ := containerCells(containerOf(r), r.Known("container"))
	return appendEscaped(dst, pod)
}

func appendRuntime(dst []byte, r *collect.Record) []byte {
	_, _, runtime := containerCells(containerOf(r), r.Known("container"))
	return appendEscaped(dst, runtime)
}

// nameCells returns the names of a task's container: the pod's namespace, the pod's and
// its own. "-" is none, "?" what is not known or nobody has told.
func nameCells(c *collect.Container, known bool) [3]string {
	switch {
	case !known:
		return [...]string{unknown, unknown, unknown}
	case c == nil:
		return [...]string{nothing, nothing, nothing}
	}
	return [...]string{cmp.Or(c.PodNamespace, unknown), cmp.Or(c.PodName, unknown), cmp.Or(c.Name, unknown)}
}

func appendNamespace(dst []byte, r *collect.Record) []byte { return appendNameCell(dst, r, 0) }

func appendPodName(dst []byte, r *collect.Record) []byte { return appendNameCell(dst, r, 1) }

func appendContainerName(dst []byte, r *collect.Record) []byte { return appendNameCell(dst, r, 2) }

func appendNameCell(dst []byte, r *collect.Record, i int) []byte {
	return appendEscaped(dst, nameCells(r.Container, r.Known("container"))[i])
}

// shortID cuts an id of 64 digits to the 12 that docker and crictl print.
func shortID(id string) string {
	if len(id) == 64 {
		return id[:12]
	}
	return id
}

func appendNSPid(dst []byte, r *collect.Record) []byte {
	s := &r.Status
	if !s.Has(procstatus.FieldNSpid) || len(s.NSpid) == 0 {
		return append(dst, unknown...)
	}
	return strconv.AppendInt(dst, int64(s.NSpid[len(s.NSpid)-1]), 10)
}
