// SPDX-License-Identifier: Apache-2.0

package capset

import (
	"slices"
	"testing"
)

// TestScopes holds that every capability has scopes, each once and in ascending order.
// TestScopesByKernel of the command asks the kernel whether they are right.
func TestScopes(t *testing.T) {
	for c := range LastKnown + 1 {
		list := c.Scopes()
		if len(list) == 0 || !slices.IsSorted(list) || len(slices.Compact(list)) != len(c.Scopes()) {
			t.Errorf("%v: %v", c, list)
		}
	}
	if got := (LastKnown + 1).Scopes(); got != nil {
		t.Errorf("a capability without a name: %v", got)
	}
	NetAdmin.Scopes()[0] = NumScopes
	if got := NetAdmin.Scopes(); !slices.Equal(got, []Scope{ScopeInitial, ScopeNet}) {
		t.Errorf("%v", got)
	}
	for s := range Scope(NumScopes) {
		if s.String() == "" {
			t.Errorf("scope %d has no name", uint8(s))
		}
	}
	if got := Scope(NumScopes).String(); got != "11" {
		t.Errorf("%q", got)
	}
}
