// SPDX-License-Identifier: Apache-2.0

// Benchps measures capinspect ps over many tasks. Run it in the directory of
// this module:
//
//	go run ./benchps -capinspect ../../bin/capinspect
//
// It makes idle processes and threads, which end with it, and compares with a C
// loop that does no more than to read every status file, and with other
// programs, in the same run, turn by turn. A budget that is not kept is said
// and is no error: a time depends on the machine. The budget of the wall time
// is for two CPUs: taskset -c 0,1 leaves no more. The exit status is 1 if
// something could not be run, and 2 if nothing could.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/capinspect/capinspect/testdata/compare/internal/measure"
)

// errFailed is returned when a program that is there did not work, which has
// been said.
var errFailed = errors.New("not everything could be run")

// bench is one run of this program.
type bench struct {
	capinspect string
	tasks      int // of each variant
	most       int // of the last size of the scaling
	runs       int
	containers int // of the node, which alone is then measured
	out        io.Writer

	loop, spawn, launch string // the C programs
	failed              bool   // a program that is there did not work
}

func main() {
	var b bench
	flag.StringVar(&b.capinspect, "capinspect", "", "the capinspect binary, built with CGO_ENABLED=0 -trimpath -ldflags='-s -w'")
	flag.IntVar(&b.tasks, "tasks", 10_000, "how many tasks to make")
	flag.IntVar(&b.most, "most", 30_000, "how many tasks to make at most to see how the cost grows")
	flag.IntVar(&b.runs, "n", 11, "how many runs the medians are of")
	flag.IntVar(&b.containers, "containers", 0, "measure a node on which the tasks are in so many containers, and nothing else")
	flag.Parse()
	if b.capinspect == "" || b.tasks < 2 || b.most < 2 || b.runs < 1 || b.containers < 0 || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "usage: benchps -capinspect PATH [-tasks N] [-most N] [-n RUNS] [-containers N]")
		os.Exit(2)
	}
	// The kernel kills spawn when the thread that started it ends: this one
	// does not end before the process.
	runtime.LockOSThread()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	b.out = os.Stdout
	err := b.run(ctx)
	stop()
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, "benchps:", err)
	if errors.Is(err, exec.ErrNotFound) {
		os.Exit(2)
	}
	os.Exit(1)
}

// run prints the tables one after the other, each as soon as it is measured.
func (b *bench) run(ctx context.Context) error {
	path, err := filepath.Abs(b.capinspect)
	if err != nil {
		return err
	}
	dir, note, err := measure.MemoryDir("benchps")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b.capinspect = filepath.Join(dir, "capinspect")
	if err := measure.CopyProgram(path, b.capinspect); err != nil {
		return err
	}
	if err := b.compile(dir); err != nil {
		return fmt.Errorf("a C compiler is needed: %w", err)
	}
	if err := measure.Header(b.out, b.capinspect, b.runs); err != nil {
		return err
	}
	if note != "" {
		fmt.Fprintln(b.out, note)
	}
	fmt.Fprintln(b.out, "C loop: one openat, one read, one close for each status file, with -c for each cgroup file too; standard output is a pipe, which is read and thrown away")
	if b.containers > 0 {
		return b.node(ctx)
	}
	for _, c := range []crowd{
		{kind: processes, privileged: true},
		{kind: processes},
		{kind: threads, privileged: os.Geteuid() == 0},
	} {
		if err := b.variant(ctx, c); err != nil {
			return err
		}
	}
	if err := b.scale(ctx); err != nil {
		return err
	}
	if b.failed {
		return errFailed
	}
	return nil
}

// compile makes the C programs, linked statically where that can be done.
func (b *bench) compile(dir string) (err error) {
	if b.launch, err = measure.Compile(dir, "launch"); err != nil {
		return err
	}
	for _, program := range []struct {
		name string
		path *string
	}{{"loop", &b.loop}, {"spawn", &b.spawn}} {
		*program.path, err = measure.Compile(dir, program.name, "-pthread", "-static")
		if err != nil {
			*program.path, err = measure.Compile(dir, program.name, "-pthread")
		}
		if err != nil {
			return err
		}
	}
	return nil
}
