// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/procstatus"
	"github.com/capinspect/capinspect/procstatus/container"
)

// manifestOf returns what a securityContext asks of a runtime, and the expected state.
func manifestOf(t *testing.T, through, context string) (*Manifest, *Record) {
	t.Helper()
	pods, err := podsOf(`{"spec":{"containers":[{"name":"c","securityContext":` + context + `}]}}`)
	if err != nil || len(pods) != 1 {
		t.Fatal(context, err)
	}
	m := &Manifest{Pod: pods[0], Container: pods[0].Containers[0]}
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
			if set, ok := r.Status.Caps(k); ok {
				text = fmt.Sprintf("%x", uint64(set))
			} else if r.Why(capsPath(k)) == "" {
				t.Errorf("%s: no reason for %v", test.context, k)
			}
			sets = append(sets, text)
		}
		if got := strings.Join(sets, " "); got != test.want {
			t.Errorf("%s %s: %s, want %s", test.runtime, test.context, got, test.want)
		}
	}
}

func TestExpectedValues(t *testing.T) {
	for _, test := range []struct{ context, want string }{
		{`{}`, "noNewPrivs false readOnlyRootFilesystem false hostPID false hostIPC false hostNetwork false hostUsers true"},
		{
			`{"runAsUser":1,"runAsGroup":2,"allowPrivilegeEscalation":false,"readOnlyRootFilesystem":true,"seccompProfile":{"type":"RuntimeDefault"}}`,
			"uid {1 1 1 1} gid {2 2 2 2} noNewPrivs true seccomp filter readOnlyRootFilesystem true hostPID false hostIPC false hostNetwork false hostUsers true",
		},
		{`{"seccompProfile":{"type":"Localhost"},"allowPrivilegeEscalation":true}`, "noNewPrivs false seccomp filter readOnlyRootFilesystem false hostPID false hostIPC false hostNetwork false hostUsers true"},
		{`{"seccompProfile":{"type":"Unconfined"}}`, "noNewPrivs false seccomp disabled readOnlyRootFilesystem false hostPID false hostIPC false hostNetwork false hostUsers true"},
		{`{"seccompProfile":{"type":"RuntimeDefault"},"privileged":true}`, "noNewPrivs false seccomp disabled readOnlyRootFilesystem false hostPID false hostIPC false hostNetwork false hostUsers true"},
		{`{"seccompProfile":{"type":"x"}}`, "noNewPrivs false readOnlyRootFilesystem false hostPID false hostIPC false hostNetwork false hostUsers true"},
	} {
		_, r := manifestOf(t, "containerd", test.context)
		var got []string
		for i, v := range values {
			if value := r.value(i); value != nil {
				got = append(got, fmt.Sprint(v.key, " ", value))
			}
		}
		if text := strings.Join(got, " "); text != test.want {
			t.Errorf("%s: %s, want %s", test.context, text, test.want)
		}
	}
}

// TestTraps holds the code and the text of each trap.
func TestTraps(t *testing.T) {
	for _, test := range []struct {
		runtime, context string
		want             []string
	}{
		{"containerd", `{"capabilities":{"drop":["ALL"],"add":["NET_RAW"]}}`, nil},
		{"containerd", `{"capabilities":{"add":["CAP_NET_RAW"]}}`, []string{`cap-prefix add "CAP_NET_RAW": it counts for nothing, write NET_RAW`}},
		{"crio", `{"capabilities":{"add":["CAP_NET_RAW"]}}`, []string{`cap-prefix add "CAP_NET_RAW": taken, but containerd would ignore it, write NET_RAW`}},
		{"containerd", `{"capabilities":{"drop":["cap_all"]}}`, []string{`cap-prefix drop "cap_all": it counts for nothing, write ALL`}},
		{"docker", `{"capabilities":{"drop":["CAP_ALL"]}}`, []string{`cap-prefix drop "CAP_ALL": docker makes no container, write ALL`}},
		{"containerd", `{"capabilities":{"add":["NET_ADMN"]}}`, []string{`unknown-capability add "NET_ADMN": it counts for nothing, perhaps NET_ADMIN`}},
		{"crio", `{"capabilities":{"drop":["CAP_NET_ADMN"]}}`, []string{`unknown-capability drop "CAP_NET_ADMN": crio makes no container, perhaps NET_ADMIN`}},
		{"containerd", `{"capabilities":{"add":["13","","\u001b"]}}`, []string{
			`unknown-capability add "13": it counts for nothing`, `unknown-capability add "": it counts for nothing`, "unknown-capability add \"\x1b\": it counts for nothing",
		}},
		{"containerd", `{"capabilities":{"add":["` + strings.Repeat("x", 1000) + `"]}}`, []string{`unknown-capability add "` + strings.Repeat("x", 64) + `": it counts for nothing`}},
		{"containerd", `{"capabilities":{"add":["net_raw"],"drop":["all"]}}`, []string{
			`lower-case-name add "net_raw": taken, but Pod Security does not know it, write NET_RAW`,
			`lower-case-name drop "all": taken, but Pod Security does not know it, write ALL`,
		}},
		{"containerd", `{"runAsUser":1,"capabilities":{"add":["NET_RAW","NET_ADMIN"]}}`, []string{
			"add-without-effect add NET_ADMIN,NET_RAW: another user than root is not permitted that, unless the file of the program has it",
		}},
		{"containerd", `{"runAsNonRoot":true,"privileged":true}`, []string{
			"add-without-effect privileged: true: another user than root is not permitted that, unless the file of the program has it",
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
			`cap-prefix add "CAP_SYS_ADMIN": taken, but containerd would ignore it, write SYS_ADMIN`,
			"no-new-privs-with-sys-admin allowPrivilegeEscalation: false: the API server refuses it beside add CAP_SYS_ADMIN",
		}},
		{"docker", `{"allowPrivilegeEscalation":false,"capabilities":{"add":["SYS_ADMIN"],"drop":["MKNOD"]}}`, nil},
		{"containerd", `{"runAsUser":0,"runAsNonRoot":true}`, []string{"root-as-non-root runAsNonRoot: true: kubelet starts no container with it and runAsUser: 0"}},
		{"containerd", `{"runAsUser":0,"runAsNonRoot":false}`, nil},
	} {
		m, _ := manifestOf(t, test.runtime, test.context)
		var got []string
		for _, trap := range m.Traps {
			got = append(got, trap.Code+" "+trap.Text)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s %s:\n%q\nwant\n%q", test.runtime, test.context, got, test.want)
		}
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
	in := func(id, pod, name string) *Record {
		return &Record{Surroundings: Surroundings{Container: &Container{Container: container.Container{ID: id, PodUID: pod, Name: name}}}}
	}
	for _, test := range []struct {
		name string
		pods []*Pod
		task *Record
		want string
	}{
		{"", pods[1:], nil, "q/a"},
		{"", pods[1:], in("A", "1", "a"), "q/a"},
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
		{"", nil, nil, "no pod, and nothing that makes pods"},
		{"", slices.Repeat(pods, 4), nil, "several containers, name one: p/a, p/b, p/i, q/a, p/a, p/b, p/i, q/a, p/a"},
	} {
		c := &choice{name: test.name, task: new(Container)}
		if test.task != nil {
			c.task = test.task.Container
		}
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

// TestInside holds that ids are compared as the task's user namespace has them.
func TestInside(t *testing.T) {
	maps := &UserNamespace{
		UIDMap: procstatus.IDMap{{Inside: 0, Outside: 100000, Length: 1000}}, GIDMap: procstatus.IDMap{{Inside: 5, Outside: 200000, Length: 10}},
	}
	task := func(ns *UserNamespace) *Record {
		r := &Record{Surroundings: Surroundings{UserNamespace: ns}}
		r.Status.UID = procstatus.IDs{Real: 100007, Effective: 100000, Saved: 100999, Filesystem: 5}
		r.Status.GID = procstatus.IDs{Real: 200000, Effective: 200001, Saved: 200009, Filesystem: 200010}
		r.Status.Groups = []uint32{200002, 4}
		r.Status.Mark(procstatus.FieldUID, procstatus.FieldGID, procstatus.FieldGroups)
		return r
	}
	r := task(maps)
	r.Inside()
	for i, want := range []string{"{7 0 999 65534}", "{5 6 14 65534}", "[7 65534]"} {
		if got := fmt.Sprint(r.value(i)); got != want {
			t.Errorf("%s: %s, want %s", values[i].key, got, want)
		}
	}
	own := *maps
	own.Own = true
	for _, r := range []*Record{task(&own), {Self: true, Surroundings: Surroundings{UserNamespace: maps}, Status: task(maps).Status}} {
		r.Inside()
		if got := fmt.Sprint(r.value(ofUID), r.value(ofGroups)); got != "{100007 100000 100999 5} [200002 4]" {
			t.Errorf("its own: %s", got)
		}
	}
	r = task(&UserNamespace{})
	r.Inside()
	for i := range ofNoNewPrivs {
		if r.value(i) != nil || r.Why(values[i].key) == "" {
			t.Errorf("%s, whose maps are hidden: %v", values[i].key, r.value(i))
		}
	}
}

// TestDiffManifest holds what is compared with a manifest, and what is not.
func TestDiffManifest(t *testing.T) {
	node := [procstatus.NumNamespaces]Namespace{}
	for _, k := range []procstatus.NamespaceKind{procstatus.NamespacePID, procstatus.NamespaceIPC, procstatus.NamespaceUser} {
		node[k].ID, _ = k.Initial()
	}
	for _, test := range []struct {
		name, pod  string
		change     func(r *Record)
		want, left string
	}{
		{"groups that are asked for, and more", `{"securityContext":{"supplementalGroups":[5]},"containers":[{"name":"c"}]}`, func(r *Record) { r.Status.Groups = []uint32{1, 5, 9} }, "", "uid gid seccomp hostPID hostIPC hostNetwork hostUsers"},
		{"a group that is missing", `{"securityContext":{"fsGroup":6},"containers":[{"name":"c"}]}`, func(*Record) {}, "groups [6] [5]", "uid gid seccomp hostPID hostIPC hostNetwork hostUsers"},
		{"in the node's namespaces", `{"containers":[{"name":"c"}]}`, func(r *Record) { r.Namespaces = node }, "hostPID false true hostIPC false true", "uid gid groups seccomp hostNetwork"},
		{"in the node's, as asked", `{"hostPID":true,"hostIPC":true,"containers":[{"name":"c"}]}`, func(r *Record) { r.Namespaces = node }, "", "uid gid groups seccomp hostNetwork"},
		{"in another than the initial one", `{"hostPID":true,"containers":[{"name":"c"}]}`, func(r *Record) { r.Namespaces = node; r.Namespaces[procstatus.NamespacePID].ID = 7 }, "hostIPC false true", "uid gid groups seccomp hostPID hostNetwork"},
		{"not in a user namespace", `{"hostUsers":false,"hostIPC":true,"hostPID":true,"containers":[{"name":"c"}]}`, func(r *Record) { r.Namespaces = node }, "hostUsers false true", "uid gid groups seccomp hostNetwork"},
		{"root that can be written", `{"containers":[{"name":"c","securityContext":{"readOnlyRootFilesystem":true}}]}`, func(*Record) {}, "readOnlyRootFilesystem true false", "uid gid groups seccomp hostPID hostIPC hostNetwork hostUsers"},
	} {
		pods, err := podsOf(`{"spec":` + test.pod + `}`)
		if err != nil {
			t.Fatal(err)
		}
		m := &Manifest{Pod: pods[0], Container: pods[0].Containers[0]}
		m.Through(nil, nil)
		expected := m.Expected(capset.LastKnown)
		task := new(Record)
		task.Mounted.ReadOnly = No
		task.Status.Groups = []uint32{5}
		task.Status.Mark(procstatus.FieldUID, procstatus.FieldGID, procstatus.FieldGroups, procstatus.FieldNoNewPrivs, procstatus.FieldSeccomp)
		for k := range capset.Kind(capset.NumKinds) {
			set, _ := expected.Status.Caps(k)
			task.Status.SetCaps(k, set)
		}
		test.change(task)
		d := Diff(&Side{Task: expected, Manifest: m}, &Side{Task: task}, capset.Bounding)
		back := Diff(&Side{Task: task}, &Side{Task: expected, Manifest: m}, capset.Bounding)
		var got, left []string
		for _, v := range d.Values {
			got = append(got, fmt.Sprint(v.Key, " ", v.A, " ", v.B))
		}
		for _, n := range d.NotCompared[2:] { // permitted and effective
			left = append(left, n.Code)
		}
		if strings.Join(got, " ") != test.want || strings.Join(left, " ") != test.left || len(d.Unknown) > 0 {
			t.Errorf("%s: %v, %v, %v", test.name, got, left, d.Unknown)
		}
		if len(back.Values) != len(d.Values) || !slices.Equal(back.NotCompared, d.NotCompared) {
			t.Errorf("%s, the other way round: %v", test.name, back)
		}
	}
}
