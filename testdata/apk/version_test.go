// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"strings"
	"testing"

	"chainguard.dev/apko/pkg/apk/apk"
)

// TestVersionsAscend holds that apk knows the versions that packaging makes, and sorts
// them as they were tagged and committed.
func TestVersionsAscend(t *testing.T) {
	text, err := os.ReadFile("../../cmd/packaging/testdata/versions")
	if err != nil {
		t.Fatal(err)
	}
	var last apk.Version
	lastName := ""
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if strings.HasPrefix(line, "#") || fields[2] == lastName {
			continue
		}
		name := fields[2] + "-r0"
		version, err := apk.ParseVersion(name)
		if err != nil {
			t.Fatal(err)
		}
		if lastName != "" && apk.CompareVersions(last, version) >= 0 {
			t.Errorf("%s is not before %s", lastName, name)
		}
		last, lastName = version, fields[2]
	}
	if lastName == "" {
		t.Error("no version")
	}
}
