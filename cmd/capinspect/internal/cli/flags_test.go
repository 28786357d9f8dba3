// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"slices"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
)

// TestFlags checks what the declarations of flags promise each other: a switch
// has nothing to complete, an argument has, and a flag accepts each word that
// completion offers for it.
func TestFlags(t *testing.T) {
	words := 0
	for _, c := range commands() {
		for _, f := range c.flags() {
			switch {
			case f.about == "" || strings.ContainsAny(f.about, "\n|`\x00"):
				t.Errorf("%s --%s: %q is no plain line of help", c.name, f.name, f.about)
			case f.argument == "" && f.values != nil:
				t.Errorf("%s --%s: a switch with values %q", c.name, f.name, f.values)
			case f.argument != "" && len(f.values) == 0:
				t.Errorf("%s --%s: nothing to complete for %s", c.name, f.name, f.argument)
			}
			if f.argument == "" {
				if err := f.value.Set("true"); err != nil {
					t.Errorf("%s --%s: %v", c.name, f.name, err)
				}
			}
			for _, word := range f.values {
				if strings.HasPrefix(string(word), "@") {
					continue
				}
				words++
				if err := f.value.Set(string(word)); err != nil {
					t.Errorf("%s --%s %s: %v", c.name, f.name, word, err)
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
		if len(c.operands) == 0 {
			t.Errorf("%s: nothing to complete", c.name)
		}
		for _, word := range c.operands {
			if !strings.HasPrefix(string(word), "@") && word != "file:" && !slices.Contains(strings.Fields(c.args), string(word)) {
				t.Errorf("%s: %s is not in %q", c.name, word, c.args)
			}
		}
	}
}

// TestScanFormats checks that predict has the same formats with and without
// --scan, since one flag chooses among them.
func TestScanFormats(t *testing.T) {
	if with, without := formatNames(render.Scans), formatNames(render.Predictions); !slices.Equal(with, without) {
		t.Errorf("%q with --scan, %q without", with, without)
	}
}

// TestCapshOptions checks that an option of capsh is found with a value if it
// takes one, and only then.
func TestCapshOptions(t *testing.T) {
	for _, o := range capshOptions {
		if (o.argument == "") != (o.value == "") {
			t.Errorf("--%s: argument %q, completed by %q", o.name, o.argument, o.value)
		}
		bare, _ := findCapsh("--" + o.name)
		with, value := findCapsh("--" + o.name + "=a=b")
		found, other := bare, with
		if o.argument != "" {
			found, other = with, bare
		}
		if found == nil || found.name != o.name || other != nil || o.argument != "" && value != "a=b" {
			t.Errorf("--%s: %v, with a value %v %q", o.name, bare != nil, with != nil, value)
		}
	}
}
