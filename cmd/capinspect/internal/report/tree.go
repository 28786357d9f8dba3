// SPDX-License-Identifier: Apache-2.0

package report

import (
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/procstatus"
)

// Tree is the process tree of ps, with capabilities where they change from the
// parent's. Threads that differ stand under their leader.
type Tree struct {
	tasks []*TreeTask
}

// TreeTask is one task of a tree.
type TreeTask struct {
	pid, tid, parent int
	name             string
	state            capset.State
	known            [capset.NumKinds]bool
	last             capset.Cap
	children         []*TreeTask
}

// TreeChunk is some tasks of a tree.
type TreeChunk struct{ tasks []*TreeTask }

// Begin returns an empty chunk.
func (t *Tree) Begin() *TreeChunk { return new(TreeChunk) }

// Visit adds a task.
func (t *Tree) Visit(c *TreeChunk, r *collect.Record) {
	task := &TreeTask{
		pid: r.Status.Tgid, tid: r.Status.Pid, parent: r.Status.PPid, name: string(appendName(nil, r)),
		state: r.Status.CapState(), last: r.LastCap.Value,
	}
	for k := range task.known {
		task.known[k] = r.Status.Has(procstatus.CapField(capset.Kind(k)))
	}
	c.tasks = append(c.tasks, task)
}

// Done adds the tasks of a chunk to the tree.
func (t *Tree) Done(c *TreeChunk) error {
	t.tasks = append(t.tasks, c.tasks...)
	return nil
}

// WriteTo writes the tree. A task whose parent is not there, because it is
// hidden, gone or was not asked for, is a root.
func (t *Tree) WriteTo(w io.Writer) (int64, error) {
	var out []byte
	for _, root := range t.grow() {
		out = root.append(out, nil, "", "")
	}
	n, err := w.Write(out)
	return int64(n), err
}

// grow links the tasks, and returns the roots.
func (t *Tree) grow() []*TreeTask {
	leaders := make(map[int]*TreeTask, len(t.tasks))
	for _, task := range t.tasks {
		if task.pid == task.tid {
			leaders[task.pid] = task
		}
	}
	var roots []*TreeTask
	for _, task := range t.tasks {
		parent := leaders[task.parent]
		if task.pid != task.tid {
			parent = leaders[task.pid]
		}
		if parent == nil || parent == task || parent.under(task, leaders) {
			roots = append(roots, task)
			continue
		}
		parent.children = append(parent.children, task)
	}
	return roots
}

// under reports whether the task is a descendant of another, which two pids
// that were used again while they were read can look like.
func (task *TreeTask) under(other *TreeTask, leaders map[int]*TreeTask) bool {
	for range len(leaders) {
		if task == other {
			return true
		}
		parent := leaders[task.parent]
		if parent == nil || parent == task {
			return false
		}
		task = parent
	}
	return true
}

// append appends the task and what is below it.
func (task *TreeTask) append(dst []byte, parent *TreeTask, first, rest string) []byte {
	dst = append(dst, first...)
	if task.pid == task.tid {
		dst = strconv.AppendInt(dst, int64(task.pid), 10)
	} else {
		dst = append(dst, "thread "...)
		dst = strconv.AppendInt(dst, int64(task.tid), 10)
	}
	dst = append(append(dst, ' '), task.name...)
	if what := task.changes(parent); what != "" {
		dst = append(append(dst, "  "...), what...)
	}
	dst = append(dst, '\n')
	for i, child := range task.children {
		branch, trunk := "├─ ", "│  "
		if i == len(task.children)-1 {
			branch, trunk = "└─ ", "   "
		}
		dst = child.append(dst, task, rest+branch, rest+trunk)
	}
	return dst
}

// treeKinds are the sets in the order in which a person asks for them.
var treeKinds = [...]capset.Kind{capset.Effective, capset.Permitted, capset.Inheritable, capset.Ambient, capset.Bounding}

// changes says which sets are not the parent's; of a root, all that are not
// empty. Sets that are the same stand together.
func (task *TreeTask) changes(parent *TreeTask) string {
	var texts []string
	sets := map[string][]string{}
	for _, k := range treeKinds {
		if !task.known[k] || parent != nil && parent.known[k] && parent.state[k] == task.state[k] {
			continue
		}
		if parent == nil && task.state[k] == 0 && (k == capset.Inheritable || k == capset.Ambient) {
			continue
		}
		text := string(appendShort(nil, task.state[k], task.last))
		if sets[text] == nil {
			texts = append(texts, text)
		}
		sets[text] = append(sets[text], strings.ToLower(k.String()))
	}
	var parts []string
	for _, text := range texts {
		parts = append(parts, strings.Join(sets[text], ", ")+": "+text)
	}
	return strings.Join(slices.Clip(parts), "; ")
}
