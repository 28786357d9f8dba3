// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"errors"
	"io"
	"strings"
)

// choice chooses one container of pods.
type choice struct {
	name    string     // of the container; "" if any will do
	task    *Container // that a task is in
	best    *Manifest
	score   int
	ties    int      // how many are as good
	members []string // what there is to choose from
}

// Choose returns, of the pods in a file, the container of a name, or, if that is "", the
// one that a task is in, or the only one. The task may be nil.
func Choose(file, name string, stdin io.Reader, task *Record) (*Manifest, error) {
	c := &choice{name: name, task: new(Container)}
	if task != nil && task.Container != nil {
		c.task = task.Container
	}
	if err := PodsIn(file, stdin, c.look); err != nil {
		return nil, err
	}
	m, err := c.manifest()
	if err != nil {
		err = inFile(file, err)
	}
	return m, err
}

// look looks at a pod. It returns false when the choice is made.
func (c *choice) look(p *Pod) bool {
	for _, in := range p.Containers {
		if len(c.members) < 9 { // an error names no more
			c.members = append(c.members, whole(p, in))
		}
		score := c.rate(p, in)
		if score > c.score {
			c.best, c.score, c.ties = &Manifest{Pod: p, Container: in}, score, 0
		}
		if score == c.score {
			c.ties++
		}
	}
	return c.score < isIt
}

// whole returns the name of a container with those of its pod and its namespace, as far
// as they have one. A text may have longer ones than Kubernetes takes.
func whole(p *Pod, in *PodContainer) string {
	name := in.Name
	for _, above := range [...]string{p.Name, p.Namespace} {
		if above != "" {
			name = above + "/" + name
		}
	}
	return name[:min(len(name), 400)]
}

// isIt is the rating of the task's own container.
const isIt = 4

// rate rates a container, the higher the likelier it is meant; 0 if it is not.
func (c *choice) rate(p *Pod, in *PodContainer) int {
	switch {
	case c.name != "" && !strings.HasSuffix("/"+whole(p, in), "/"+c.name):
		return 0
	case in.ID != "" && in.ID == c.task.ID:
		return isIt
	case c.name == "" && in.Extra:
		return 0
	case p.UID == "" || p.UID != c.task.PodUID:
		return 1
	case in.Name == c.task.Name:
		return 3
	}
	return 2
}

// manifest returns what was chosen.
func (c *choice) manifest() (*Manifest, error) {
	why := "several containers, name one: "
	switch {
	case c.score > 0 && c.ties == 1:
		return c.best, nil
	case c.members == nil:
		why = "no pod, and nothing that makes pods"
	case c.score == 0:
		why = "no container " + c.name + ", but "
	}
	return nil, errors.New(why + strings.Join(c.members, ", "))
}
