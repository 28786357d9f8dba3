// SPDX-License-Identifier: Apache-2.0

package collect

import "testing"

func TestHidepid(t *testing.T) {
	const proc = "22 28 0:21 / /proc rw,nosuid - proc proc rw"
	for _, test := range []struct{ cause, table, dir, want string }{
		{"no option", proc + "\n", "/proc", ""},
		{"by number", proc + ",hidepid=2\n", "/proc", "2"},
		{"by name, with another option", proc + ",hidepid=invisible,gid=5\n", "/proc", "invisible"},
		{"off by number", proc + ",hidepid=0\n", "/proc", ""},
		{"off by name", proc + ",hidepid=off\n", "/proc", ""},
		{"another place", proc + ",hidepid=2\n", "/host/proc", ""},
		{"mounted over", proc + ",hidepid=2\n" + proc + "\n", "/proc", ""},
		{"mounted over by something else", proc + ",hidepid=2\n30 28 0:9 / /proc rw - tmpfs tmpfs rw,hidepid=2\n", "/proc", ""},
		{"optional fields", "22 28 0:21 / /proc rw shared:5 master:1 - proc proc rw,hidepid=ptraceable\n", "/proc", "ptraceable"},
		{"a blank in the place", "22 28 0:21 / /a\\040b rw - proc proc rw,hidepid=2\n", "/a b", "2"},
		{"cut short", "22 28 0:21 / /proc rw - proc\n22 28\n\n", "/proc", ""},
	} {
		if got, _ := hidepid([]byte(test.table), test.dir); got != test.want {
			t.Errorf("%s: %q, want %q", test.cause, got, test.want)
		}
	}
}
