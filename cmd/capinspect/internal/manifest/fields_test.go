// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"reflect"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

func TestUnknownFields(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       []string
	}{
		{"none", "kind: Pod\nspec:\n  containers:\n  - name: c\n    securityContext: {privileged: true}\n", nil},
		{"upper case", "kind: Pod\nspec:\n  containers:\n  - name: c\n    securitycontext: {privileged: true}\n", []string{
			"line 5: spec.containers[0].securitycontext: Kubernetes has no such field there, perhaps securityContext",
		}},
		{"misspelt", "kind: Pod\nspec:\n  containers:\n  - {name: c}\n  - name: d\n    securityContext:\n      capabilities:\n        dropp: [ALL]\n      privilged: true\n", []string{
			"line 8: spec.containers[1].securityContext.capabilities.dropp: Kubernetes has no such field there, perhaps drop",
			"line 9: spec.containers[1].securityContext.privilged: Kubernetes has no such field there, perhaps privileged",
		}},
		{"not where it belongs", "kind: Deployment\nhostPID: true\nspec:\n  securityContext: {}\n  template:\n    spec:\n      securityContext:\n        capabilities: {drop: [ALL]}\n      containers:\n      - {name: c, runAsUser: 1, hostPID: true}\n", []string{
			"line 2: hostPID: Kubernetes has no such field there, the spec of the pod has it",
			"line 4: spec.securityContext: Kubernetes has no such field there, the spec of the pod has it",
			"line 8: spec.template.spec.securityContext.capabilities: Kubernetes has no such field there, the securityContext of a container has it",
			"line 10: spec.template.spec.containers[0].runAsUser: Kubernetes has no such field there, the securityContext of a container has it",
			"line 10: spec.template.spec.containers[0].hostPID: Kubernetes has no such field there, the spec of the pod has it",
		}},
		{"a job of jobs", "kind: CronJob\nspec:\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          hostPid: true\n          containers: [{name: c}]\n", []string{
			"line 7: spec.jobTemplate.spec.template.spec.hostPid: Kubernetes has no such field there, perhaps hostPID",
		}},
		{"a template", "kind: PodTemplate\ntemplate:\n  spec:\n    hostpid: true\n    containers: [{name: c}]\n", []string{
			"line 4: template.spec.hostpid: Kubernetes has no such field there, perhaps hostPID",
		}},
		{"another kind", "kind: Rollout\nx: y\nspec:\n  x: y\n  template:\n    spec:\n      x: y\n      containers:\n      - {name: c, image: i, securityContext: {x: y}}\n", []string{
			"line 9: spec.template.spec.containers[0].securityContext.x: Kubernetes has no such field there",
		}},
		{"what a Kubernetes has taken", "kind: Pod\nmetadata: {uid: u}\nspec:\n  x: y\n  containers:\n  - name: c\n", nil},
		{"what is not looked into", "kind: Pod\nmetadata: {labels: {x: y}}\nspec:\n  nodeSelector: {x: y}\n  containers:\n  - {name: c, resources: {x: y}}\nstatus: {x: y}\n", nil},
		{"a text for a list", "kind: Pod\nspec:\n  volumes: []\n  containers:\n  - {name: c, ports: []}\n", nil},
		{"a number at the margin", "kind: Pod\n12: x\nspec:\n  containers: [{name: c}]\n", []string{"line 2: [12]: Kubernetes has no such field there"}},
		{"hostile", "kind: Pod\nspec:\n  \"\\e[2J\": 1\n  containers: [{name: c}]\n", []string{
			`line 3: spec."\x1b[2J": Kubernetes has no such field there`,
		}},
	} {
		pods, err := podsOf(test.text)
		if err != nil || len(pods) != 1 {
			t.Errorf("%s: %v, %v", test.name, pods, err)
			continue
		}
		var got []string
		for _, u := range pods[0].UnknownFields() {
			got = append(got, u.Text())
		}
		if !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s:\n%s\nwant\n%s", test.name, strings.Join(got, "\n"), strings.Join(test.want, "\n"))
		}
	}
}

// TestFieldsOfStructs holds that each member that is read of a manifest is in the tables.
func TestFieldsOfStructs(t *testing.T) {
	for _, test := range []struct {
		v any
		f *fields
	}{
		{podSpec{}, podFields},
		{podContainer{}, containerFields},
		{containerSecurityContext{}, containerContextFields},
		{metadata{}, metadataFields},
		{podTemplate{}, templateFields},
		{Capabilities{}, capabilitiesFields},
	} {
		for _, f := range reflect.VisibleFields(reflect.TypeOf(test.v)) {
			if key, _, _ := strings.Cut(f.Tag.Get("json"), ","); key != "" && !test.f.has(key) {
				t.Errorf("%T: %s", test.v, key)
			}
		}
	}
}

// TestUnknownFieldTrap holds that an unknown field is a trap.
func TestUnknownFieldTrap(t *testing.T) {
	pods, err := podsOf("kind: Pod\nspec: {containers: [{name: c, privileged: true}]}")
	if err != nil {
		t.Fatal(err)
	}
	m := pods[0].Of(pods[0].Containers[0])
	m.Through(nil, nil)
	m.Expected(capset.LastKnown)
	want := []task.Note{{
		Code: "unknown-field",
		Text: "line 2: spec.containers[0].privileged: Kubernetes has no such field there, the securityContext of a container has it",
	}}
	if !reflect.DeepEqual(m.Traps, want) {
		t.Errorf("%+v, want %+v", m.Traps, want)
	}
}
