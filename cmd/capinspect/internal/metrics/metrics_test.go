// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus/container"
)

// process returns a process that holds some capabilities, in a container or in none.
func process(in *task.Container, held capset.Set) *task.Task {
	t := &task.Task{Container: task.Known(in), LastCap: task.LastCap{Value: capset.LastKnown, From: task.FromKernel}}
	t.Sets[capset.Permitted], t.Sets[capset.Effective] = task.Known(held), task.Known(capset.Set(0))
	t.NoNewPrivs, t.Seccomp, t.UID = task.Known(false), task.Known(task.Seccomp{Mode: 2}), task.Known(task.AllIDs(7))
	t.UserNamespace = task.Known(task.UserNamespace{Initial: task.Known(true)})
	return t
}

func named(id string) *task.Container {
	return &task.Container{Container: container.Container{Runtime: "lxc", ID: id}}
}

// written returns the lines that are written of some tasks, without the comments. Each is in a
// chunk of its own.
func written(t *testing.T, tasks ...*task.Task) string {
	t.Helper()
	var m Metrics
	for _, one := range tasks {
		c := m.Begin()
		m.Visit(c, one)
		if err := m.Done(c); err != nil {
			t.Fatal(err)
		}
	}
	var text strings.Builder
	if n, err := m.WriteTo(&text); err != nil || int(n) != text.Len() {
		t.Fatal(n, err)
	}
	var lines strings.Builder
	for line := range strings.Lines(text.String()) {
		if !strings.HasPrefix(line, "# ") {
			lines.WriteString(strings.TrimPrefix(line, prefix))
		}
	}
	return lines.String()
}

// TestCounts holds which processes are counted, and of what.
func TestCounts(t *testing.T) {
	admin := capset.Of(capset.SysAdmin)
	child := process(named("child"), admin)
	child.UserNamespace = task.Known(task.UserNamespace{Initial: task.Known(false)})
	sandbox := process(named("pause"), admin)
	sandbox.Container.Zero().Sandbox = task.Known(true)
	root := process(named("a"), admin)
	root.UID, root.NoNewPrivs, root.Seccomp = task.Known(task.AllIDs(0)), task.Known(true), task.Known(task.Seccomp{})
	blind := process(named("a"), 0)
	blind.Seccomp = task.Unknown[task.Seccomp]("no Seccomp line")
	lost := process(nil, capset.UpTo(capset.LastKnown))
	lost.Container = task.Unknown[*task.Container]("permission denied")
	got := written(t, process(named("a"), 0), root, blind, child, sandbox, process(nil, admin), lost)
	for _, want := range []string{
		`processes{where="container",runtime="lxc",container_id="a"} 3`,
		`processes{where="container",runtime="lxc",container_id="child"} 1`,
		`processes{where="host"} 1`,
		`processes{where="unknown"} 1`,
		`processes_without_no_new_privs{where="container",runtime="lxc",container_id="a"} 2`,
		`processes_without_seccomp{where="container",runtime="lxc",container_id="a"} 1`,
		`processes_as_host_root{where="container",runtime="lxc",container_id="a"} 1`,
		`processes_with_capability{where="container",runtime="lxc",container_id="a",capability="cap_sys_admin"} 1`,
		`processes_with_capability{where="container",runtime="lxc",container_id="child",capability="cap_sys_admin"} 0`,
		`processes_with_capability{where="host",capability="cap_sys_admin"} 1`,
		`processes_with_capability{where="unknown",capability="cap_bpf"} 1`,
		`containers 2`,
		`containers_without_no_new_privs 2`,
		`containers_without_seccomp 1`,
		`containers_as_host_root 1`,
		`containers_with_capability{capability="cap_sys_admin"} 1`,
		`containers_with_capability{capability="cap_bpf"} 0`,
		`processes_unknown{value="seccomp"} 1`,
		`processes_unknown{value="uid"} 0`,
	} {
		if !strings.Contains("\n"+got, "\n"+want+"\n") {
			t.Errorf("no line %s in\n%s", want, got)
		}
	}
	if strings.Contains(got, "pause") {
		t.Errorf("the sandbox is counted:\n%s", got)
	}
}

// TestChild holds that capinspect does not tell what is root on the node from a child user
// namespace.
func TestChild(t *testing.T) {
	self := process(nil, 0)
	self.Self = true
	if got := written(t, self); !strings.Contains(got, "as_host_root") {
		t.Error(got)
	}
	self.UserNamespace = task.Known(task.UserNamespace{Initial: task.Known(false)})
	if got := written(t, self, process(nil, 0)); strings.Contains(got, "as_host_root") {
		t.Error(got)
	}
}

// TestLabels holds that a name ends neither its label nor its line, and that containers with
// the same labels are one row.
func TestLabels(t *testing.T) {
	const before, after = `where="container",runtime="lxc",container_id="`, `"`
	for name, want := range map[string]string{
		`a"} 9`:     `a\"} 9`,
		"a\nb 9":    `a\\x0ab 9`,
		`a\`:        `a\\\\`,
		"\xff":      `\\xff`,
		"\x1b[31m":  `\\x1b[31m`,
		"a\u202eb":  `a\\u202eb`,
		"\u00fcber": "\u00fcber",
	} {
		if got := labels(process(named(name), 0)); got != before+want+after {
			t.Errorf("%q: %s", name, got)
		}
	}
	pod := named("a")
	pod.PodUID, pod.PodName, pod.PodNamespace, pod.Name = "u", "p", "n", "c"
	if got, want := labels(process(pod, 0)), before+`a",pod_uid="u",namespace="n",pod="p",container="c"`; got != want {
		t.Error(got)
	}
	other := named("a")
	other.SandboxID = "s"
	if got := written(t, process(named("a"), 0), process(other, 0)); !strings.Contains(got, `processes{`+before+`a"} 2`+"\n") {
		t.Error(got)
	}
}

// TestOpening holds which capabilities are counted: those by which a note says that the node
// is open.
func TestOpening(t *testing.T) {
	for c := range capset.UpTo(capset.LastKnown).Caps() {
		p := process(named("a"), capset.Of(c))
		opens := p.Opens(capset.Of(c))
		if got := strings.Contains(written(t, p), `capability="`+c.String()+`"} 1`); got != opens || got != task.Opening().Has(c) {
			t.Errorf("%v: counted %t, opens the node %t", c, got, opens)
		}
	}
	if n := task.Opening().Len(); n < 5 || n > 20 {
		t.Errorf("%d capabilities open the node", n)
	}
}
