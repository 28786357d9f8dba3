// SPDX-License-Identifier: Apache-2.0

package target

import "testing"

// TestFirsts holds which process of a container is the first.
func TestFirsts(t *testing.T) {
	m := func(id string, pid, parent, inside int) member {
		return member{id: id, process: process{pid, parent, inside}}
	}
	for name, test := range map[string]struct {
		members []member
		want    int
	}{
		"PID 1 of its namespace":         {[]member{m("a", 20, 5, 9), m("a", 30, 5, 1), m("a", 31, 30, 7)}, 30},
		"the top of the tree":            {[]member{m("a", 40, 41, 40), m("a", 41, 5, 41)}, 41},
		"one that was started later too": {[]member{m("a", 50, 5, 50), m("a", 45, 50, 45), m("a", 60, 5, 60)}, 50},
		"beside another container":       {[]member{m("b", 10, 1, 10), m("a", 50, 10, 50), m("a", 45, 50, 45)}, 50},
	} {
		for _, c := range firsts(test.members) {
			if c.id == "a" && c.first.pid != test.want {
				t.Errorf("%s: %d, want %d", name, c.first.pid, test.want)
			}
		}
	}
	if all := firsts([]member{m("b", 1, 0, 1), m("a", 2, 0, 1)}); len(all) != 2 || all[0].id != "a" {
		t.Errorf("%v", all)
	}
}
