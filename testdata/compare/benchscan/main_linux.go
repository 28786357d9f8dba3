// SPDX-License-Identifier: Apache-2.0

// Benchscan measures capinspect scan over a tree of many files. Run it in the directory of
// this module:
//
//	go run ./benchscan -capinspect ../../bin/capinspect
//
// It compares with find -perm /6000 and getcap -r over the same tree, turn by turn. A budget
// that is not kept is said and is no error: a time depends on the machine. The exit status is
// 1 if something could not be run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/capinspect/capinspect/testdata/compare/internal/measure"
)

// The budgets: of the CPU time of find and getcap, and of memory.
const (
	maxRatio = 1.5
	maxMiB   = 24
)

func main() {
	capinspect := flag.String("capinspect", "", "the capinspect binary, built with CGO_ENABLED=0 -trimpath -ldflags='-s -w'")
	files := flag.Int("files", 100_000, "how many files the tree has")
	runs := flag.Int("n", 11, "how many runs the medians are of")
	flag.Parse()
	if *capinspect == "" || *files < 1 || *runs < 1 || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "usage: benchscan -capinspect PATH [-files N] [-n RUNS]")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *capinspect, *files, *runs)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchscan:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, capinspect string, files, runs int) (err error) {
	find, err := exec.LookPath("find")
	if err != nil {
		return err
	}
	getcap, err := exec.LookPath("getcap")
	if err != nil {
		return err
	}
	dir, note, err := measure.MemoryDir("benchscan")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	tree, binary := filepath.Join(dir, "tree"), filepath.Join(dir, "capinspect")
	if err := errors.Join(grow(tree, files), measure.CopyProgram(capinspect, binary)); err != nil {
		return err
	}
	if err := measure.Header(os.Stdout, binary, runs); err != nil {
		return err
	}
	if note != "" {
		fmt.Println(note)
	}
	scan := &measure.Command{Name: "capinspect scan", Argv: []string{binary, "scan", tree}}
	others := []*measure.Command{
		{Name: "find -perm /6000", Argv: []string{find, tree, "-perm", "/6000"}},
		{Name: "getcap -r", Argv: []string{getcap, "-r", tree}},
	}
	all := append([]*measure.Command{scan}, others...)
	if err := measure.Turns(ctx, all, runs, measure.Null, (*measure.Command).Timed); err != nil {
		return err
	}
	if err := measure.Turns(ctx, all, 1, measure.Null, (*measure.Command).Peaked); err != nil {
		return err
	}
	table := measure.Table{{fmt.Sprintf("%d files", files), "wall ms", "CPU ms", "KiB"}}
	for _, c := range all {
		table.Add(c.Name, milliseconds(c.Wall), milliseconds(c.CPU), fmt.Sprint(measure.Median(c.Peak)))
	}
	table.Write(os.Stdout)
	budgets := measure.Table{{"budget", "measured", "at most", ""}}
	both := measure.Median(others[0].CPU) + measure.Median(others[1].CPU)
	budgets.Judge("CPU of find and getcap", float64(measure.Median(scan.CPU))/float64(both), maxRatio, 2)
	budgets.Judge("peak memory, MiB", float64(measure.Median(scan.Peak))/1024, maxMiB, 1)
	budgets.Write(os.Stdout)
	return nil
}

func milliseconds(values []time.Duration) string {
	return fmt.Sprintf("%.0f", float64(measure.Median(values))/float64(time.Millisecond))
}

// grow makes a tree of empty files, 100 in a directory. Every third may be executed, and every
// fiftieth is set-user-ID.
func grow(tree string, files int) error {
	for n := range files {
		dir := filepath.Join(tree, fmt.Sprint(n/10_000), fmt.Sprint(n/100))
		if n%100 == 0 {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return err
			}
		}
		name, mode := filepath.Join(dir, fmt.Sprint(n)), os.FileMode(0o644)
		switch {
		case n%50 == 0:
			mode = 0o755 | os.ModeSetuid
		case n%3 == 0:
			mode = 0o755
		}
		if err := errors.Join(os.WriteFile(name, nil, 0o644), os.Chmod(name, mode)); err != nil {
			return err
		}
	}
	return nil
}
