// SPDX-License-Identifier: Apache-2.0

package report

import "runtime/debug"

// Build returns the version of capinspect, that of the tag that it was built from, and
// its commit. "(devel)" is a build without a version, and its commit may be empty.
func Build() (version, commit string) {
	version = "(devel)"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return version, ""
	}
	if info.Main.Version != "" {
		version = info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			commit = s.Value
		}
	}
	return version, commit
}
