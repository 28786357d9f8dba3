// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/manifest"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// TestManifest holds what is compared with a manifest, and what is not.
func TestManifest(t *testing.T) {
	var node task.Namespaces
	for _, k := range []procstatus.NamespaceKind{procstatus.NamespacePID, procstatus.NamespaceIPC, procstatus.NamespaceUser} {
		id, _ := k.Initial()
		node[k].ID = task.Known(id)
	}
	onNode := func(r *task.Task) { r.Namespaces = task.Known(node) }
	for _, test := range []struct {
		name, pod  string
		change     func(r *task.Task)
		want, left string
	}{
		{"groups that are asked for, and more", `{"securityContext":{"supplementalGroups":[5]},"containers":[{"name":"c"}]}`, func(r *task.Task) { r.Groups = task.Known([]uint32{1, 5, 9}) }, "", "uid gid seccomp hostPID hostIPC hostNetwork hostUsers"},
		{"a group that is missing", `{"securityContext":{"fsGroup":6},"containers":[{"name":"c"}]}`, func(*task.Task) {}, "groups [6] [5]", "uid gid seccomp hostPID hostIPC hostNetwork hostUsers"},
		{"in the node's namespaces", `{"containers":[{"name":"c"}]}`, onNode, "hostPID false true hostIPC false true", "uid gid groups seccomp hostNetwork"},
		{"in the node's, as you asked", `{"hostPID":true,"hostIPC":true,"containers":[{"name":"c"}]}`, onNode, "", "uid gid groups seccomp hostNetwork"},
		{"in another than the initial one", `{"hostPID":true,"containers":[{"name":"c"}]}`, func(r *task.Task) {
			other := node
			other[procstatus.NamespacePID].ID = task.Known(uint64(7))
			r.Namespaces = task.Known(other)
		}, "hostIPC false true", "uid gid groups seccomp hostPID hostNetwork"},
		{"not in a user namespace", `{"hostUsers":false,"hostIPC":true,"hostPID":true,"containers":[{"name":"c"}]}`, onNode, "hostUsers false true", "uid gid groups seccomp hostNetwork"},
		{"root that can be written", `{"containers":[{"name":"c","securityContext":{"readOnlyRootFilesystem":true}}]}`, func(*task.Task) {}, "readOnlyRootFilesystem true false", "uid gid groups seccomp hostPID hostIPC hostNetwork hostUsers"},
	} {
		expected := started(t, test.pod)
		r := &task.Task{Status: task.Status{
			Sets: expected.Sets,
			UID:  task.Known(capset.IDs{}), GID: task.Known(capset.IDs{}), Groups: task.Known([]uint32{5}),
			NoNewPrivs: task.Known(false), Seccomp: task.Known(task.Seccomp{}),
		}}
		for k := range r.Sets {
			r.Sets[k] = task.Known(r.Sets[k].Zero())
		}
		r.Mounts.ReadOnlyRoot = task.Known(false)
		test.change(r)
		d := Compare(&Side{Task: expected}, &Side{Task: r}, capset.Bounding)
		back := Compare(&Side{Task: r}, &Side{Task: expected}, capset.Bounding)
		var left []string
		for _, n := range d.NotCompared[2:] { // permitted and effective
			left = append(left, n.Code)
		}
		if valuesText(d) != test.want || strings.Join(left, " ") != test.left || len(d.Unknown) > 0 {
			t.Errorf("%s: %v, %v, %v", test.name, valuesText(d), left, d.Unknown)
		}
		if len(back.Values) != len(d.Values) || !slices.Equal(back.NotCompared, d.NotCompared) {
			t.Errorf("%s, the other way round: %v", test.name, back)
		}
	}
}

// started returns the task that the only container of a pod asks for.
func started(t *testing.T, spec string) *task.Task {
	t.Helper()
	m, err := manifest.Choose(strings.NewReader(`{"spec":`+spec+`}`), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	m.Through(nil, nil)
	return m.Expected(capset.LastKnown)
}

func valuesText(d *Difference) string {
	var list []string
	for _, v := range d.Values {
		list = append(list, fmt.Sprint(v.Key, " ", v.A, " ", v.B))
	}
	return strings.Join(list, " ")
}

// TestReasons holds why values are not compared with a manifest.
func TestReasons(t *testing.T) {
	expected := started(t, `{"containers":[{"name":"c","securityContext":{"runAsUser":1}}]}`)
	r := &task.Task{
		Status:     task.Status{UID: task.Unknown[capset.IDs]("hidden")},
		Securebits: task.Known(capset.Securebits(1)),
		Namespaces: task.Unknown[task.Namespaces]("forbidden"),
		Mounts:     task.UnknownMounts("unread"),
	}
	manifests := &Side{Label: "m", Task: expected}
	for name, test := range map[string]struct {
		b    *Side
		want string
	}{
		"a task": {&Side{Label: "t", Task: r}, "uid: hidden, gid: left to the image, groups: left to the image, noNewPrivs: it is not known of the task, " +
			"seccomp: left to kubelet and the runtime, readOnlyRootFilesystem: unread, hostPID: forbidden, hostIPC: forbidden, hostNetwork: forbidden, hostUsers: forbidden"},
		"a manifest": {manifests, "gid: left to the image, groups: left to the image, seccomp: left to kubelet and the runtime"},
	} {
		var got []string
		for _, n := range Compare(manifests, test.b, capset.Bounding).NotCompared {
			if !strings.HasPrefix(n.Code, "capabilities.") {
				got = append(got, n.Code+": "+n.Text)
			}
		}
		if text := strings.Join(got, ", "); text != test.want {
			t.Errorf("%s: %s\nwant %s", name, text, test.want)
		}
	}
}

// TestSets holds which sets are compared, and when an unknown one is an error.
func TestSets(t *testing.T) {
	some := &task.Task{}
	some.Sets[capset.Bounding] = task.Known(capset.Of(capset.Chown, capset.Kill))
	for k := range some.Sets {
		if !some.Sets[k].Known() {
			some.Sets[k] = task.Unknown[capset.Set]("no line")
		}
	}
	expected := started(t, `{"containers":[{"name":"c"}]}`)
	chown := &Side{Label: "chown", Set: capset.Of(capset.Chown)}
	tasks := &Side{Label: "t", Task: some}
	manifests := &Side{Label: "m", Task: expected}
	older := &task.Task{LastCap: task.LastCap{Value: capset.AuditRead, From: task.FromKernel}}
	for k := range older.Sets {
		older.Sets[k] = task.Known(capset.Set(0))
	}
	older.Sets[capset.Bounding] = task.Known(capset.UpTo(capset.AuditRead))
	privileged := &Side{Label: "m", Task: started(t, `{"containers":[{"name":"c","securityContext":{"privileged":true}}]}`)}
	for _, test := range []struct {
		name string
		a, b *Side
		k    capset.Kind
		want string
	}{
		{"all that an older kernel has", privileged, &Side{Label: "t", Task: older}, capset.Bounding, "(capabilities.permitted: left to the image) (capabilities.effective: left to the image)"},
		{"two sets", chown, &Side{Set: capset.Of(capset.Kill)}, capset.Bounding, "Bounding +cap_kill -cap_chown"},
		{"the same", chown, chown, capset.Bounding, ""},
		{"a set and a task", chown, tasks, capset.Bounding, "Bounding +cap_kill -"},
		{"a set and one that is unknown", chown, tasks, capset.Effective, "t: effective is unknown: no line"},
		{"a set and one that is left to the image", chown, manifests, capset.Effective, "m: effective is unknown: left to the image"},
		{
			"two tasks", tasks, tasks, capset.Bounding,
			strings.Join(slices.Concat(missing("inheritable"), missing("permitted"), missing("effective"), missing("ambient")), " "),
		},
		{
			"a manifest and a task", manifests, tasks, capset.Bounding,
			"Bounding + -cap_dac_override,cap_fowner,cap_fsetid,cap_setgid,cap_setuid,cap_setpcap,cap_net_bind_service,cap_net_raw,cap_sys_chroot,cap_mknod,cap_audit_write,cap_setfcap " +
				"t: inheritable is unknown: no line t: permitted is unknown: no line t: effective is unknown: no line t: ambient is unknown: no line " +
				"(capabilities.permitted: left to the image) (capabilities.effective: left to the image)",
		},
		{"a manifest and a manifest", manifests, manifests, capset.Bounding, "(capabilities.permitted: left to the image) (capabilities.effective: left to the image)"},
	} {
		d := Compare(test.a, test.b, test.k)
		var got []string
		for _, s := range d.Sets {
			got = append(got, fmt.Sprintf("%v +%v -%v", s.Kind, s.More, s.Less))
		}
		for _, err := range d.Unknown {
			got = append(got, err.Error())
		}
		for _, n := range d.NotCompared {
			if strings.HasPrefix(n.Code, "capabilities.") {
				got = append(got, "("+n.Code+": "+n.Text+")")
			}
		}
		if text := strings.Join(got, " "); text != test.want {
			t.Errorf("%s: %s\nwant %s", test.name, text, test.want)
		}
		if d.Equal() != (len(d.Sets) == 0) {
			t.Errorf("%s: equal %v", test.name, d.Equal())
		}
	}
}

// missing returns what is said twice of a set that two tasks lack.
func missing(set string) []string {
	return slices.Repeat([]string{"t: " + set + " is unknown: no line"}, 2)
}

// TestTasks holds what is compared of two tasks: what both tell.
func TestTasks(t *testing.T) {
	one := &task.Task{Securebits: task.Known(capset.Securebits(1))}
	one.UID, one.GID, one.Groups = task.Known(task.AllIDs(1)), task.Known(task.AllIDs(2)), task.Known([]uint32{3, 4})
	one.NoNewPrivs, one.Seccomp = task.Known(true), task.Known(task.Seccomp{Mode: 2})
	one.UserNamespace = task.Known(task.UserNamespace{ID: task.Known(uint64(5))})
	one.Mounts.ReadOnlyRoot, one.Isolation.HostPID = task.Known(true), task.Known(true)
	two := &task.Task{Securebits: task.Known(capset.Securebits(2))}
	two.UID, two.GID, two.Groups = task.Known(task.AllIDs(6)), task.Known(task.AllIDs(2)), task.Known([]uint32{3})
	two.NoNewPrivs, two.Seccomp = task.Known(false), task.Known(task.Seccomp{Mode: 9})
	two.UserNamespace = task.Known(task.UserNamespace{ID: task.Known(uint64(7))})
	two.Mounts.ReadOnlyRoot, two.Isolation.HostPID = task.Known(false), task.Known(false)
	one.Source, two.Source = task.SourceProc, task.SourceProc
	d := Compare(&Side{Task: one}, &Side{Task: two}, capset.Bounding)
	const want = "uid {1 1 1 1} {6 6 6 6} groups [3 4] [3] noNewPrivs true false seccomp filter 9 securebits 1 2 userNamespace 5 7 readOnlyRootFilesystem true false hostPID true false"
	if got := valuesText(d); got != want || d.NotCompared != nil {
		t.Errorf("%s, %v, want %s", got, d.NotCompared, want)
	}
	// Of a saved report, only whether its user namespace is the initial one can be compared.
	initial, _ := procstatus.NamespaceUser.Initial()
	for _, test := range []struct {
		a, b    uint64
		differs bool
		left    int
	}{{5, 7, false, 1}, {5, 5, false, 0}, {5, initial, true, 0}, {initial, initial, false, 0}} {
		file, live := &task.Task{Source: "report.json"}, &task.Task{Source: task.SourceProc}
		file.UserNamespace = task.Known(task.UserNamespace{ID: task.Known(test.a)})
		live.UserNamespace = task.Known(task.UserNamespace{ID: task.Known(test.b)})
		for _, d := range []*Difference{
			Compare(&Side{Task: file}, &Side{Task: live}, capset.Bounding),
			Compare(&Side{Task: live}, &Side{Task: file}, capset.Bounding),
		} {
			if (len(d.Values) == 1) != test.differs || len(d.NotCompared) != test.left {
				t.Errorf("%d and %d: %+v, %+v", test.a, test.b, d.Values, d.NotCompared)
			}
		}
	}
	var left []string
	alone := Compare(&Side{Task: one}, &Side{Task: &task.Task{}}, capset.Bounding)
	for _, n := range alone.NotCompared {
		left = append(left, n.Code)
	}
	if got := strings.Join(left, " "); alone.Values != nil || got != "uid gid groups noNewPrivs seccomp userNamespace readOnlyRootFilesystem hostPID securebits" {
		t.Errorf("with one of which nothing is known: %v, %s", alone.Values, got)
	}
}

// TestLabel holds that what is to be left alone by AppArmor may run where there is none.
func TestLabel(t *testing.T) {
	apparmor := func(profile string) task.Value[procstatus.Label] {
		return task.Known(procstatus.Label{Module: "apparmor", Label: profile})
	}
	for _, test := range []struct {
		asked, has task.Value[procstatus.Label]
		want       string
	}{
		{apparmor("unconfined"), apparmor("unconfined"), ""},
		{apparmor("unconfined"), task.Unknown[procstatus.Label](task.NoLabels), ""},
		{apparmor("unconfined"), task.Known(procstatus.Label{Module: "selinux", Label: "a:b:c:d"}), ""},
		{apparmor("unconfined"), apparmor("mine"), "lsm apparmor unconfined apparmor mine"},
		{apparmor("mine"), task.Unknown[procstatus.Label](task.NoLabels), "lsm apparmor mine "},
	} {
		expected := &task.Task{Asked: &task.Asked{}, Status: task.Status{}, Label: test.asked}
		d := Compare(&Side{Task: expected}, &Side{Task: &task.Task{Label: test.has}}, capset.Bounding)
		if got := valuesText(d); got != test.want {
			t.Errorf("%v, %v: %q, want %q", test.asked, test.has, got, test.want)
		}
	}
}
