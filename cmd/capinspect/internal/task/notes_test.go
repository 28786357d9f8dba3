// SPDX-License-Identifier: Apache-2.0

package task

import (
	"slices"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/procstatus"
	"github.com/capinspect/capinspect/procstatus/container"
)

const (
	dockerMask = "00000000a80425fb"
	noneMask   = "0000000000000000"
)

var allMask = capset.UpTo(capset.LastKnown).Hex()

// noted is a task: the lines of its status file that notes depend on, and where it is.
type noted struct {
	inh, prm, eff, bnd, amb string
	uid                     string
	nnp, seccomp, tracer    string
	where                   func(t *Task)
}

// task returns the task; what is "" is as in a container that docker makes.
func (n noted) task(t *testing.T) *Task {
	t.Helper()
	or := func(v, usual string) string {
		if v == "" {
			return usual
		}
		return v
	}
	prm := or(n.prm, dockerMask)
	text := "Name:\tx\nState:\tS (sleeping)\nTracerPid:\t" + or(n.tracer, "0") + "\nUid:\t" + strings.Repeat(or(n.uid, "0")+"\t", 3) + or(n.uid, "0") +
		"\nCapInh:\t" + or(n.inh, noneMask) + "\nCapPrm:\t" + prm + "\nCapEff:\t" + or(n.eff, prm) + "\nCapBnd:\t" + or(n.bnd, dockerMask) +
		"\nCapAmb:\t" + or(n.amb, noneMask) + "\nNoNewPrivs:\t" + or(n.nnp, "0") + "\nSeccomp:\t" + or(n.seccomp, "2") + "\n"
	status, err := procstatus.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	made := &Task{LastCap: LastCap{Value: capset.LastKnown, From: FromKernel}, Status: StatusOf(status, PartOfFile)}
	if n.where != nil {
		n.where(made)
	}
	return made
}

// inPIDNamespace puts a task into a pid namespace.
func inPIDNamespace(t *Task, id uint64) {
	var all Namespaces
	all[procstatus.NamespacePID].ID = Known(id)
	t.Namespaces = Known(all)
}

// inContainer puts a task into a container that shares the user namespace of the node.
func inContainer(t *Task) {
	t.Container = Known(&Container{Container: container.Container{Runtime: "docker"}})
	t.UserNamespace = Known(UserNamespace{ID: Known[uint64](4026531837), Initial: Known(true)})
	inPIDNamespace(t, 4026532555)
}

// withHostPIDs puts a task into a container that also shares the pid namespace of the node.
func withHostPIDs(t *Task) {
	inContainer(t)
	inPIDNamespace(t, 4026531836)
}

// inChild puts a task into a user namespace of its own.
func inChild(t *Task) {
	inContainer(t)
	t.UserNamespace = Known(UserNamespace{ID: Known[uint64](4026532666), Initial: Known(false)})
}

// deniedInChild puts it there under the profile of AppArmor that denies all.
func deniedInChild(t *Task) {
	inChild(t)
	t.Label = Known(procstatus.Label{Module: "apparmor", Label: "snap.x//&unprivileged_userns", Mode: "enforce"})
}

// unmasked puts a task into a container with the mounts of a privileged one.
func unmasked(t *Task) {
	inContainer(t)
	t.Mounts = Mounts{ProcMasked: Known(false), SysReadOnly: Known(false)}
}

// unmaskedHalf puts a task into one that has a read-only /sys.
func unmaskedHalf(t *Task) {
	unmasked(t)
	t.Mounts.SysReadOnly = Known(true)
}

// hiddenNamespaces puts a task into a container of which no more is known.
func hiddenNamespaces(t *Task) {
	inContainer(t)
	t.UserNamespace = Known(UserNamespace{Initial: Unknown[bool]("hidden")})
	t.Namespaces = Unknown[Namespaces]("hidden")
}

// withHost puts a task into a container, and into a namespace of a kind.
func withHost(kind procstatus.NamespaceKind, inode uint64) func(*Task) {
	return func(t *Task) {
		inContainer(t)
		all := t.Namespaces.Zero()
		all[kind].ID = Known(inode)
		t.Namespaces = Known(all)
	}
}

// hiddenHost puts a task into a container of which the collector has found out that it
// shares the node's namespaces.
func hiddenHost(t *Task) {
	hiddenNamespaces(t)
	t.Isolation = Isolation{HostPID: Known(true), HostIPC: Known(true), HostNetwork: Known(true)}
}

// inSandboxWithHost puts a task into a sandbox whose kernel calls its own network initial.
func inSandboxWithHost(t *Task) {
	inPIDNamespace(t, 17)
	t.Container = Known(&Container{Container: container.Container{Runtime: "docker"}})
	t.Isolation.HostNetwork = Known(true)
}

// onNode puts a task into no container, and so into every namespace of the node.
func onNode(t *Task) {
	t.UserNamespace = Known(UserNamespace{ID: Known[uint64](4026531837), Initial: Known(true)})
	inPIDNamespace(t, 4026531836)
	t.Isolation = Isolation{HostPID: Known(true), HostIPC: Known(true), HostNetwork: Known(true)}
}

// TestPrivilegedBut tells what a runtime does not know from what somebody lacks.
func TestPrivilegedBut(t *testing.T) {
	for bounding, want := range map[string]struct {
		lacks string
		newer bool
	}{
		"0000003fffffffff": {"cap_perfmon,cap_bpf,cap_checkpoint_restore", true},
		"000000ffffffffff": {"cap_checkpoint_restore", true},
		"000001fffeffffff": {"cap_sys_resource", false},
		"0000003ffeffffff": {"cap_sys_resource,cap_perfmon,cap_bpf,cap_checkpoint_restore", false},
	} {
		lacks, newer, ok := noted{prm: bounding, bnd: bounding, seccomp: "0", where: unmasked}.task(t).PrivilegedBut()
		if !ok || lacks.String() != want.lacks || newer != want.newer {
			t.Errorf("%s: %v, %t, %t; want %+v", bounding, lacks, newer, ok, want)
		}
	}
}

func TestRemarks(t *testing.T) {
	const sysAdmin, sysPtrace, netRaw = "0000000000200000", "0000000000080000", "0000000000002000"
	const upTo37 = "0000003fffffffff" // all that docker 20.10 knows
	opens := []string{"cap-dac-read-search", "cap-sys-module", "cap-sys-rawio", "cap-sys-admin"}
	for name, test := range map[string]struct {
		task noted
		want []string
	}{
		"docker's default":                    {noted{where: inContainer}, nil},
		"root of a node":                      {noted{prm: allMask, bnd: allMask, seccomp: "0", where: onNode}, nil},
		"a file, of which nothing is known":   {noted{prm: allMask, bnd: allMask, seccomp: "0"}, nil},
		"privileged":                          {noted{prm: allMask, bnd: allMask, seccomp: "0", where: inContainer}, []string{"full-capabilities", "no-seccomp"}},
		"privileged, hidden":                  {noted{prm: allMask, bnd: allMask, where: hiddenNamespaces}, []string{"full-capabilities"}},
		"privileged in a user namespace":      {noted{prm: allMask, bnd: allMask, where: inChild}, []string{"full-in-user-namespace"}},
		"privileged with effective given up":  {noted{prm: allMask, eff: noneMask, bnd: allMask, where: inContainer}, []string{"full-capabilities"}},
		"privileged, with an old runtime":     {noted{prm: upTo37, bnd: upTo37, seccomp: "0", where: unmasked}, slices.Concat([]string{"privileged-container"}, opens, []string{"no-seccomp"})},
		"as much, masked":                     {noted{prm: upTo37, bnd: upTo37, seccomp: "0", where: unmaskedHalf}, slices.Concat(opens, []string{"no-seccomp"})},
		"as much, with a filter":              {noted{prm: upTo37, bnd: upTo37, where: unmasked}, opens},
		"privileged, with privileged mounts":  {noted{prm: allMask, bnd: allMask, seccomp: "0", where: unmasked}, []string{"full-capabilities", "no-seccomp"}},
		"docker's default, unmasked":          {noted{seccomp: "0", where: unmasked}, []string{"no-seccomp"}},
		"some in a user namespace":            {noted{where: inChild}, []string{"other-user-namespace"}},
		"none in a user namespace":            {noted{prm: noneMask, uid: "7", where: inChild}, nil},
		"SYS_ADMIN":                           {noted{prm: sysAdmin, bnd: sysAdmin, where: inContainer}, []string{"cap-sys-admin"}},
		"SYS_ADMIN on a node":                 {noted{prm: sysAdmin, bnd: sysAdmin, where: onNode}, nil},
		"SYS_PTRACE":                          {noted{prm: sysPtrace, bnd: sysPtrace, where: inContainer}, nil},
		"SYS_PTRACE and the node's processes": {noted{prm: sysPtrace, bnd: sysPtrace, where: withHostPIDs}, []string{"cap-sys-ptrace", "host-pid"}},
		"DAC_READ_SEARCH and SYS_MODULE":      {noted{prm: "0000000000010004", bnd: "0000000000010004", where: inContainer}, []string{"cap-dac-read-search", "cap-sys-module"}},
		"traced":                              {noted{tracer: "17", where: onNode}, []string{"traced"}},
		"inheritable":                         {noted{inh: dockerMask, where: inContainer}, []string{"inheritable-not-empty"}},
		"inheritable on a node":               {noted{inh: dockerMask, where: onNode}, nil},
		"ambient, and so inheritable":         {noted{inh: netRaw, prm: netRaw, amb: netRaw, bnd: netRaw, uid: "7", where: inContainer}, nil},
		"uid 0 without capabilities":          {noted{prm: noneMask, bnd: noneMask, where: inContainer}, []string{"root-without-capabilities"}},
		"uid 7 without capabilities":          {noted{prm: noneMask, bnd: noneMask, uid: "7", where: inContainer}, nil},
		"uid 7 of an image":                   {noted{prm: noneMask, uid: "7", where: inContainer}, nil},
		"added for uid 7":                     {noted{prm: noneMask, bnd: netRaw, uid: "7", where: inContainer}, []string{"added-not-effective"}},
		"added for uid 7, and no new privs":   {noted{prm: noneMask, bnd: netRaw, uid: "7", nnp: "1", where: inContainer}, []string{"added-not-effective", "bounding-unreachable"}},
		"all held, and no new privs":          {noted{nnp: "1", where: inContainer}, nil},
		"given up, and no new privs":          {noted{prm: noneMask, nnp: "1", uid: "7", where: onNode}, []string{"bounding-unreachable"}},
		"the node's pid namespace":            {noted{where: withHostPIDs}, []string{"host-pid"}},
		"the node's network, a fixed inode":   {noted{where: withHost(procstatus.NamespaceNet, 4026531833)}, []string{"host-network"}},
		"a network, kernel before 6.18":       {noted{where: withHost(procstatus.NamespaceNet, 4026531840)}, nil},
		"the node's ipc namespace":            {noted{where: withHost(procstatus.NamespaceIPC, 4026531839)}, []string{"host-ipc"}},
		"an ipc namespace of its own":         {noted{where: withHost(procstatus.NamespaceIPC, 4026532555)}, nil},
		"hidden, and the node's by isolation": {noted{where: hiddenHost}, []string{"host-pid", "host-network", "host-ipc"}},
		"a sandbox's network":                 {noted{where: inSandboxWithHost}, []string{"sandbox-kernel"}},
		"all held, and denied by AppArmor":    {noted{where: deniedInChild}, []string{"unprivileged-userns", "other-user-namespace"}},
		"nothing held, and denied by it":      {noted{prm: noneMask, bnd: noneMask, uid: "7", where: deniedInChild}, nil},
		"no seccomp":                          {noted{seccomp: "0", where: inContainer}, []string{"no-seccomp"}},
	} {
		noted := test.task.task(t)
		noted.Remark()
		var got []string
		for _, n := range noted.Notes {
			got = append(got, n.Code)
			if n.Text == "" || strings.ContainsAny(n.Text, "\n\t") || strings.HasSuffix(n.Text, ".") {
				t.Errorf("%s: %q", name, n.Text)
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

// TestHiddenPIDNamespace checks that what opens the node with its pid namespace is noted
// with a doubt where that is unknown.
func TestHiddenPIDNamespace(t *testing.T) {
	noted := noted{prm: "0000000000080000", where: hiddenNamespaces}.task(t)
	noted.Remark()
	if len(noted.Notes) != 1 || noted.Notes[0].Code != "cap-sys-ptrace" || !strings.Contains(noted.Notes[0].Text, "which is unknown") {
		t.Errorf("%q", noted.Notes)
	}
}

// TestNoteCodes checks that the note on a capability has its name for a code, that it says
// what explain says, and that no code appears twice but for one note with two texts.
func TestNoteCodes(t *testing.T) {
	seen := map[string]bool{}
	for _, code := range NoteCodes() {
		if seen[code] || strings.Trim(code, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			t.Errorf("%q", code)
		}
		seen[code] = true
		c, err := capset.Parse(strings.ReplaceAll(code, "-", "_"))
		if err != nil {
			continue
		}
		text, ok := c.Explain()
		if opens := text.Opens(); !ok || opens == "" || !strings.HasPrefix(text.Risk, opens) {
			t.Errorf("%v: %q", c, opens)
		}
		noted := noted{prm: capset.Of(c).Hex(), where: withHostPIDs}.task(t)
		noted.Remark()
		if len(noted.Notes) != 2 || noted.Notes[0].Code != code || noted.Notes[1].Code != "host-pid" {
			t.Errorf("%v: %q", c, noted.Notes)
		}
	}
	if !seen["cap-sys-admin"] || !seen["cap-sys-ptrace"] {
		t.Error(seen)
	}
}

// TestLiveNotes checks the notes on what only a collector finds out.
func TestLiveNotes(t *testing.T) {
	noted := noted{where: inContainer}.task(t)
	noted.Overflow, noted.Changed = "65534 is the overflow id", true
	noted.PID1 = &PID1{Name: "pause", Sets: capset.State{capset.Bounding: 1}}
	noted.Remark()
	var got []string
	for _, n := range noted.Notes {
		got = append(got, n.Code)
	}
	if want := []string{"overflow-id", "pid1-pause", "pid1-differs", "changing"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	noted.PID1.Sets = noted.State()
	if noted.Remark(); len(noted.Notes) != 3 {
		t.Errorf("%q", noted.Notes)
	}
}

// TestProfile holds that the name of the task's own runtime comes first.
func TestProfile(t *testing.T) {
	for runtime, want := range map[string][]string{
		"":           {"docker", "containerd", "podman-old"},
		"docker":     {"docker", "containerd", "podman-old"},
		"containerd": {"containerd", "docker", "podman-old"},
		"podman":     {"podman-old", "docker", "containerd"},
		"crio":       {"docker", "containerd", "podman-old"},
	} {
		noted := noted{where: inContainer}.task(t)
		noted.Container.Zero().Runtime = runtime
		if noted.FindProfile(); !slices.Equal(noted.Profile.Zero(), want) {
			t.Errorf("%s: %v, want %v", runtime, noted.Profile, want)
		}
	}
	for mask, want := range map[string]string{allMask: "privileged", "0000000000000400": "restricted", "00000000a80405fb": "baseline", "0000000000000001": ""} {
		noted := noted{bnd: mask}.task(t)
		noted.FindProfile()
		if got := strings.Join(noted.Profile.Zero(), ","); got != want {
			t.Errorf("%s: %s, want %s", mask, got, want)
		}
	}
	host := noted{bnd: allMask}.task(t)
	host.Container = Known[*Container](nil)
	if host.FindProfile(); len(host.Profile.Zero()) != 0 || !host.Profile.Known() {
		t.Errorf("a process of the host: %+v", host.Profile)
	}
}

// TestDebugProfile holds that the profiles of kubectl debug are named in the containers that
// it makes alone.
func TestDebugProfile(t *testing.T) {
	for _, row := range []struct{ mask, name, want string }{
		{"00000000a80435fb", "debugger-x7xkq", "debug-netadmin"},
		{"00000000a80435fb", "app", "docker+net_admin+net_raw"},
		{"00000000a80435fb", "", "docker+net_admin+net_raw"},
		{"00000000a80c25fb", "app", "docker+sys_ptrace"},
		{"00000000000035fb", "app", "crio+net_admin+net_raw"},
		{"00000000000805fb", "debugger-x7xkq", "debug-general-crio"},
		{"00000000000405fb", "app", "containerd-reduced"},
		{"00000000800005fb", "app", "podman-4.4"},
	} {
		noted := noted{bnd: row.mask, where: inContainer}.task(t)
		noted.Container.Zero().Name = row.name
		noted.FindProfile()
		if got := strings.Join(noted.Profile.Zero(), ","); got != row.want {
			t.Errorf("%s in %q: %s, want %s", row.mask, row.name, got, row.want)
		}
	}
}

// TestAdd holds that what the mounts tell is of the task's own container, and
// not of one around it.
func TestAdd(t *testing.T) {
	mounts := container.Container{Runtime: "containerd", ID: "b", SandboxID: "s", Name: "c", PodUID: "p"}
	var from []container.Evidence
	for _, what := range []string{"runtime", "id", "sandboxId", "name", "podUID"} {
		from = append(from, container.Evidence{What: what, From: "mounts"})
	}
	for name, test := range map[string]struct{ cgroup, want container.Container }{
		"nothing":     {container.Container{}, mounts},
		"the same":    {container.Container{ID: "b", PodUID: "p"}, mounts},
		"another pod": {container.Container{ID: "b", PodUID: "q"}, container.Container{ID: "b", PodUID: "q"}},
		"another id":  {container.Container{Runtime: "docker", ID: "a"}, container.Container{Runtime: "docker", ID: "a"}},
	} {
		c := FromCgroup(test.cgroup)
		c.Add(mounts, from)
		if c.Container != test.want {
			t.Errorf("%s: %+v", name, c.Container)
		}
	}
}
