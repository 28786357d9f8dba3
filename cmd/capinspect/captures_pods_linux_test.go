// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/testdata/fixture"
)

// capturedPod is what Kubernetes says of a pod whose processes are in the captured trees.
type capturedPod struct {
	name, file string
	Metadata   struct {
		Name, Namespace, UID string
		Annotations          map[string]string
	}
	Status struct {
		ContainerStatuses, InitContainerStatuses, EphemeralContainerStatuses []capturedContainer
	}
}

type capturedContainer struct {
	Name, ContainerID string
	User              struct {
		Linux struct {
			UID, GID           uint32
			SupplementalGroups []uint32
		}
	}
}

// id returns the uid that the node knows the pod by: that of a static pod is not the one
// that the API server gives it.
func (p *capturedPod) id() string {
	return cmp.Or(p.Metadata.Annotations["kubernetes.io/config.hash"], p.Metadata.UID)
}

// container returns the container that a report tells of: by its id or, where that is
// unknown, by its name.
func (p *capturedPod) container(id, name string) *capturedContainer {
	all := slices.Concat(p.Status.ContainerStatuses, p.Status.InitContainerStatuses, p.Status.EphemeralContainerStatuses)
	at := slices.IndexFunc(all, func(c capturedContainer) bool {
		return id != "" && c.ContainerID == "containerd://"+id || id == "" && c.Name == name
	})
	if at < 0 {
		return nil
	}
	return &all[at]
}

// capturedPods returns the pods that were captured with the tree kubernetes-1.37.
func capturedPods(t *testing.T) (list []*capturedPod) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(fixture.Dir(t), "pod/kubernetes-1.37/*.json"))
	if err != nil || len(files) != 27 {
		t.Fatal(len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		p := &capturedPod{name: name, file: file}
		if err := json.Unmarshal(fixture.Read(t, "pod/kubernetes-1.37/"+filepath.Base(file)), p); err != nil {
			t.Fatal(file, err)
		}
		list = append(list, p)
	}
	return list
}

// capturedTasks returns the PIDs of the captured tasks of one name, by their trees.
func capturedTasks(t *testing.T, name string) map[string]string {
	t.Helper()
	pids := map[string]string{}
	for line := range strings.Lines(string(fixture.Read(t, "proc/INDEX"))) {
		at, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		tree, pid, one := strings.Cut(at, "/")
		if of, _, _ := strings.Cut(rest, ":"); one && of == name {
			pids[tree] = pid
		}
	}
	return pids
}

// TestCapturedPods compares what capinspect tells of the captured tasks with what
// Kubernetes says of their pods: the container, the pod, the ids and the groups.
func TestCapturedPods(t *testing.T) {
	compared := 0
	for _, p := range capturedPods(t) {
		tasks := capturedTasks(t, p.name)
		if tasks["kubernetes-1.37"] == "" {
			t.Errorf("%s: no task", p.name)
		}
		for tree, pid := range tasks {
			at := fmt.Sprintf("%s, %s/%s", p.name, tree, pid)
			o := call("", "--proc", filepath.Join(fixture.Dir(t), "proc", tree), "--last-cap", "40", "--json", pid)
			var report struct {
				Tasks []struct {
					Container struct {
						Runtime, ID, Name, PodUID string
						Sandbox                   bool
					}
					UID, GID      struct{ Real uint32 }
					Groups        []struct{ ID uint32 }
					UserNamespace struct{ UIDMap, GIDMap []extent }
				}
			}
			if err := json.Unmarshal([]byte(o.stdout), &report); err != nil || len(report.Tasks) != 1 || o.status != 0 {
				t.Fatalf("%s: %+v, %v", at, o, err)
			}
			got := report.Tasks[0]
			want := p.container(got.Container.ID, got.Container.Name)
			switch {
			case got.Container.Sandbox && tree == "kubernetes-1.37-inside" && strings.Contains(p.name, "sharepid"):
				continue // whose PID 1 is the sandbox
			case want == nil:
				t.Errorf("%s: the pod has no container %+v", at, got.Container)
				continue
			case got.Container.Name != want.Name || got.Container.PodUID != p.id() || got.Container.Runtime != "containerd" || got.Container.Sandbox:
				t.Errorf("%s: %+v, want %s in pod %s", at, got.Container, want.Name, p.id())
			}
			user := want.User.Linux
			uid, gid := inside(got.UserNamespace.UIDMap, got.UID.Real), inside(got.UserNamespace.GIDMap, got.GID.Real)
			groups := []uint32{}
			for _, g := range got.Groups {
				groups = append(groups, inside(got.UserNamespace.GIDMap, g.ID))
			}
			slices.Sort(groups)
			slices.Sort(user.SupplementalGroups)
			if uid != user.UID || gid != user.GID || !slices.Equal(groups, user.SupplementalGroups) {
				t.Errorf("%s: uid %d, gid %d, groups %d, want %+v", at, uid, gid, groups, user)
			}
			compared++
		}
	}
	if compared < 49 {
		t.Errorf("%d tasks", compared)
	}
}

// inside returns the id that a user namespace has for one of its parent.
func inside(extents []extent, id uint32) uint32 {
	for _, e := range extents {
		if id >= e.Outside && id-e.Outside < e.Length {
			return e.Inside + id - e.Outside
		}
	}
	return id
}

// unasked are the captured tasks that have other capabilities than their pod asks for, and
// why.
var unasked = map[string]string{
	"k137-v1-filecap-nnp": "has net_bind_service more in Permitted and Effective", // its file gives it
	"k137-v1-suid":        "has 14 capabilities more in Permitted and Effective",  // set-user-ID root
	"k137-v1-privileged":  "has sys_resource less",                                // the node lacks it
	"k137-v2-privileged":  "has sys_resource less",
}

// TestCapturedPodsAsked compares each captured task with its pod, and with another one,
// which is refused.
func TestCapturedPodsAsked(t *testing.T) {
	pods := capturedPods(t)
	tree := filepath.Join(fixture.Dir(t), "proc/kubernetes-1.37")
	for i, p := range pods {
		pid := capturedTasks(t, p.name)["kubernetes-1.37"]
		o := call("", "diff", "--proc", tree, "pod:"+p.file, pid)
		first, _, _ := strings.Cut(o.stdout, "\n")
		if why, differs := unasked[p.name]; differs && (o.status != 1 || !strings.Contains(first, why)) || !differs && (o.status != 0 || !strings.HasSuffix(first, ": no difference in what is compared")) {
			t.Errorf("%s: %+v", p.name, o)
		}
		other := pods[(i+1)%len(pods)]
		if other.id() == p.id() {
			other = pods[(i+2)%len(pods)]
		}
		o = call("", "diff", "--proc", tree, "pod:"+other.file, pid)
		if o.status != 2 || o.stdout != "" || !strings.Contains(o.stderr, "the task is in another pod, "+p.id()+", and not in ") {
			t.Errorf("%s and %s: %+v", p.name, other.name, o)
		}
	}
}

// TestCapturedPodsNamed holds that ps takes all names of the captured containers from the
// pods, and no name from anything else.
func TestCapturedPodsNamed(t *testing.T) {
	var items []string
	for _, p := range capturedPods(t) {
		items = append(items, string(fixture.Read(t, "pod/kubernetes-1.37/"+p.name+".json")))
	}
	list := `{"apiVersion": "v1", "kind": "List", "items": [` + strings.Join(items, ",") + "]}"
	for _, pods := range [][]string{nil, {"--pods", "-"}} {
		o := call(list, append([]string{"ps", "--proc", filepath.Join(fixture.Dir(t), "proc/kubernetes-1.37"), "--by", "container", "--json"}, pods...)...)
		var report struct {
			Containers []struct{ ID, Runtime, Name, PodName, PodNamespace *string }
		}
		if err := json.Unmarshal([]byte(o.stdout), &report); err != nil || o.status != 0 || len(report.Containers) != 27 {
			t.Fatalf("%+v, %v", o, err)
		}
		for _, c := range report.Containers {
			named := c.Runtime != nil && c.Name != nil && c.PodName != nil && c.PodNamespace != nil
			if c.ID == nil || named != (pods != nil) {
				t.Errorf("pods %q: %+v", pods, c)
			}
		}
	}
}

// TestCapturedWorkloads holds which containers of each kind of workload are found.
func TestCapturedWorkloads(t *testing.T) {
	const web, side = "Deployment/default/w-dep web", "Deployment/default/w-dep side"
	for file, want := range map[string][]string{
		"cronjob.json": {"CronJob/default/w-cron cr"}, "daemonset.json": {"DaemonSet/default/w-ds agent"}, "deployment.json": {web, side}, "deployment.yaml": {web, side},
		"job.json": {"Job/default/w-job j"}, "rs.json": {"ReplicaSet/default/w-dep-988888b56 web", "ReplicaSet/default/w-dep-988888b56 side"}, "statefulset.json": {"StatefulSet/default/w-sts db"},
		"list.json": {
			web, side, "StatefulSet/default/w-sts db", "DaemonSet/default/w-ds agent", "Job/default/w-cron-29930468 cr", "Job/default/w-job j", "CronJob/default/w-cron cr",
		},
	} {
		o := call("", "check", "--lacks", "sys_time", "--json", "pod:"+filepath.Join(fixture.Dir(t), "pod/workloads", file))
		var report struct {
			Subjects []struct{ Kind, Namespace, Name, Container string }
		}
		if err := json.Unmarshal([]byte(o.stdout), &report); err != nil || o.status == 2 {
			t.Fatalf("%s: %+v, %v", file, o, err)
		}
		var got []string
		for _, s := range report.Subjects {
			got = append(got, fmt.Sprintf("%s/%s/%s %s", s.Kind, s.Namespace, s.Name, s.Container))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", file, got, want)
		}
	}
}
