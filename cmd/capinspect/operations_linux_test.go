// SPDX-License-Identifier: Apache-2.0

package main

import (
	"maps"
	"runtime"
	"slices"
	"syscall"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/operation"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// tried is an operation with what came of it.
type tried struct {
	*operation.Operation
	none         *trial   // without any capability
	lack, enough []*trial // with all but what suffices; with what suffices by the table
}

// TestOperations does operations of the table as a user other than root: without any
// capability, with what suffices by the table, and with all the others. The kernel says
// whether the table is right: by what comes back, and where it has a tracepoint for that by
// what it looks for.
func TestOperations(t *testing.T) {
	need.On(t, "root")
	runtime.LockOSThread() // below which the kernel traces
	defer runtime.UnlockOSThread()
	trace := startTracing(t)
	here := stage{target: sleeping(t), marker: trace.marker}
	here.attr.Unshareflags = ownUnshared
	var all []*trial
	plan := func(name string, has capset.Set) *trial {
		a := &trial{Number: len(all), Name: name, Has: uint64(has)}
		all = append(all, a)
		return a
	}
	setSysctls(t, settings)
	held := own()
	var operations []*tried
	for _, name := range slices.Sorted(maps.Keys(doings)) {
		found := operation.Named(name)
		if len(found) != 1 {
			t.Errorf("%s: %d operations", name, len(found))
			continue
		}
		o := &tried{Operation: &found[0], none: plan(name, 0)}
		operations = append(operations, o)
		if o.Errno == "" || len(o.Caps) == 0 {
			continue
		}
		for _, lacks := range lacking(o.Operation) {
			o.lack = append(o.lack, plan(name, held&^lacks))
		}
		for _, enough := range sufficient(o.Operation) {
			if why := harmful[name]; why != "" {
				t.Logf("%s is not done with %s: %s", name, enough, why)
				continue
			}
			if enough&^held != 0 {
				t.Logf("%s: root lacks %s here", name, enough&^held)
				continue
			}
			o.enough = append(o.enough, plan(name, enough))
		}
	}
	if err := here.perform(all); err != nil {
		t.Fatal(err)
	}
	trace.tell(t, all)
	verified := map[string]bool{}
	for _, o := range operations {
		if !o.verify(t) {
			continue
		}
		verified[o.Name()] = true
		if trace.marker != nil && o.none.Name != "setns to a user namespace" { // another process does it
			o.verifyChecks(t)
		}
	}
	unnamed := 0
	for _, o := range operation.All() {
		if verified[o.Name()] || o.Program {
			continue
		}
		if unnamed++; o.Unverified == "" {
			t.Errorf("%s is not verified, and the table does not say why", o.Name())
		}
	}
	t.Logf("%d of %d operations are verified, %d are not: the others are programs", len(verified), len(operation.All()), unnamed)
}

// verify holds what came back against the table. It returns false if the kernel has no such
// operation.
func (o *tried) verify(t *testing.T) bool {
	t.Helper()
	if o.none.Came != o.Errno && o.none.lacksKernel() {
		t.Logf("%s: this kernel has no such thing", o.none)
		return false
	}
	if o.none.Came != o.Errno {
		t.Errorf("%s: the table has %q", o.none, o.Errno)
		return false
	}
	for _, a := range o.lack {
		if !a.refused(o.Errno) {
			t.Errorf("%s: the table has %q", a, o.Errno)
		}
	}
	for _, a := range o.enough {
		if a.refused(o.Errno) {
			t.Errorf("%s: by the table that suffices", a)
		}
	}
	return true
}

// verifyChecks holds what the kernel looked for against the table: everything that is in it,
// in its order, and nothing else. What it looked for in vain in an operation that came to its
// end is no need.
func (o *tried) verifyChecks(t *testing.T) {
	t.Helper()
	var inOrder []capset.Cap
	for _, c := range o.Caps {
		inOrder = append(append(inOrder, c), o.Substitutes[c]...)
	}
	var sought capset.Set
	for _, a := range slices.Concat([]*trial{o.none}, o.lack, o.enough) {
		var seen capset.Set
		last := -1
		for _, c := range a.checks {
			at := slices.Index(inOrder, c.cap)
			switch {
			case seen.Has(c.cap) || at < 0 && (c.silent || beside[a.Name].Has(c.cap)):
			case at >= 0 && at < last:
				t.Errorf("%s: the kernel looked for %v, the order of the table is %v", a, a.checks, inOrder)
			case at < 0 && !slices.Contains(o.Alone, c.cap) && a.Came != "":
				t.Errorf("%s: the kernel looked for %v, the table has %v", a, a.checks, inOrder)
			}
			seen |= capset.Of(c.cap)
			last = max(last, at)
		}
		sought |= seen
	}
	if missing := o.Set() &^ sought; missing != 0 {
		t.Errorf("%s: the kernel did not look for %s but for %v", o.none, missing, o.none.checks)
	}
}

// sleeping starts a process of root that ends with the test.
func sleeping(t *testing.T) int { return sleepingAs(t, nil) }

// sleepingAs starts a process of a user that ends with the test.
func sleepingAs(t *testing.T, as *syscall.Credential) int {
	t.Helper()
	target := sleeper()
	target.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	if err := target.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		target.Process.Kill()
		target.Wait()
	})
	return target.Process.Pid
}

// sufficient returns the smallest sets that suffice for an operation.
func sufficient(o *operation.Operation) (sets []capset.Set) {
	if o.All {
		sets = append(sets, o.Set())
	} else {
		for _, c := range o.Caps {
			sets = append(sets, capset.Of(c))
		}
	}
	for _, c := range o.Alone {
		sets = append(sets, capset.Of(c))
	}
	return sets
}

// lacking returns the smallest sets without which all other capabilities do not suffice.
func lacking(o *operation.Operation) (sets []capset.Set) {
	with := func(c capset.Cap) capset.Set { return capset.Of(c) | capset.Of(o.Substitutes[c]...) }
	if !o.All {
		lacks := capset.Of(o.Alone...)
		for _, c := range o.Caps {
			lacks |= with(c)
		}
		return []capset.Set{lacks}
	}
	for _, c := range o.Caps {
		sets = append(sets, with(c)|capset.Of(o.Alone...))
	}
	return sets
}
