// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"errors"
	"io"

	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus/container"
)

// Names are the names, and the runtimes, that Kubernetes has for the pods of a cluster and for their
// containers, by the UID or the hash of a pod and by the id of a container.
type Names map[string]name

// name is the name of a pod, or of a container in it.
type name struct {
	namespace, pod string
	container      string // "" for the pod
	runtime        string // of the container
}

// errUnstarted is why a text has no names: a manifest has no ids, and a workload is no pod.
var errUnstarted = errors.New("no pod in it has been started: --pods takes what kubectl get pods -A -o json prints")

// ReadNames reads the names of the pods in a text, as [Pods] does.
func ReadNames(text io.Reader) (Names, error) {
	n, some := Names{}, false
	_, err := Pods(text, func(p *Pod) bool {
		some = true
		if len(p.path) > 0 { // it makes pods, and has a UID of its own
			return true
		}
		n[p.UID] = name{namespace: p.Namespace, pod: p.Name}
		n[p.Hash] = n[p.UID]
		for _, c := range p.Containers {
			by := ""
			if r := runtime.Named(c.Runtime); r != nil {
				by = r.Name
			}
			n[c.ID] = name{p.Namespace, p.Name, c.Name, by}
		}
		return true
	})
	delete(n, "") // of a pod without a hash, or a container that has no id yet
	if err == nil && some && len(n) == 0 {
		err = errUnstarted
	}
	return n, err
}

// Name gives a container its names, as far as it has none yet. Only its pod gets names if
// Kubernetes knows the pod and not the container: it has made another one in its place by
// now.
func (n Names) Name(c *task.Container) {
	known, ok := n[c.ID]
	switch {
	case !ok:
		known = n[c.PodUID]
	case !c.Sandbox.Known():
		c.Sandbox = task.Known(false) // Kubernetes names no sandbox
	}
	from := func(what string) container.Evidence { return container.Evidence{What: what, From: "--pods"} }
	c.Conclude(&c.PodNamespace, known.namespace, from("podNamespace"))
	c.Conclude(&c.PodName, known.pod, from("podName"))
	c.Conclude(&c.Name, known.container, from("name"))
	c.Conclude(&c.Runtime, known.runtime, from("runtime"))
}
