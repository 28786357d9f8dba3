// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus/container"
)

// manifestOf returns what a securityContext asks of a runtime, and the expected state.
func manifestOf(t *testing.T, through, context string) (*Manifest, *task.Task) {
	t.Helper()
	pods, err := podsOf(`{"spec":{"containers":[{"name":"c","securityContext":` + context + `}]}}`)
	if err != nil || len(pods) != 1 {
		t.Fatal(context, err)
	}
	m := pods[0].Of(pods[0].Containers[0])
	m.Through(runtime.Named(through), nil)
	return m, m.Expected(capset.LastKnown)
}

// TestExpected holds the sets, in the kernel's order, with which a container starts;
// "?" is one that the manifest leaves to the image.
func TestExpected(t *testing.T) {
	full := fmt.Sprintf("%x", uint64(capset.UpTo(capset.LastKnown)))
	for _, test := range []struct{ runtime, context, want string }{
		{"containerd", `{}`, "0 ? ? a80425fb 0"},
		{"containerd", `{"runAsUser":0}`, "0 a80425fb a80425fb a80425fb 0"},
		{"containerd", `{"runAsUser":1}`, "0 0 0 a80425fb 0"},
		{"containerd", `{"runAsNonRoot":true}`, "0 0 0 a80425fb 0"},
		{"containerd", `{"runAsNonRoot":false}`, "0 ? ? a80425fb 0"},
		{"containerd", `{"capabilities":{"drop":["ALL"]}}`, "0 0 0 0 0"},
		{"containerd", `{"capabilities":{"drop":["ALL"],"add":["CAP_NET_RAW"]}}`, "0 0 0 0 0"},
		{"crio", `{"capabilities":{"drop":["ALL"],"add":["CAP_NET_RAW"]},"runAsUser":0}`, "0 2000 2000 2000 0"},
		{"containerd", `{"privileged":true,"runAsUser":0,"capabilities":{"drop":["ALL"]}}`, "0 " + full + " " + full + " " + full + " 0"},
		{"docker", `{"privileged":true,"runAsUser":7}`, "0 0 0 " + full + " 0"},
		{"podman", `{"runAsUser":7,"capabilities":{"add":["NET_RAW"]}}`, "2000 2000 2000 800425fb 2000"},
		{"podman", `{"runAsUser":0,"capabilities":{"add":["NET_RAW"]}}`, "0 800425fb 800425fb 800425fb 0"},
		{"podman", `{"capabilities":{"add":["NET_RAW"]}}`, "? ? ? 800425fb ?"},
		{"podman", `{"capabilities":{"drop":["ALL"]}}`, "0 0 0 0 0"},
		{"podman", `{"runAsUser":7,"capabilities":{"add":["ALL"]}}`, full + " " + full + " " + full + " " + full + " " + full},
	} {
		_, r := manifestOf(t, test.runtime, test.context)
		var sets []string
		for k := range capset.Kind(capset.NumKinds) {
			text := "?"
			if set, ok := r.Sets[k].Get(); ok {
				text = fmt.Sprintf("%x", uint64(set))
			} else if r.Sets[k].Why() == "" {
				t.Errorf("%s: no reason for %v", test.context, k)
			}
			sets = append(sets, text)
		}
		if got := strings.Join(sets, " "); got != test.want {
			t.Errorf("%s %s: %s, want %s", test.runtime, test.context, got, test.want)
		}
	}
}

// text returns a value as Go prints it.
func text[T any](v task.Value[T]) task.Value[string] {
	return task.Map(v, func(v T) string { return fmt.Sprint(v) })
}

// TestExpectedValues holds what else is known of a container that starts.
func TestExpectedValues(t *testing.T) {
	for _, test := range []struct{ context, want string }{
		{`{}`, "noNewPrivs false readOnlyRootFilesystem false hostPID false hostIPC false hostNetwork false childUserNamespace false"},
		{
			`{"runAsUser":1,"runAsGroup":2,"allowPrivilegeEscalation":false,"readOnlyRootFilesystem":true,"seccompProfile":{"type":"RuntimeDefault"}}`,
			"uid {1 1 1 1} gid {2 2 2 2} noNewPrivs true seccomp filter readOnlyRootFilesystem true hostPID false hostIPC false hostNetwork false childUserNamespace false",
		},
		{`{"seccompProfile":{"type":"Localhost"},"allowPrivilegeEscalation":true}`, "noNewPrivs false seccomp filter readOnlyRootFilesystem false hostPID false hostIPC false hostNetwork false childUserNamespace false"},
		{`{"seccompProfile":{"type":"Unconfined"}}`, "noNewPrivs false seccomp disabled readOnlyRootFilesystem false hostPID false hostIPC false hostNetwork false childUserNamespace false"},
		{`{"seccompProfile":{"type":"RuntimeDefault"},"privileged":true}`, "noNewPrivs false seccomp disabled readOnlyRootFilesystem false hostPID false hostIPC false hostNetwork false childUserNamespace false"},
		{`{"seccompProfile":{"type":"x"}}`, "noNewPrivs false readOnlyRootFilesystem false hostPID false hostIPC false hostNetwork false childUserNamespace false"},
	} {
		_, r := manifestOf(t, "containerd", test.context)
		var got []string
		for _, v := range []struct {
			key  string
			text task.Value[string]
		}{
			{"uid", text(r.UID)},
			{"gid", text(r.GID)},
			{"groups", text(r.Groups)},
			{"noNewPrivs", text(r.NoNewPrivs)},
			{"seccomp", task.Map(r.Seccomp, func(s task.Seccomp) string { return task.SeccompName(s.Mode) })},
			{"securebits", text(r.Securebits)},
			{"userNamespace", text(r.UserNamespace)},
			{"readOnlyRootFilesystem", text(r.Mounts.ReadOnlyRoot)},
			{"hostPID", text(r.HostPID())},
			{"hostIPC", text(r.HostIPC())},
			{"hostNetwork", text(r.HostNetwork())},
			{"childUserNamespace", text(r.ChildUserNamespace())},
		} {
			if value, ok := v.text.Get(); ok {
				got = append(got, v.key+" "+value)
			}
		}
		if text := strings.Join(got, " "); text != test.want {
			t.Errorf("%s: %s, want %s", test.context, text, test.want)
		}
	}
}

// TestStarted holds that the status of a pod tells who its container was started as, where
// the manifest leaves that to the image.
func TestStarted(t *testing.T) {
	for _, test := range []struct{ context, status, want string }{
		{`{}`, `{}`, "? ? ? ?"},
		{`{}`, `{"linux":{"uid":0,"gid":0}}`, "{0 0 0 0} {0 0 0 0} [] cap_chown"},
		{`{}`, `{"linux":{"uid":5,"gid":6,"supplementalGroups":[6,7]}}`, "{5 5 5 5} {6 6 6 6} [6 7] "},
		{`{"runAsUser":1,"runAsGroup":2}`, `{"linux":{"uid":1,"gid":2,"supplementalGroups":[2]}}`, "{1 1 1 1} {2 2 2 2} [2] "},
		{`{"runAsUser":1}`, `{}`, "{1 1 1 1} ? ? "},
	} {
		pod := `{"kind":"Pod","spec":{"containers":[{"name":"c","securityContext":` + test.context + `}]},
			"status":{"containerStatuses":[{"name":"c","containerID":"cri-o://1","user":` + test.status + `}]}}`
		m, err := Choose(strings.NewReader(pod), "", nil)
		if err != nil {
			t.Fatal(err)
		}
		m.Through(nil, nil)
		r := m.Expected(capset.LastKnown)
		first := task.Map(r.Sets[capset.Effective], func(s capset.Set) string {
			if s == 0 {
				return ""
			}
			return s.First().String()
		})
		got := fmt.Sprintf("%s %s %s %s", text(r.UID).Or("?"), text(r.GID).Or("?"), text(r.Groups).Or("?"), first.Or("?"))
		if got != test.want || m.Runtime.Name != "crio" {
			t.Errorf("%s %s: %s, %s, want %s", test.context, test.status, m.Runtime.Name, got, test.want)
		}
	}
}

// TestTraps holds the code and the text of each trap.
func TestTraps(t *testing.T) {
	seen := map[string]bool{}
	for _, test := range []struct {
		runtime, context string
		want             []string
	}{
		{"containerd", `{"capabilities":{"drop":["ALL"],"add":["NET_RAW"]}}`, nil},
		{"containerd", `{"capabilities":{"add":["CAP_NET_RAW"]}}`, []string{`cap-prefix add "CAP_NET_RAW": it counts for nothing, write NET_RAW`}},
		{"crio", `{"capabilities":{"add":["CAP_NET_RAW"]}}`, []string{`cap-prefix add "CAP_NET_RAW": accepted, but containerd would ignore it, write NET_RAW`}},
		{"containerd", `{"capabilities":{"drop":["cap_all"]}}`, []string{`cap-prefix drop "cap_all": it counts for nothing, write ALL`}},
		{"docker", `{"capabilities":{"drop":["CAP_ALL"]}}`, []string{`cap-prefix drop "CAP_ALL": docker makes no container, write ALL`}},
		{"containerd", `{"capabilities":{"add":["NET_ADMN"]}}`, []string{`unknown-capability add "NET_ADMN": it counts for nothing, perhaps NET_ADMIN`}},
		{"crio", `{"capabilities":{"drop":["CAP_NET_ADMN"]}}`, []string{`unknown-capability drop "CAP_NET_ADMN": crio makes no container, perhaps NET_ADMIN`}},
		{"containerd", `{"capabilities":{"add":["13","","\u001b"]}}`, []string{
			`unknown-capability add "13": it counts for nothing`, `unknown-capability add "": it counts for nothing`, "unknown-capability add \"\x1b\": it counts for nothing",
		}},
		{"containerd", `{"capabilities":{"add":["` + strings.Repeat("x", 1000) + `"]}}`, []string{`unknown-capability add "` + strings.Repeat("x", 64) + `": it counts for nothing`}},
		{"containerd", `{"capabilities":{"add":["net_raw"],"drop":["all"]}}`, []string{
			`lower-case-name add "net_raw": accepted, but Pod Security does not know it: write NET_RAW`,
			`lower-case-name drop "all": accepted, but Pod Security does not know it: write ALL`,
		}},
		{"containerd", `{"runAsUser":1,"capabilities":{"add":["NET_RAW","NET_ADMIN"]}}`, []string{
			"add-without-effect add NET_ADMIN,NET_RAW: a user other than root does not get it, unless the file of the program has it",
		}},
		{"containerd", `{"runAsNonRoot":true,"privileged":true}`, []string{
			"add-without-effect privileged: true: a user other than root does not get it, unless the file of the program has it",
		}},
		{"docker", `{"runAsUser":1,"allowPrivilegeEscalation":false,"capabilities":{"add":["NET_RAW"]}}`, []string{
			"add-without-effect add NET_RAW: a user other than root does not get it, and no_new_privs keeps the file of the program from giving it",
		}},
		{"containerd", `{"runAsUser":1,"allowPrivilegeEscalation":false,"capabilities":{"add":["NET_RAW"]}}`, []string{
			"add-without-effect add NET_RAW: a user other than root does not get it, unless the file of the program has it",
		}},
		{"docker", `{"runAsUser":999,"capabilities":{"add":["SYS_NICE"]}}`, []string{
			"add-without-effect add SYS_NICE: a user other than root does not get it, unless the file of the program has it; " +
				"SYS_NICE opens the default seccomp filter, if that is on: get_mempolicy, mbind, set_mempolicy and set_mempolicy_home_node need no capability",
		}},
		{"crio", `{"runAsUser":999,"capabilities":{"add":["SYS_NICE"]}}`, []string{
			"add-without-effect add SYS_NICE: a user other than root does not get it, unless the file of the program has it",
		}},
		{"docker", `{"runAsUser":999,"seccompProfile":{"type":"Unconfined"},"capabilities":{"add":["SYS_NICE"]}}`, []string{
			"add-without-effect add SYS_NICE: a user other than root does not get it, unless the file of the program has it",
		}},
		{"podman", `{"runAsUser":1,"capabilities":{"add":["NET_RAW"]}}`, nil},
		{"containerd", `{"runAsUser":1,"capabilities":{"add":["NET_RAW"],"drop":["NET_RAW"]}}`, []string{"add-and-drop NET_RAW in add and in drop: with containerd it is dropped"}},
		{"docker", `{"capabilities":{"add":["NET_RAW"],"drop":["NET_RAW"]}}`, []string{"add-and-drop NET_RAW in add and in drop: with docker it is added"}},
		{"podman", `{"capabilities":{"add":["NET_RAW"],"drop":["NET_RAW"]}}`, []string{"add-and-drop NET_RAW in add and in drop: with podman there is no container"}},
		{"podman", `{"capabilities":{"add":["NET_RAW"],"drop":["NET_RAW","ALL"]}}`, []string{"add-and-drop NET_RAW in add and in drop: with podman it is added"}},
		{"crio", `{"capabilities":{"add":["ALL"],"drop":["ALL"]}}`, []string{"add-and-drop ALL in add and in drop: with crio it is dropped"}},
		{"docker", `{"capabilities":{"add":["ALL"],"drop":["ALL"]}}`, []string{"add-and-drop ALL in add and in drop: with docker it is added"}},
		{"containerd", `{"capabilities":{"add":["ALL"],"drop":["NET_RAW"]}}`, []string{"add-and-drop NET_RAW in drop beside ALL in add: with containerd it is dropped"}},
		{"containerd", `{"capabilities":{"add":["ALL"]}}`, nil},
		{"containerd", `{"privileged":true,"capabilities":{"drop":["CAP_ALL"]}}`, []string{"privileged-ignores-lists privileged: true: add and drop count for nothing"}},
		{"containerd", `{"allowPrivilegeEscalation":false,"privileged":true}`, []string{
			"no-new-privs-with-sys-admin allowPrivilegeEscalation: false: the API server refuses it beside privileged: true",
		}},
		{"docker", `{"allowPrivilegeEscalation":false,"capabilities":{"add":["CAP_SYS_ADMIN"]}}`, []string{
			`cap-prefix add "CAP_SYS_ADMIN": accepted, but containerd would ignore it, write SYS_ADMIN`,
			"no-new-privs-with-sys-admin allowPrivilegeEscalation: false: the API server refuses it beside add CAP_SYS_ADMIN",
		}},
		{"docker", `{"allowPrivilegeEscalation":false,"capabilities":{"add":["SYS_ADMIN"],"drop":["MKNOD"]}}`, nil},
		{"containerd", `{"runAsUser":0,"runAsNonRoot":true}`, []string{"root-as-non-root runAsNonRoot: true: the kubelet starts no container that has it and runAsUser: 0"}},
		{"containerd", `{"runAsUser":0,"runAsNonRoot":false}`, nil},
	} {
		m, _ := manifestOf(t, test.runtime, test.context)
		for _, trap := range m.Traps {
			seen[trap.Code] = true
		}
		var got []string
		for _, trap := range m.Traps {
			got = append(got, trap.Code+" "+trap.Text)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s %s:\n%q\nwant\n%q", test.runtime, test.context, got, test.want)
		}
	}
	seen["void-in-user-namespace"] = true // see TestVoidInUserNamespace: it depends on the pod
	seen["unknown-field"] = true          // see TestUnknownFields: it depends on the object
	if got, want := slices.Sorted(maps.Keys(seen)), slices.Sorted(slices.Values(TrapCodes())); !slices.Equal(got, want) {
		t.Errorf("traps of %q, and the codes are %q", got, want)
	}
}

// TestChoice holds which container is meant.
func TestChoice(t *testing.T) {
	pods, err := podsOf(`{"items":[
		{"metadata":{"name":"p","uid":"1"},"spec":{"containers":[{"name":"a"},{"name":"b"}],"initContainers":[{"name":"i"}]},
			"status":{"containerStatuses":[{"name":"a","containerID":"x://A"},{"name":"b","containerID":"x://B"}],"initContainerStatuses":[{"name":"i","containerID":"x://I"}]}},
		{"metadata":{"name":"q","uid":"2"},"spec":{"containers":[{"name":"a"}]}}]}`)
	if err != nil || len(pods) != 2 {
		t.Fatal(pods, err)
	}
	made, err := podsOf(`{"items":[
		{"kind":"Deployment","metadata":{"name":"d"},"spec":{"template":{"spec":{"containers":[{"name":"a"},{"name":"b"}],"initContainers":[{"name":"i"}]}}}},
		{"kind":"Pod","metadata":{"name":"s","uid":"3","annotations":{"kubernetes.io/config.hash":"H"}},"spec":{"containers":[{"name":"a"},{"name":"c"}]}}]}`)
	if err != nil || len(made) != 2 {
		t.Fatal(made, err)
	}
	running, err := podsOf(`{"kind":"ReplicaSet","metadata":{"name":"r","uid":"4"},"spec":{"template":{"spec":{"containers":[{"name":"a"},{"name":"b"}]}}},"status":{"replicas":1}}`)
	if err != nil || len(running) != 1 {
		t.Fatal(running, err)
	}
	init := &task.Task{Status: task.Status{Pid: task.Known(1)}, Isolation: task.Isolation{HostPID: task.Known(true)}}
	notInit := &task.Task{Status: task.Status{Pid: task.Known(7)}, Isolation: task.Isolation{HostPID: task.Known(true)}}
	in := func(id, pod, name string) *task.Task {
		return &task.Task{Container: task.Known(&task.Container{Container: container.Container{ID: id, PodUID: pod, Name: name}})}
	}
	sandbox := in("X", "1", "")
	sandbox.Container.Zero().Sandbox = task.Known(true)
	for _, test := range []struct {
		name string
		pods []*Pod
		task *task.Task
		want string
	}{
		{"", pods[1:], nil, "q/a"},
		{"", pods[1:], in("A", "1", "a"), "the task is in another pod, 1, and not in q/a"},
		{"a", pods[1:], in("A", "1", "a"), "the task is in another pod, 1, and not in q/a"},
		{"", pods, in("X", "7", "a"), "the task is in another pod, 7, and not in p/a, p/b, p/i, q/a"},
		{"", pods[1:], init, "the task is the init process of the node, and in none of these pods: q/a"},
		{"", pods[1:], notInit, "q/a"},
		{"", pods[1:], in("A", "", ""), "q/a"},
		{"", made[:1], in("X", "7", "b"), "d/b"},
		{"", made[:1], in("X", "7", "i"), "several containers, name one: d/a, d/b, d/i"},
		{"", made[:1], in("X", "7", ""), "several containers, name one: d/a, d/b, d/i"},
		{"a", made[:1], in("X", "7", "b"), "d/a"},
		{"b", made[:1], init, "d/b"},
		{"", made, in("X", "7", "a"), "d/a"},
		{"", running, in("X", "7", "b"), "r/b"},
		{"", running, in("X", "7", "other"), "the task is in another pod, 7, and not in r/a, r/b"},
		{"", running, in("X", "7", ""), "several containers, name one: r/a, r/b"},
		{"a", running, in("X", "7", "b"), "r/a"},
		{"", running, init, "the task is the init process of the node, and in none of these pods: r/a, r/b"},
		{"", pods[:1], sandbox, "the task is the pause process of a pod's sandbox, and in none of the containers p/a, p/b, p/i"},
		{"a", pods[:1], sandbox, "the task is the pause process of a pod's sandbox, and in none of the containers p/a, p/b, p/i"},
		{"", made, in("X", "H", "a"), "s/a"},
		{"", made, in("X", "H", "c"), "s/c"},
		{"", made, in("X", "3", "c"), "s/c"},
		{"", pods[:1], nil, "several containers, name one: p/a, p/b, p/i"},
		{"b", pods, nil, "p/b"},
		{"i", pods, nil, "p/i"},
		{"a", pods, nil, "several containers, name one: p/a, p/b, p/i, q/a"},
		{"a", pods, in("", "2", ""), "q/a"},
		{"", pods, in("B", "", ""), "p/b"},
		{"", pods, in("I", "1", ""), "p/i"},
		{"", pods, in("C", "1", "b"), "p/b"},
		{"", pods, in("C", "2", ""), "q/a"},
		{"", pods, in("", "1", ""), "several containers, name one: p/a, p/b, p/i, q/a"},
		{"c", pods[:1], nil, "no container c, but p/a, p/b, p/i"},
		{"", nil, nil, "no pod, and nothing that creates pods"},
		{"", slices.Repeat(pods, 4), nil, "several containers, name one: p/a, p/b, p/i, q/a, p/a, p/b, p/i, q/a, p/a"},
	} {
		c := newChoice(test.name, test.task)
		for _, p := range test.pods {
			if !c.look(p) {
				break
			}
		}
		m, err := c.manifest()
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = m.Pod.Name + "/" + m.Container.Name
		}
		if got != test.want {
			t.Errorf("%q, %+v: %s, want %s", test.name, test.task, got, test.want)
		}
	}
}
