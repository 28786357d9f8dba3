// SPDX-License-Identifier: Apache-2.0

package why

import (
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// inChild returns a task with every capability in a child user namespace that owns some
// kinds of namespaces, and not the others; of some kinds that is unknown.
func inChild(owned, unknown string) *task.Task {
	all := capset.UpTo(capset.LastKnown)
	t := holding(capset.State{capset.Permitted: all, capset.Effective: all, capset.Bounding: all})
	t.UserNamespace = task.Known(task.UserNamespace{ID: task.Known(uint64(7)), Initial: task.Known(false)})
	var ns task.Namespaces
	for k := range procstatus.NamespaceKind(procstatus.NumNamespaces) {
		ns[k].Owned = task.Known(strings.Contains(owned, k.String()))
		if strings.Contains(unknown, k.String()) {
			ns[k].Owned = task.Unknown[bool]("hidden")
		}
	}
	t.Namespaces = task.Known(ns)
	return t
}

// TestScopes holds what is said of capabilities in a child user namespace.
func TestScopes(t *testing.T) {
	for _, test := range []struct {
		of    *task.Task
		cap   capset.Cap
		code  string
		works task.Value[bool]
		text  string
	}{
		{inChild("", ""), capset.SysTime, "counts-for-nothing", task.Known(false), "checks it in the initial user namespace, and the process has it in user:[7], a child"},
		{inChild("net uts", ""), capset.SysTime, "counts-for-nothing", task.Known(false), ""},
		{inChild("uts", ""), capset.NetAdmin, "counts-for-nothing", task.Known(false), "in the initial user namespace or the one that owns the net namespace"},
		{inChild("net", ""), capset.NetAdmin, "child-user-namespace", task.Known(true), "it counts for its net namespace, not for what belongs to the machine"},
		{inChild("", "net"), capset.NetAdmin, "scope-unknown", task.Unknown[bool](""), "whether it counts for its net namespace is unknown: hidden"},
		{inChild("", "net"), capset.NetBindService, "scope-unknown", task.Unknown[bool](""), ""},
		{inChild("mnt uts", "net"), capset.SysAdmin, "child-user-namespace", task.Known(true), "it counts for the process itself and its mnt and uts namespaces, not for what belongs to the machine and its cgroup, ipc, pid and time namespaces; for its net namespace that is unknown: hidden"},
		{inChild("", ""), capset.Kill, "child-user-namespace", task.Known(true), "it counts for processes in there"},
		{inChild("", ""), capset.Chown, "child-user-namespace", task.Known(true), ""},
	} {
		all, err := Of(test.of, Asked{Caps: []capset.Cap{test.cap}})
		if err != nil {
			t.Fatal(err)
		}
		a := all.List[0]
		works, known := a.Works.Get()
		if a.Reason.Code != test.code || known != test.works.Known() || works != test.works.Zero() || !strings.Contains(a.Reason.Text, test.text) {
			t.Errorf("%v: %+v\nwant %s, %s", test.cap, a, test.code, test.text)
		}
	}
}

// TestOwner holds that a task has every capability over what a child user namespace owns
// that its effective uid made, and over nothing else.
func TestOwner(t *testing.T) {
	chown := capset.Of(capset.Chown)
	of := holding(capset.State{capset.Permitted: chown, capset.Effective: chown, capset.Bounding: chown})
	of.UID = task.Known(capset.IDs{})
	var ns task.Namespaces
	ns[procstatus.NamespaceNet].ByUID = task.Known(true)
	of.Namespaces = task.Known(ns)
	all, err := Of(of, Asked{Caps: []capset.Cap{capset.NetAdmin, capset.NetRaw, capset.SysAdmin, capset.SysTime, capset.Kill, capset.Chown}})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"owns-namespace", "owns-namespace", "owns-namespace", "not-in-bounding", "not-in-bounding", "effective"} {
		a := all.List[i]
		if works := !strings.HasPrefix(want, "not-"); a.Reason.Code != want || !task.Is(a.Works, works) || a.Reason.Code == "owns-namespace" && a.Changes != nil {
			t.Errorf("%+v, want %s", a, want)
		}
	}
	ns[procstatus.NamespaceNet].ByUID = task.Known(false)
	of.Namespaces = task.Known(ns)
	if all, err := Of(of, Asked{Caps: []capset.Cap{capset.NetAdmin}}); err != nil || all.List[0].Reason.Code != "not-in-bounding" {
		t.Errorf("%+v, %v", all, err)
	}
}

// TestUnprivilegedUserns holds which labels are those of Ubuntu's profile.
func TestUnprivilegedUserns(t *testing.T) {
	for _, test := range []struct {
		label procstatus.Label
		want  string
	}{
		{procstatus.Label{Module: "apparmor", Label: "unprivileged_userns", Mode: "enforce"}, "unprivileged-userns"},
		{procstatus.Label{Module: "apparmor", Label: "snap.x//&unprivileged_userns", Mode: "enforce"}, "unprivileged-userns"},
		{procstatus.Label{Label: "unprivileged_userns"}, "unprivileged-userns"},
		{procstatus.Label{Module: "apparmor", Label: "unprivileged_userns", Mode: "complain"}, "child-user-namespace"},
		{procstatus.Label{Module: "apparmor", Label: "my_unprivileged_userns", Mode: "enforce"}, "child-user-namespace"},
		{procstatus.Label{Module: "selinux", Label: "unprivileged_userns"}, "child-user-namespace"},
	} {
		of := inChild("net", "")
		of.Label = task.Known(test.label)
		all, err := Of(of, Asked{Caps: []capset.Cap{capset.NetAdmin, capset.Setuid}})
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range all.List {
			if a.Reason.Code != test.want || !task.Is(a.Works, test.want == "child-user-namespace") {
				t.Errorf("%+v: %+v, want %s", test.label, a, test.want)
			}
			if a.Reason.Code == "unprivileged-userns" && (len(a.Changes) != 2 || a.Also != nil) {
				t.Errorf("%+v", a)
			}
		}
	}
}
