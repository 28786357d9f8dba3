// SPDX-License-Identifier: Apache-2.0

package task

import (
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/procstatus"
)

// TestInsideByNamespace checks whose maps lead into the task's own user namespace: not those
// of a namespace that the reader is in as well.
func TestInsideByNamespace(t *testing.T) {
	maps := UserNamespace{
		UIDMap: Known(procstatus.IDMap{{Inside: 0, Outside: 100000, Length: 1000}}),
		GIDMap: Known(procstatus.IDMap{{Inside: 5, Outside: 200000, Length: 10}}),
	}
	own := maps
	own.Own = true
	const (
		seen   = "real 100007, effective 100000, saved 100999, filesystem 5; real 200000, effective 200001, saved 200009, filesystem 200010; 200002,4"
		hidden = "its id maps are hidden"
	)
	for _, test := range []struct {
		name string
		self bool
		ns   Value[UserNamespace]
		want string // or why the ids are unknown
	}{
		{"another namespace", false, Known(maps), "real 7, effective 0, saved 999, filesystem 65534; real 5, effective 6, saved 14, filesystem 65534; 7,65534"},
		{"the reader's own", false, Known(own), seen},
		{"the reader itself", true, Known(maps), seen},
		{"hidden maps", false, Known(UserNamespace{}), hidden},
		{"a hidden namespace", false, Unknown[UserNamespace]("permission denied"), "permission denied"},
		{"a file", false, Unknown[UserNamespace](NotTold), seen},
	} {
		r := &Task{Self: test.self, UserNamespace: test.ns, Status: Status{
			UID:    Known(capset.IDs{Real: 100007, Effective: 100000, Saved: 100999, Filesystem: 5}),
			GID:    Known(capset.IDs{Real: 200000, Effective: 200001, Saved: 200009, Filesystem: 200010}),
			Groups: Known([]uint32{200002, 4}),
		}}
		r.Inside()
		got := IDsText(r.UID.Zero()) + "; " + IDsText(r.GID.Zero()) + "; " + GroupsText(r.Groups.Zero())
		if !r.UID.Known() && !r.GID.Known() && !r.Groups.Known() && r.UID.Why() == r.GID.Why() && r.UID.Why() == r.Groups.Why() {
			got = r.UID.Why()
		}
		if got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}
