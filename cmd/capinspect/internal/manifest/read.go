// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/strictjson"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/yamljson"
)

const errEmpty = noPods("it is empty")

// errEnough ends the reading where yield returns false.
var errEnough = errors.New("enough")

// Pods yields the pods in a text: objects of Kubernetes in JSON or YAML, of which any may be
// a list. It passes over an object that is not a pod and makes none, and returns an error if
// there are only such. It reads the text no further than to where yield returns false, but
// for some kilobytes. It holds one pod of JSON at a time, or one document of YAML. It also
// returns what it passed over.
func Pods(text io.Reader, yield func(*Pod) bool) (Others, error) {
	r := reader{documents: yamljson.Split(text), yield: yield}
	err := r.all()
	if errors.Is(err, errEnough) {
		err = nil
	}
	return r.others, err
}

// reader reads objects of Kubernetes.
type reader struct {
	documents *yamljson.Documents
	in        *strictjson.Decoder // of a document
	yield     func(*Pod) bool
	found     bool // a pod
	others    Others
	yaml      int64 // bytes of it
	lists     int   // that are around the next object
}

// maxDocuments is how many documents a file has at most.
const maxDocuments = 10_000

var (
	errTooMuch     = errors.New("more than 16 MiB of YAML: split the file, or give it as JSON")
	errTooManyDocs = fmt.Errorf("more than %d documents: split the file, or give it as a List in JSON", maxDocuments)
)

// all reads all documents. One that is wrong does not hide the others.
func (r *reader) all() error {
	var wrong mistakes
	for n := 0; ; n++ {
		line, err := r.documents.Next()
		switch {
		case wrong != nil && err != nil:
			return wrong.of(n)
		case err == io.EOF && n == 0:
			return errEmpty
		case err == io.EOF && r.found:
			return nil
		case err == io.EOF:
			return r.others.err(n)
		case err != nil:
			return err
		case n == maxDocuments:
			return errTooManyDocs
		}
		isJSON, err := r.document(line)
		switch {
		case err == nil:
			continue
		case errors.Is(err, errEnough) || errors.Is(err, errTooMuch):
			return err
		}
		if wrong = append(wrong, mistake{n + 1, err}); isJSON || len(wrong) == maxMistakes {
			return wrong.of(n + 1) // of JSON the rest may be long
		}
	}
}

// maxMistakes is how many documents that are wrong are told of.
const maxMistakes = 16

// mistakes are what is wrong in documents.
type mistakes []mistake

type mistake struct {
	document int
	err      error
}

// of returns the mistakes in so many documents as errors.
func (m mistakes) of(documents int) Errors {
	var list Errors
	for _, one := range m {
		if documents > 1 {
			one.err = fmt.Errorf("document %d: %w", one.document, one.err)
		}
		list = append(list, one.err)
	}
	return list
}

// Errors are what is wrong in a text, one or more.
type Errors []error

// Error returns the first.
func (e Errors) Error() string { return e[0].Error() }

// Unwrap returns all.
func (e Errors) Unwrap() []error { return e }

// document reads the objects of a document that begins on the given line: several of JSON,
// one after the other, or one of YAML.
func (r *reader) document(line int) (isJSON bool, err error) {
	text := bufio.NewReader(r.documents)
	if err := forPeople(text); err != nil {
		return false, err
	}
	if isJSON = beginsJSON(text); isJSON {
		r.in = strictjson.NewDecoderAt(text, line)
	} else {
		all := &counter{from: text}
		json, err := yamljson.Read(all, line)
		if r.yaml += all.n; err == nil && r.yaml > yamljson.MaxText {
			err = errTooMuch
		}
		if err != nil {
			return false, err
		}
		r.in = strictjson.NewDecoderAt(bytes.NewReader(json), line)
		switch start := bytes.TrimSpace(json); {
		case string(start) == "null":
			return false, nil
		case start[0] == '[':
			return false, r.array(line)
		case start[0] != '{':
			return false, noObject(line)
		}
	}
	for err == nil {
		err = r.object()
	}
	if err == io.EOF {
		err = nil
	}
	return isJSON, err
}

// filePath says what reads other files.
const filePath = "file:PATH reads compose files and what docker and the like print"

func noObject(line int) error {
	return fmt.Errorf("line %d: it is not a Kubernetes object; "+filePath, line)
}

// array reads an array of objects, as jq prints the items of a list.
func (r *reader) array(line int) error {
	found := r.found
	r.found = false
	err := r.in.Array(r.object)
	if !r.found {
		return noObject(line)
	}
	r.found = r.found || found
	return err
}

// counter counts the bytes that are read.
type counter struct {
	from io.Reader
	n    int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.n += int64(n)
	return n, err
}

// forPeople returns an error if a text begins as what kubectl prints for people.
func forPeople(text *bufio.Reader) error {
	for _, printed := range [...]struct{ begins, command string }{
		{"Name:   ", "kubectl describe"}, {"NAME   ", "kubectl get"}, {"NAMESPACE   ", "kubectl get"},
	} {
		if start, _ := text.Peek(len(printed.begins)); string(start) == printed.begins {
			return fmt.Errorf("it is what %s prints for people: use kubectl get -o yaml", printed.command)
		}
	}
	return nil
}

// beginsJSON reports whether a text begins as an object does in JSON, and not as one in
// YAML or as a template.
func beginsJSON(text *bufio.Reader) bool {
	for n, open := 1, false; ; n++ {
		start, err := text.Peek(n)
		switch {
		case err != nil:
			return open
		case start[n-1] <= ' ':
		case start[n-1] == '{' && !open:
			open = true
		default:
			return open && (start[n-1] == '"' || start[n-1] == '}')
		}
	}
}

// object reads an object, and yields it if it is a pod or makes pods. Of a list, it yields
// what is in it.
func (r *reader) object() error {
	var (
		o    object
		list bool
	)
	err := r.in.Object(func(key string) (err error) {
		if o.line == 0 {
			o.line = r.in.Line()
		}
		switch key {
		case "kind":
			err = r.in.Decode(&o.kind)
		case "metadata":
			o.metadata, err = r.in.Raw()
		case "spec":
			o.spec, err = r.in.Raw()
		case "template":
			o.pods, err = r.in.Raw()
		case "status":
			o.status, err = r.in.Raw()
		case "items":
			list = true
			err = r.list()
		case "objects":
			if o.kind == "Template" { // of OpenShift
				list = true
				err = r.list()
			}
		case "apiVersion":
			err = r.in.Decode(&o.apiVersion)
		default:
			if len(o.others) < maxUnknown {
				o.others = append(o.others, UnknownField{r.in.Line(), strings.TrimPrefix(printed("", []string{key}), "."), hint(objectFields, key)})
			}
		}
		return err
	})
	if err != nil || list {
		return err
	}
	if err := o.misspelt(); err != nil {
		return err
	}
	found, err := o.templates()
	if err != nil {
		return err
	}
	if len(found) == 0 {
		r.others.add(&o)
	}
	for i := range found {
		p, err := o.pod(&found[i])
		if err != nil {
			return err
		}
		if r.found = true; !r.yield(p) {
			return errEnough
		}
	}
	return nil
}

// maxLists is how many lists may be in one another.
const maxLists = 16

var errLists = fmt.Errorf("more than %d lists, one in the other", maxLists)

// list reads the objects of a list.
func (r *reader) list() error {
	if r.lists == maxLists {
		return fmt.Errorf("line %d: %w", r.in.Line(), errLists)
	}
	r.lists++
	defer func() { r.lists-- }()
	return r.in.Array(r.object)
}

// misspelt returns an error if the object has a kind that is not spelled as Kubernetes does,
// or none that is.
func (o *object) misspelt() error {
	for kind := range kinds {
		if kind != o.kind && o.kind != "" && strings.EqualFold(kind, o.kind) {
			return fmt.Errorf("line %d: kind: %.*q is no kind of Kubernetes: write %s", o.line, maxKind, o.kind, kind)
		}
	}
	for _, u := range o.others {
		if o.kind == "" && strings.EqualFold(u.Path, "kind") {
			return errors.New(u.Text())
		}
	}
	return nil
}

// pod returns the pod that the object is, or makes of a template.
func (o *object) pod(from *template) (*Pod, error) {
	spec := &from.Spec
	if spec.elements() > maxElements {
		return nil, fmt.Errorf("line %d: a pod with more than %d containers, volumes, ports, capabilities and the like", o.line, maxElements)
	}
	var status podStatus
	if err := o.status.Decode(&status); err != nil {
		return nil, err
	}
	var named metadata
	if err := o.metadata.Decode(&named); err != nil {
		return nil, err
	}
	name := strings.TrimPrefix(cmp.Or(named.Name, named.Prefix)+"/"+from.name, "/")
	name = strings.TrimSuffix(name, "/")
	p := &Pod{
		Kind: o.kind,
		Name: name, Namespace: named.Namespace, UID: named.UID, Hash: named.Annotations[hashOfStatic],
		object: o, path: from.path, fields: from.fields, Annotations: from.Metadata.Annotations,
		HostUsers: spec.HostUsers, HostPID: spec.HostPID, HostIPC: spec.HostIPC, HostNetwork: spec.HostNetwork,
		Groups: spec.SecurityContext.groups(),
		Asks:   spec.SecurityContext.asks(),
	}
	p.add("containers", spec.Containers, status.ContainerStatuses)
	p.add("ephemeralContainers", spec.EphemeralContainers, status.EphemeralContainerStatuses)
	p.add("initContainers", spec.InitContainers, status.InitContainerStatuses)
	p.Security = spec.security(p)
	p.Windows = spec.windows()
	return p, nil
}

// hashOfStatic is the annotation by which kubelet knows a static pod.
const hashOfStatic = "kubernetes.io/config.hash"

// user returns who a container was started as, nil if that is unknown.
func (u *linuxUser) user() *User {
	if u == nil {
		return nil
	}
	user := &User{UID: uint32(u.UID), GID: uint32(u.GID)}
	for _, g := range u.Groups {
		user.Groups = append(user.Groups, uint32(g))
	}
	return user
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

// starts returns what a container starts.
func (c *podContainer) starts() Starts {
	s := Starts{Command: c.Command, Args: c.Args, WorkingDir: c.WorkingDir}
	for _, v := range c.Env {
		if v.Name == "PATH" {
			s.Path = v.Value
		}
	}
	for _, m := range c.VolumeMounts {
		s.Mounts = append(s.Mounts, Mount{m.Name, m.MountPath})
	}
	return s
}

// add adds the containers of a list to the pod, with the ids that their statuses tell.
func (p *Pod) add(list string, containers []podContainer, statuses []containerStatus) {
	for i := range containers {
		c := &Container{Name: containers[i].Name, List: list, Index: i, Asks: containers[i].SecurityContext.asks(), Starts: containers[i].starts()}
		for _, s := range statuses {
			if s.Name == c.Name {
				c.Runtime, c.ID, _ = strings.Cut(s.ContainerID, "://")
				c.User = s.User.Linux.user()
			}
		}
		p.Containers = append(p.Containers, c)
	}
}
