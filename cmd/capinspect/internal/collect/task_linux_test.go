// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// TestSettled holds that a task which changes while it is read is read again, and that
// there is an end to it.
func TestSettled(t *testing.T) {
	gone := errors.New("gone")
	for name, test := range map[string]struct {
		changes int   // how often it has changed when it was read
		err     error // of the read after that
		reads   int
		changed bool
	}{
		"steady":          {0, nil, 1, false},
		"changed once":    {1, nil, 2, false},
		"changed twice":   {2, nil, 3, false},
		"always changing": {10, nil, 3, true},
		"gone":            {1, gone, 2, false},
	} {
		reads := 0
		got, err := settled(func() (*task.Task, error) {
			reads++
			if reads > test.changes && test.err != nil {
				return nil, test.err
			}
			return &task.Task{Changed: reads <= test.changes}, nil
		})
		if reads != test.reads || err != test.err || err == nil && got.Changed != test.changed {
			t.Errorf("%s: %d reads, %+v, %v", name, reads, got, err)
		}
	}
}

// TestChanged changes one line of a status file after the other.
func TestChanged(t *testing.T) {
	const status = "Name:\tsh\nTgid:\t42\nPid:\t42\nUid:\t1\t1\t1\t1\nGid:\t1\t1\t1\t1\n" +
		"CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nVmPeak:\t1 kB\n"
	dir := t.TempDir()
	name := filepath.Join(dir, "42", "status")
	if err := os.Mkdir(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	proc, err := procstatus.OpenFS(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer proc.Close()
	for cause, test := range map[string]struct {
		from, to string
		want     bool
	}{
		"nothing":          {"", "", false},
		"its memory":       {"VmPeak:\t1", "VmPeak:\t2", false},
		"its name":         {"Name:\tsh", "Name:\tls", true},
		"its saved uid":    {"Uid:\t1\t1\t1", "Uid:\t1\t1\t0", true},
		"a set":            {"CapPrm:\t0", "CapPrm:\t1", true},
		"an effective gid": {"Gid:\t1\t1", "Gid:\t1\t2", true},
	} {
		if err := os.WriteFile(name, []byte(status), 0o644); err != nil {
			t.Fatal(err)
		}
		before, err := proc.Task(42).Status()
		if err == nil {
			err = os.WriteFile(name, []byte(strings.Replace(status, test.from, test.to, 1)), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := changed(proc.Task(42), before); got != test.want {
			t.Errorf("%s: %t", cause, got)
		}
	}
}
