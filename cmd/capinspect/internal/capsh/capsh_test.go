// SPDX-License-Identifier: Apache-2.0

package capsh

import "testing"

// TestFind checks that an option of capsh is found with a value if it
// takes one, and only then.
func TestFind(t *testing.T) {
	for _, o := range Options {
		if (o.Argument == "") != (o.Value == "") {
			t.Errorf("--%s: argument %q, completed by %q", o.Name, o.Argument, o.Value)
		}
		bare, _ := Find("--" + o.Name)
		with, value := Find("--" + o.Name + "=a=b")
		found, other := bare, with
		if o.Argument != "" {
			found, other = with, bare
		}
		if found == nil || found.Name != o.Name || other != nil || o.Argument != "" && value != "a=b" {
			t.Errorf("--%s: %v, with a value %v %q", o.Name, bare != nil, with != nil, value)
		}
	}
}
