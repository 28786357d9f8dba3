// SPDX-License-Identifier: Apache-2.0

package task

import (
	"testing"

	"github.com/capinspect/capinspect/capset"
)

// TestScopeTable holds that each scope owns the namespace whose name it has, or has words.
func TestScopeTable(t *testing.T) {
	for s := range capset.Scope(capset.NumScopes) {
		row := scopeTable[s]
		if k, ok := OwnedKind(s); ok && k.String() != s.String() || !ok && row.place == "" {
			t.Errorf("%s: %+v", s, row)
		}
	}
}

func TestScopesInWords(t *testing.T) {
	for _, test := range []struct {
		scopes         []capset.Scope
		things, places string
	}{
		{nil, "", ""},
		{[]capset.Scope{capset.ScopeOwn}, "the process itself", "the user namespace of the process"},
		{
			[]capset.Scope{capset.ScopeInitial, capset.ScopeNet},
			"what belongs to the machine and its net namespace", "the initial user namespace; the user namespace that owns its net namespace",
		},
		{
			[]capset.Scope{capset.ScopeUTS, capset.ScopeMnt, capset.ScopeProcess},
			"processes in there and its uts and mnt namespaces", "the user namespace of the other process; the user namespaces that own its uts and mnt namespaces",
		},
	} {
		if things, places := ScopeThings(test.scopes...), ScopePlaces(test.scopes...); things != test.things || places != test.places {
			t.Errorf("%v: %q, %q", test.scopes, things, places)
		}
	}
}
