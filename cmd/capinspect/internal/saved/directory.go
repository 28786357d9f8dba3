// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
)

// Manifests returns the files that a name stands for: those in a directory that kubectl
// takes for manifests, or else the file itself.
func Manifests(name string) (files []string, directory bool, err error) {
	if about, err := os.Stat(name); name == "-" || err != nil || !about.IsDir() {
		return []string{name}, false, nil // where it is opened, the error says what is wrong
	}
	entries, err := os.ReadDir(name)
	if err != nil {
		return nil, true, inFile(name, err)
	}
	for _, e := range entries {
		if slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(e.Name())) && !e.IsDir() {
			files = append(files, filepath.Join(name, e.Name()))
		}
	}
	if len(files) == 0 {
		return nil, true, inFile(name, errors.New("a directory without a .yaml, .yml or .json file in it"))
	}
	return files, true, nil
}
