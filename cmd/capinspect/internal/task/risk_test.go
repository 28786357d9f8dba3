// SPDX-License-Identifier: Apache-2.0

package task_test

import (
	"testing"

	"github.com/capinspect/capinspect/capset"
	. "github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// holding returns a task that holds a set in a user namespace: the node's, a child, or one
// that is unknown.
func holding(set capset.Set, ns Value[bool]) *Task {
	x := &Task{LastCap: LastCap{Value: capset.LastKnown, From: FromKernel}}
	for k := range x.Sets {
		x.Sets[k] = Known(capset.Set(0))
	}
	x.Pid, x.Tid = Known(7), Known(7)
	x.Sets[capset.Effective], x.Sets[capset.Permitted] = Known(set), Known(set)
	x.UserNamespace = Known(UserNamespace{Initial: ns})
	return x
}

// TestRisk holds the order of tasks by risk, and which of them the node is open to.
func TestRisk(t *testing.T) {
	full := capset.UpTo(capset.LastKnown)
	node, child, unknown := Known(true), Known(false), Unknown[bool]("permission denied")
	below := func(set capset.Set) *Task {
		x := holding(set, node)
		x.NSPid = Known([]int{7, 1})
		return x
	}
	bounded := func(noNewPrivs bool, bounding capset.Set) *Task {
		x := holding(0, node)
		x.NoNewPrivs, x.Sets[capset.Bounding] = Known(noNewPrivs), Known(bounding)
		return x
	}
	blank := holding(0, node)
	blank.Sets[capset.Effective] = Unknown[capset.Set]("no CapEff line")
	permitted := holding(0, node)
	permitted.Sets[capset.Permitted] = Known(capset.Of(capset.SysBoot))
	sandboxed := holding(full, child)
	list := []struct {
		name  string
		task  *Task
		opens bool
	}{
		{"everything", holding(full, node), true},
		{"the worst capability and others", holding(full&^capset.Of(capset.SysModule), node), true},
		{"the worst capability", holding(capset.Of(capset.DacReadSearch), unknown), true},
		{"sys_module", holding(capset.Of(capset.SysModule), node), true},
		{"sys_ptrace among the node's processes", holding(capset.Of(capset.SysPtrace), node), true},
		{"sys_admin", holding(capset.Of(capset.SysAdmin), node), true},
		{"sys_boot, permitted alone", permitted, true},
		{"docker's default", below(0xa80425fb), false},
		{"two that do not open the node", below(capset.Of(capset.SysPtrace, capset.NetRaw)), false},
		{"net_raw", holding(capset.Of(capset.NetRaw), node), false},
		{"everything in a child", sandboxed, false},
		{"sys_admin in a child", holding(capset.Of(capset.SysAdmin), child), false},
		{"net_raw in a child", holding(capset.Of(capset.NetRaw), child), false},
		{"unknown", blank, false},
		{"nothing, and execve gives all", bounded(false, full), false},
		{"nothing, and execve gives one", bounded(false, capset.Of(capset.Chown)), false},
		{"nothing, and execve gives nothing", bounded(true, full), false},
	}
	for i, test := range list {
		risk := test.task.Risk()
		if i > 0 && risk >= list[i-1].task.Risk() {
			t.Errorf("%s: %#x is no less than %s: %#x", test.name, risk, list[i-1].name, list[i-1].task.Risk())
		}
		if got := risk.OpensNode(); got != test.opens {
			t.Errorf("%s: the node is open: %v, want %v", test.name, got, test.opens)
		}
	}
}

// TestRiskIsThatOfNotes holds that risk and notes agree on what opens the node to a container.
func TestRiskIsThatOfNotes(t *testing.T) {
	for _, ns := range []Value[bool]{Known(true), Known(false), Unknown[bool]("permission denied")} {
		for c := range capset.LastKnown + 1 {
			for _, pids := range [][]int{{7}, {7, 1}} {
				x := holding(capset.Of(c), ns)
				x.Container, x.NSPid = Known(&Container{}), Known(pids)
				x.Remark()
				noted := false
				for _, n := range x.Notes {
					noted = noted || OpensNode(n.Code)
				}
				if risk := x.Risk(); risk.OpensNode() != noted || (x.MarkOf(capset.Effective) == Danger) != noted {
					t.Errorf("%v in %+v with pids %v: risk %#x, notes %+v", c, ns, pids, risk, x.Notes)
				}
			}
		}
	}
}

func TestMarkOf(t *testing.T) {
	x := holding(capset.UpTo(capset.LastKnown), Known(false))
	x.Whole = true
	x.Sets[capset.Inheritable] = Known(0xa80425fb | capset.Of(capset.NetAdmin))
	x.Sets[capset.Permitted] = Unknown[capset.Set]("no CapPrm line")
	x.Sets[capset.Bounding] = Known(capset.UpTo(capset.LastKnown) &^ 1)
	x.Sets[capset.Ambient] = Unknown[capset.Set]("no CapAmb line")
	want := [capset.NumKinds]Mark{
		capset.Inheritable: Differs, capset.Permitted: Doubt, capset.Effective: Plain, capset.Bounding: Differs, capset.Ambient: Plain,
	}
	for k, mark := range want {
		if got := x.MarkOf(capset.Kind(k)); got != mark {
			t.Errorf("%v: %v, want %v", capset.Kind(k), got, mark)
		}
	}
	if got := holding(1<<capset.SysAdmin, Known(true)).MarkOf(capset.Effective); got != Danger {
		t.Errorf("sys_admin: %v", got)
	}
}

// TestTotal holds the line that sums up a list.
func TestTotal(t *testing.T) {
	full, raw := capset.UpTo(capset.LastKnown), capset.Of(capset.NetRaw)
	node, child, unknown := Known(true), Known(false), Unknown[bool]("permission denied")
	thread := holding(raw, node)
	thread.Tid = Known(8)
	kernel := holding(full, node)
	kernel.KernelThread = true
	inherits := holding(0, node)
	inherits.Sets[capset.Inheritable] = Known(raw)
	for want, list := range map[string][]*Task{
		"nothing":                                          nil,
		"1 process, none privileged":                       {holding(0, node)},
		"1 process, none privileged, 1 unknown":            {{}},
		"2 processes, 1 privileged":                        {inherits, holding(0, node)},
		"1 process and 1 thread, 2 privileged":             {holding(raw, unknown), thread},
		"1 kernel thread, 1 privileged, 1 with everything": {kernel},
		"3 processes, 3 privileged (2 in a child user namespace), 1 with everything":     {holding(full, child), holding(raw, child), holding(full, unknown)},
		"3 processes, 3 privileged, 1 with everything, 1 more to which the node is open": {holding(full, node), holding(1<<capset.SysAdmin, node), holding(1<<capset.SysAdmin, unknown)},
		"2 processes, 1 privileged, 1 to which the node is open":                         {holding(1<<capset.SysAdmin, node), holding(0, child)},
	} {
		var halves [2]Total
		for i, x := range list {
			halves[i%2].Count(x)
		}
		halves[0].Add(halves[1])
		if got := halves[0].String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
