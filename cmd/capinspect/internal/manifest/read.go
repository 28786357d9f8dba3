// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/strictjson"
)

var (
	errEmpty   = errors.New("it is empty")
	errNotJSON = errors.New("it is not JSON, which kubectl patch --local -p '{}' -o json -f FILE makes of YAML")
)

// errEnough ends the reading where yield returns false.
var errEnough = errors.New("enough")

// Pods yields the pods in a text: objects of Kubernetes in JSON, one after the other, of
// which any may be a list. It passes over an object that is no pod and makes none. It reads
// the text no further than to where yield returns false, but for some kilobytes, and holds
// one pod at a time.
func Pods(text io.Reader, yield func(*Pod) bool) error {
	start := &startReader{from: text}
	r := reader{in: strictjson.NewDecoder(start), yield: yield}
	var err error
	for err == nil {
		err = r.object()
	}
	switch {
	case errors.Is(err, errEnough):
		return nil
	case err == io.EOF && start.blank():
		return errEmpty
	case !start.blank() && start.first != '{' && start.first != '[':
		return errNotJSON
	case err == io.EOF:
		return nil
	}
	return err
}

// startReader keeps the first byte of a text that is no blank. It tells JSON from YAML.
type startReader struct {
	from  io.Reader
	first byte
}

// Read reads from the text.
func (r *startReader) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	if r.blank() {
		if at := slices.IndexFunc(p[:n], func(b byte) bool { return b > ' ' }); at >= 0 {
			r.first = p[at]
		}
	}
	return n, err
}

// blank reports whether there are only blanks so far.
func (r *startReader) blank() bool { return r.first == 0 }

// reader reads objects of Kubernetes.
type reader struct {
	in    *strictjson.Decoder
	yield func(*Pod) bool
}

// object reads an object, and yields it if it is a pod or makes pods. Of a list, it yields
// what is in it.
func (r *reader) object() error {
	var (
		o    object
		list bool
	)
	err := r.in.Object(func(key string) (err error) {
		switch key {
		case "kind":
			err = r.in.Decode(&o.kind)
		case "metadata":
			err = r.in.Decode(&o.metadata)
		case "spec":
			o.spec, err = r.in.Raw()
		case "template":
			o.template, err = r.in.Raw()
		case "status":
			o.status, err = r.in.Raw()
		case "items":
			list = true
			err = r.in.Array(r.object)
		}
		return err
	})
	if err != nil || list {
		return err
	}
	p, err := o.pod()
	if err == nil && p != nil && !r.yield(p) {
		err = errEnough
	}
	return err
}

// pod returns the pod that the object is or makes, nil if there is none.
func (o *object) pod() (*Pod, error) {
	find, ok := kinds[o.kind]
	if !ok {
		return nil, nil
	}
	spec, err := find(o)
	if err != nil || !spec.any() {
		return nil, err
	}
	var status podStatus
	if err := o.status.Decode(&status); err != nil {
		return nil, err
	}
	p := &Pod{
		Kind: o.kind,
		Name: o.metadata.Name, Namespace: o.metadata.Namespace, UID: o.metadata.UID, Hash: o.metadata.Annotations.Hash,
		HostUsers: spec.HostUsers, HostPID: spec.HostPID, HostIPC: spec.HostIPC, HostNetwork: spec.HostNetwork,
		Groups: spec.SecurityContext.groups(),
		Asks:   spec.SecurityContext.asks(),
	}
	p.add(spec.Containers, status.ContainerStatuses, false)
	p.add(spec.EphemeralContainers, status.EphemeralContainerStatuses, true)
	p.add(spec.InitContainers, status.InitContainerStatuses, true)
	return p, nil
}

// groups returns the groups in which all processes of the pod are.
func (s *podSecurityContext) groups() (list []uint32) {
	if s.FSGroup != nil {
		list = append(list, uint32(*s.FSGroup))
	}
	for _, g := range s.SupplementalGroups {
		list = append(list, uint32(g))
	}
	return list
}

// add adds containers to the pod, with the ids that their statuses tell.
func (p *Pod) add(containers []podContainer, statuses []containerStatus, extra bool) {
	for i := range containers {
		c := &Container{Name: containers[i].Name, Extra: extra, Asks: containers[i].SecurityContext.asks()}
		for _, s := range statuses {
			if s.Name == c.Name {
				c.Runtime, c.ID, _ = strings.Cut(s.ContainerID, "://")
			}
		}
		p.Containers = append(p.Containers, c)
	}
}
