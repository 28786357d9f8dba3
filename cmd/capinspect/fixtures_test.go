// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/cli"
	"github.com/capinspect/capinspect/testdata/fixture"
)

// outcome is what a run of the binary came to.
type outcome struct {
	stdout, stderr string
	status         int // -1 if a signal ended it
	signal         syscall.Signal
}

// call runs a command line in this process.
func call(stdin string, args ...string) outcome {
	var stdout, stderr bytes.Buffer
	status := cli.Main(append([]string{"capinspect"}, args...), strings.NewReader(stdin), &stdout, &stderr)
	if err := checkJSON(stdout.String()); err != nil {
		panic(err)
	}
	return outcome{stdout: stdout.String(), stderr: stderr.String(), status: status}
}

// statusFiles returns the names of the status files in testdata, and makes
// their directory the working directory.
func statusFiles(t *testing.T) (names []string) {
	t.Helper()
	t.Chdir(filepath.Join(fixture.Dir(t), "status"))
	for _, file := range fixture.Status(t) {
		names = append(names, file.Name+".status")
	}
	return names
}

// ofReader is the lines of a report that differ from run to run, and from machine to machine.
var (
	ofReport = regexp.MustCompile(`(?m)^(  "time": .*\n  "node": .*\n  "version": .*\n)`)
	ofReader = regexp.MustCompile(ofReport.String() + `  "kernel": .*$`)
)

// TestFixtures shows each status file as text and as JSON. What a file says is
// the same on every kernel.
func TestFixtures(t *testing.T) {
	for _, name := range statusFiles(t) {
		stem := strings.TrimSuffix(name, ".status")
		for ending, args := range map[string][]string{".txt": {"-f", name}, ".json": {"--json", "-f", name}} {
			o := call("", args...)
			if o.status != 0 || o.stderr != "" {
				t.Errorf("%q: %+v", args, o)
				continue
			}
			golden(t, stem+ending, ofReader.ReplaceAllString(o.stdout, `  "kernel": {},`))
		}
	}
}

// golden compares a text with a file, which -update writes.
func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

// TestReadBack saves a report of each status file, and holds that it shows the
// same when it is read back, and when and where it was made.
func TestReadBack(t *testing.T) {
	for _, name := range statusFiles(t) {
		for _, format := range []string{"json", "jsonl"} {
			saved := call("", "-o", format, "-f", name)
			for _, shown := range []string{"text", "matrix"} {
				first, again := call("", "-o", shown, "-f", name), call(saved.stdout, "-o", shown, "-f", "-")
				reported := regexp.MustCompile(`(?m)^Reported: .*\n`)
				if shown == "text" != reported.MatchString(again.stdout) {
					t.Errorf("%s as %s, %s: does not tell when", name, format, shown)
				}
				again.stdout = reported.ReplaceAllString(again.stdout, "")
				if first != again || first.status != 0 {
					t.Errorf("%s as %s, %s: %+v\nread back: %+v", name, format, shown, first, again)
				}
			}
			again := call(saved.stdout, "-o", format, "-f", "-")
			same := strings.NewReplacer(`"source": "-"`, `"source": "`+name+`"`, `"source":"-"`, `"source":"`+name+`"`)
			got := same.Replace(again.stdout)
			if format == "json" { // where a task has the stamp of the saved report
				stamp := ofReport.FindStringSubmatch(saved.stdout)[1]
				if got = strings.Replace(got, strings.ReplaceAll(stamp, "  ", "      "), "", 1); got == same.Replace(again.stdout) {
					t.Errorf("%s: %s\nlacks the stamp%s", name, got, stamp)
				}
				got = strings.Replace(got, ofReport.FindStringSubmatch(got)[1], stamp, 1)
			}
			if got != saved.stdout {
				t.Errorf("%s as %s: %s\nread back: %s", name, format, saved.stdout, got)
			}
		}
	}
}

// TestAllFixturesAtOnce reads all status files as one text, as `cat` makes it.
func TestAllFixturesAtOnce(t *testing.T) {
	names := statusFiles(t)
	var all []byte
	args := []string{"--print"}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, text...)
		args = append(args, "-f", name)
	}
	one, each := call(string(all), "--print", "-f", "-"), call("", args...)
	if one != each || strings.Count(one.stdout, "==>") != len(names) {
		t.Errorf("%+v\none by one: %+v", one, each)
	}
}
