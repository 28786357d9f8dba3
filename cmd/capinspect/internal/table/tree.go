// SPDX-License-Identifier: Apache-2.0

package table

import (
	"io"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Tree is the process tree of ps. It shows the capability sets of a process where they
// differ from those of its parent, and the threads that differ below their leader.
type Tree struct{ tasks []*TreeTask }

// TreeTask is one task of a tree.
type TreeTask struct {
	pid, tid, parent int
	name             string
	sets             [capset.NumKinds]task.Value[capset.Set]
	last             capset.Cap
	children         []*TreeTask
}

// TreeChunk has some tasks of a tree.
type TreeChunk struct{ tasks []*TreeTask }

// Begin returns an empty chunk.
func (t *Tree) Begin() *TreeChunk { return new(TreeChunk) }

// Visit adds a task to a chunk.
func (t *Tree) Visit(c *TreeChunk, of *task.Task) {
	c.tasks = append(c.tasks, &TreeTask{
		pid: of.Pid.Zero(), tid: of.Tid.Zero(), parent: of.PPid.Zero(), name: string(appendName(nil, of)),
		sets: of.Sets, last: of.LastCap.Value,
	})
}

// Done adds the tasks of a chunk to the tree.
func (t *Tree) Done(c *TreeChunk) error {
	t.tasks = append(t.tasks, c.tasks...)
	return nil
}

// WriteTo writes the tree. A task is a root if its parent is not in the tree, because it is
// hidden, has ended or was not asked for.
func (t *Tree) WriteTo(w io.Writer) (int64, error) {
	var text []byte
	for _, root := range t.grow() {
		text = root.append(text, nil, "", "")
	}
	n, err := w.Write(text)
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

// under reports whether the task is a descendant of another. Two tasks can be descendants
// of each other if the kernel gives their pids to new tasks while the list is read.
func (t *TreeTask) under(other *TreeTask, leaders map[int]*TreeTask) bool {
	for range len(leaders) {
		if t == other {
			return true
		}
		parent := leaders[t.parent]
		if parent == nil || parent == t {
			return false
		}
		t = parent
	}
	return true
}

// append appends the task and what is below it. first stands before its own line, rest
// before the lines of its children.
func (t *TreeTask) append(dst []byte, parent *TreeTask, first, rest string) []byte {
	dst = append(dst, first...)
	if t.pid != t.tid {
		dst = append(dst, "thread "...)
	}
	dst = strconv.AppendInt(dst, int64(t.tid), 10)
	dst = append(append(dst, ' '), t.name...)
	if what := t.changes(parent); what != "" {
		dst = append(append(dst, "  "...), what...)
	}
	dst = append(dst, '\n')
	for i, child := range t.children {
		branch, trunk := "├─ ", "│  "
		if i == len(t.children)-1 {
			branch, trunk = "└─ ", "   "
		}
		dst = child.append(dst, t, rest+branch, rest+trunk)
	}
	return dst
}

// treeKinds are the sets in the order in which a reader asks for them.
var treeKinds = [...]capset.Kind{capset.Effective, capset.Permitted, capset.Inheritable, capset.Ambient, capset.Bounding}

// changes tells the sets that are not the parent's. Of a root it tells all of them, but for
// Inheritable and Ambient if they are empty. Sets that are equal stand together.
func (t *TreeTask) changes(parent *TreeTask) string {
	type part struct {
		kinds []string
		set   string
	}
	var parts []part
	for _, k := range treeKinds {
		set, known := t.sets[k].Get()
		switch {
		case !known, parent != nil && task.Is(parent.sets[k], set):
			continue
		case parent == nil && set == 0 && (k == capset.Inheritable || k == capset.Ambient):
			continue
		}
		text, name := render.Short(set, t.last), task.SetName(k)
		same := false
		for i := range parts {
			if same = parts[i].set == text; same {
				parts[i].kinds = append(parts[i].kinds, name)
				break
			}
		}
		if !same {
			parts = append(parts, part{[]string{name}, text})
		}
	}
	texts := make([]string, len(parts))
	for i, part := range parts {
		texts[i] = strings.Join(part.kinds, ", ") + ": " + part.set
	}
	return strings.Join(texts, "; ")
}
