// SPDX-License-Identifier: Apache-2.0

package denial

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// repeat is a text that comes again until it is as long as is wanted.
type repeat struct {
	text []byte
	at   int
	left int64
}

func (r *repeat) Read(p []byte) (n int, err error) {
	if r.left <= 0 {
		return 0, io.EOF
	}
	n = copy(p[:min(int64(len(p)), r.left)], r.text[r.at:])
	r.at = (r.at + n) % len(r.text)
	r.left -= int64(n)
	return n, nil
}

// BenchmarkRead reads 16 MiB of each log of the corpus.
func BenchmarkRead(b *testing.B) {
	logs, err := filepath.Glob("testdata/*.log*")
	if err != nil || len(logs) == 0 {
		b.Fatalf("no logs, %v", err)
	}
	for _, file := range logs {
		text, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(filepath.Base(file), func(b *testing.B) { benchmark(b, text, 16<<20) })
	}
}

// BenchmarkGigabyte reads 1 GiB of strace, and tells how much of the heap was in use at
// most.
func BenchmarkGigabyte(b *testing.B) {
	text, err := os.ReadFile("testdata/strace-o.log")
	if err != nil {
		b.Fatal(err)
	}
	benchmark(b, text, 1<<30)
}

func benchmark(b *testing.B, text []byte, size int64) {
	if !bytes.HasSuffix(text, []byte("\n")) {
		b.Fatal("the log ends within a line")
	}
	b.SetBytes(size)
	var peak uint64
	for b.Loop() {
		n := 0
		for _, err := range Read(&repeat{text: text, left: size}, "-") {
			if err != nil {
				b.Fatal(err)
			}
			if n++; n%100_000 == 0 {
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapInuse)
			}
		}
		if n == 0 {
			b.Fatal("no event")
		}
	}
	b.ReportMetric(float64(peak)/(1<<20), "MiB-heap")
}
