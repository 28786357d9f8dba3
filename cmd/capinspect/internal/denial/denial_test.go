// SPDX-License-Identifier: Apache-2.0

package denial

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the expected outputs anew")

// text returns an event as the goldens have it.
func (e Event) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d: %s %s", e.Line, e.Format, [...]string{"refused", "checked", "done", "exited"}[e.Kind])
	add := func(key string, value any, is bool) {
		if is {
			fmt.Fprintf(&b, " %s=%v", key, value)
		}
	}
	add("pid", e.PID, e.PID != 0)
	add("program", e.Program, e.Program != "")
	add("call", e.Call, e.Call != "")
	add("path", fmt.Sprintf("%q", e.Path), e.Path != "")
	add("phrase", fmt.Sprintf("%q", e.Phrase), e.Phrase != "")
	add("errno", e.Errno, e.Errno != "")
	add("caps", e.Caps, e.Caps != 0)
	add("granted", e.Granted, e.Granted)
	add("unknown", e.Unknown, e.Unknown)
	add("probe", e.Probe, e.Probe)
	add("label", e.Label, e.Label != "")
	add("child", e.Child, e.Child)
	add("status", e.Status, e.Kind == Exited)
	add("stack", strings.Join(e.Stack, ","), len(e.Stack) > 0)
	add("args", e.Args, e.Args != "")
	return b.String()
}

// events returns what a log tells, and its counts.
func events(t testing.TB, log []byte, file string) (list []Event, stats Stats) {
	t.Helper()
	var r Reader
	for e, err := range r.Read(bytes.NewReader(log), file) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	return list, r.Stats
}

func TestCorpus(t *testing.T) {
	logs, err := filepath.Glob("testdata/*.log*")
	if err != nil || len(logs) < 5 {
		t.Fatalf("%d logs, %v", len(logs), err)
	}
	for _, file := range logs {
		t.Run(filepath.Base(file), func(t *testing.T) {
			log, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			list, stats := events(t, log, file)
			if len(list) == 0 {
				t.Fatal("no event")
			}
			for _, e := range list {
				fmt.Fprintln(&got, e.text())
			}
			fmt.Fprintf(&got, "lines %d recognised %v\n", stats.Lines, stats.Recognised)
			golden := filepath.Join("testdata", "golden", filepath.Base(file))
			if *update {
				if err := os.WriteFile(golden, []byte(got.String()), 0o666); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got.String() != string(want) {
				t.Errorf("events differ from %s: look at them, and run go test -update here\n%s", golden, got.String())
			}
		})
	}
}

func TestCompressed(t *testing.T) {
	const line = "chroot(\"/\") = -1 EPERM (Operation not permitted)\n"
	var gz bytes.Buffer
	w := gzip.NewWriter(&gz)
	for range 1000 {
		io.WriteString(w, line)
	}
	w.Close()
	// printf 'chroot("/") = -1 EPERM (Operation not permitted)\n' | bzip2
	bz, err := base64.StdEncoding.DecodeString("QlpoOTFBWSZTWYCVWkkAAAxfgAAQUGKgAgIC0AAuY9QAIAAxQAABkyCKP1T1GniRhGh+qK7BsGHDXgZzCUrKiGvcFMD7YzOl191dCqMW/F3JFOFCQgJVaSQ=")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		in   []byte
		want int
		err  string
	}{
		{[]byte(line), 1, ""},
		{gz.Bytes(), 1000, ""},
		{gz.Bytes()[:gz.Len()-9], 1000, "unexpected EOF"},
		{[]byte("\x1f\x8b"), 0, "EOF"},
		{bz, 1, ""},
		{[]byte("BZh is no level\n" + line), 1, ""},
		{[]byte("\x28\xb5\x2f\xfd...."), 0, "log: compressed with zstd, which capinspect does not read: zstd -dc log | capinspect needs -"},
		{[]byte("\xfd7zXZ\x00..."), 0, "log: compressed with xz, which capinspect does not read: xz -dc log | capinspect needs -"},
		{nil, 0, ""},
	} {
		n, message := 0, ""
		for _, err := range Read(bytes.NewReader(test.in), "log") {
			if err != nil {
				message = err.Error()
				continue
			}
			n++
		}
		if n != test.want || !strings.Contains(message, test.err) || (message == "") != (test.err == "") {
			t.Errorf("%.10q: %d events, %q", test.in, n, message)
		}
	}
}

// One who has read enough gets no more.
func TestBreak(t *testing.T) {
	log := strings.Repeat("chroot(\"/\") = -1 EPERM (Operation not permitted)\n", 5)
	n := 0
	for range Read(strings.NewReader(log), "-") {
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("%d events", n)
	}
}
