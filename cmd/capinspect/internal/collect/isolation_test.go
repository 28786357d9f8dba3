// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset/podsecurity"
)

// TestLearn checks that an answer that is not known teaches nothing, and that the
// first one counts.
func TestLearn(t *testing.T) {
	var f podsecurity.Facts
	learn(&f, podsecurity.HostNetwork, Unsure)
	if f.Known != 0 {
		t.Errorf("known %b", f.Known)
	}
	learn(&f, podsecurity.HostIPC, Yes)
	learn(&f, podsecurity.HostIPC, No)
	learn(&f, podsecurity.HostPID, No)
	if want := podsecurity.HostIPC | podsecurity.HostPID; f.Known != want || f.True != podsecurity.HostIPC {
		t.Errorf("known %b, true %b", f.Known, f.True)
	}
}

// TestFactPaths checks that WhyFact names a value for every fact, and that it takes
// any facts.
func TestFactPaths(t *testing.T) {
	r := &Record{}
	for fact := podsecurity.Added; fact <= podsecurity.UserNamespace; fact <<= 1 {
		if got := r.WhyFact(fact); strings.HasPrefix(got, " ") {
			t.Errorf("%b: %q", fact, got)
		}
	}
	for _, facts := range []podsecurity.Fact{0, 1 << 15} {
		if got, want := r.WhyFact(facts), " is unknown: nothing that was read tells"; got != want {
			t.Errorf("%b: %q, want %q", facts, got, want)
		}
	}
}
