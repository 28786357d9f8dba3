// SPDX-License-Identifier: Apache-2.0

package check_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/podsecurity"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/check"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/manifest"
)

// found returns what was found, with "unknown" before what nobody can know.
func found(c *check.Checked) string {
	var lines []string
	for _, f := range c.Findings {
		line := f.Why()
		if f.Err != nil {
			line = "unknown: " + line
		}
		if f.Container != nil {
			line = f.Container.FullName() + ": " + line
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// checked holds the containers of a pod to conditions.
func checked(t *testing.T, spec string, conditions ...check.Condition) *check.Checked {
	t.Helper()
	c := &check.Checked{Conditions: conditions}
	_, err := manifest.Pods(strings.NewReader(`{"kind":"Pod","spec":`+spec+`}`), func(p *manifest.Pod) bool {
		c.Pod(p, check.Source{File: "f", Last: capset.LastKnown}, func(*manifest.Container) bool { return true })
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestContainer holds that a no stands only where it is one whoever the image runs as.
func TestContainer(t *testing.T) {
	const image = "; its user is left to the image"
	for _, test := range []struct {
		name, context, os string
		condition         check.Condition
		want              string
	}{
		{"root has it", `"runAsUser":0`, "linux", check.Has(capset.Of(capset.Chown), capset.Effective), ""},
		{"another user has not", `"runAsUser":1`, "linux", check.Has(capset.Of(capset.Chown), capset.Effective), "effective lacks cap_chown"},
		{
			"root would have it", "", "linux", check.Has(capset.Of(capset.Chown), capset.Effective),
			"unknown: as a user other than root, effective lacks cap_chown" + image,
		},
		{"not root, says kubelet", `"runAsNonRoot":true`, "linux", check.Has(capset.Of(capset.Chown), capset.Effective), "effective lacks cap_chown"},
		{
			"root would have too much", "", "linux", check.Lacks(capset.Of(capset.Chown), capset.Permitted),
			"unknown: as root, permitted has cap_chown" + image,
		},
		{"both have too much", "", "linux", check.Lacks(capset.Of(capset.Chown), capset.Permitted, capset.Bounding), "bounding has cap_chown"},
		{"neither has anything", `"capabilities":{"drop":["ALL"]}`, "linux", check.Within(0, capset.Permitted, capset.Bounding), ""},
		{
			"within for both", `"capabilities":{"drop":["ALL"],"add":["NET_BIND_SERVICE"]}`, "linux",
			check.Within(capset.Of(capset.NetBindService), capset.Permitted, capset.Bounding), "",
		},
		{"uid", `"runAsUser":7`, "linux", check.UID(7), ""},
		{"uid of the image", "", "linux", check.UID(7), "unknown: uid is unknown: left to the image"},
		{"no_new_privs", `"allowPrivilegeEscalation":false`, "linux", check.NoNewPrivs(), ""},
		{"seccomp of kubelet", "", "linux", check.Seccomp(2), "unknown: seccomp is unknown: left to kubelet and the runtime"},
		{
			"Windows", "", "windows", check.Lacks(capset.Of(capset.Chown), capset.Bounding),
			"unknown: it is for Windows, which has nothing of the kind",
		},
	} {
		spec := fmt.Sprintf(`{"os":{"name":%q},"containers":[{"name":"c","securityContext":{%s}}]}`, test.os, test.context)
		want := test.want
		if want != "" {
			want = "container c: " + want
		}
		if got := found(checked(t, spec, test.condition)); got != want {
			t.Errorf("%s: %q, want %q", test.name, got, want)
		}
	}
}

// TestPod holds that the rules judge the pod and the containers that are chosen.
func TestPod(t *testing.T) {
	c := check.Checked{Standard: &check.PodSecurity{Level: podsecurity.Baseline, Minor: podsecurity.LatestVersion}}
	const text = `{"spec":{"hostPID":true,"containers":[{"name":"a"},{"name":"b","securityContext":{"privileged":true}}],
"initContainers":[{"name":"c","ports":[{"hostPort":80}]}]}}`
	for _, name := range []string{"", "a", "c"} {
		c.Findings = nil
		_, err := manifest.Pods(strings.NewReader(text), func(p *manifest.Pod) bool {
			c.Pod(p, check.Source{File: "f"}, func(in *manifest.Container) bool { return p.Named(in, name) })
			return true
		})
		want := "baseline: hostNamespaces: spec.hostPID is true"
		if name == "" {
			want += "\ncontainer b: baseline: privileged: securityContext.privileged is true"
		}
		if name != "a" {
			want += "\ninit container c: baseline: hostPorts: ports[0].hostPort is 80"
		}
		if got := found(&c); err != nil || got != want {
			t.Errorf("%q: %v\n%s\nwant\n%s", name, err, got, want)
		}
	}
}
