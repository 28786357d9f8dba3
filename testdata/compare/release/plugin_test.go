// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"strings"
	"testing"
)

// TestKrewManifest holds that krew takes the manifest in docs, and what is refused of it.
func TestKrewManifest(t *testing.T) {
	text, err := os.ReadFile("../../../docs/krew/capinspect.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := krewManifest(text); err != nil {
		t.Error(err)
	}
	for _, change := range [][2]string{
		{"  bin:", "  bni:"},
		{"v1alpha2", "v1"},
		{"name: capinspect", "name: caps"},
		{"[linux, darwin]", "[linux]"},
		{"key: os", "key: system"},
		{"homepage:", "homepgae:"},
	} {
		changed := strings.Replace(string(text), change[0], change[1], 1)
		if _, err := krewManifest([]byte(changed)); err == nil || changed == string(text) {
			t.Errorf("%s is taken for %s", change[1], change[0])
		}
	}
}
