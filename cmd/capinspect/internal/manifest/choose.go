// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Choose returns what the pods in a text ask for one container: the one of a name, which
// may have the name of the pod before it, and of the namespace. If the name is "", it is
// the container that a task is in, or the only one. The task may be nil.
func Choose(text io.Reader, name string, t *task.Task) (*Manifest, error) {
	c := newChoice(name, t)
	if _, err := Pods(text, c.look); err != nil {
		return nil, err
	}
	return c.manifest()
}

// choice chooses one container of pods.
type choice struct {
	name      string         // of the container; "" if any will do
	around    task.Container // that the task is in; the zero Container if it is in none
	init      bool           // the task is the node's init, which is in no pod
	strangers int            // how many were not looked at, because the task is in another pod
	pod       *Pod           // the best so far
	container *Container
	rating    rating
	ties      int      // how many are as good
	members   []string // what there is to choose from
}

// maxMembers is how many containers an error names.
const maxMembers = 9

func newChoice(name string, t *task.Task) *choice {
	c := &choice{name: name}
	if t != nil {
		if around := t.Container.Zero(); around != nil {
			c.around = *around
		}
		c.init = t.Pid.Zero() == 1 && task.Is(t.HostPID(), true)
	}
	return c
}

// look looks at a pod. It returns false when the choice is made.
func (c *choice) look(p *Pod) bool {
	for _, in := range p.Containers {
		if len(c.members) < maxMembers {
			c.members = append(c.members, fullName(p, in))
		}
		r := c.rate(p, in)
		if r > c.rating {
			c.pod, c.container, c.rating, c.ties = p, in, r, 0
		}
		if r == c.rating {
			c.ties++
		}
	}
	return c.rating < itself
}

// maxName is the length of the longest name in an error, in bytes. A text may have longer
// names than Kubernetes takes.
const maxName = 400

// fullName returns the name of a container with those of its pod and its namespace before
// it, as far as they have one.
func fullName(p *Pod, in *Container) string {
	name := in.Name
	for _, above := range [...]string{p.Name, p.Namespace} {
		if above != "" {
			name = above + "/" + name
		}
	}
	return name[:min(len(name), maxName)]
}

// Named reports whether a container of the pod has a name, which may have the name of the
// pod before it, and of the namespace. Each has the name "".
func (p *Pod) Named(in *Container, name string) bool {
	return name == "" || strings.HasSuffix("/"+fullName(p, in), "/"+name)
}

// rating says how likely it is that a container is meant.
type rating int

const (
	notMeant  rating = iota
	possible         // nothing speaks against it
	likeNamed        // it has the name of the task's container, and may be of another pod
	samePod          // it is in the pod of the task
	sameName         // and has the name of the task's container, which Kubernetes may have replaced
	itself           // the task is in it
)

// rate rates a container. An init or an ephemeral container has to be named, unless the
// task is in it.
func (c *choice) rate(p *Pod, in *Container) rating {
	switch {
	case !p.Named(in, c.name):
		return notMeant
	case in.ID != "" && in.ID == c.around.ID:
		return itself
	case task.Is(c.around.Sandbox, true):
		return notMeant
	case c.stranger(p):
		c.strangers++
		return notMeant
	case c.name == "" && in.Extra():
		return notMeant
	case !c.inPod(p) && in.Name != "" && in.Name == c.around.Name:
		return likeNamed
	case !c.inPod(p):
		return possible
	case in.Name == c.around.Name:
		return sameName
	}
	return samePod
}

// inPod reports whether the task is in a pod.
func (c *choice) inPod(p *Pod) bool {
	return c.around.PodUID != "" && (c.around.PodUID == p.UID || c.around.PodUID == p.Hash)
}

// stranger reports whether a pod is one that runs, or what makes such pods, and the task is
// not in it. What makes pods does not have their UIDs: there the name of the container
// tells, if it is known.
func (c *choice) stranger(p *Pod) bool {
	switch {
	case p.UID == "" || c.inPod(p):
		return false
	case c.init || c.around.PodUID == "":
		return c.init
	case p.Kind == "Pod" || p.Kind == "":
		return true
	}
	named := func(in *Container) bool { return in.Name == c.around.Name }
	return c.name == "" && c.around.Name != "" && !slices.ContainsFunc(p.Containers, named)
}

// manifest returns what was chosen.
func (c *choice) manifest() (*Manifest, error) {
	why := "several containers, name one: "
	switch {
	case c.rating > notMeant && c.ties == 1 && c.pod.Windows:
		return nil, errors.New(fullName(c.pod, c.container) + " is for Windows, which has no capabilities: check --pss judges it")
	case c.rating > notMeant && c.ties == 1:
		return c.pod.Of(c.container), nil
	case c.members == nil:
		why = "no pod, and nothing that creates pods"
	case task.Is(c.around.Sandbox, true):
		why = "the task is the pause process of a pod's sandbox, and in none of the containers "
	case c.rating == notMeant && c.strangers > 0 && c.init:
		why = "the task is the init process of the node, and in none of these pods: "
	case c.rating == notMeant && c.strangers > 0:
		why = "the task is in another pod, " + c.around.PodUID + ", and not in "
	case c.rating == notMeant:
		why = "no container " + c.name + ", but "
	}
	return nil, errors.New(why + strings.Join(c.members, ", "))
}
