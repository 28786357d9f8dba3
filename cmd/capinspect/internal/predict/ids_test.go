// SPDX-License-Identifier: Apache-2.0

package predict

import (
	"testing"

	"github.com/capinspect/capinspect/procstatus"
)

// TestInsideIDs holds that ids which a user namespace lacks stay apart from those that
// it has, and from each other, and come back as what they were.
func TestInsideIDs(t *testing.T) {
	ids := InsideIDs{Map: procstatus.IDMap{{Inside: 0, Outside: 100000, Length: 65536}, {Inside: 4294967290, Outside: 300000, Length: 4}}}
	seen := map[uint32]uint32{}
	for _, out := range []uint32{100000, 165535, 300000, 300003, 0, 1000, 65534, 200000, 4294967294, 0, 1000} {
		in, ok := ids.In(out)
		if want := out >= 100000 && out < 165536 || out >= 300000 && out < 300004; ok != want || !ok && ids.Map.Covers(in) {
			t.Errorf("%d is %d, %t", out, in, ok)
		}
		if before, had := seen[in]; had && before != out {
			t.Errorf("%d and %d are both %d", before, out, in)
		}
		if seen[in] = out; ids.Out(in) != out {
			t.Errorf("%d is %d, which is %d", out, in, ids.Out(in))
		}
	}
	same := InsideIDs{}
	if in, ok := same.In(7); in != 7 || !ok || same.Out(7) != 7 {
		t.Error(in, ok)
	}
}
