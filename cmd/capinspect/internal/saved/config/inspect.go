// SPDX-License-Identifier: Apache-2.0

package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/strictjson"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/yamljson"
	"github.com/capinspect/capinspect/procstatus/container"
)

// inspected is an object of JSON about one container, whoever printed it: the keys
// tell that.
type inspected struct {
	ID   string `json:"Id"` // of docker and podman
	Name string `json:"Name"`
	dockerConfig
	hostConfig // alone, as --format '{{json .HostConfig}}' prints it

	NerdctlID string            `json:"ID"` // with --mode native
	Labels    map[string]string `json:"Labels"`
	Spec      *swarmOrSpec      `json:"Spec"` // or of docker service inspect

	Status *criStatus `json:"status"` // of crictl
	Info   *criInfo   `json:"info"`

	spec // of an OCI bundle
}

// asks are the keys by which an object is known to be about a container.
var asks = [...]string{"HostConfig", "CapAdd", "CapDrop", "ociVersion", "runtimeSpec", "TaskTemplate"}

// IsInspect reports whether a text is what an inspect command prints, or the config.json of
// an OCI bundle.
func IsInspect(text []byte) bool {
	if !isJSON(text) {
		return isYAML(text)
	}
	return slices.ContainsFunc(asks[:], func(key string) bool { return hasKey(text, key) })
}

// isJSON reports whether a text begins as JSON, or as some members of an object.
func isJSON(text []byte) bool {
	text = bytes.TrimLeft(text, " \t\r\n")
	return len(text) > 0 && bytes.IndexByte([]byte(`{["`), text[0]) >= 0
}

// isYAML reports whether a text is the same in YAML, as crictl inspect -o yaml prints it.
func isYAML(text []byte) bool {
	is := false
	for line := range bytes.Lines(text) {
		key, value, ok := bytes.Cut(bytes.TrimLeft(line[:min(len(line), 64)], " -"), []byte(":"))
		if string(key) == "apiVersion" {
			return false
		}
		is = is || ok && len(bytes.TrimSpace(value)) == 0 && slices.Contains([]string{"runtimeSpec", "HostConfig", "TaskTemplate"}, string(key))
	}
	return is
}

// Inspect returns the tasks that such a text asks for, on a kernel with the given last
// capability.
func Inspect(text []byte, last capset.Cap) ([]*task.Task, error) {
	var err error
	if !isJSON(text) {
		if text, err = yamljson.Read(bytes.NewReader(text), 1); err != nil {
			return nil, err
		}
	}
	if bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte(`"`)) { // some members of an object
		text = slices.Concat([]byte("{"), bytes.TrimRight(text, " \t\r\n,}"), []byte("}"))
	}
	r := inspectReader{text: text, in: strictjson.NewDecoder(bytes.NewReader(text)), last: last}
	r.in.Limit(maxTokens)
	for err == nil {
		if r.in.Next() == '[' {
			err = r.in.Array(r.object)
		} else {
			err = r.object()
		}
	}
	switch {
	case err != io.EOF:
		return nil, err
	case r.tasks == nil && r.refused == nil:
		return nil, errNothing
	}
	return r.tasks, r.refused
}

// inspectReader reads objects that tell of containers.
type inspectReader struct {
	text    []byte
	in      *strictjson.Decoder
	last    capset.Cap
	objects int
	tasks   []*task.Task
	refused error // what the first object is that describes no container
}

// object reads one of them. One that describes no container does not hide those that do.
func (r *inspectReader) object() error {
	var in inspected
	if err := r.in.Decode(&in); err != nil {
		return err
	}
	r.objects++
	t, err := in.task(r.last)
	if err == errNoContainer {
		if r.refused == nil {
			err = cmp.Or(kinOf(nth(r.text, r.objects)), err)
			r.refused = fmt.Errorf("line %d: %w", r.in.Line(), err)
		}
		return tooMany("objects", r.objects, maxContainers)
	}
	if err != nil {
		return fmt.Errorf("line %d: %w", r.in.Line(), err)
	}
	r.tasks = append(r.tasks, t)
	return tooMany("containers", len(r.tasks), maxContainers)
}

// task returns the task that a container starts with.
func (in *inspected) task(last capset.Cap) (*task.Task, error) {
	switch {
	case in.Info != nil:
		return in.crictl(last)
	case in.Platform == "windows":
		return nil, errors.New("a container of Windows, which has no capabilities")
	case in.Spec != nil && in.Spec.TaskTemplate != nil:
		return in.swarm(last)
	case in.Spec != nil:
		return in.nerdctl(last)
	case in.Bundle != "" && in.Process == nil:
		return nil, errNoContainer
	case in.OCIVersion != "" || in.Process != nil:
		return in.spec.bundle(last)
	case in.HostConfig != nil:
		return in.docker(last)
	case in.CapAdd.told && in.CapDrop.told:
		in.HostConfig = &in.hostConfig
		return in.docker(last)
	case in.CapAdd.told || in.CapDrop.told:
		return nil, errors.New("CapAdd and CapDrop of docker inspect are of no use without each other: read the whole, or decode the names")
	}
	return nil, errNoContainer
}

// errNoContainer is the error of an object that has none of the keys of a container.
var errNoContainer = errors.New("an object without HostConfig, Spec, info or process: it describes no container")

// nerdctl returns the task of what nerdctl inspect --mode native prints.
func (in *inspected) nerdctl(last capset.Cap) (*task.Task, error) {
	t, err := in.Spec.spec.task(last)
	if err != nil {
		return nil, err
	}
	if strings.Contains(in.Labels["nerdctl/state-dir"], homeShare) { // of rootlesskit
		t.InUserNamespace(task.Known(true), nil)
	}
	name := cmp.Or(in.Labels["nerdctl/name"], in.NerdctlID)
	t.Asked.Name, t.Asked.Runtime, t.Asked.Assumed = name, "containerd", ofRuntime(string(in.Runtime))
	contained(t, container.Container{Runtime: "containerd", ID: in.NerdctlID, Name: name}, "nerdctl inspect")
	return t, nil
}
