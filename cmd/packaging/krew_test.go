// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"os"
	"strings"
	"testing"
)

// TestFillKrew holds that the manifest in docs can be filled, and only that.
func TestFillKrew(t *testing.T) {
	template, err := os.ReadFile("../../" + krewTemplate)
	if err != nil {
		t.Fatal(err)
	}
	got, err := fillKrew(template, "v1.2.3-rc.1", sha256.Sum256(nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"\n  version: v1.2.3-rc.1\n",
		"/releases/download/v1.2.3-rc.1/kubectl-capinspect.tar.gz\n",
		"sha256: \"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"\n",
	} {
		if strings.Count(string(got), want) != 1 {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if _, err := fillKrew(got, "v1.2.3", sha256.Sum256(nil)); err == nil {
		t.Error("it fills what is filled")
	}
}
