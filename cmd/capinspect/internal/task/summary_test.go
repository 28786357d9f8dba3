// SPDX-License-Identifier: Apache-2.0

package task_test

import (
	"testing"

	"github.com/capinspect/capinspect/capset"
	. "github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// TestSummary holds what a summary says of the sets, of where they count, and of what is
// unknown.
func TestSummary(t *testing.T) {
	full, docker := capset.UpTo(capset.LastKnown), capset.Set(0xa80425fb)
	type sets [capset.NumKinds]Value[capset.Set] // Inheritable, Permitted, Effective, Bounding, Ambient
	all := func(i, p, e, b, a capset.Set) (s sets) {
		s[capset.Inheritable], s[capset.Permitted], s[capset.Effective] = Known(i), Known(p), Known(e)
		s[capset.Bounding], s[capset.Ambient] = Known(b), Known(a)
		return s
	}
	root, user := Known(capset.IDs{}), Known(capset.IDs{Effective: 101})
	initial := Known(UserNamespace{ID: Known(uint64(4026531837)), Initial: Known(true)})
	child := Known(UserNamespace{ID: Known(uint64(4026532999)), Initial: Known(false)})
	raw, admin := capset.Of(capset.NetRaw), capset.Of(capset.NetAdmin)
	for _, test := range []struct {
		uid  Value[capset.IDs]
		ns   Value[UserNamespace]
		sets sets
		want string
	}{
		{root, initial, all(0, full, full, full, 0), "uid 0, everything: root on the node"},
		{root, child, all(0, full, full, full, 0), "uid 0, everything, in a child user namespace"},
		{root, Value[UserNamespace]{}, all(0, full, full, full, 0), "uid 0, everything"},
		{user, initial, all(0, full, full, full, 0), "uid 101, everything"},
		{root, initial, all(0, 0, 0, 0, 0), "uid 0, nothing"},
		{user, child, all(0, 0, 0, docker, 0), "uid 101, docker defaults in Bounding, nothing effective"},
		{user, initial, all(0, 0, 0, docker|admin, 0), "uid 101, docker defaults + net_admin in Bounding, nothing effective"},
		{root, initial, all(0, docker&^raw, docker&^raw, docker&^raw, 0), "uid 0, docker defaults - net_raw"},
		{root, initial, all(0, full&^raw, full&^raw, full&^raw, 0), "uid 0, everything but net_raw"},
		{user, initial, all(raw, raw, raw, docker, raw), "uid 101, net_raw effective, docker defaults in Bounding, net_raw ambient"},
		{user, initial, all(0, raw|admin, raw, raw|admin, 0), "uid 101, net_raw effective, net_admin + net_raw permitted, net_admin + net_raw in Bounding"},
		{user, initial, all(0, 0xff00ff, 0xff00ff, 0xff00ff, 0), "uid 101, 16 capabilities"},
		{Value[capset.IDs]{}, initial, sets{capset.Bounding: Known(docker)}, "docker defaults in Bounding, what it holds is unknown"},
		{Value[capset.IDs]{}, initial, sets{capset.Permitted: Known(raw)}, "net_raw permitted, what is effective is unknown"},
		{Value[capset.IDs]{}, initial, sets{capset.Ambient: Known(raw)}, "what it holds is unknown, net_raw ambient"},
		{Value[capset.IDs]{}, initial, sets{capset.Effective: Known(raw)}, "net_raw effective"},
	} {
		x := &Task{LastCap: LastCap{Value: capset.LastKnown, From: FromKernel}, UserNamespace: test.ns}
		x.UID, x.Sets = test.uid, test.sets
		if got := x.Summary(); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
	x := &Task{LastCap: LastCap{Value: 37, From: FromGuess}}
	x.Sets = all(0, full, full, full, 0)
	x.Seccomp, x.NoNewPrivs = Known(Seccomp{Mode: SeccompFilter}), Known(true)
	if got, want := x.Summary(), "everything up to audit_read; seccomp filter, no_new_privs on"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
