// SPDX-License-Identifier: Apache-2.0

package table

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Column is one column of a table that has a row for each T.
type Column[T any] struct {
	Name    string
	About   string // a line for --columns help
	Key     string // of the value in JSON
	Number  bool   // it is aligned to the right, and sorted by its value
	Default bool   // it is there if nothing else is asked for
	Named   bool   // it is a name that only a manifest tells, and is there with one
	Needs   Needs  // what it takes besides the status file
	append  cell[T]
	mark    func(T) task.Mark // how its cell is to be read; nil if that has no mark of its own
}

// Needs is what a column takes besides the status file.
type Needs struct{ Container, UserNames, UserNamespace bool }

// cell appends the text of one cell. It has no printer, because ps makes a million of them.
type cell[T any] func([]byte, T) []byte

// Columns are all columns that a table can have.
type Columns[T any] []Column[T]

// Named returns the column of a name, in upper or lower case.
func (l Columns[T]) Named(name string) (*Column[T], bool) {
	i := slices.IndexFunc(l, func(c Column[T]) bool { return strings.EqualFold(name, c.Name) })
	if i < 0 {
		return nil, false
	}
	return &l[i], true
}

// Names returns the names of the columns in lower case, as one writes them.
func (l Columns[T]) Names() []string {
	names := make([]string, len(l))
	for i := range l {
		names[i] = strings.ToLower(l[i].Name)
	}
	return names
}

// Tasks are the columns of a table with a row for each task.
var Tasks = Columns[*task.Task]{
	{"PID", "the process", "pid", true, true, false, Needs{}, numberCell(func(t *task.Task) task.Value[int] { return t.Pid }), nil},
	{"TID", "the thread", "tid", true, false, false, Needs{}, numberCell(func(t *task.Task) task.Value[int] { return t.Tid }), nil},
	{"PPID", "the parent process", "ppid", true, true, false, Needs{}, numberCell(func(t *task.Task) task.Value[int] { return t.PPid }), nil},
	{"USER", "the effective user's name, where it is the reader's user too", "uid.effectiveName", false, false, false, Needs{UserNames: true}, appendUser, nil},
	{"UID", "the effective user id", "uid.effective", true, true, false, Needs{}, appendUID, nil},
	{"USERNS", "node, or the inode of a child user namespace, child where that is hidden", "userNamespace.id", false, false, false, Needs{UserNamespace: true}, appendUserNamespace, nil},
	{"NAME", "the command's name; [name] is a kernel thread", "name", false, true, false, Needs{}, appendName, nil},
	{"EFFECTIVE", "what permission checks look at", "capabilities.effective", false, true, false, Needs{}, setCell(capset.Effective), setMark(capset.Effective)},
	{"PERMITTED", "what the task may make effective", "capabilities.permitted", false, true, false, Needs{}, setCell(capset.Permitted), setMark(capset.Permitted)},
	{"INHERITABLE", "kept over execve of a file that inherits it", "capabilities.inheritable", false, false, false, Needs{}, setCell(capset.Inheritable), setMark(capset.Inheritable)},
	{"AMBIENT", "kept over execve of an ordinary file", "capabilities.ambient", false, true, false, Needs{}, setCell(capset.Ambient), setMark(capset.Ambient)},
	{"BOUNDING", "what execve can give at most", "capabilities.bounding", false, true, false, Needs{}, setCell(capset.Bounding), setMark(capset.Bounding)},
	{"CAPS", "libcap's text form", "capabilities.text", false, false, false, Needs{}, appendCaps, nil},
	{"NNP", "no_new_privs", "noNewPrivs", false, true, false, Needs{}, appendNNP, nil},
	{"SECCOMP", "the seccomp mode", "seccomp.mode", false, false, false, Needs{}, appendSeccomp, nil},
	{"CONTAINER", "the container's id, its first 12 digits", "container.id", false, false, false, Needs{Container: true}, containerCell(containerID), nil},
	{"POD", "the pod's UID", "container.podUID", false, false, false, Needs{Container: true}, containerCell(podUID), nil},
	{"RUNTIME", "the container's runtime", "container.runtime", false, false, false, Needs{Container: true}, containerCell(containerRuntime), nil},
	{"NAMESPACE", "the pod's namespace, by --pods", "container.podNamespace", false, false, true, Needs{Container: true}, containerCell(podNamespace), nil},
	{"PODNAME", "the pod's name, by --pods", "container.podName", false, false, true, Needs{Container: true}, containerCell(podName), nil},
	{"CONTAINERNAME", "the container's name, by --pods", "container.name", false, false, true, Needs{Container: true}, containerCell(containerName), nil},
	{"THREADS", "how many threads the process has", "threads", true, false, false, Needs{}, numberCell(func(t *task.Task) task.Value[int] { return t.Threads }), nil},
	{"NSPID", "the pid in the innermost pid namespace", "nsPid", true, false, false, Needs{}, appendNSPid, nil},
}

// TaskRisk sorts by what a task holds, the most dangerous first, and is no column to show.
var TaskRisk = Column[*task.Task]{Name: "RISK", Number: true, Needs: Needs{UserNamespace: true}, append: riskCell((*task.Task).Risk)}

// riskCell appends a number that is smaller for what is more dangerous.
func riskCell[T any](of func(T) task.Risk) cell[T] {
	return func(dst []byte, row T) []byte { return strconv.AppendUint(dst, uint64(^of(row)), 10) }
}

func setMark(k capset.Kind) func(*task.Task) task.Mark {
	return func(t *task.Task) task.Mark { return t.MarkOf(k) }
}

func numberCell(of func(*task.Task) task.Value[int]) cell[*task.Task] {
	return func(dst []byte, t *task.Task) []byte {
		n, ok := of(t).Get()
		if !ok {
			return append(dst, render.Unknown...)
		}
		return strconv.AppendInt(dst, int64(n), 10)
	}
}

func appendUID(dst []byte, t *task.Task) []byte {
	ids, ok := t.UID.Get()
	if !ok {
		return append(dst, render.Unknown...)
	}
	return strconv.AppendUint(dst, uint64(ids.Effective), 10)
}

func appendUser(dst []byte, t *task.Task) []byte {
	if ids, ok := t.UID.Get(); ok {
		if name, ok := t.UserNames[ids.Effective].Get(); ok {
			return render.AppendEscaped(dst, name)
		}
	}
	return appendUID(dst, t)
}

func appendName(dst []byte, t *task.Task) []byte {
	if t.KernelThread {
		return append(render.AppendEscaped(append(dst, '['), t.Name.Zero()), ']')
	}
	return render.AppendEscaped(dst, t.Name.Zero())
}

// appendUserNamespace appends "node" for the initial user namespace, else the inode.
func appendUserNamespace(dst []byte, t *task.Task) []byte {
	ns := t.UserNamespace.Zero()
	switch id, known := ns.ID.Get(); {
	case task.Is(ns.Initial, true):
		return append(dst, "node"...)
	case known:
		return strconv.AppendUint(dst, id, 10)
	case task.Is(ns.Initial, false):
		return append(dst, "child"...)
	}
	return append(dst, render.Unknown...)
}

// childMark stands behind what a task holds in a child user namespace, where it only counts
// for what that namespace owns.
const childMark = "@child"

func setCell(k capset.Kind) cell[*task.Task] {
	held := k == capset.Effective || k == capset.Permitted
	return func(dst []byte, t *task.Task) []byte {
		set, ok := t.Sets[k].Get()
		switch {
		case ok:
			dst = render.AppendShort(dst, set, t.LastCap.Value)
			if held && set != 0 && t.InChildUserNamespace() {
				dst = append(dst, childMark...)
			}
			return dst
		case t.Unsupported(k):
			return append(dst, render.Nothing...)
		}
		return append(dst, render.Unknown...)
	}
}

func appendCaps(dst []byte, t *task.Task) []byte {
	if _, missing := t.Missing(task.TextKinds[:]...); missing {
		return append(dst, render.Unknown...)
	}
	return t.State().AppendText(dst, t.LastCap.Value)
}

func appendNNP(dst []byte, t *task.Task) []byte {
	return append(dst, task.Map(t.NoNewPrivs, yesOrNo).Or(render.Unknown)...)
}

func yesOrNo(set bool) string {
	if set {
		return "yes"
	}
	return "no"
}

func appendSeccomp(dst []byte, t *task.Task) []byte {
	s, ok := t.Seccomp.Get()
	if !ok {
		return append(dst, render.Unknown...)
	}
	return append(dst, task.SeccompName(s.Mode)...)
}

func appendNSPid(dst []byte, t *task.Task) []byte {
	pids := t.NSPid.Zero()
	if len(pids) == 0 {
		return append(dst, render.Unknown...)
	}
	return strconv.AppendInt(dst, int64(pids[len(pids)-1]), 10)
}

// containerCell appends what of returns for a container.
func containerCell(of func(*task.Container) string) cell[*task.Task] {
	return func(dst []byte, t *task.Task) []byte { return render.AppendEscaped(dst, ofContainer(t.Container, of)) }
}

// ofContainer returns what of returns for a container: "-" if there is none, "?" if that is
// unknown.
func ofContainer(v task.Value[*task.Container], of func(*task.Container) string) string {
	c, known := v.Get()
	switch {
	case !known:
		return render.Unknown
	case c == nil:
		return render.Nothing
	}
	return of(c)
}

// containerID returns the id of a container, of which docker and crictl print 12 digits if
// it has 64. A task may be in a pod and in none of its containers.
func containerID(c *task.Container) string {
	if len(c.ID) == 64 {
		return c.ID[:12]
	}
	return cmp.Or(c.ID, unknownIf(c.Hidden()))
}

func podUID(c *task.Container) string { return cmp.Or(c.PodUID, unknownIf(c.OtherPodUID != "")) }

func containerRuntime(c *task.Container) string {
	return cmp.Or(c.Runtime, unknownIf(c.ID != "" || c.Hidden()))
}

// unknownIf returns what stands for a value that is missing.
func unknownIf(unknown bool) string {
	if unknown {
		return render.Unknown
	}
	return render.Nothing
}

// The names are unknown of a container that no manifest has.

func podNamespace(c *task.Container) string  { return cmp.Or(c.PodNamespace, render.Unknown) }
func podName(c *task.Container) string       { return cmp.Or(c.PodName, render.Unknown) }
func containerName(c *task.Container) string { return cmp.Or(c.Name, render.Unknown) }
