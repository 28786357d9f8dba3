// SPDX-License-Identifier: Apache-2.0

package denial

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// corpus returns the logs of testdata.
func corpus(t testing.TB) (logs [][]byte) {
	t.Helper()
	files, err := filepath.Glob("testdata/*.log*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no logs, %v", err)
	}
	for _, file := range files {
		log, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		logs = append(logs, log)
	}
	return logs
}

// Whatever a log has, it is read in little time, and each event is of a line.
func TestHostile(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 4<<20)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	printable := make([]byte, 4<<20)
	const letters = " \n()<>[]{}=:-+\"'\\,./abcdefgmountEPERM0123456789"
	for i := range printable {
		printable[i] = letters[random.IntN(len(letters))]
	}
	all := bytes.Join(corpus(t), []byte("\n"))
	broken := bytes.Clone(bytes.Repeat(all, 4))
	for range len(broken) / 50 {
		broken[random.IntN(len(broken))] = byte(random.Uint32())
	}
	for name, log := range map[string][]byte{
		"noise":       noise,
		"printable":   printable,
		"broken":      broken,
		"zeros":       make([]byte, 16<<20),
		"empty lines": bytes.Repeat([]byte("\n"), 1<<20),
		"no end":      []byte(strings.Repeat("a(", 8<<20)),
		"equals":      []byte(strings.Repeat(" = ", 4<<20)),
		"quotes":      []byte("open(" + strings.Repeat("\"\\", 20<<10) + ") = -1 EPERM (Operation not permitted)"),
		"braces":      bytes.Repeat([]byte("{\"cap\":"+strings.Repeat("[", 20<<10)+"\n"), 20),
		"fields":      bytes.Repeat([]byte("apparmor=\"DENIED\" "+strings.Repeat("xpid=", 12<<10)+"\n"), 20),
		"colons":      bytes.Repeat([]byte(strings.Repeat("a: ", 20<<10)+"Permission denied\n"), 20),
		"parentheses": bytes.Repeat([]byte(strings.Repeat("bind(", 12<<10)+"Permission denied\n"), 20),
		"ports":       bytes.Repeat([]byte("bind "+strings.Repeat(":80 ", 14<<10)+"Permission denied\n"), 20),
		"frames":      []byte("setuid(0) = -1 EPERM (x)\n" + strings.Repeat(" > /lib/a(b+0x1) [0x2]\n", 200_000)),
		"unfinished":  []byte(strings.Repeat("7 read(0,  <unfinished ...>\n7 <... read resumed> <unfinished ...>\n", 50_000)),
		"columns":     bytes.Repeat([]byte("COMM CAP AUDIT "+strings.Repeat("X ", 20<<10)+"\n1 CAP_CHOWN\n"), 20),
	} {
		begun := time.Now()
		list, stats := events(t, log, "-")
		if took := time.Since(begun); took > limit(time.Second) {
			t.Errorf("%s: %v", name, took)
		}
		for _, e := range list {
			if e.Line < 1 || e.Line > stats.Lines || len(e.Text) > maxText || len(e.Stack) > maxStack {
				t.Errorf("%s: line %d of %d, %d bytes, %d frames", name, e.Line, stats.Lines, len(e.Text), len(e.Stack))
			}
		}
	}
}

// limit allows for a machine that does other things too.
func limit(d time.Duration) time.Duration { return 5 * d }

// Memory does not grow with the log.
func TestMemory(t *testing.T) {
	line := []byte("4242 openat(AT_FDCWD, \"/etc/shadow\", O_RDONLY) = -1 EACCES (Permission denied)\n")
	peak := func(bytes int64) (most uint64) {
		runtime.GC() // of what other tests have left
		n := 0
		for _, err := range Read(&repeat{text: line, left: bytes}, "-") {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n%50_000 == 0 {
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapInuse)
			}
		}
		return most
	}
	small, large := peak(8<<20), peak(128<<20)
	if large > small+(8<<20) {
		t.Errorf("%d bytes for 8 MiB, %d for 128 MiB", small, large)
	}
}

// FuzzRead reads logs with each format alone and with all of them.
func FuzzRead(f *testing.F) {
	for _, log := range corpus(f) {
		for chunk := range bytes.SplitSeq(log, []byte("\n")) {
			f.Add(chunk)
		}
		f.Add(log[:min(len(log), 4<<10)])
	}
	f.Fuzz(func(t *testing.T, log []byte) {
		var r Reader
		for e, err := range r.Read(bytes.NewReader(log), "f.1") {
			if err != nil {
				return // a broken archive
			}
			if e.Line < 1 || e.Line > r.Stats.Lines || e.Format == "" || len(e.Text) > maxText {
				t.Errorf("%q: %+v, %+v", log, e, r.Stats)
			}
		}
		for i := range formats { // each reader, with lines that its mark does not take too
			one := Reader{Stats: Stats{Recognised: map[Format]int{}}, threads: map[int]*thread{}, refused: map[string]int{}, yield: func(Event, error) bool { return true }}
			for line := range bytes.SplitSeq(log, []byte("\n")) {
				if formats[i].mark(line) {
					formats[i].parse(&one, line)
				}
			}
			for len(one.pending) > 0 {
				one.flush()
			}
		}
	})
}
