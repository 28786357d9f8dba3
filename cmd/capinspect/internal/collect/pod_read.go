// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset/podsecurity"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/jsonread"
)

// podReader reads objects of Kubernetes (core/v1, apps/v1, batch/v1). Each of its
// methods that takes a key reads one member of an object.
type podReader struct {
	from   io.Reader
	first  byte             // of the text, blanks left out; 0 before it is read
	in     *jsonread.Reader // of the text, which it has from Read
	yield  func(*Pod) bool
	enough bool // yield returned false

	// What is being read.
	pod   *Pod
	list  *[]*PodContainer
	extra bool // it is of init or ephemeral containers
	asks  *SecurityContext
	ofPod bool // asks are the pod's
}

// Read reads the text, and keeps its first byte, which tells JSON from YAML.
func (r *podReader) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	for _, b := range p[:n] {
		if r.first <= ' ' {
			r.first = b
		}
	}
	return n, err
}

// object reads an object.
func (r *podReader) object(member func(*podReader, string)) {
	for key := range r.in.Object() {
		member(r, key)
	}
}

func (r *podReader) array(member func(*podReader)) {
	for range r.in.Array() {
		if member(r); r.enough {
			break
		}
	}
}

// any reads an object that may be a pod, and yields it if it is or makes one, or what
// is in it if it is a list.
func (r *podReader) any() {
	p, around := new(Pod), r.pod
	r.pod = p
	r.object((*podReader).top)
	r.pod = around
	if r.in.Err() == nil && !r.enough && !p.list && p.known() && p.Containers != nil {
		p.finish()
		r.enough = !r.yield(p)
	}
}

func (r *podReader) top(key string) {
	switch key {
	case "kind":
		r.in.String(&r.pod.Kind)
	case "metadata":
		r.object((*podReader).metadata)
	case "items":
		r.pod.list = true
		r.array((*podReader).any)
	case "spec", "template", "status": // template is a PodTemplate's
		if r.pod.known() {
			r.object((*podReader).part)
		}
	}
}

func (r *podReader) metadata(key string) {
	switch key {
	case "name":
		r.in.String(&r.pod.Name)
	case "namespace":
		r.in.String(&r.pod.Namespace)
	case "uid":
		r.in.String(&r.pod.UID)
	case "annotations":
		r.object((*podReader).annotation)
	}
}

func (r *podReader) annotation(key string) {
	if key == "kubernetes.io/config.hash" {
		r.in.String(&r.pod.Hash)
	}
}

// part reads a member of a spec, of whatever kind, a template of it, or a status.
func (r *podReader) part(key string) {
	p := r.pod
	switch key {
	case "spec", "template", "jobTemplate": // as in spec.jobTemplate.spec.template.spec
		r.object((*podReader).part)
	case "hostPID":
		r.host(podsecurity.HostPID)
	case "hostIPC":
		r.host(podsecurity.HostIPC)
	case "hostNetwork":
		r.host(podsecurity.HostNetwork)
	case "hostUsers":
		r.flag(&p.HostUsers)
	case "securityContext":
		r.asks, r.ofPod = &p.Asks, true
		r.object((*podReader).asked)
	case "containers", "initContainers", "ephemeralContainers":
		r.list, r.extra = &p.Containers, key != "containers"
		r.array((*podReader).container)
	case "containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses":
		r.list = &p.statuses
		r.array((*podReader).container)
	}
}

// container reads a container, or its status, which has the id.
func (r *podReader) container() {
	*r.list = append(*r.list, &PodContainer{Extra: r.extra})
	r.object((*podReader).inContainer)
}

func (r *podReader) inContainer(key string) {
	c := (*r.list)[len(*r.list)-1]
	switch key {
	case "name":
		r.in.String(&c.Name)
	case "containerID":
		r.in.String(&c.ID)
		c.Runtime, c.ID, _ = strings.Cut(c.ID, "://")
	case "securityContext":
		r.asks, r.ofPod = &c.Asks, false
		r.object((*podReader).asked)
	}
}

// asked reads a member of the securityContext of a container or a pod.
func (r *podReader) asked(key string) {
	switch key {
	case "runAsUser":
		r.id(&r.asks.RunAsUser)
	case "runAsGroup":
		r.id(&r.asks.RunAsGroup)
	case "runAsNonRoot":
		r.flag(&r.asks.RunAsNonRoot)
	case "seccompProfile", "capabilities":
		r.object((*podReader).inner)
	case "supplementalGroups":
		r.array((*podReader).group)
	case "fsGroup":
		r.group()
	case "privileged":
		r.flag(&r.asks.Privileged)
	case "allowPrivilegeEscalation":
		r.flag(&r.asks.AllowPrivilegeEscalation)
	case "readOnlyRootFilesystem":
		r.flag(&r.asks.ReadOnlyRootFilesystem)
	}
}

// inner reads a member of seccompProfile or of capabilities.
func (r *podReader) inner(key string) {
	switch key {
	case "type":
		r.in.String(&r.asks.Seccomp)
	case "add":
		r.in.Strings(&r.asks.Add)
	case "drop":
		r.in.Strings(&r.asks.Drop)
	}
}

// host reads whether the pod asks for a namespace of the node.
func (r *podReader) host(fact podsecurity.Fact) {
	if is := false; r.in.Bool(&is) && is {
		r.pod.Host |= fact
	}
}

// flag reads true or false.
func (r *podReader) flag(to **bool) {
	if is := new(bool); r.in.Bool(is) {
		*to = is
	}
}

// id reads the id of a user or a group, of which the API takes 31 bits.
func (r *podReader) id(to **int64) {
	if id := new(int64); r.in.Int64(id) {
		if *id < 0 || *id > math.MaxInt32 {
			r.in.Fail(strconv.ErrRange)
		}
		*to = id
	}
}

// group reads a group in which all processes of the pod are.
func (r *podReader) group() {
	var id *int64
	if r.id(&id); id != nil && r.ofPod {
		r.pod.Groups = append(r.pod.Groups, uint32(*id))
	}
}
