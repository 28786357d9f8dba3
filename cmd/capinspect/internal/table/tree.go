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
		text = root.append(text, nil, 0, "", "")
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
	parentOf := func(t *TreeTask) *TreeTask {
		if t.pid != t.tid {
			return leaders[t.pid]
		}
		return leaders[t.parent]
	}
	circles := circles(t.tasks, parentOf)
	var roots []*TreeTask
	for _, task := range t.tasks {
		parent := parentOf(task)
		if parent == nil || circles[task] {
			roots = append(roots, task)
			continue
		}
		parent.children = append(parent.children, task)
	}
	return roots
}

// circles returns the tasks that are descendants of themselves. Tasks can be that if the
// kernel gives the pids of parents to new tasks while the list is read.
func circles(tasks []*TreeTask, parentOf func(*TreeTask) *TreeTask) map[*TreeTask]bool {
	found := map[*TreeTask]bool{}
	seen := make(map[*TreeTask]int, len(tasks)) // from which task they were reached first
	for from, task := range tasks {
		for t := task; t != nil; t = parentOf(t) {
			by, known := seen[t]
			if !known {
				seen[t] = from
				continue
			}
			if by == from {
				for ; !found[t]; t = parentOf(t) {
					found[t] = true
				}
			}
			break
		}
	}
	return found
}

// deepest is the last level of a tree that is indented further than the one above. The lines
// of the levels below name the parent.
const deepest = 40

// append appends the task, on its level, and what is below it. first stands before its own
// line, rest before the lines of its children.
func (t *TreeTask) append(dst []byte, parent *TreeTask, level int, first, rest string) []byte {
	dst = append(dst, first...)
	if t.pid != t.tid {
		dst = append(dst, "thread "...)
	}
	dst = strconv.AppendInt(dst, int64(t.tid), 10)
	dst = append(append(dst, ' '), t.name...)
	if level > deepest {
		dst = strconv.AppendInt(append(dst, "  below "...), int64(parent.tid), 10)
	}
	if what := t.changes(parent); what != "" {
		dst = append(append(dst, "  "...), what...)
	}
	dst = append(dst, '\n')
	for i, child := range t.children {
		branch, trunk := "├─ ", "│  "
		if i == len(t.children)-1 {
			branch, trunk = "└─ ", "   "
		}
		if level >= deepest {
			trunk = ""
		}
		dst = child.append(dst, t, level+1, rest+branch, rest+trunk)
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
