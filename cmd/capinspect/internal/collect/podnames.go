// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"io"

	"github.com/capinspect/capinspect/procstatus/container"
)

// PodNames are the names that Kubernetes has for the pods of a cluster and for their
// containers, by the UID of a pod and by the id of a container.
type PodNames map[string]*[3]string // the pod's namespace, the pod's, the container's

// PodNamesIn reads the names from a file of pods, as [PodsIn] does.
func PodNamesIn(name string, stdin io.Reader) (PodNames, error) {
	n := PodNames{}
	err := PodsIn(name, stdin, func(p *Pod) bool {
		whole := &[...]string{p.Namespace, p.Name, ""}
		n[p.UID], n[p.Hash] = whole, whole
		for _, c := range p.Containers {
			n[c.ID] = &[...]string{p.Namespace, p.Name, c.Name}
		}
		return true
	})
	delete(n, "") // a pod without a hash, a container that has no id yet
	return n, err
}

// name names a container, or its pod alone where Kubernetes has another one of that
// name by now.
func (n PodNames) name(c *Container) {
	names := n[c.ID]
	if names == nil {
		names = n[c.PodUID]
	}
	if names == nil {
		return
	}
	for i, what := range [...]string{"podNamespace", "podName", "name"} {
		to := [...]*string{&c.PodNamespace, &c.PodName, &c.Name}[i]
		c.conclude(to, names[i], container.Evidence{What: what, From: "--pods"})
	}
}
