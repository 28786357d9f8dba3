// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestContributing holds that CONTRIBUTING.md has each package in its tables, and names no
// file or package that is not there.
func TestContributing(t *testing.T) {
	const root = "../.."
	text, err := os.ReadFile(filepath.Join(root, "CONTRIBUTING.md"))
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, line := range regexp.MustCompile("(?m)^\\| (`.*`) \\|").FindAllStringSubmatch(string(text), -1) {
		for name := range strings.SplitSeq(line[1], ", ") {
			listed[strings.Trim(name, "`")] = true
		}
	}
	found := 0
	for _, from := range []string{root + "/capset", root + "/procstatus", "internal"} {
		err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case !entry.IsDir():
				return nil
			case entry.Name() == "testdata" || strings.HasSuffix(entry.Name(), "test"):
				return fs.SkipDir
			}
			sources, err := filepath.Glob(filepath.Join(path, "*.go"))
			name := strings.TrimPrefix(strings.TrimPrefix(filepath.ToSlash(path), root+"/"), "internal/")
			if len(sources) == 0 {
				return err
			}
			found++
			if !listed[name] {
				t.Errorf("CONTRIBUTING.md does not list the package %s", name)
			}
			delete(listed, name)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found < 20 {
		t.Errorf("%d packages only", found)
	}
	for name := range listed {
		t.Errorf("CONTRIBUTING.md lists %s, which is no package", name)
	}
	for _, name := range regexp.MustCompile("`((?:capset|cmd|internal|docs|testdata)/[\\w/.-]+)`").FindAllStringSubmatch(string(text), -1) {
		path := strings.TrimPrefix(name[1], "cmd/capinspect/")
		if path == name[1] && !strings.HasPrefix(path, "internal/") {
			path = root + "/" + path
		}
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}
