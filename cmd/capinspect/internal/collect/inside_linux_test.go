// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"testing"

	"github.com/capinspect/capinspect/procstatus"
)

// TestInsideIDs holds that ids which a user namespace lacks stay apart from those that
// it has, and from each other, and come back as what they were.
func TestInsideIDs(t *testing.T) {
	ids := insideIDs{m: procstatus.IDMap{{Inside: 0, Outside: 100000, Length: 65536}, {Inside: 4294967290, Outside: 300000, Length: 4}}}
	seen := map[uint32]uint32{}
	for _, out := range []uint32{100000, 165535, 300000, 300003, 0, 1000, 65534, 200000, 4294967294, 0, 1000} {
		in, ok := ids.in(out)
		if want := out >= 100000 && out < 165536 || out >= 300000 && out < 300004; ok != want || !ok && ids.m.Covers(in) {
			t.Errorf("%d is %d, %t", out, in, ok)
		}
		if before, had := seen[in]; had && before != out {
			t.Errorf("%d and %d are both %d", before, out, in)
		}
		if seen[in] = out; ids.out(in) != out {
			t.Errorf("%d is %d, which is %d", out, in, ids.out(in))
		}
	}
	same := insideIDs{}
	if in, ok := same.in(7); in != 7 || !ok || same.out(7) != 7 {
		t.Error(in, ok)
	}
}

func TestOlderThan(t *testing.T) {
	for release, want := range map[string]bool{
		"6.15.0": true, "6.16": false, "6.16.0-rc1": false, "6.18.44-x": false, "5.10.0-30-amd64": true, "2.6.32": true, "7.0": false,
		"6.9-generic": true, "6.160": false, "6.x": false, "6": false, "": false, "x": false,
	} {
		if got := olderThan(release, 6, 16); got != want {
			t.Errorf("%q: %t", release, got)
		}
	}
}
