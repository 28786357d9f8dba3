// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"fmt"
	"strings"
	"testing"
)

// places lists the containers of pods with the lines of their securityContext, and the fields
// that are unknown.
func places(pods []*Pod) string {
	var b strings.Builder
	for _, p := range pods {
		fmt.Fprintf(&b, "%s:", p.FullName())
		for _, c := range p.Containers {
			line := p.Lines([][]string{c.Field("securityContext", "privileged")})[0]
			fmt.Fprintf(&b, " %s %d %v %s;", c.FullName(), line, value(p.Of(c).Asks.Privileged), strings.Join(p.Path(c.Field()...), "."))
		}
		for _, u := range p.UnknownFields() {
			fmt.Fprintf(&b, " %s?", u.Path)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// TestLikely holds where templates are found in kinds that are none of Kubernetes itself.
func TestLikely(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"several, deep below", `kind: JobSet
apiVersion: jobset.x-k8s.io/v1alpha2
metadata: {name: x}
spec:
  replicatedJobs:
  - name: a
    template:
      spec:
        template: {spec: {containers: [{image: i, securityContext: {privileged: true}}]}}
  - template:
      spec:
        template:
          spec:
            containers: [{name: c, image: i, securityContxt: {}}]
`, "JobSet/x: container 1 9 true spec.replicatedJobs.0.template.spec.template.spec.containers.0;\n" +
			"JobSet/x: container c 14 - spec.replicatedJobs.1.template.spec.template.spec.containers.0;" +
			" spec.replicatedJobs[1].template.spec.template.spec.containers[0].securityContxt?\n"},
		{"a Job of another group", `kind: Job
apiVersion: batch.volcano.sh/v1alpha1
spec:
  tasks:
  - template: {spec: {containers: [{name: c, image: i}]}}
`, "Job: container c 5 - spec.tasks.0.template.spec.containers.0;\n"},
		{"templates with longer names", `kind: LeaderWorkerSet
spec:
  leaderWorkerTemplate:
    leaderTemplate: {spec: {containers: [{name: l, image: i}]}}
    workerTemplate: {spec: {containers: [{name: w, image: i}]}}
`, "LeaderWorkerSet: container l 4 - spec.leaderWorkerTemplate.leaderTemplate.spec.containers.0;\n" +
			"LeaderWorkerSet: container w 5 - spec.leaderWorkerTemplate.workerTemplate.spec.containers.0;\n"},
		{"patterns", `kind: Pod
spec: {containers: [{name: c}]}
---
kind: ClusterPolicy
spec:
  rules:
  - validate: {pattern: {spec: {containers: [{image: "*:*"}]}}}
  - mutate: {patchStrategicMerge: {spec: {template: {spec: {containers: [{(name): "*"}]}}}}}
---
kind: CustomResourceDefinition
spec: {properties: {template: {properties: {spec: {properties: {containers: {type: array}}}}}}}
---
kind: Other
spec: {template: {spec: {containers: {image: i}}}}
`, "Pod: container c 2 - spec.containers.0;\n"},
	} {
		pods, err := podsOf(test.text)
		if got := places(pods); got != test.want || err != nil {
			t.Errorf("%s: %v\n%s\nwant\n%s", test.name, err, got, test.want)
		}
	}
	many := "kind: X\nspec: {a: [" + strings.Repeat("{template: {spec: {containers: [{image: i}]}}},", maxTemplates+1) + "]}"
	if pods, err := podsOf(many); err == nil || err.Error() != "line 1: more than 64 templates of pods" {
		t.Errorf("%d pods, %v", len(pods), err)
	}
}

// TestWorkflow holds which pods are read of the kinds of Argo Workflows.
func TestWorkflow(t *testing.T) {
	const text = `apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: hello-}
spec:
  securityContext: {runAsUser: 0}
  hostNetwork: true
  volumes: [{name: a, hostPath: {path: /}}]
  templates:
  - name: main
    dag: {tasks: [{name: a, template: one}]}
  - name: one
    container:
      image: i
      securityContext: {privileged: true}
    volumes:
    - {name: b, hostPath: {path: /}}
  - name: two
    securityContext: {runAsUser: 5}
    script: {image: i, source: echo, securitycontext: {}}
    initContainers: [{name: init, image: i}]
    sidecars:
    - {name: side, image: i, mirrorVolumeMounts: true}
  - name: three
    containerSet:
      containers:
      - {name: x, image: i, dependencies: []}
`
	const want = `Workflow/hello-/one: container main 14 true spec.templates.1.container;
Workflow/hello-/two: container main 19 - spec.templates.2.script; container side 22 - spec.templates.2.sidecars.0; init container init 20 - spec.templates.2.initContainers.0; spec.templates[2].script.securitycontext?
Workflow/hello-/three: container x 26 - spec.templates.3.containerSet.containers.0;
`
	pods, err := podsOf(text)
	if got := places(pods); got != want || err != nil {
		t.Fatalf("%v\n%s\nwant\n%s", err, got, want)
	}
	for i, test := range []struct {
		user  int64
		lines map[string]int
	}{
		{0, map[string]int{"spec.securityContext.runAsUser": 5, "spec.hostNetwork": 6, "spec.volumes.0": 7, "spec.volumes.1": 16}},
		{5, map[string]int{"spec.securityContext.runAsUser": 18, "spec.hostNetwork": 6, "spec.volumes.0": 7}},
	} {
		if got := value(pods[i].Asks.RunAsUser); got != test.user || !pods[i].HostNetwork || len(pods[i].Security.Volumes) != 2-i {
			t.Errorf("%d: uid %v, %+v", i, got, pods[i].Security)
		}
		for field, line := range test.lines {
			if got := pods[i].Lines([][]string{strings.Split(field, ".")})[0]; got != line {
				t.Errorf("%d: %s on line %d, want %d", i, field, got, line)
			}
		}
	}
	if _, err := podsOf("kind: CronWorkflow\nspec: {workflowSpec: {templates: [{name: a, dag: {}}]}}\n"); err == nil || err.Error() != "it is a CronWorkflow without containers" {
		t.Error(err)
	}
	pods, err = podsOf("kind: CronWorkflow\nspec: {workflowSpec: {templates: [{name: t, container: {image: i, x: 1}}]}}\n")
	if got := places(pods); got != "CronWorkflow/t: container main 2 - spec.workflowSpec.templates.0.container; spec.workflowSpec.templates[0].container.x?\n" || err != nil {
		t.Errorf("%v, %s", err, got)
	}
}
