// SPDX-License-Identifier: Apache-2.0

// Package seccomp holds the seccomp gates of package runtime against Docker's own default
// filter.
package seccomp

import (
	"slices"
	"strings"
	"testing"

	"github.com/moby/profiles/seccomp"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
)

// dockerAlone are the calls that Docker's filter opens and containerd's does not know.
var dockerAlone = []string{"lsm_get_self_attr", "lsm_list_modules", "lsm_set_self_attr"}

// TestGates holds that the table has each system call that the filter allows for a
// capability, and no other.
func TestGates(t *testing.T) {
	always := map[string]bool{} // on every kernel that is new enough
	gated := map[capset.Cap][]string{}
	for _, rule := range seccomp.DefaultProfile().Syscalls {
		if rule.Includes != nil && rule.Includes.MinKernel != nil {
			for _, name := range rule.Names {
				always[name] = true
			}
		}
		if rule.Includes == nil || rule.Action != "SCMP_ACT_ALLOW" {
			continue
		}
		for _, name := range rule.Includes.Caps {
			c, err := capset.Parse(name)
			if err != nil {
				t.Fatal(err)
			}
			gated[c] = append(gated[c], rule.Names...)
		}
	}
	if len(gated) < 10 {
		t.Fatalf("only %d capabilities open something", len(gated))
	}
	docker := runtime.Named("docker")
	for c := range capset.LastKnown + 1 {
		want := slices.DeleteFunc(gated[c], func(name string) bool { return always[name] || slices.Contains(dockerAlone, name) })
		slices.Sort(want)
		gate, ok := docker.SeccompGate(c)
		if ok != (want != nil) || !slices.Equal(gate.Calls, want) {
			t.Errorf("%v: %s\nwant %s", c, strings.Join(gate.Calls, " "), strings.Join(want, " "))
		}
	}
}
