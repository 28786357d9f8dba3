// SPDX-License-Identifier: Apache-2.0

package collect

import "testing"

func TestHidepid(t *testing.T) {
	for _, test := range []struct {
		cause, options, want string
		gid                  int
	}{
		{"no option", "rw", "", 0},
		{"by number", "rw,hidepid=2", "2", 0},
		{"by name, with another option", "rw,hidepid=invisible,gid=5", "invisible", 5},
		{"off by number", "rw,hidepid=0", "", 0},
		{"off by name", "rw,hidepid=off", "", 0},
		{"none", "", "", 0},
	} {
		if got, gid := hidepid(test.options); got != test.want || gid != test.gid {
			t.Errorf("%s: %q %d, want %q %d", test.cause, got, gid, test.want, test.gid)
		}
	}
}
