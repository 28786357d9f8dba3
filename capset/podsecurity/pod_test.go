// SPDX-License-Identifier: Apache-2.0

package podsecurity

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// restrictedPod keeps to restricted in every version.
func restrictedPod() *Pod {
	return &Pod{
		SecurityContext: SecurityContext{RunAsNonRoot: new(true), Seccomp: new("RuntimeDefault")},
		Containers: []Container{{Name: "c", SecurityContext: SecurityContext{
			AllowPrivilegeEscalation: new(false), Drop: []string{"ALL"},
		}}},
	}
}

// breaches returns what breaks the rules of a level, a line for each.
func breaches(p *Pod, level Level, minor uint8) string {
	var list []string
	for _, r := range Rules() {
		if !r.In(level, minor) {
			continue
		}
		for _, b := range r.Breaches(p, minor) {
			list = append(list, fmt.Sprintf("%s %d %s", r.ID, b.Container, b))
		}
	}
	return strings.Join(list, "\n")
}

// TestBreaches changes one thing in a pod that keeps to restricted. The verdicts as such
// are compared with Kubernetes' own in testdata/compare.
func TestBreaches(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*Pod, *SecurityContext)
		want   string
	}{
		{"nothing", func(*Pod, *SecurityContext) {}, ""},
		{
			"all of the container", func(_ *Pod, c *SecurityContext) { *c = SecurityContext{} },
			"allowPrivilegeEscalation 0 securityContext.allowPrivilegeEscalation is not false\n" +
				"capabilities_restricted 0 securityContext.capabilities.drop lacks ALL",
		},
		{
			"what the pod asked for", func(p *Pod, _ *SecurityContext) { p.SecurityContext = SecurityContext{} },
			"runAsNonRoot 0 securityContext.runAsNonRoot is not true, nor is that of the pod\n" +
				"seccompProfile_restricted 0 securityContext.seccompProfile.type is not set, nor is that of the pod",
		},
		{"the pod is wrong, and no container", func(p *Pod, c *SecurityContext) {
			p.SecurityContext = SecurityContext{RunAsNonRoot: new(false), RunAsUser: new(int64(0)), Seccomp: new("Unconfined")}
			c.RunAsNonRoot, c.Seccomp = new(true), new("Localhost")
		}, "runAsNonRoot -1 spec.securityContext.runAsNonRoot is false\n" +
			"runAsUser -1 spec.securityContext.runAsUser is 0\n" +
			"seccompProfile_restricted -1 spec.securityContext.seccompProfile.type is Unconfined"},
		{
			"of the pod for the container too", func(p *Pod, _ *SecurityContext) { p.SecurityContext.Seccomp = new("Unconfined") },
			"seccompProfile_restricted -1 spec.securityContext.seccompProfile.type is Unconfined\n" +
				"seccompProfile_restricted 0 securityContext.seccompProfile.type is not set, and that of the pod is Unconfined",
		},
		{"added", func(_ *Pod, c *SecurityContext) {
			c.Add = []string{"NET_BIND_SERVICE", "net_raw", "CAP_NET_RAW", "net_raw", ""}
		}, `capabilities_restricted 0 securityContext.capabilities.add has net_raw, CAP_NET_RAW, ""`},
		{
			"many added", func(_ *Pod, c *SecurityContext) { c.Add = strings.Split("abcdefghijkl", "") },
			"capabilities_restricted 0 securityContext.capabilities.add has a, b, c, d, e, f, g, h and more",
		},
		{"volumes", func(p *Pod, _ *SecurityContext) {
			p.Volumes = []Volume{{"a", nil}, {"b", []string{"hostPath"}}, {"c", []string{"csi"}}, {"d", []string{"nfs"}}}
		}, "restrictedVolumes -1 spec.volumes[1] is hostPath, in the volume b\n" +
			"restrictedVolumes -1 spec.volumes[3] is nfs, in the volume d"},
		{"an annotation", func(p *Pod, _ *SecurityContext) {
			p.Annotations = map[string]string{"container.apparmor.security.beta.kubernetes.io/x": "unconfined"}
		}, "appArmorProfile -1 metadata.annotations[container.apparmor.security.beta.kubernetes.io/x] is unconfined"},
		{"a port and a probe", func(p *Pod, _ *SecurityContext) {
			p.Containers[0].HostPorts = []int32{0, 80}
			p.Containers[0].Handlers = []Handler{{[]string{"lifecycle", "preStop", "httpGet", "host"}, "a"}, {}}
		}, "hostPorts 0 ports[1].hostPort is 80\nhostProbesAndHostLifecycle 0 lifecycle.preStop.httpGet.host is a"},
		{
			"a sysctl", func(p *Pod, _ *SecurityContext) { p.Sysctls = []string{"net.ipv4.tcp_rmem", strings.Repeat("x", 1000)} },
			"sysctls -1 spec.securityContext.sysctls[1].name is " + strings.Repeat("x", maxValue),
		},
		{"SELinux", func(p *Pod, c *SecurityContext) {
			p.SecurityContext.SELinux = SELinux{Type: "container_engine_t", User: "u"}
			c.SELinux = SELinux{Type: "spc_t", Role: "r"}
		}, "seLinuxOptions -1 spec.securityContext.seLinuxOptions.user is u\n" +
			"seLinuxOptions 0 securityContext.seLinuxOptions.type is spc_t\n" +
			"seLinuxOptions 0 securityContext.seLinuxOptions.role is r"},
	} {
		p := restrictedPod()
		test.change(p, &p.Containers[0].SecurityContext)
		got := strings.Split(breaches(p, Restricted, LatestVersion), "\n")
		want := strings.Split(test.want, "\n")
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n%s\nwant\n%s", test.name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// TestSparedPods holds that what some versions spare breaks no rule there.
func TestSparedPods(t *testing.T) {
	windows := &Pod{OS: "windows", SecurityContext: SecurityContext{RunAsNonRoot: new(true)}, Containers: []Container{{}}}
	if got := breaches(windows, Restricted, sparingWindows); got != "" {
		t.Errorf("windows: %s", got)
	}
	if got := breaches(windows, Restricted, sparingWindows-1); got == "" {
		t.Errorf("windows is spared before 1.%d", sparingWindows)
	}
	root := restrictedPod()
	root.HostUsers, root.SecurityContext.RunAsNonRoot, root.Containers[0].SecurityContext.RunAsUser = new(false), nil, new(int64(0))
	if got := breaches(root, Restricted, sparing); got != "" {
		t.Errorf("hostUsers: false: %s", got)
	}
	if got := breaches(root, Restricted, sparing-1); got == "" {
		t.Errorf("hostUsers: false is spared before 1.%d", sparing)
	}
}

// TestTables holds that a rule is said to change when one of its tables does.
func TestTables(t *testing.T) {
	for id, table := range map[string]map[string]uint8{"sysctls": safeSysctls, "seLinuxOptions": safeSELinuxTypes} {
		since := slices.Sorted(maps.Values(table))
		since = slices.Compact(since)[1:] // the first is 0
		for _, r := range Rules() {
			if r.ID == id && !slices.Equal(r.Changed, since) {
				t.Errorf("%s: changed in %v, the table in %v", id, r.Changed, since)
			}
		}
	}
}
