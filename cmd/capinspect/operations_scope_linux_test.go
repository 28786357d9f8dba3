// SPDX-License-Identifier: Apache-2.0

package main

import (
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/operation"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// TestOperationsInChild does operations in child user namespaces, without any capability and
// with all of them. The scopes of the row say whether these count, and which user namespace
// the kernel asks.
func TestOperationsInChild(t *testing.T) {
	if testing.Short() {
		t.Skip("takes ten seconds")
	}
	need.On(t, "root")
	runtime.LockOSThread() // below which the kernel traces
	defer runtime.UnlockOSThread()
	trace, target := startTracing(t), sleeping(t)
	setSysctls(t, settings)
	var all []*trial
	var waits []func() error
	var done []child
	for _, kind := range []string{inChild, inApart} {
		begin := len(all)
		for _, name := range slices.Sorted(maps.Keys(doings)) {
			o := child{kind: kind, none: &trial{Number: len(all), Name: name}}
			o.full = &trial{Number: len(all) + 1, Name: name, Has: uint64(ofKernel())}
			all = append(all, o.none, o.full)
			done = append(done, o)
		}
		wait, err := performBelow(kind, target, trace.marker, all[begin:])
		if err != nil {
			t.Fatal(err)
		}
		waits = append(waits, wait)
	}
	for _, wait := range waits {
		if err := wait(); err != nil {
			t.Error(err)
		}
	}
	if t.Failed() {
		return
	}
	trace.tell(t, all)
	for i := range done {
		o := &done[i]
		if found := operation.Named(o.none.Name); len(found) == 1 {
			o.Operation = &found[0]
			o.verify(t)
		}
	}
	if trace.marker != nil {
		verifyScopes(t, done)
		verifyRecorded(t, done)
	}
}

// child is an operation in a child user namespace, with what came of it.
type child struct {
	*operation.Operation
	kind       string // inChild or inApart
	none, full *trial // without any capability, and with all
}

// counts reports whether a capability counts for the operation, by the table.
func (o *child) counts(c capset.Cap) bool {
	switch o.ScopeOf(c) {
	case capset.ScopeOwn, capset.ScopeFile:
		return true
	case capset.ScopeInitial:
		ownMount := func(n operation.Note) bool { return n.Code == "own-mount" }
		return o.kind == inApart && slices.ContainsFunc(o.Instead, ownMount)
	}
	return o.kind == inApart // which owns the process and the other namespaces
}

// suffices reports whether what counts suffices, by the table.
func (o *child) suffices() bool {
	var counting capset.Set
	for c := range ofKernel().Caps() {
		if o.counts(c) {
			counting |= capset.Of(c)
		}
	}
	return o.Suffices(counting)
}

// unlike are the operations whose row does not tell all of what a child user namespace
// changes.
var unlike = map[string]string{
	"mount a block device":      "it asks the owner of the mount namespace first",
	"linkat AT_EMPTY_PATH":      "it asks the user namespace of whoever opened the file",
	"setns to a user namespace": "it asks the user namespace that it enters",
	"uid_map":                   "it asks the user namespace that is mapped, and the one above it",
	"gid_map":                   "it asks the user namespace that is mapped, and the one above it",
	"NETLINK_AUDIT":             "the socket finds nobody (ECONNREFUSED)",
	"AUDIT_USER":                "the socket finds nobody (ECONNREFUSED)",
}

func (o *child) verify(t *testing.T) {
	t.Helper()
	if why := unlike[o.none.Name]; why != "" {
		t.Logf("%s: %s: %s", o.kind, o.none, why)
		if strings.HasSuffix(why, "(ECONNREFUSED)") != (o.none.Came == "ECONNREFUSED") {
			t.Errorf("%s: %s", o.kind, o.none)
		}
		return
	}
	if o.none.Came != o.Errno && o.none.lacksKernel() {
		return
	}
	if o.none.Came != o.Errno {
		t.Errorf("%s: %s: the table has %q", o.kind, o.none, o.Errno)
	}
	if o.Errno != "" && len(o.Caps) > 0 && o.suffices() == o.full.refused(o.Errno) {
		t.Errorf("%s: %s with all in %s looked for %v: by the table it suffices: %t", o.kind, o.full.Name, o.full.Came, o.full.checks, o.suffices())
	}
	for _, a := range []*trial{o.none, o.full} {
		for _, c := range a.checks {
			if beside[a.Name].Has(c.cap) && !o.Set().Has(c.cap) {
				continue
			}
			if want := map[bool]string{true: "own", false: "initial"}[o.counts(c.cap)]; c.where != want && (a.Came != "" || c.granted) {
				t.Errorf("%s: %s: the kernel looked for %s, the table has %s", o.kind, a.Name, c, o.ScopeOf(c.cap))
			}
		}
	}
}
