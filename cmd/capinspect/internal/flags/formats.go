// SPDX-License-Identifier: Apache-2.0

package flags

// Format is one form in which a command writes its result.
type Format interface{ FormName() string }

// Formats are -o and --json, which choose one of the formats of a command.
type Formats[F Format] struct {
	known  []F // the first is the default
	Output string
	JSON   bool
}

// NewFormats returns the flags, which are set to the first format.
func NewFormats[F Format](known []F) Formats[F] {
	return Formats[F]{known: known, Output: known[0].FormName()}
}

// Flags returns -o and --json.
func (f *Formats[F]) Flags() []Flag {
	names := FormatNames(f.known)
	return []Flag{
		{
			Name: "output", Shorthand: "o", Argument: "FORMAT", Values: names,
			About: "the FORMAT: " + Joined(names, ", "), Value: (*String)(&f.Output),
		},
		{Name: "json", About: "the same as -o json", Value: (*Bool)(&f.JSON)},
	}
}

// Chosen returns the format that the flags ask for.
func (f *Formats[F]) Chosen() (F, error) { return ChooseFormat(f.known, f.Output, f.JSON) }

// ChooseFormat returns the format that -o and --json ask for, of those in
// known. The first is the default.
func ChooseFormat[F Format](known []F, output string, json bool) (chosen F, err error) {
	if json {
		if output != known[0].FormName() && output != "json" {
			return chosen, Usagef("--json and -o %s cannot be used together", output)
		}
		output = "json"
	}
	for _, f := range known {
		if f.FormName() == output {
			return f, nil
		}
	}
	names := FormatNames(known)
	return chosen, Usagef("unknown format %q: %s", output, DidYouMean(output, texts(names), "want "+Joined(names, ", ")))
}

// FormatNames returns the names of formats.
func FormatNames[F Format](known []F) []Candidate {
	names := make([]Candidate, len(known))
	for i, f := range known {
		names[i] = Candidate(f.FormName())
	}
	return names
}
