// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"slices"
	"strings"
	"testing"
)

// TestLines holds that a field is found on its line, in YAML and in JSON, and that one that
// is not there is on that of what it would stand in.
func TestLines(t *testing.T) {
	const yaml = `# a comment
kind: Role
---
kind: Deployment

metadata:
  name: web
spec:
  template:
    metadata:
      annotations:
        a: b
    spec:
      hostPID: true
      containers:
      # the first
      - name: a
        image: i
      - image: i
        name: b
        securityContext:
          capabilities:
            add:
              - NET_RAW
              - SYS_ADMIN
      initContainers: [{name: c},
        {name: d}]
`
	const json = `
{
  "metadata": {
    "name": "x"
  },
  "kind": "Pod", "spec": {
    "volumes": [
      {"name": "a",
       "hostPath": {}}, {
       "name": "b", "hostPath": {}}],
    "containers":
      [{"name": "a"}]
  }
}`
	for _, test := range []struct {
		text  string
		lines map[string]int
	}{
		{yaml, map[string]int{
			"spec.hostPID": 14, "spec.hostIPC": 13, "metadata.annotations.a": 12, "metadata.annotations.b": 11, "metadata.labels.a": 10,
			"spec.containers.0": 17, "spec.containers.0.securityContext.privileged": 17, "spec.containers.1.name": 20,
			"spec.containers.1.securityContext": 21, "spec.containers.1.securityContext.capabilities.drop": 22,
			"spec.containers.1.securityContext.capabilities.add": 23, "spec.containers.1.securityContext.capabilities.add.1": 25,
			"spec.initContainers.0": 26, "spec.initContainers.1": 27, "spec.initContainers.1.x.y": 27, "spec.containers.7": 15, "spec.hostPID.x": 14,
		}},
		{json, map[string]int{
			"metadata.annotations.a": 3, "spec": 6, "spec.volumes.0": 8, "spec.volumes.0.hostPath": 9, "spec.volumes.1": 9,
			"spec.volumes.1.name": 10, "spec.containers.0": 12, "spec.containers.0.securityContext.privileged": 12,
		}},
		{`[]{"spec":{"containers":[{}]}}`[2:], map[string]int{"spec.containers.0": 1, "metadata.name": 1, "": 1, "other": 1}},
	} {
		pods, err := podsOf(test.text)
		if err != nil || len(pods) != 1 {
			t.Fatal(len(pods), err)
		}
		var fields [][]string
		var want []int
		for field, line := range test.lines {
			fields, want = append(fields, strings.Split(field, ".")), append(want, line)
		}
		got := pods[0].Lines(fields)
		for i, field := range fields {
			if got[i] != want[i] {
				t.Errorf("%s: line %d, want %d", strings.Join(field, "."), got[i], want[i])
			}
		}
		if reversed := slices.Clone(fields); len(reversed) > 1 {
			slices.Reverse(reversed)
			again := pods[0].Lines(reversed)
			if slices.Reverse(again); !slices.Equal(again, got) {
				t.Errorf("the other way round: %v, want %v", again, got)
			}
		}
	}
}
