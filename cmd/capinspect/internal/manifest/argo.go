// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// workflowKinds is the table of the kinds of Argo Workflows, with the keys that lead to what
// has the templates: each template of a workflow that runs a container makes a pod.
var workflowKinds = map[string][]string{
	"Workflow":                {"spec"},
	"WorkflowTemplate":        {"spec"},
	"ClusterWorkflowTemplate": {"spec"},
	"CronWorkflow":            {"spec", "workflowSpec"},
}

// The types below have the members of argoproj.io/v1alpha1 that decide what is in a pod.
type (
	workflow struct {
		Templates       list[workflowTemplate] `json:"templates"`
		SecurityContext podSecurityContext     `json:"securityContext"`
		HostNetwork     bool                   `json:"hostNetwork"`
		Volumes         list[volume]           `json:"volumes"`
		PodSpecPatch    string                 `json:"podSpecPatch"`
	}
	workflowTemplate struct {
		Name         string        `json:"name"`
		Metadata     metadata      `json:"metadata"`
		Container    *podContainer `json:"container"`
		Script       *podContainer `json:"script"`
		ContainerSet struct {
			Containers list[podContainer] `json:"containers"`
		} `json:"containerSet"`
		InitContainers  list[podContainer]  `json:"initContainers"`
		Sidecars        list[podContainer]  `json:"sidecars"`
		SecurityContext *podSecurityContext `json:"securityContext"`
		Volumes         list[volume]        `json:"volumes"`
		PodSpecPatch    string              `json:"podSpecPatch"`
	}
)

// isWorkflow reports whether the object is one of Argo Workflows.
func (o *object) isWorkflow() bool {
	return workflowKinds[o.kind] != nil && (o.apiVersion == "" || strings.HasPrefix(o.apiVersion, "argoproj.io/"))
}

// workflow returns the pods that a workflow makes, without the containers that Argo puts
// beside those of the workflow.
func (o *object) workflow() (found []template, err error) {
	at := workflowKinds[o.kind]
	var w workflow
	if err := o.spec.At(at[1:]).Decode(&w); err != nil {
		return nil, err
	}
	if err := o.patched(w.PodSpecPatch, at); err != nil {
		return nil, err
	}
	for i := range w.Templates {
		t := w.pod(i, at)
		if err := o.patched(w.Templates[i].PodSpecPatch, t.path); err != nil {
			return nil, err
		}
		if t.Spec.any() {
			found = append(found, t)
		}
	}
	return found, nil
}

// patched returns an error if a podSpecPatch, which is a text of its own, may change what is
// read of a pod. The path leads to the object that has it.
func (o *object) patched(patch string, path []string) error {
	if !strings.Contains(patch, "securityContext") && !strings.Contains(patch, "host") {
		return nil
	}
	field := slices.Concat(path[1:], []string{"podSpecPatch"})
	line := o.spec.Lines([][]string{field})[0]
	return fmt.Errorf("line %d: %s: it changes what the pod asks for: check the pod that Argo makes", line, printed(path[0], field))
}

// pod returns the pod of a template. The securityContext of a template takes the place of
// that of the workflow. The only container of a template is called main.
func (w *workflow) pod(index int, at []string) template {
	from := &w.Templates[index]
	t := template{name: from.Name, path: slices.Concat(at, []string{"templates", strconv.Itoa(index)})}
	t.Metadata = from.Metadata
	t.Spec.HostNetwork, t.Spec.SecurityContext = w.HostNetwork, w.SecurityContext
	t.Spec.Volumes, t.Spec.InitContainers = slices.Concat(w.Volumes, from.Volumes), from.InitContainers
	t.fields = map[string][]string{
		"hostNetwork":     slices.Concat(at, []string{"hostNetwork"}),
		"securityContext": slices.Concat(at, []string{"securityContext"}),
		"initContainers":  slices.Concat(t.path, []string{"initContainers"}),
	}
	if from.SecurityContext != nil {
		t.Spec.SecurityContext = *from.SecurityContext
		t.fields["securityContext"] = slices.Concat(t.path, []string{"securityContext"})
	}
	for i := range t.Spec.Volumes {
		if own := i - len(w.Volumes); own >= 0 {
			t.place("volumes", i, "volumes", strconv.Itoa(own))
		} else {
			t.fields["volumes."+strconv.Itoa(i)] = slices.Concat(at, []string{"volumes", strconv.Itoa(i)})
		}
	}
	add := func(c podContainer, path ...string) {
		t.place("containers", len(t.Spec.Containers), path...)
		t.Spec.Containers = append(t.Spec.Containers, c)
	}
	for _, single := range [...]struct {
		key string
		c   *podContainer
	}{{"container", from.Container}, {"script", from.Script}} {
		if single.c != nil {
			single.c.Name = cmp.Or(single.c.Name, "main")
			add(*single.c, single.key)
		}
	}
	for i, c := range from.ContainerSet.Containers {
		add(c, "containerSet", "containers", strconv.Itoa(i))
	}
	for i, c := range from.Sidecars {
		add(c, "sidecars", strconv.Itoa(i))
	}
	return t
}

// place says where in the template an element of a list of the pod is.
func (t *template) place(list string, index int, path ...string) {
	t.fields[list+"."+strconv.Itoa(index)] = slices.Concat(t.path, path)
}

var (
	initOrSidecar  = &fields{keys: containerFields.keys + " mirrorVolumeMounts", in: containerFields.in}
	templateOfArgo = &fields{in: map[string]*fields{
		"container": containerFields,
		"script":    {keys: containerFields.keys + " source", in: containerFields.in},
		"containerSet": {in: map[string]*fields{
			"containers": {keys: containerFields.keys + " dependencies", in: containerFields.in},
		}},
		"initContainers": initOrSidecar, "sidecars": initOrSidecar,
		"metadata": metadataFields, "securityContext": podContextFields,
	}}
)

// workflowFields are the fields of spec in a workflow.
func workflowFields(path []string) *fields {
	at := &fields{in: map[string]*fields{"templates": templateOfArgo, "securityContext": podContextFields}}
	if slices.Contains(path, "workflowSpec") {
		at = &fields{in: map[string]*fields{"workflowSpec": at}}
	}
	return at
}
