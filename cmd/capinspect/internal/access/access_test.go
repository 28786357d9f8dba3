// SPDX-License-Identifier: Apache-2.0

package access

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/why"
	"github.com/capinspect/capinspect/procstatus"
)

// ownProcess returns a process of capinspect's own user, on the node.
func ownProcess() *Subject {
	make := func() *task.Task {
		t := &task.Task{LastCap: task.LastCap{Value: capset.LastKnown, From: task.FromKernel}}
		t.UID, t.GID = task.Known(task.AllIDs(1000)), task.Known(task.AllIDs(1000))
		for k := range t.Sets {
			t.Sets[k] = task.Known(capset.Set(0))
		}
		t.Sets[capset.Bounding] = task.Known(capset.UpTo(capset.LastKnown))
		t.Label = task.Unknown[procstatus.Label](task.NoLabels)
		return t
	}
	yes := task.Known(true)
	a := &Subject{
		Task: make(), Own: make(), SameUserns: yes, OwnInitial: yes, Owns: task.Known(false), Below: yes, ProgramBelow: yes, Dumpable: yes,
		Yama: task.Known(""), PerfmonReads: true, Files: map[string]FileState{}, Seen: yes,
	}
	for _, name := range GuardedFiles() {
		mode := uint32(0o444)
		if slices.Contains([]string{"fd", "map_files", "environ", "auxv", "pagemap", "mem", "io", "syscall", "personality", "stack"}, name) {
			mode = 0o500
		}
		a.Files[name] = FileState{MayBe: task.Known([]capset.File{{Mode: mode, UID: 1000, GID: 1000}})}
	}
	return a
}

// TestAccess has a case for each clause, and for what is seen against the rules.
func TestAccess(t *testing.T) {
	no, unsure := task.Known(false), task.Unknown[bool]("it is hidden")
	has := func(c ...capset.Cap) func(*Subject) {
		return func(a *Subject) { a.Own.Sets[capset.Effective] = task.Known(capset.Of(c...)) }
	}
	root := func(a *Subject) { a.Task.UID, a.Task.GID = task.Known(task.AllIDs(0)), task.Known(task.AllIDs(0)) }
	yama := func(scope string) func(*Subject) { return func(a *Subject) { a.Yama = task.Known(scope) } }
	refused := func(a *Subject) { a.Seen = no }
	type changes []func(*Subject)
	for _, c := range []struct {
		name    string
		changes changes
		// root is a link, mem wants PTRACE_MODE_ATTACH, maps is open by PERFMON and environ
		// by mode and PERFMON.
		want string
	}{
		{"own user", nil, "root: true, maps: true, environ: true, mem: true, stack: sys-admin, timerslack_ns: sys-nice"},
		{"root", changes{root, refused}, "root: uid, maps: uid, environ: uid, mem: uid, stack: uid, timerslack_ns: sys-nice"},
		{"saved uid alone", changes{func(a *Subject) {
			a.Task.UID = task.Known(capset.IDs{Real: 1000, Effective: 1000, Saved: 0, Filesystem: 1000})
		}, refused}, "root: uid, maps: uid, environ: uid, mem: uid, stack: uid, timerslack_ns: sys-nice"},
		{"gid", changes{func(a *Subject) { a.Task.GID = task.Known(task.AllIDs(0)) }, refused}, "root: gid, maps: gid, environ: gid, mem: gid, stack: gid, timerslack_ns: sys-nice"},
		{"root, PERFMON", changes{root, refused, has(capset.Perfmon)}, "root: uid, maps: true, environ: true, mem: uid, stack: uid, timerslack_ns: sys-nice"},
		{"root, PERFMON of an older kernel", changes{root, refused, has(capset.Perfmon), func(a *Subject) { a.PerfmonReads = false }}, "root: uid, maps: uid, environ: uid, mem: uid, stack: uid, timerslack_ns: sys-nice"},
		{"root, PERFMON of a child", changes{root, refused, has(capset.Perfmon), func(a *Subject) { a.OwnInitial = no }}, "root: uid, maps: uid, environ: uid, mem: uid, stack: uid, timerslack_ns: sys-nice"},
		{"root, SYS_PTRACE", changes{root, has(capset.SysPtrace, capset.SysNice)}, "root: true, maps: true, environ: true, mem: true, stack: sys-admin, timerslack_ns: true"},
		{"root, SYS_PTRACE elsewhere", changes{root, refused, has(capset.SysPtrace), func(a *Subject) { a.Below = no }}, "root: uid, maps: uid, environ: uid, mem: uid, stack: uid, timerslack_ns: sys-nice"},
		{"root, in a namespace of its own uid", changes{root, func(a *Subject) { a.Owns, a.SameUserns = task.Known(true), no }}, "root: true, maps: true, environ: true, mem: true, stack: sys-admin, timerslack_ns: true"},
		{"not dumpable", changes{func(a *Subject) { a.Dumpable = no }, refused}, "root: not-dumpable, maps: not-dumpable, environ: not-dumpable, mem: not-dumpable, stack: not-dumpable, timerslack_ns: sys-nice"},
		{"not dumpable, SYS_PTRACE", changes{func(a *Subject) { a.Dumpable = no }, has(capset.SysPtrace)}, "root: true, maps: true, environ: true, mem: true, stack: sys-admin, timerslack_ns: sys-nice"},
		{"not dumpable, SYS_PTRACE not where it was executed", changes{func(a *Subject) { a.Dumpable, a.ProgramBelow = no, no }, refused, has(capset.SysPtrace)}, "root: not-dumpable, maps: not-dumpable, environ: not-dumpable, mem: not-dumpable, stack: not-dumpable, timerslack_ns: sys-nice"},
		{"perhaps dumpable, and refused", changes{func(a *Subject) { a.Dumpable = unsure }, refused}, "root: not-dumpable, maps: not-dumpable, environ: not-dumpable, mem: not-dumpable, stack: not-dumpable, timerslack_ns: sys-nice"},
		{"perhaps dumpable, and seen", changes{func(a *Subject) { a.Dumpable = unsure }}, "root: true, maps: true, environ: true, mem: true, stack: sys-admin, timerslack_ns: sys-nice"},
		{"capabilities", changes{func(a *Subject) { a.Task.Sets[capset.Permitted] = task.Known(capset.Of(capset.NetRaw)) }, refused}, "root: capabilities, maps: capabilities, environ: capabilities, mem: capabilities, stack: capabilities, timerslack_ns: sys-nice"},
		{"capabilities that it has too", changes{func(a *Subject) { a.Task.Sets[capset.Permitted] = task.Known(capset.Of(capset.NetRaw)) }, has(capset.NetRaw, capset.Chown)}, "root: true, maps: true, environ: true, mem: true, stack: sys-admin, timerslack_ns: sys-nice"},
		{"another user namespace", changes{func(a *Subject) { a.SameUserns, a.Below = no, no }, refused}, "root: user-namespace, maps: user-namespace, environ: user-namespace, mem: user-namespace, stack: user-namespace, timerslack_ns: sys-nice"},
		{"a security module", changes{refused}, "root: security-module, maps: security-module, environ: security-module, mem: security-module, stack: security-module, timerslack_ns: sys-nice"},
		{"a security module, PERFMON", changes{refused, has(capset.Perfmon)}, "root: security-module, maps: unknown, environ: unknown, mem: security-module, stack: security-module, timerslack_ns: sys-nice"},
		{"Yama 0", changes{yama("0")}, "root: true, maps: true, environ: true, mem: true, stack: sys-admin, timerslack_ns: sys-nice"},
		{"Yama 1", changes{yama("1")}, "root: true, maps: true, environ: true, mem: yama, stack: yama, timerslack_ns: sys-nice"},
		{"Yama 2, SYS_PTRACE", changes{yama("2"), has(capset.SysPtrace, capset.SysAdmin)}, "root: true, maps: true, environ: true, mem: true, stack: true, timerslack_ns: sys-nice"},
		{"Yama 3, SYS_PTRACE", changes{yama("3"), has(capset.SysPtrace)}, "root: true, maps: true, environ: true, mem: yama, stack: yama, timerslack_ns: sys-nice"},
		{"a kernel thread", changes{func(a *Subject) { a.Task.KernelThread = true }}, "root: true, maps: kernel-thread, environ: kernel-thread, mem: kernel-thread, stack: sys-admin, timerslack_ns: sys-nice"},
		{"by mode", changes{func(a *Subject) {
			a.Files["environ"] = FileState{MayBe: task.Known([]capset.File{{Mode: 0o400, UID: 0, GID: 0}})}
		}}, "root: true, maps: true, environ: mode, mem: true, stack: sys-admin, timerslack_ns: sys-nice"},
		{"perhaps by mode", changes{func(a *Subject) {
			a.Files["environ"] = FileState{MayBe: task.Known([]capset.File{{Mode: 0o400, UID: 1000}, {Mode: 0o400, UID: 7}})}
		}}, "root: true, maps: true, environ: unknown, mem: true, stack: sys-admin, timerslack_ns: sys-nice"},
		{"capinspect itself", changes{root, func(a *Subject) { a.SameProcess = true }, yama("3"), has(capset.SysAdmin)}, "root: true, maps: true, environ: true, mem: true, stack: true, timerslack_ns: true"},
	} {
		a := ownProcess()
		for _, change := range c.changes {
			change(a)
		}
		answer := a.Answer()
		var got []string
		for _, name := range []string{"root", "maps", "environ", "mem", "stack", "timerslack_ns"} {
			i := slices.IndexFunc(answer.Files, func(f FileAccess) bool { return f.Name == name })
			f := answer.Files[i]
			word := f.Why
			if word == "" {
				word = fmt.Sprint(f.May.Zero())
			}
			if (f.Why == "") != task.Is(f.May, true) || (f.Why == why.Undecided) != !f.May.Known() {
				t.Errorf("%s: %+v", c.name, f)
			}
			got = append(got, name+": "+word)
		}
		if got := strings.Join(got, ", "); got != c.want {
			t.Errorf("%s:\n%s\n%s", c.name, got, c.want)
		}
		for _, n := range append(answer.Also, answer.Reason) {
			if n.Code == why.Undecided && !slices.ContainsFunc(answer.Files, func(f FileAccess) bool { return f.May.Why() == n.Text }) {
				t.Errorf("%s: %q is the reason of no file", c.name, n.Text)
			}
		}
		if !slices.Contains(Codes(), answer.Reason.Code) || (answer.Reason.Code == mayRead) != task.Is(answer.Works, true) {
			t.Errorf("%s: %+v", c.name, answer)
		}
	}
}

// TestAccessChanges holds what is proposed, the least first.
func TestAccessChanges(t *testing.T) {
	inContainer := func(a *Subject) { a.Task.Container = task.Known(new(task.Container)) }
	as := func(uid uint32, permitted capset.Set) func(*Subject) {
		return func(a *Subject) {
			a.Task.UID, a.Task.GID = task.Known(task.AllIDs(uid)), task.Known(task.AllIDs(uid))
			a.Task.Sets[capset.Permitted] = task.Known(permitted)
			a.Seen = task.Known(false)
		}
	}
	for _, c := range []struct {
		name    string
		changes []func(*Subject)
		want    []string // the places, and a part of the text
	}{
		{"another user", []func(*Subject){as(4242, 0)}, []string{"user --reuid=4242 --regid=4242", "capability cap_perfmon", "capability cap_sys_ptrace,cap_sys_nice", "capability cap_sys_admin"}},
		{"another user's container", []func(*Subject){as(4242, 0), inContainer}, []string{"user --reuid=4242", "capability cap_perfmon", "capability cap_sys_ptrace", "capability cap_sys_admin", "kubectl restricted", "kubectl general", "kubectl sysadmin"}},
		{"root's container", []func(*Subject){as(0, 0xa80425fb), inContainer}, []string{"capability cap_perfmon", "capability cap_sys_ptrace", "capability cap_sys_admin", "user --reuid=0", "kubectl baseline", "kubectl general", "kubectl sysadmin"}},
		{"a user that holds something", []func(*Subject){as(4242, 1), inContainer}, []string{"capability cap_perfmon", "capability cap_sys_ptrace", "capability cap_sys_admin", "kubectl general", "kubectl sysadmin"}},
		{"Yama", []func(*Subject){func(a *Subject) { a.Yama = task.Known("1") }}, []string{"sysctl kernel.yama.ptrace_scope=0", "capability cap_sys_ptrace,cap_sys_nice"}},
	} {
		a := ownProcess()
		for _, change := range c.changes {
			change(a)
		}
		got := a.Answer().Changes
		if !slices.EqualFunc(got, c.want, func(g why.Change, want string) bool {
			where, part, _ := strings.Cut(want, " ")
			return g.Where == where && strings.Contains(g.Text, part)
		}) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
