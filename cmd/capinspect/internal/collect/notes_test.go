// SPDX-License-Identifier: Apache-2.0

package collect

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

// noted is a task: the lines of its status file that notes depend on, and where
// it is.
type noted struct {
	inh, prm, eff, bnd, amb string
	uid                     string
	nnp, seccomp, tracer    string
	where                   func(r *Record)
}

// record returns the record of a task; what is "" is as in a container that
// docker makes.
func (n noted) record(t *testing.T) *Record {
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
	r := &Record{LastCap: LastCap{Value: capset.LastKnown, From: "kernel"}}
	if err := r.Status.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if n.where != nil {
		n.where(r)
	}
	return r
}

// inContainer puts a record into a container that shares the user namespace of
// the node, or has a pid namespace of the node's.
func inContainer(r *Record) {
	r.Container = &Container{Container: container.Container{Runtime: "docker"}}
	r.UserNamespace = &UserNamespace{ID: 4026531837, Initial: true}
	r.Namespaces[procstatus.NamespacePID].ID = 4026532555
}

func withHostPIDs(r *Record) {
	inContainer(r)
	r.Namespaces[procstatus.NamespacePID].ID = 4026531836
}

// inChild puts a record into a user namespace of its own.
func inChild(r *Record) {
	inContainer(r)
	r.UserNamespace = &UserNamespace{ID: 4026532666}
}

// hiddenNamespaces puts a record into a container of which no more is known.
func hiddenNamespaces(r *Record) {
	inContainer(r)
	r.UserNamespace, r.Namespaces = &UserNamespace{}, Namespaces{}
	r.unknown("userNamespace.initial", "hidden")
}

func onNode(r *Record) {
	r.UserNamespace = &UserNamespace{ID: 4026531837, Initial: true}
	r.Namespaces[procstatus.NamespacePID].ID = 4026531836
}

func TestRemarks(t *testing.T) {
	const sysAdmin, sysPtrace, netRaw = "0000000000200000", "0000000000080000", "0000000000002000"
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
		"some in a user namespace":            {noted{where: inChild}, []string{"other-user-namespace"}},
		"none in a user namespace":            {noted{prm: noneMask, uid: "7", where: inChild}, nil},
		"SYS_ADMIN":                           {noted{prm: sysAdmin, bnd: sysAdmin, where: inContainer}, []string{"cap-sys-admin"}},
		"SYS_ADMIN on a node":                 {noted{prm: sysAdmin, bnd: sysAdmin, where: onNode}, nil},
		"SYS_PTRACE":                          {noted{prm: sysPtrace, bnd: sysPtrace, where: inContainer}, nil},
		"SYS_PTRACE and the node's processes": {noted{prm: sysPtrace, bnd: sysPtrace, where: withHostPIDs}, []string{"cap-sys-ptrace"}},
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
		"no seccomp":                          {noted{seccomp: "0", where: inContainer}, []string{"no-seccomp"}},
	} {
		r := test.task.record(t)
		r.remarks()
		var got []string
		for _, n := range r.Notes {
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

// TestOpensComeFromExplain holds that each capability that is remarked has what
// it opens in the table that explain shows.
func TestOpensComeFromExplain(t *testing.T) {
	for c := range (opensNode | opensProcesses).Caps() {
		text, ok := c.Explain()
		opens := text.Opens()
		if !ok || opens == "" || !strings.HasPrefix(text.Risk, opens) {
			t.Errorf("%v: %q", c, opens)
		}
	}
	if !opensNode.Has(capset.SysAdmin) || !opensProcesses.Has(capset.SysPtrace) {
		t.Error(opensNode, opensProcesses)
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
		r := noted{where: inContainer}.record(t)
		r.Container.Runtime = runtime
		r.profile()
		if !slices.Equal(r.Profile, want) {
			t.Errorf("%s: %v, want %v", runtime, r.Profile, want)
		}
	}
	for mask, want := range map[string]string{allMask: "privileged", "0000000000000400": "restricted", "00000000a80405fb": "baseline", "0000000000000001": ""} {
		r := noted{bnd: mask}.record(t)
		r.profile()
		if got := strings.Join(r.Profile, ","); got != want {
			t.Errorf("%s: %s, want %s", mask, got, want)
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
		c := fromCgroup(test.cgroup)
		c.add(mounts, from)
		if c.Container != test.want {
			t.Errorf("%s: %+v", name, c.Container)
		}
	}
}
