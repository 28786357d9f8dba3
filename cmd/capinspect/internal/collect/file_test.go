// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"bytes"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/testdata/fixture"
)

// FuzzFromFile holds that any text is tasks or an error, and that each task
// has a last capability and a set.
func FuzzFromFile(f *testing.F) {
	for _, file := range append(fixture.Status(f), fixture.Reports(f)...) {
		f.Add(file.Text)
	}
	f.Add([]byte("CapEff: 1\r\nCapEff:\t2\nName:\t x \n  CapPrm:  3"))
	f.Add([]byte(`{"schemaVersion":1,"capabilities":{"effective":{"hex":"1"}},"state":"","unknown":null}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		before := bytes.Clone(text)
		records, err := FromFile("x", text, nil)
		if (len(records) > 0) == (err != nil) {
			t.Fatalf("%d records, %v: want exactly one", len(records), err)
		}
		if !bytes.Equal(text, before) {
			t.Fatal("the text has changed")
		}
		for _, r := range records {
			if !r.hasCaps() || r.LastCap.From == "" || r.LastCap.Value > capset.Max {
				t.Fatalf("%+v", r)
			}
			r.Mode()
		}
	})
}
