// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"fmt"
	"testing"
	"time"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/containers"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	cgroup "github.com/capinspect/capinspect/procstatus/container"
)

// TestWorkload holds what of the name of a pod its controller adds.
func TestWorkload(t *testing.T) {
	for _, test := range []struct{ pod, node, want string }{
		{"web-6d4cf56db6-x7k2p", "", "web"},
		{"my-web-7f9c5d4b8d-tq9wz", "", "my-web"},
		{"agent-mk5zq", "", "agent"},
		{"db-0", "", "db"},
		{"db-12", "", "db"},
		{"nightly-29406960-mk5zq", "", "nightly"},
		{"indexed-3-mk5zq", "", "indexed-3"},
		{"kube-apiserver-node-1", "node-1", "kube-apiserver"},
		{"kube-apiserver-node-1", "node-2", "kube-apiserver-node"}, // of another node: who wrote that list?
		{"kube-proxy", "", "kube-proxy"},
		{"my-nginx", "", "my-nginx"},   // a vowel: no suffix
		{"my-redis1", "", "my-redis1"}, // 1 is none of the letters
		{"-mk5zq", "", "-mk5zq"},
		{"node-1", "node-1", "node"},
		{"", "", ""},
		{"", "node-1", ""},
	} {
		if got := Workload(test.pod, test.node); got != test.want {
			t.Errorf("%q on %q: %q, want %q", test.pod, test.node, got, test.want)
		}
	}
}

const docker = capset.Set(0xa80425fb)

// process returns a task that holds something.
func process(pid int, name string, uid uint32, held capset.Set, in *task.Container) *task.Task {
	t := &task.Task{LastCap: task.LastCap{Value: capset.LastKnown, From: task.FromReport}, Container: task.Known(in)}
	t.Pid, t.Tid, t.Name, t.UID = task.Known(pid), task.Known(pid), task.Known(name), task.Known(task.AllIDs(uid))
	for k := range t.Sets {
		t.Sets[k] = task.Known(held)
	}
	t.NoNewPrivs, t.Seccomp = task.Known(false), task.Known(task.Seccomp{Mode: 2})
	return t
}

func list(tasks ...*task.Task) *List {
	l := new(List)
	for _, t := range tasks {
		l.Add(t)
	}
	return l
}

func pod(id, name, podUID, podName string) *task.Container {
	return &task.Container{Container: cgroup.Container{Runtime: "containerd", ID: id, PodUID: podUID, Name: name}, PodName: podName, PodNamespace: "shop"}
}

// TestDrift holds what is the same in two lists, and what gained.
func TestDrift(t *testing.T) {
	admin, raw := capset.Of(capset.SysAdmin), capset.Of(capset.NetRaw)
	web := func(id, name string) *task.Container { return pod(id, "nginx", "uid-"+id, name) }
	for _, test := range []struct {
		name string
		a, b []*task.Task
		want string // of each entry: its word, its name, and ! if it gained
	}{
		{"a rollout", []*task.Task{process(1, "nginx", 0, docker, web("a", "web-6d4cf56db6-x7k2p"))}, []*task.Task{process(9, "nginx", 0, docker, web("b", "web-7f9c5d4b8d-tq9wz"))}, ""},
		{
			"one of several gained",
			[]*task.Task{process(1, "nginx", 0, docker, web("a", "web-6d4cf56db6-x7k2p"))},
			[]*task.Task{process(1, "nginx", 0, docker, web("a", "web-6d4cf56db6-x7k2p")), process(2, "nginx", 0, docker|admin, web("b", "web-6d4cf56db6-tq9wz"))},
			"gained shop/web/nginx (nginx)!",
		},
		{"what one has, another one may lose", []*task.Task{process(1, "a", 0, raw, web("a", "web-0")), process(2, "a", 0, raw, web("a", "web-0"))}, []*task.Task{process(1, "a", 0, raw, web("a", "web-0")), process(2, "a", 0, 0, web("a", "web-0"))}, ""},
		{"the pod", []*task.Task{process(1, "a", 0, raw, pod("a", "c", "uid", ""))}, []*task.Task{process(1, "a", 0, raw, pod("b", "c", "uid", ""))}, ""},
		{"the id", []*task.Task{process(1, "a", 0, raw, pod("aaaa", "", "", ""))}, []*task.Task{process(1, "a", 0, raw, pod("bbbb", "", "", ""))}, "appeared container bbbb gone container aaaa"},
		{"one list has the names", []*task.Task{process(1, "a", 0, raw, pod("aaaa", "", "", ""))}, []*task.Task{process(1, "a", 0, raw, web("aaaa", "web-0"))}, ""},
		{"appeared with the default", nil, []*task.Task{process(1, "a", 0, docker, web("a", "web-0"))}, "appeared shop/web/nginx"},
		{"appeared with more", nil, []*task.Task{process(1, "a", 0, docker|admin, web("a", "web-0"))}, "appeared shop/web/nginx!"},
		{"a process that appeared with what its container held", []*task.Task{process(1, "a", 0, docker, web("a", "web-0"))}, []*task.Task{process(1, "a", 0, docker, web("a", "web-0")), process(2, "b", 0, raw, web("a", "web-0"))}, "appeared shop/web/nginx (b)"},
		{"and with what it did not hold", []*task.Task{process(1, "a", 0, raw, web("a", "web-0"))}, []*task.Task{process(1, "a", 0, raw, web("a", "web-0")), process(2, "b", 0, admin, web("a", "web-0"))}, "appeared shop/web/nginx (b)!"},
		{"no container: by name and uid", []*task.Task{process(1, "sshd", 0, docker, nil), process(2, "sshd", 7, 0, nil)}, []*task.Task{process(5, "sshd", 0, docker, nil), process(6, "sshd", 7, raw, nil)}, "gained sshd of uid 7!"},
		{"no container: appeared with nothing", nil, []*task.Task{process(6, "bash", 7, 0, nil)}, "appeared bash of uid 7"},
		{"no container: appeared with something", nil, []*task.Task{process(6, "bash", 7, raw, nil)}, "appeared bash of uid 7!"},
		{"the most dangerous first", nil, []*task.Task{process(1, "b", 0, raw, nil), process(2, "a", 0, 0, nil), process(3, "c", 0, admin, nil)}, "appeared c of uid 0! appeared b of uid 0! appeared a of uid 0"},
	} {
		same := process(99, "same", 0, 0, pod("same", "same", "same", "same")) // both lists tell of containers
		a, b := list(append(test.a, same)...), list(append(test.b, same)...)
		got := ""
		for _, e := range Compared(a, b).Entries {
			if got != "" {
				got += " "
			}
			got += e.Word() + " " + e.Name()
			if e.Gains() {
				got += "!"
			}
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
		if back := Compared(b, a); back.Equal() != (test.want == "") {
			t.Errorf("%s, the other way round: equal is %v", test.name, back.Equal())
		}
	}
}

// TestDriftValues holds what gains without a capability.
func TestDriftValues(t *testing.T) {
	in := pod("a", "c", "uid", "web-0")
	one := func(uid uint32, nnp bool, seccomp int) *List {
		x := process(1, "a", uid, 0, in)
		x.NoNewPrivs, x.Seccomp = task.Known(nnp), task.Known(task.Seccomp{Mode: seccomp})
		return list(x)
	}
	all := one(5, true, 2)
	for _, test := range []struct {
		b    *List
		want string
	}{
		{one(5, false, 2), "shop/web/c (a) runs without no_new_privs"},
		{one(5, true, 0), "shop/web/c (a) runs without seccomp"},
		{one(0, true, 2), "shop/web/c (a) runs as uid 0"},
		{one(0, false, 0), "shop/web/c (a) runs without no_new_privs, runs without seccomp and runs as uid 0"},
		{one(6, true, 2), ""},
	} {
		d := Compared(all, test.b)
		if len(d.Entries) != 1 || d.Gains() != (test.want != "") {
			t.Fatalf("%q: %+v", test.want, d.Entries)
		}
		if e := d.Entries[0]; e.Gains() && e.Name()+" "+e.gainWords() != test.want {
			t.Errorf("%q %q, want %q", e.Name(), e.gainWords(), test.want)
		}
		if Compared(test.b, all).Gains() {
			t.Errorf("%q: gains the other way round", test.want)
		}
	}
}

// TestDriftWithoutContainers holds that containers are not looked at if one list has none.
func TestDriftWithoutContainers(t *testing.T) {
	a := list(process(1, "a", 0, docker, nil))
	b := list(process(7, "a", 0, docker, pod("a", "c", "uid", "web-0")))
	if d := Compared(a, b); !d.Equal() || len(d.NotCompared) != 1 || d.NotCompared[0].Code != "container" {
		t.Errorf("%+v, %v", d.Entries, d.NotCompared)
	}
}

// TestDriftByContainer holds that a list of tasks is summed up beside one by container.
func TestDriftByContainer(t *testing.T) {
	in := pod("a", "c", "uid", "web-0")
	x, y := process(1, "a", 0, docker, in), process(2, "b", 7, 0, in)
	sum := containers.Of(x)
	sum.Add(containers.Of(y))
	if d := Compared(&List{Sums: []*containers.Sum{sum}}, list(x, y)); !d.Equal() || d.Same != 1 {
		t.Errorf("%+v", d.Entries)
	}
	if sum.Processes != 2 {
		t.Errorf("%d processes", sum.Processes)
	}
}

// TestDriftOfMany holds that thousands of tasks take no longer than a person waits.
func TestDriftOfMany(t *testing.T) {
	a, b := new(List), new(List)
	for i := range 10_000 {
		name := fmt.Sprintf("web%d-6d4cf56db6-x7k2p", i)
		a.Add(process(i, "a", 0, docker, pod(fmt.Sprint("a", i), "c", "u", name)))
		b.Add(process(i, "a", 0, docker&^capset.Of(capset.Chown), pod(fmt.Sprint("b", i), "c", "v", name)))
	}
	start := time.Now()
	if d := Compared(a, b); len(d.Entries) != 10_000 || d.Gains() {
		t.Errorf("%d differ", len(d.Entries))
	}
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("it takes %v", took)
	}
}
