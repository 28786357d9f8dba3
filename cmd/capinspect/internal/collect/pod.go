// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"errors"
	"io"
	"os"
	"strings"

	"github.com/capinspect/capinspect/capset/podsecurity"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/jsonread"
)

// Pod is a pod of Kubernetes, or what a workload would make its pods of.
type Pod struct {
	Kind                 string // "Pod", "Deployment" ...; "" in a list that does not tell
	Name, Namespace, UID string
	Hash                 string // of a static pod, whose cgroup has this for its UID
	HostUsers            *bool
	Host                 podsecurity.Fact // hostPID, hostIPC, hostNetwork
	Groups               []uint32         // supplementalGroups and fsGroup
	Containers           []*PodContainer
	Asks                 SecurityContext // what it asks for all of them
	statuses             []*PodContainer
	list                 bool // it is a list
}

// PodContainer is a container of a pod.
type PodContainer struct {
	Name        string
	Runtime, ID string          // of containerID in the status, as "containerd" and 64 digits
	Extra       bool            // an init or an ephemeral container
	Asks        SecurityContext // without what its pod asks for all
}

// podKinds are the kinds that are a pod or have a template for pods.
var podKinds = [...]string{
	"Pod", "", "Deployment", "DaemonSet", "StatefulSet", "ReplicaSet", "ReplicationController", "Job", "CronJob", "PodTemplate",
}

var errNotJSON = errors.New("it is not JSON, which kubectl create --dry-run=client -o json -f FILE makes of YAML")

// PodsIn yields the pods in a file, or in standard input if its name is "-", as Pods
// does.
func PodsIn(name string, stdin io.Reader, yield func(*Pod) bool) error {
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return inFile(name, err)
		}
		defer f.Close()
		stdin = f
	}
	if err := Pods(stdin, yield); err != nil {
		return inFile(name, err)
	}
	return nil
}

// Pods yields the pods in a text: objects of Kubernetes in JSON one after the other,
// of which any may be a list. What is no pod, and makes none, is passed over. The
// text is read no further than to where yield returns false, and one pod of it is
// held at a time.
func Pods(text io.Reader, yield func(*Pod) bool) error {
	r := &podReader{from: text, yield: yield}
	r.in = jsonread.New(r)
	for range r.in.Values() {
		if r.any(); r.enough {
			break
		}
	}
	switch err := r.in.Err(); {
	case err == nil && r.first <= ' ':
		return errors.New("it is empty")
	case err == nil || r.first <= ' ' || strings.IndexByte("{[", r.first) >= 0:
		return err
	}
	return errNotJSON
}

// known reports whether the object is a pod or makes one, as far as it is read.
func (p *Pod) known() bool {
	for _, kind := range podKinds {
		if p.Kind == kind {
			return true
		}
	}
	return false
}

// finish gives the containers that run their ids: the status may stand before or
// behind the spec.
func (p *Pod) finish() {
	for _, c := range p.Containers {
		for _, s := range p.statuses {
			if s.Name == c.Name {
				c.Runtime, c.ID = s.Runtime, s.ID
			}
		}
	}
}
