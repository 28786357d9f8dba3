// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/procfs"

	"github.com/capinspect/capinspect/procstatus"
	"github.com/capinspect/capinspect/testdata/compare/internal/measure"
)

const (
	fixtures      = "../status/*.status"
	maxParseRatio = 1.0 / 6 // of a parse to what procfs adds to the read
	maxAllocs     = 1       // of a parse into a reused Status: the name
	batch         = 200 * time.Microsecond
	allocRuns     = 50
)

// fixture is a real status file and what it costs.
type fixture struct {
	name              string
	ours, read, whole cost // whole is procfs's NewStatus: its read and its parse
	refused           error
}

// cost is what one call takes.
type cost struct {
	call   func()
	calls  int       // of one batch
	ns     []float64 // of one call, by batch
	allocs float64
}

// adds returns what procfs adds to the read, in ns and allocations. The time is
// the median difference of batches that follow each other: what slows the
// machine down for a while slows both.
func (f *fixture) adds() (ns, allocs float64) {
	more := make([]float64, len(f.whole.ns))
	for i := range more {
		more[i] = f.whole.ns[i] - f.read.ns[i]
	}
	return measure.Median(more), f.whole.allocs - f.read.allocs
}

// parses measures the parse of each fixture and what procfs does with it, turn
// by turn.
func parses(c config, w io.Writer) error {
	paths, err := filepath.Glob(fixtures)
	if err != nil {
		return err
	}
	if len(paths) == 0 {
		return fmt.Errorf("no fixtures: %s", fixtures)
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var all []*fixture
	for i, path := range paths {
		f, err := newFixture(path, dir, i+1)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, f)
	}
	for range c.runs {
		for _, f := range all {
			f.ours.measure()
			f.read.measure()
			f.whole.measure()
		}
	}
	return printFixtures(w, all)
}

// newFixture makes a process of a small proc tree from a fixture.
func newFixture(path, dir string, pid int) (*fixture, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	status := filepath.Join(dir, strconv.Itoa(pid), "status")
	if err := os.Mkdir(filepath.Dir(status), 0o755); err != nil {
		return nil, err
	}
	if err := os.WriteFile(status, text, 0o644); err != nil {
		return nil, err
	}
	tree, err := procfs.NewFS(dir)
	if err != nil {
		return nil, err
	}
	proc, err := tree.Proc(pid)
	if err != nil {
		return nil, err
	}
	reused := new(procstatus.Status)
	if err := reused.UnmarshalText(text); err != nil {
		return nil, err
	}
	f := &fixture{name: filepath.Base(path)}
	_, f.refused = proc.NewStatus()
	f.ours = newCost(func() {
		reused.Name = "" // the next process has another name
		reused.UnmarshalText(text)
	})
	f.read = newCost(func() { read(status) })
	f.whole = newCost(func() { proc.NewStatus() })
	return f, nil
}

// read reads a file as procfs v0.23.0 does (internal/parsers, ReadFileNoStat).
func read(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, 1<<20))
}

// newCost finds how many calls take long enough to be timed.
func newCost(call func()) cost {
	c := cost{call: call, calls: 1, allocs: testing.AllocsPerRun(allocRuns, call)}
	for c.time() < batch {
		c.calls *= 2
	}
	return c
}

// measure times one batch.
func (c *cost) measure() {
	c.ns = append(c.ns, float64(c.time())/float64(c.calls))
}

func (c *cost) time() time.Duration {
	start := time.Now()
	for range c.calls {
		c.call()
	}
	return time.Since(start)
}

func printFixtures(w io.Writer, all []*fixture) error {
	var t measure.Table
	t.Add("parse of a status file", "ns", "allocs", "procfs adds ns", "allocs", "ratio")
	var ratios, allocs []float64
	for _, f := range all {
		ours := measure.Median(f.ours.ns)
		row := []string{f.name, fmt.Sprintf("%.0f", ours), fmt.Sprint(f.ours.allocs)}
		allocs = append(allocs, f.ours.allocs)
		if f.refused != nil {
			t.Add(append(row, "refuses")...)
			continue
		}
		ns, more := f.adds()
		ratios = append(ratios, ours/ns)
		kept := measure.Verdict(ours/ns, maxParseRatio)
		if f.ours.allocs > maxAllocs {
			kept = "OVER"
		}
		t.Add(append(row, fmt.Sprintf("%.0f", ns), fmt.Sprint(more), fmt.Sprintf("%.3f", ours/ns), kept)...)
	}
	if len(ratios) == 0 {
		return errors.New("procfs parses none of the fixtures")
	}
	t.Write(w)
	var budgets measure.Table
	budgets.Add("budget", "measured", "at most")
	budgets.Judge("parse / what procfs adds to the read, median", measure.Median(ratios), maxParseRatio, 3)
	budgets.Judge("parse into a reused Status, allocations, most", slices.Max(allocs), maxAllocs, 0)
	budgets.Write(w)
	return nil
}
