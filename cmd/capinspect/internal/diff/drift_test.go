// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"fmt"
	"testing"
	"time"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/containers"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
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
	if d := Compared(a, b); !d.Equal() || d.NotCompared[0].Code != "container" {
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
	if took := time.Since(start); took > 15*time.Second {
		t.Errorf("it takes %v", took)
	}
}

// TestDriftFacts holds in which direction a change of each kind goes.
func TestDriftFacts(t *testing.T) {
	in := pod("a", "c", "uid", "web-0")
	confined := procstatus.Label{Module: "apparmor", Label: "docker-default", Mode: "enforce"}
	labelled := func(l procstatus.Label) func(*task.Task) {
		return func(t *task.Task) { t.Label = task.Known(l) }
	}
	secure := func(b capset.Securebits) func(*task.Task) {
		return func(t *task.Task) { t.Securebits = task.Known(b) }
	}
	raises := func(k capset.Kind) func(*task.Task) {
		return func(t *task.Task) { t.Sets[k] = task.Known(docker | capset.Of(capset.SysAdmin)) }
	}
	ofNode := func(k procstatus.NamespaceKind) func(*task.Task) {
		return func(t *task.Task) {
			all := t.Namespaces.Zero()
			all[k].ID, all[k].Node = task.Known(uint64(0)), task.Known(true)
			if id, fixed := k.Initial(); fixed {
				all[k].ID = task.Known(id)
			}
			t.Namespaces = task.Known(all)
		}
	}
	for _, test := range []struct {
		name     string
		was, is  func(*task.Task)
		gains    string // "" of what is neither a gain nor a loss
		opposite bool   // it is a loss the other way round
	}{
		{"inheritable", nil, raises(capset.Inheritable), "gained sys_admin in Inheritable", true},
		{"ambient", nil, raises(capset.Ambient), "gained sys_admin", true},
		{"no label", labelled(confined), labelled(procstatus.Label{Module: "apparmor", Label: "unconfined"}), "runs unconfined", true},
		{"a profile that complains", labelled(confined), labelled(procstatus.Label{Module: "apparmor", Label: "docker-default", Mode: "complain"}), "runs unconfined", true},
		{"another profile", labelled(confined), labelled(procstatus.Label{Module: "apparmor", Label: "mine", Mode: "enforce"}), "", false},
		{"a type that confines nothing", labelled(procstatus.Label{Module: "selinux", Label: "system_u:system_r:container_t:s0:c1,c2"}), labelled(procstatus.Label{Module: "selinux", Label: "system_u:system_r:spc_t:s0"}), "runs unconfined", true},
		{"other categories", labelled(procstatus.Label{Module: "selinux", Label: "system_u:system_r:container_t:s0:c1,c2"}), labelled(procstatus.Label{Module: "selinux", Label: "system_u:system_r:container_t:s0:c3,c4"}), "", false},
		{"a securebit", secure(capset.NoRoot), secure(0), "runs with fewer securebits", true},
		{"a securebit that holds back nothing", secure(capset.KeepCaps), secure(0), "", false},
		{"pid", nil, ofNode(procstatus.NamespacePID), "runs in the node's pid namespace", true},
		{"ipc", nil, ofNode(procstatus.NamespaceIPC), "runs in the node's ipc namespace", true},
		{"net", nil, ofNode(procstatus.NamespaceNet), "runs in the node's network namespace", true},
		{"root of the node", func(t *task.Task) { t.Host = task.Known(task.HostIDs{UID: task.AllIDs(5)}) }, func(t *task.Task) { t.Host = task.Known(task.HostIDs{}) }, "runs as the node's root", true},
	} {
		made := func(change func(*task.Task)) *List {
			x := process(1, "a", 7, docker, in)
			x.Sets[capset.Inheritable], x.Sets[capset.Ambient] = task.Known(docker), task.Known(docker)
			all := task.Namespaces{}
			for k := range all {
				all[k].ID, all[k].Node = task.Known(uint64(4026539999)), task.Known(false)
			}
			x.Namespaces = task.Known(all)
			if change != nil {
				change(x)
			}
			return list(x)
		}
		a, b := made(test.was), made(test.is)
		d := Compared(a, b)
		if len(d.Entries) != 1 {
			t.Fatalf("%s: %d entries, %v", test.name, len(d.Entries), d.NotCompared)
		}
		e := d.Entries[0]
		if e.Gains() != (test.gains != "") || e.Gains() && e.gainWords() != test.gains {
			t.Errorf("%s: %v, %s, want %s", test.name, e.Gains(), e.gainWords(), test.gains)
		}
		if back := Compared(b, a).Entries[0]; back.Loses() != test.opposite || back.Gains() {
			t.Errorf("%s, the other way round: a loss is %v, a gain %v", test.name, back.Loses(), back.Gains())
		}
	}
}
