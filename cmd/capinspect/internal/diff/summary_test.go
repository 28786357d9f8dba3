// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"slices"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// TestWords holds that a summary has words for each value that is compared.
func TestWords(t *testing.T) {
	keys := []string{"seccomp.filters"}
	for _, v := range values {
		keys = append(keys, v.key)
	}
	for _, row := range truths {
		keys = append(keys, row.key)
	}
	var told []string
	for _, w := range words {
		told = append(told, w.key)
	}
	slices.Sort(keys)
	slices.Sort(told)
	if !slices.Equal(keys, told) {
		t.Errorf("compared %v\ntold %v", keys, told)
	}
}

// TestNodeNamespaces holds how a summary names the namespaces of the node.
func TestNodeNamespaces(t *testing.T) {
	for _, test := range []struct {
		was, is []string
		want    string
	}{
		{[]string{"time"}, []string{"time", "uts"}, "the node's uts namespace"},
		{[]string{"time", "uts"}, []string{"time"}, "not the node's uts namespace"},
		{nil, []string{"cgroup", "mnt", "uts"}, "the node's cgroup, mnt and uts namespaces"},
		{[]string{"cgroup", "mnt"}, []string{"mnt", "uts"}, "the node's uts namespace, not the node's cgroup namespace"},
	} {
		if got := nodes(test.was, test.is); got != test.want {
			t.Errorf("%v, %v: %s, want %s", test.was, test.is, got, test.want)
		}
	}
}

func TestSummary(t *testing.T) {
	process := func(name string, pid int, sets ...capset.Set) *Side {
		r := &task.Task{Source: task.SourceProc}
		r.Name, r.Pid, r.Tid = task.Known(name), task.Known(pid), task.Known(pid)
		for k := range r.Sets {
			r.Sets[k] = task.Known(sets[min(k, len(sets)-1)])
		}
		r.UID, r.Seccomp = task.Known(task.AllIDs(0)), task.Known(task.Seccomp{Mode: task.SeccompFilter})
		return &Side{Label: "1", Task: r}
	}
	with := func(s *Side, change func(*task.Task)) *Side {
		change(s.Task)
		return s
	}
	docker, crio := &Side{Label: "docker", Set: 0xa80425fb}, &Side{Label: "crio", Set: 0x5fb}
	unknown := &Side{Label: "file:some", Task: &task.Task{}}
	for _, test := range []struct {
		a, b *Side
		want string
	}{
		{docker, process("nginx", 1, 0xa80425fb|capset.Of(capset.NetAdmin, capset.SysPtrace)), "nginx (pid 1) has net_admin and sys_ptrace more than docker's defaults"},
		{docker, crio, "crio's defaults have 5 capabilities fewer than docker's defaults"},
		{&Side{Label: "none"}, &Side{Label: "privileged", Set: 7}, "a privileged container has chown, dac_override and dac_read_search more than the empty set"},
		{&Side{Label: "baseline"}, &Side{Label: "kill", Set: capset.Of(capset.Kill)}, "kill has kill more than the profile baseline"},
		{process("a", 1, 0), process("b", 2, 0), "b (pid 2) and a (pid 1): no difference in what is compared"},
		{process("a", 1, 0), process("b", 2, 0, 1, 1, 1, 0), "b (pid 2) has chown more than a (pid 1)"},
		{process("a", 1, 0), process("b", 2, 0, 0, 0, 1, 0), "b (pid 2) has chown more in Bounding than a (pid 1)"},
		{process("a", 1, 2), process("b", 2, 1, 1, 1, 2, 2), "b (pid 2) has chown more and dac_override less in Inheritable, Permitted and Effective than a (pid 1)"},
		{
			process("a", 1, 1), with(process("b", 2, 1), func(r *task.Task) {
				r.UID, r.Seccomp = task.Known(task.AllIDs(101)), task.Known(task.Seccomp{})
			}), "b (pid 2) differs from a (pid 1): seccomp off, uid 101, not 0",
		},
		{
			process("a", 1, 1), with(process("b", 2, 0, 1), func(r *task.Task) { r.Seccomp = task.Known(task.Seccomp{}) }),
			"b (pid 2) has chown less in Inheritable than a (pid 1); seccomp off",
		},
		{unknown, unknown, "file:some and file:some: no difference in what is known"},
	} {
		if got := Compare(test.a, test.b, capset.Bounding).Summary(); got != test.want {
			t.Errorf("%s\nwant %s", got, test.want)
		}
	}
	many := &Difference{A: docker, B: docker}
	for _, key := range []string{"lsm", "groups", "securebits", "otherCaps", "lastCap", "userNamespace"} {
		many.Values = append(many.Values, ValueDifference{key, "a", "b"})
	}
	if got := many.valueWords(); got != "another LSM label, other groups, other securebits, another user namespace, and 2 more differences" {
		t.Error(got)
	}
}
