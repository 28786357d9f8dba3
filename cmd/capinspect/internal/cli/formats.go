// SPDX-License-Identifier: Apache-2.0

package cli

import "github.com/capinspect/capinspect/cmd/capinspect/internal/flags"

// format is one form in which a command writes its result.
type format interface{ FormName() string }

// formatFlags are -o and --json, which choose one of the formats of a command.
type formatFlags[F format] struct {
	known  []F // the first is the default
	output string
	json   bool
}

func newFormatFlags[F format](known []F) formatFlags[F] {
	return formatFlags[F]{known: known, output: known[0].FormName()}
}

func (f *formatFlags[F]) flags() []flags.Flag {
	names := formatNames(f.known)
	return []flags.Flag{
		{
			Name: "output", Shorthand: "o", Argument: "FORMAT", Values: names,
			About: "the FORMAT: " + flags.Joined(names, ", "), Value: (*flags.String)(&f.output),
		},
		{Name: "json", About: "the same as -o json", Value: (*flags.Bool)(&f.json)},
	}
}

// chosen returns the format that the flags ask for.
func (f *formatFlags[F]) chosen() (F, error) { return chooseFormat(f.known, f.output, f.json) }

// chooseFormat returns the format that -o and --json ask for, of those in
// known. The first is the default.
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
	return chosen, usagef("unknown format %q: want %s", output, flags.Joined(formatNames(known), ", "))
}

func formatNames[F format](known []F) []flags.Candidate {
	names := make([]flags.Candidate, len(known))
	for i, f := range known {
		names[i] = flags.Candidate(f.FormName())
	}
	return names
}
