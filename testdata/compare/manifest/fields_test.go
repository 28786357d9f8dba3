// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"bytes"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"os/exec"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	kjson "sigs.k8s.io/json"
)

// keysOf returns the keys of a type of the API.
func keysOf(t reflect.Type) (keys []string) {
	for f := range t.Fields() {
		key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case key == "" && f.Anonymous:
			keys = append(keys, keysOf(f.Type)...)
		case key != "" && key != "-":
			keys = append(keys, key)
		}
	}
	return keys
}

// object is an object in a manifest, by its keys.
type object = map[string]any

// place is an object in a manifest whose keys are compared.
type place struct {
	keys []string
	in   object
}

// workload returns a manifest of a kind, its type, and the places in it.
func workload(kind string) (whole object, typed any, places []place) {
	at := func(v any, in object) object {
		places = append(places, place{keysOf(reflect.TypeOf(v)), in})
		return in
	}
	capabilities := at(corev1.Capabilities{}, object{})
	profile := at(corev1.SeccompProfile{}, object{"type": "RuntimeDefault"})
	context := at(corev1.SecurityContext{}, object{"capabilities": capabilities, "seccompProfile": profile})
	container := at(corev1.Container{}, object{"name": "c", "securityContext": context})
	pod := at(corev1.PodSpec{}, object{
		"containers":          []any{container},
		"initContainers":      []any{at(corev1.Container{}, object{"name": "i"})},
		"ephemeralContainers": []any{at(corev1.EphemeralContainer{}, object{"name": "e"})},
		"securityContext":     at(corev1.PodSecurityContext{}, object{}),
	})
	if kind == "Pod" {
		return at(corev1.Pod{}, object{"kind": kind, "spec": pod}), new(corev1.Pod), places
	}
	template := at(corev1.PodTemplateSpec{}, object{"spec": pod})
	spec := object{"template": template}
	whole = object{"kind": kind, "spec": spec}
	switch kind {
	case "PodTemplate":
		return at(corev1.PodTemplate{}, object{"kind": kind, "template": template}), new(corev1.PodTemplate), places
	case "Deployment":
		at(appsv1.DeploymentSpec{}, spec)
		typed = new(appsv1.Deployment)
	case "DaemonSet":
		at(appsv1.DaemonSetSpec{}, spec)
		typed = new(appsv1.DaemonSet)
	case "StatefulSet":
		at(appsv1.StatefulSetSpec{}, spec)
		typed = new(appsv1.StatefulSet)
	case "ReplicaSet":
		at(appsv1.ReplicaSetSpec{}, spec)
		typed = new(appsv1.ReplicaSet)
	case "ReplicationController":
		at(corev1.ReplicationControllerSpec{}, spec)
		typed = new(corev1.ReplicationController)
	case "Job":
		at(batchv1.JobSpec{}, spec)
		typed = new(batchv1.Job)
	case "CronJob":
		at(batchv1.JobSpec{}, spec)
		whole["spec"] = at(batchv1.CronJobSpec{}, object{"jobTemplate": at(batchv1.JobTemplateSpec{}, object{"spec": spec})})
		typed = new(batchv1.CronJob)
	}
	at(appsv1.Deployment{}, whole)
	return whole, typed, places
}

var (
	ofKubernetes = regexp.MustCompile(`unknown field "(.*)"`)
	ofOurs       = regexp.MustCompile(`^line [0-9]+: (\S+): Kubernetes has no such field there`)
)

// TestUnknownFields holds that the fields of a manifest that are said to be unknown are
// those that strict decoding of k8s.io/api does not know.
func TestUnknownFields(t *testing.T) {
	binary := build(t)
	random := rand.New(rand.NewPCG(16, 1))
	for _, kind := range []string{"Pod", "PodTemplate", "Deployment", "DaemonSet", "StatefulSet", "ReplicaSet", "ReplicationController", "Job", "CronJob"} {
		unknown := 0
		for round := range 20 {
			whole, typed, places := workload(kind)
			all := map[string]bool{}
			for _, p := range places {
				for _, key := range p.keys {
					all[key] = true
				}
			}
			names := slices.Sorted(maps.Keys(all))
			for _, p := range places {
				for _, key := range p.keys {
					if _, there := p.in[key]; !there {
						p.in[key] = nil
					}
				}
			}
			for range min(round, 8) { // in the first round there is none
				in := places[random.IntN(len(places))].in
				key := names[random.IntN(len(names))]
				switch random.IntN(4) {
				case 0:
					key = strings.ToLower(key)
				case 1:
					key = key[1:]
				}
				if _, there := in[key]; !there {
					in[key] = nil
				}
			}
			text, err := json.Marshal(whole)
			if err != nil {
				t.Fatal(err)
			}
			strict, err := kjson.UnmarshalStrict(text, typed)
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, err := range strict {
				if field := ofKubernetes.FindStringSubmatch(err.Error()); field != nil {
					want = append(want, field[1])
				}
			}
			got := unknownFields(t, binary, text)
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("%s: %q, want %q", kind, got, want)
			}
			unknown += len(want)
		}
		if unknown < 25 {
			t.Errorf("%s: only %d unknown fields", kind, unknown)
		}
	}
}

// unknownFields returns the paths of the fields that capinspect says are unknown.
func unknownFields(t *testing.T, binary string, text []byte) (paths []string) {
	t.Helper()
	cmd := exec.Command(binary, "diff", "pod:-:c", "docker", "--json")
	cmd.Stdin = bytes.NewReader(text)
	var answer struct {
		Manifests []struct {
			Traps []struct{ Code, Text string }
		}
	}
	out, err := cmd.Output()
	if jsonErr := json.Unmarshal(out, &answer); jsonErr != nil || len(answer.Manifests) != 1 {
		t.Fatalf("%v, %v of %s", err, jsonErr, text)
	}
	for _, trap := range answer.Manifests[0].Traps {
		if path := ofOurs.FindStringSubmatch(trap.Text); trap.Code == "unknown-field" && path != nil {
			paths = append(paths, path[1])
		}
	}
	return paths
}
