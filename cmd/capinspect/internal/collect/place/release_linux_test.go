// SPDX-License-Identifier: Apache-2.0

package place

import "testing"

func TestOlderThan(t *testing.T) {
	for release, want := range map[string]bool{
		"6.15.0": true, "6.16": false, "6.16.0-rc1": false, "6.18.44-x": false, "5.10.0-30-amd64": true, "2.6.32": true, "7.0": false,
		"6.9-generic": true, "6.160": false, "6.x": false, "6": false, "": false, "x": false,
	} {
		if got := OlderThan(release, 6, 16); got != want {
			t.Errorf("%q: %t", release, got)
		}
	}
}
