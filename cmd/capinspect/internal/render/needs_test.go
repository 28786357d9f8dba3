// SPDX-License-Identifier: Apache-2.0

package render

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/denial"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/needs"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
)

// FuzzNeeds holds that no log gets text onto a terminal that acts there, JSON that is none,
// or a capability into a manifest that the answer does not name.
func FuzzNeeds(f *testing.F) {
	logs, _ := filepath.Glob("../denial/testdata/*.log*")
	if len(logs) == 0 {
		f.Fatal("no logs")
	}
	for _, name := range logs {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text[:min(len(text), 2048)])
	}
	f.Fuzz(func(t *testing.T, log []byte) {
		var c needs.Collector
		lines := 0
		for e, err := range denial.Read(bytes.NewReader(log), "log\x1b") {
			if err != nil {
				break
			}
			lines = e.Line
			c.Add(&e)
		}
		told := &report.Told{Answer: c.Answer(), Lines: lines}
		for _, form := range Needs {
			out := form.Append(nil, told)
			if at := bytes.IndexFunc(out, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); at >= 0 {
				t.Fatalf("%s: %q", form.Name, out[at:min(at+20, len(out))])
			}
			if form.Name == "json" && !json.Valid(out) {
				t.Fatalf("no JSON: %s", out)
			}
		}
		add := told.Derived().Capabilities.Add
		if set := needs.Set(told.Needed) | needs.Set(told.Used); len(add) != set.Len() {
			t.Fatalf("%v are added, and %s is needed or used", add, set)
		}
	})
}

// TestNeedsWidth holds that the text fits a terminal of 80 columns.
func TestNeedsWidth(t *testing.T) {
	logs, _ := filepath.Glob("../denial/testdata/*.log*")
	if len(logs) == 0 {
		t.Fatal("no logs")
	}
	for _, name := range logs {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		var c needs.Collector
		for e, err := range denial.Read(f, filepath.Base(name)) {
			if err != nil {
				t.Fatal(err)
			}
			c.Add(&e)
		}
		for line := range strings.Lines(string(Needs[0].Append(nil, &report.Told{Answer: c.Answer()}))) {
			if len([]rune(line)) > 80 {
				t.Errorf("%s: %s", name, line)
			}
		}
	}
}
