// SPDX-License-Identifier: Apache-2.0

package task

import (
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/podsecurity"
	"github.com/capinspect/capinspect/procstatus"
)

// TestPodFactsOfNothing checks that nothing is known of a task of which nothing is known,
// and that a reason is given for every fact, whatever is asked.
func TestPodFactsOfNothing(t *testing.T) {
	nothing := new(Task)
	if f := nothing.PodFacts(); f.Known != 0 || f.True != 0 {
		t.Errorf("known %b, true %b", f.Known, f.True)
	}
	for fact := podsecurity.Added; fact <= podsecurity.UserNamespace; fact <<= 1 {
		if got := nothing.WhyPodFact(fact); strings.HasPrefix(got, " ") || !strings.HasSuffix(got, "nothing that was read says") {
			t.Errorf("%b: %q", fact, got)
		}
	}
	nothing.WhyPodFact(0)
	nothing.WhyPodFact(^podsecurity.Fact(0))
}

// TestPodFactsTable checks that every fact but those about sets stands in the table once.
func TestPodFactsTable(t *testing.T) {
	all := podsecurity.Added | podsecurity.Undropped
	for _, row := range podFacts {
		if all&row.fact != 0 {
			t.Errorf("%b appears twice", row.fact)
		}
		all |= row.fact
	}
	if want := podsecurity.UserNamespace<<1 - 1; all != want {
		t.Errorf("%b, want %b", all, want)
	}
}

func TestPodFacts(t *testing.T) {
	identity := Known(procstatus.IDMap{{Inside: 0, Outside: 100000, Length: 65536}})
	for _, test := range []struct {
		name   string
		change func(*Task)
		fact   podsecurity.Fact
		is     Value[bool]
	}{
		{"host pid", withHostPIDs, podsecurity.HostPID, Known(true)},
		{"own pid", inContainer, podsecurity.HostPID, Known(false)},
		{"a pid below", func(t *Task) { t.NSPid = Known([]int{4711, 1}) }, podsecurity.HostPID, Known(false)},
		{"hidden, and found out", func(t *Task) { t.Isolation.HostPID = Known(true) }, podsecurity.HostPID, Known(true)},
		{"namespaces before what is found out", func(t *Task) { inContainer(t); t.Isolation.HostPID = Known(true) }, podsecurity.HostPID, Known(false)},
		{"escalates", func(*Task) {}, podsecurity.Escalates, Known(true)},
		{"no filter", func(t *Task) { t.Seccomp = Known(Seccomp{}) }, podsecurity.Unfiltered, Known(true)},
		{"strict", func(t *Task) { t.Seccomp = Known(Seccomp{Mode: 1}) }, podsecurity.Unfiltered, Known(true)},
		{"a later mode", func(t *Task) { t.Seccomp = Known(Seccomp{Mode: 3}) }, podsecurity.Unfiltered, Value[bool]{}},
		{"no filter in a sandbox", func(t *Task) { inPIDNamespace(t, 3); t.Seccomp = Known(Seccomp{}) }, podsecurity.Unfiltered, Value[bool]{}},
		{"masked", func(t *Task) { t.Mounts = Mounts{ProcMasked: Known(true), SysReadOnly: Known(true)} }, podsecurity.Privileged, Known(false)},
		{"privileged", func(t *Task) { t.Mounts = Mounts{ProcMasked: Known(false), SysReadOnly: Known(false)} }, podsecurity.Privileged, Known(true)},
		{"privileged is not unmasked", func(t *Task) { t.Mounts = Mounts{ProcMasked: Known(false), SysReadOnly: Known(false)} }, podsecurity.Unmasked, Known(false)},
		{"unmasked", func(t *Task) { t.Mounts = Mounts{ProcMasked: Known(false), SysReadOnly: Known(true)} }, podsecurity.Unmasked, Known(true)},
		{"a sandbox masks nothing", func(t *Task) { inPIDNamespace(t, 3); t.Mounts = Mounts{ProcMasked: Known(false)} }, podsecurity.Unmasked, Value[bool]{}},
		{"root of itself", func(t *Task) { t.Self = true }, podsecurity.Root, Known(true)},
		{"a real uid of 0", func(t *Task) {
			t.Self = true
			t.UID = Known(capset.IDs{Real: 0, Effective: 1, Saved: 1, Filesystem: 1})
		}, podsecurity.Root, Known(true)},
		{"a saved uid of 0", func(t *Task) {
			t.Self = true
			t.UID = Known(capset.IDs{Real: 1, Effective: 1, Saved: 0, Filesystem: 1})
		}, podsecurity.Root, Known(true)},
		{"a filesystem uid of 0", func(t *Task) {
			t.Self = true
			t.UID = Known(capset.IDs{Real: 1, Effective: 1, Saved: 1, Filesystem: 0})
		}, podsecurity.Root, Known(true)},
		{"a uid of 0 nowhere", func(t *Task) { t.Self = true; t.UID = Known(AllIDs(1)) }, podsecurity.Root, Known(false)},
		{"root of its namespace", func(t *Task) {
			t.UID = Known(AllIDs(100000))
			t.UserNamespace = Known(UserNamespace{UIDMap: identity})
		}, podsecurity.Root, Known(true)},
		{"another user there", func(t *Task) {
			t.UID = Known(AllIDs(100001))
			t.UserNamespace = Known(UserNamespace{UIDMap: identity})
		}, podsecurity.Root, Known(false)},
		{"no id there", func(t *Task) { t.UserNamespace = Known(UserNamespace{UIDMap: identity}) }, podsecurity.Root, Value[bool]{}},
		{"no map yet", func(t *Task) { t.UserNamespace = Known(UserNamespace{UIDMap: Known(procstatus.IDMap(nil))}) }, podsecurity.Root, Value[bool]{}},
		{"child", inChild, podsecurity.UserNamespace, Known(true)},
	} {
		made := noted{}.task(t)
		test.change(made)
		f := made.PodFacts()
		is, known := test.is.Get()
		if f.Known&test.fact != 0 != known || f.True&test.fact != 0 != is {
			t.Errorf("%s: known %b, true %b", test.name, f.Known, f.True)
		}
	}
}

// TestInside checks that ids become those of the task's own user namespace.
func TestInside(t *testing.T) {
	m := Known(procstatus.IDMap{{Inside: 0, Outside: 1000, Length: 10}})
	made := &Task{Status: Status{UID: Known(capset.IDs{Real: 1000, Effective: 1001, Saved: 7, Filesystem: 1009}), GID: Known(AllIDs(1002)), Groups: Known([]uint32{1003, 2000})}}
	made.UserNamespace = Known(UserNamespace{UIDMap: m, GIDMap: m})
	groups := made.Groups.Zero()
	made.Inside()
	if made.UID.Zero() != (capset.IDs{Real: 0, Effective: 1, Saved: OverflowID, Filesystem: 9}) || made.GID.Zero() != AllIDs(2) ||
		GroupsText(made.Groups.Zero()) != "3,65534" || GroupsText(groups) != "1003,2000" {
		t.Errorf("%+v", made.Status)
	}
	made.UserNamespace = Unknown[UserNamespace]("hidden")
	if made.Inside(); made.UID.Why() != "hidden" || made.Groups.Known() {
		t.Errorf("%+v", made.Status)
	}
}
