// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"slices"
	"strings"
	"testing"
)

// TestFlags checks what the declarations of flags promise each other: a switch
// has nothing to complete, an argument has, and a flag accepts each word that
// completion offers for it.
func TestFlags(t *testing.T) {
	words := 0
	for _, c := range commands() {
		for _, f := range c.Flags() {
			switch {
			case f.About == "" || strings.ContainsAny(f.About, "\n|`\x00"):
				t.Errorf("%s --%s: %q is no plain line of help", c.Name, f.Name, f.About)
			case f.Argument == "" && f.Values != nil:
				t.Errorf("%s --%s: a switch with values %q", c.Name, f.Name, f.Values)
			case f.Argument != "" && len(f.Values) == 0:
				t.Errorf("%s --%s: nothing to complete for %s", c.Name, f.Name, f.Argument)
			}
			if f.Argument == "" {
				if err := f.Value.Set("true"); err != nil {
					t.Errorf("%s --%s: %v", c.Name, f.Name, err)
				}
			}
			for _, word := range f.Values {
				if strings.HasPrefix(string(word), "@") {
					continue
				}
				words++
				if err := f.Value.Set(string(word)); err != nil {
					t.Errorf("%s --%s %s: %v", c.Name, f.Name, word, err)
				}
			}
		}
	}
	if words < 30 {
		t.Errorf("%d words only", words)
	}
}

// TestOperands checks that a word that completion offers behind a command stands
// on its usage line.
func TestOperands(t *testing.T) {
	for _, c := range commands() {
		if len(c.Operands) == 0 {
			t.Errorf("%s: nothing to complete", c.Name)
		}
		for _, word := range c.Operands {
			if !strings.HasPrefix(string(word), "@") && word != "file:" && word != "pod:" && word != "container:" && !slices.Contains(strings.Fields(c.Args), string(word)) {
				t.Errorf("%s: %s is not in %q", c.Name, word, c.Args)
			}
		}
	}
}
