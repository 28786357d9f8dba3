// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"fmt"
	"slices"
	"strings"
)

// Kinds that are none of Kubernetes itself have templates of pods where they like: a Rollout
// of Argo and a Service of Knative at spec.template, a JobSet at
// spec.replicatedJobs[0].template.spec.template. All of them call such a key template, or
// workerTemplate and the like.

const (
	maxSearch    = 16 // keys that lead to a template
	maxTemplates = 64
)

// likely returns the templates of pods in the spec of an object of any kind.
func (o *object) likely() (found []template, err error) {
	paths := o.likelyPaths()
	if len(paths) > maxTemplates {
		return nil, fmt.Errorf("line %d: more than %d templates of pods", o.line, maxTemplates)
	}
	for _, path := range paths {
		raw := o.spec.At(path)
		var images struct {
			Spec struct {
				Containers []struct {
					Image string `json:"image"`
				} `json:"containers"`
			} `json:"spec"`
		}
		containers := &images.Spec.Containers
		if raw.Decode(&images) != nil || len(*containers) == 0 {
			continue
		}
		if image := (*containers)[0].Image; len(path) > 1 && (image == "" || strings.ContainsAny(image, "*?!")) {
			continue // what is not at spec.template may be a pattern for containers
		}
		t := template{path: slices.Concat([]string{"spec"}, path)}
		if err := raw.Decode(&t.podTemplate); err != nil {
			return nil, err
		}
		found = append(found, t)
	}
	return found, nil
}

// likelyPaths returns the keys that lead from the spec to what may be a template: it is
// called so, and has a spec with containers.
func (o *object) likelyPaths() (paths [][]string) {
	o.spec.Keys(func(path []string, _ int) bool {
		n := len(path) - 3
		if n >= 0 && path[n+2] == "containers" && path[n+1] == "spec" && strings.HasSuffix(strings.ToLower(path[n]), "template") {
			if len(paths) <= maxTemplates {
				paths = append(paths, slices.Clone(path[:n+1]))
			}
			return false
		}
		return len(path) < maxSearch
	})
	slices.SortFunc(paths, slices.Compare) // whatever the order of the text
	return paths
}

// likelyFields are the fields of spec in a kind that is not one of Kubernetes itself: it may
// have others beside the containers. The path leads to the template, if the object is not the
// pod.
func likelyFields(path []string) *fields {
	at := &fields{in: podFields.in}
	if len(path) == 0 {
		return at
	}
	at = &fields{in: map[string]*fields{"spec": at}}
	for _, key := range slices.Backward(path[1:]) {
		if !isIndex(key) {
			at = &fields{in: map[string]*fields{key: at}}
		}
	}
	return at
}

// isIndex reports whether a key of a path is the index of an element.
func isIndex(key string) bool { return strings.Trim(key, "0123456789") == "" }
