// SPDX-License-Identifier: Apache-2.0

package denial

import (
	"bytes"
	"os"
	"testing"
)

func BenchmarkStrace(b *testing.B) {
	text, err := os.ReadFile("testdata/strace-o.log")
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for _, err := range Read(bytes.NewReader(text), "log") {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n == 0 {
			b.Fatal("no event")
		}
	}
}
