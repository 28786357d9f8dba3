// SPDX-License-Identifier: Apache-2.0

package cli

import "strings"

// format is a form in which a command writes what it found.
type format interface{ FormName() string }

// chooseFormat returns the form that -o and --json ask for, of those that a
// command knows; the first is the default.
func chooseFormat[F format](known []F, output string, json bool) (chosen F, err error) {
	if json {
		if output != known[0].FormName() && output != "json" {
			return chosen, usagef("--json and -o %s exclude each other", output)
		}
		output = "json"
	}
	for _, f := range known {
		if f.FormName() == output {
			return f, nil
		}
	}
	return chosen, usagef("unknown format %q: want %s", output, formatNames(known))
}

func formatNames[F format](known []F) string {
	names := make([]string, len(known))
	for i, f := range known {
		names[i] = f.FormName()
	}
	return strings.Join(names, ", ")
}
