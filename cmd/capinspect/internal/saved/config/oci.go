// SPDX-License-Identifier: Apache-2.0

package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
	"github.com/capinspect/capinspect/procstatus/container"
)

// The types below have the members of interest of an OCI configuration (runtime-spec,
// config.md and config-linux.md).
type (
	spec struct {
		OCIVersion  string            `json:"ociVersion"`
		Process     *process          `json:"process"`
		Root        *specRoot         `json:"root"`
		Linux       *linux            `json:"linux"`
		Mounts      []specMount       `json:"mounts"`
		Annotations map[string]string `json:"annotations"`
		Windows     *struct{}         `json:"windows"`
		Bundle      string            `json:"bundle"` // of what runc state prints
	}
	process struct {
		User struct {
			UID    uint32   `json:"uid"`
			GID    uint32   `json:"gid"`
			Groups []uint32 `json:"additionalGids"`
		} `json:"user"`
		Capabilities    specSets `json:"capabilities"`
		NoNewPrivileges bool     `json:"noNewPrivileges"`
		AppArmorProfile string   `json:"apparmorProfile"`
	}
	specSets struct {
		Bounding    []string `json:"bounding"`
		Effective   []string `json:"effective"`
		Permitted   []string `json:"permitted"`
		Inheritable []string `json:"inheritable"`
		Ambient     []string `json:"ambient"`
	}
	specRoot struct {
		Readonly bool `json:"readonly"`
	}
	linux struct {
		Namespaces []struct {
			Type string `json:"type"`
			Path string `json:"path"`
		} `json:"namespaces"`
		Seccomp *struct {
			DefaultAction string     `json:"defaultAction"`
			Syscalls      []struct{} `json:"syscalls"`
		} `json:"seccomp"`
		MaskedPaths   []string `json:"maskedPaths"`
		ReadonlyPaths []string `json:"readonlyPaths"`
	}
	specMount struct {
		Destination string   `json:"destination"`
		Type        string   `json:"type"`
		Options     []string `json:"options"`
	}
)

// The types below have what crictl adds to an OCI configuration (cri-api, ContainerStatus;
// the info of containerd and of CRI-O).
type (
	criStatus struct {
		ID       string `json:"id"`
		Metadata struct {
			Name      string `json:"name"`
			Namespace string `json:"namespace"` // of a pod, as the one below
			UID       string `json:"uid"`
		} `json:"metadata"`
		Labels map[string]string `json:"labels"`
	}
	criInfo struct {
		RuntimeSpec *spec  `json:"runtimeSpec"`
		RuntimeType string `json:"runtimeType"` // containerd's alone
	}
)

// UnmarshalJSON passes over the status that runc state prints, which is a word.
func (s *criStatus) UnmarshalJSON(text []byte) error {
	type object criStatus
	if text[0] == '"' {
		return nil
	}
	return json.Unmarshal(text, (*object)(s))
}

// Shape returns how it looks in JSON: an object or a word.
func (criStatus) Shape() reflect.Type { return reflect.TypeFor[json.RawMessage]() }

// UnmarshalJSON reads the sets, and says of one list for all of them who has it.
func (c *specSets) UnmarshalJSON(text []byte) error {
	type object specSets
	if text[0] == '[' {
		return errors.New("capabilities: one list, as before version 1.0 of the specification: runc takes an object with the lists bounding, effective, permitted, inheritable and ambient")
	}
	err := json.Unmarshal(text, (*object)(c))
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("capabilities.%s: %s %s does not belong here", wrong.Field, article(wrong.Value), wrong.Value)
	}
	return err
}

func article(word string) string {
	if strings.ContainsRune("aeiou", rune(word[0])) {
		return "an"
	}
	return "a"
}

// Shape returns how they look in JSON: an object, or as they do not.
func (specSets) Shape() reflect.Type { return reflect.TypeFor[json.RawMessage]() }

// bundle returns the task of the config.json of a bundle.
func (s *spec) bundle(last capset.Cap) (*task.Task, error) {
	t, err := s.task(last)
	if err == nil {
		contained(t, container.Container{}, "config.json")
	}
	return t, err
}

// crictl returns the task of what crictl inspect prints. The runtime is known by its
// annotations.
func (in *inspected) crictl(last capset.Cap) (*task.Task, error) {
	if in.Info.RuntimeSpec == nil {
		return nil, errors.New("info has no runtimeSpec, which crictl inspect prints by default")
	}
	t, err := in.Info.RuntimeSpec.task(last)
	if err != nil {
		return nil, err
	}
	status := in.Status
	if status == nil {
		status = &criStatus{}
	}
	c := container.Container{ID: status.ID, Name: status.Metadata.Name, PodUID: status.Labels["io.kubernetes.pod.uid"]}
	pod, namespace, sandbox := status.Labels["io.kubernetes.pod.name"], status.Labels["io.kubernetes.pod.namespace"], false
	if status.Metadata.UID != "" { // crictl inspectp has printed it
		c.Name, c.PodUID, pod, namespace, sandbox = "", status.Metadata.UID, status.Metadata.Name, status.Metadata.Namespace, true
	}
	for key := range in.Info.RuntimeSpec.Annotations {
		switch {
		case strings.HasPrefix(key, "io.kubernetes.cri-o."):
			c.Runtime = "crio"
		case strings.HasPrefix(key, "io.kubernetes.cri."):
			c.Runtime = "containerd"
		}
	}
	contained(t, c, "crictl inspect")
	names := t.Container.Zero()
	names.Sandbox = task.Known(sandbox)
	for _, name := range [...]struct {
		to         *string
		key, value string
	}{
		{&names.PodName, "podName", pod},
		{&names.PodNamespace, "podNamespace", namespace},
	} {
		names.Conclude(name.to, name.value, container.Evidence{What: name.key, From: "crictl inspect"})
	}
	t.Asked.Namespace, t.Asked.Pod, t.Asked.Name, t.Asked.Runtime = names.PodNamespace, names.PodName, c.Name, c.Runtime
	t.Asked.Assumed = ofRuntime(in.Info.RuntimeType)
	return t, nil
}

// task returns the task that a runtime starts with the configuration: with these sets it
// executes the program (runc libcontainer, finalizeNamespace).
func (s *spec) task(last capset.Cap) (*task.Task, error) {
	p := s.Process
	switch {
	case s.Windows != nil:
		return nil, errors.New("a container of Windows, which has no capabilities")
	case p == nil:
		return nil, errors.New("no process, so nothing is started")
	}
	sets, traps, err := p.Capabilities.state(last)
	if err == nil {
		err = tooMany("additionalGids", len(p.User.Groups), maxGroups)
	}
	if err != nil {
		return nil, err
	}
	t := &task.Task{
		Asked:   &task.Asked{Traps: traps},
		LastCap: task.LastCap{Value: last, From: task.FromGuess},
		Status: task.Status{
			UID: task.Known(task.AllIDs(p.User.UID)), GID: task.Known(task.AllIDs(p.User.GID)),
			Groups:     task.Known(append([]uint32{}, p.User.Groups...)),
			NoNewPrivs: task.Known(p.NoNewPrivileges),
			Seccomp:    task.Unknown[task.Seccomp](noLinux),
		},
		Isolation: task.Isolation{
			HostPID: task.Unknown[bool](noLinux), HostIPC: task.Unknown[bool](noLinux), HostNetwork: task.Unknown[bool](noLinux),
		},
	}
	begin(t, capset.Credentials{Sets: sets, UID: t.UID.Zero(), GID: t.GID.Zero(), Groups: p.User.Groups, NoNewPrivs: p.NoNewPrivileges}, last)
	s.restrain(t)
	t.Mounts.ReadOnlyRoot = task.Known(s.Root != nil && s.Root.Readonly)
	labelled(t, p.AppArmorProfile)
	t.Unstarted()
	return t, nil
}

// state returns the sets with which the program is executed. A runtime passes over a name
// that it does not know (runc libcontainer/capabilities), and raises in Ambient what is
// permitted and inheritable too.
func (c *specSets) state(last capset.Cap) (sets capset.State, traps []task.Note, err error) {
	known := capset.UpTo(last)
	var unknown []string
	for k, names := range [capset.NumKinds][]string{
		capset.Inheritable: c.Inheritable, capset.Permitted: c.Permitted, capset.Effective: c.Effective,
		capset.Bounding: c.Bounding, capset.Ambient: c.Ambient,
	} {
		if err := tooMany(task.SetName(capset.Kind(k)), len(names), maxList); err != nil {
			return sets, nil, err
		}
		for _, name := range names {
			found, ok := capabilities[name]
			if ok && known.Has(found) {
				sets[k] |= capset.Of(found)
			} else if !slices.Contains(unknown, name) {
				unknown = append(unknown, name)
			}
		}
	}
	sets[capset.Effective] &= sets[capset.Permitted]
	sets[capset.Ambient] &= sets[capset.Permitted] & sets[capset.Inheritable]
	for _, name := range unknown[:min(len(unknown), maxTraps)] {
		traps = append(traps, unknownName(name, known))
	}
	if out := sets[capset.Inheritable] &^ sets[capset.Bounding]; out != 0 { // capset(2) refuses it
		traps = append(traps, task.Note{Code: "inheritable-outside-bounding", Text: "inheritable has " + task.Some(out) + ", which bounding lacks: the container does not start (EPERM)"})
	}
	return sets, traps, nil
}

// maxTraps is how many names a task has traps for.
const maxTraps = 16

// unknownName is the trap of a name that the runtime passes over.
func unknownName(name string, known capset.Set) task.Note {
	text := "capabilities: " + shortened(name) + " counts for nothing"
	close := capset.Closest(name) & known
	if close.Len() == 1 {
		text += ", perhaps CAP_" + close.First().Kubernetes()
	}
	return task.Note{Code: "unknown-capability", Text: text}
}

// noLinux is why a configuration tells nothing of namespaces and the like.
const noLinux = "the configuration has no linux"

// restrain takes what else limits the task.
func (s *spec) restrain(t *task.Task) {
	l := s.Linux
	if l == nil {
		t.InUserNamespace(task.Unknown[bool](noLinux), nil)
		return
	}
	t.Seccomp = task.Known(task.Seccomp{})
	if f := l.Seccomp; f != nil && (f.DefaultAction != "" || len(f.Syscalls) > 0) { // runc specconv, SetupSeccomp
		t.Seccomp = task.Known(task.Seccomp{Mode: task.SeccompFilter})
	}
	t.Isolation.HostPID = l.shares("pid")
	t.Isolation.HostIPC = l.shares("ipc")
	t.Isolation.HostNetwork = l.shares("network")
	owned := map[procstatus.NamespaceKind]task.Value[bool]{}
	for k := range procstatus.NamespaceKind(procstatus.NumNamespaces) {
		owned[k] = task.Map(l.shares(specName(k)), not)
	}
	t.InUserNamespace(task.Map(l.shares("user"), not), owned)
	t.Mounts.ProcMasked = task.Known(len(l.MaskedPaths)+len(l.ReadonlyPaths) > 0)
	for _, m := range s.Mounts {
		if m.Destination == "/sys" && m.Type == "sysfs" {
			t.Mounts.SysReadOnly = task.Known(slices.Contains(m.Options, "ro"))
		}
	}
}

// specName returns the name that a configuration has for a type of namespaces.
func specName(k procstatus.NamespaceKind) string {
	switch k {
	case procstatus.NamespaceMnt:
		return "mount"
	case procstatus.NamespaceNet:
		return "network"
	}
	return k.String()
}

// shares reports whether the container stays in the runtime's own namespace of a type, which
// is the node's.
func (l *linux) shares(kind string) task.Value[bool] {
	for _, ns := range l.Namespaces {
		if ns.Type == kind && ns.Path != "" {
			return task.Unknown[bool]("it joins " + shortened(ns.Path))
		}
		if ns.Type == kind {
			return task.Known(false)
		}
	}
	return task.Known(true)
}
