// SPDX-License-Identifier: Apache-2.0

package capset

import (
	"slices"
	"strings"
)

// Explanation is our text on one capability, for people who decide whether a
// container should have it. It describes current kernels (6.x). It judges no
// workload: what a process really has and could do is for others to say.
type Explanation struct {
	Permits string // what it permits
	Needs   string // what in a container typically needs it
	Risk    string // what it opens to an attacker; "the node" is the machine that runs the container
	Instead string // the usual narrower choice
}

// Explain returns our text on the capability. ok is false if it has no name
// yet.
func (c Cap) Explain() (e Explanation, ok bool) {
	if c > LastKnown {
		return Explanation{}, false
	}
	return explanations[c], true
}

// Opens returns the first sentence of Risk, without its full stop.
func (e Explanation) Opens() string {
	first, _, _ := strings.Cut(e.Risk, ". ")
	return strings.TrimSuffix(first, ".")
}

// Search returns the capabilities in whose name, summary and explanation
// together each word of a text begins a word, in upper or lower case, in
// ascending order.
func Search(text string) []Cap {
	var hits []Cap
	words := strings.Fields(strings.ToLower(text))
	for c := range LastKnown + 1 {
		e := &explanations[c]
		all := strings.ToLower(strings.Join([]string{c.String(), c.Summary(), e.Permits, e.Needs, e.Risk, e.Instead}, "\n"))
		if !slices.ContainsFunc(words, func(word string) bool { return !beginsWord(all, word) }) {
			hits = append(hits, c)
		}
	}
	return hits
}

// beginsWord reports whether a word stands in a text where one begins.
func beginsWord(text, word string) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return false
		}
		at := from + i
		if at == 0 || !isWord(text[at-1]) {
			return true
		}
		from = at + 1
	}
}

func isWord(b byte) bool { return b >= 'a' && b <= 'z' || b >= '0' && b <= '9' }
