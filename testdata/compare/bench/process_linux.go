// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/testdata/compare/internal/measure"
)

const (
	maxTimeRatio = 1.40 // of capinspect --print to copystatus, wall and CPU
	maxSyscalls  = 60   // of capinspect --print, beyond those of the empty program
	warmUp       = 5    // runs that are not counted
)

// processes measures whole processes, from before they are made to after they
// are waited for.
func processes(c config, w io.Writer) error {
	dir, note, err := measure.MemoryDir("bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if note != "" {
		fmt.Fprintln(w, note)
	}
	if err := build(dir, c.capinspect); err != nil {
		return err
	}
	capinspect := &measure.Command{Name: "capinspect --print", Argv: []string{filepath.Join(dir, "capinspect"), "--print"}}
	copystatus := &measure.Command{Name: "copystatus", Argv: []string{filepath.Join(dir, "copystatus")}}
	empty := &measure.Command{Name: "empty", Argv: []string{filepath.Join(dir, "empty")}}
	commands := []*measure.Command{capinspect, copystatus, empty}
	path, noCapsh := exec.LookPath("capsh")
	if noCapsh == nil {
		commands = append(commands, &measure.Command{Name: "capsh --print", Argv: []string{path, "--print"}})
	}
	if err := warm(commands, empty); err != nil {
		return err
	}
	noCC, err := timed(commands, c.runs, dir)
	if err != nil {
		return err
	}
	untraced := measure.Turns(context.Background(), commands, c.runs, measure.Null, (*measure.Command).Traced)
	if untraced != nil && !errors.Is(untraced, unix.EPERM) && !errors.Is(untraced, unix.ENOSYS) {
		return untraced
	}

	printCommands(w, commands)
	fmt.Fprintln(w, "system calls: all but nanosleep, which the Go runtime's monitor thread calls the more often the slower it is traced")
	judgeProcesses(w, capinspect, copystatus, empty)
	for _, left := range []struct {
		what string
		why  error
	}{
		{"peak memory and system calls", untraced},
		{"capsh --print", noCapsh},
		{"the C launcher: each time includes a fork by the Go runtime, some 50 us, and ratios are nearer to 1", noCC},
	} {
		if left.why != nil {
			fmt.Fprintf(w, "left out: %s: %v\n", left.what, left.why)
		}
	}
	return nil
}

// timed times the commands, and returns why if there is no compiler to do it
// with launch.
func timed(commands []*measure.Command, n int, dir string) (noCC, err error) {
	launch, noCC := measure.Compile(dir, "launch")
	switch {
	case noCC == nil:
		return nil, measure.Launch(context.Background(), launch, commands, n, measure.Null)
	case errors.Is(noCC, exec.ErrNotFound):
		return noCC, measure.Turns(context.Background(), commands, n, measure.Null, (*measure.Command).Timed)
	}
	return nil, noCC
}

// judgeProcesses prints the budgets of capinspect --print.
func judgeProcesses(w io.Writer, capinspect, copystatus, empty *measure.Command) {
	var budgets measure.Table
	budgets.Add("budget", "measured", "at most")
	budgets.Judge("capinspect --print / copystatus, wall", measure.Ratio(capinspect.Wall, copystatus.Wall), maxTimeRatio, 3)
	budgets.Judge("capinspect --print / copystatus, CPU", measure.Ratio(capinspect.CPU, copystatus.CPU), maxTimeRatio, 3)
	if len(empty.Calls) > 0 {
		budgets.Judge("capinspect --print - empty, system calls",
			float64(measure.Median(capinspect.Calls)-measure.Median(empty.Calls)), maxSyscalls, 0)
	}
	budgets.Write(w)
}

// build makes the programs to compare with as capinspect's binary is made, and
// copies all of them into the directory, as an image or a package does.
func build(dir, capinspect string) error {
	made := map[string]string{"capinspect": capinspect}
	for _, name := range []string{"copystatus", "empty"} {
		made[name] = filepath.Join(dir, name+".linked")
		cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", made[name], "./"+name)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("go build ./%s: %w\n%s", name, err, out)
		}
	}
	for name, path := range made {
		if err := measure.CopyProgram(path, filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// warm fills the caches, and fails if a program that is to print prints
// nothing: what is measured shall be the work.
func warm(commands []*measure.Command, silent *measure.Command) error {
	for _, c := range commands {
		for range warmUp {
			cmd := exec.Command(c.Argv[0], c.Argv[1:]...)
			cmd.Env = []string{}
			out, err := cmd.Output()
			if err == nil && len(out) == 0 && c != silent {
				err = errors.New("printed nothing")
			}
			if err != nil {
				return fmt.Errorf("%s: %w", c.Name, err)
			}
		}
	}
	return nil
}

func printCommands(w io.Writer, commands []*measure.Command) {
	var t measure.Table
	t.Add("whole process", "wall us", "CPU us", "peak KiB", "system calls")
	for _, c := range commands {
		peak, calls := "-", "-"
		if len(c.Calls) > 0 {
			peak, calls = strconv.Itoa(measure.Median(c.Peak)), strconv.Itoa(measure.Median(c.Calls))
		}
		t.Add(c.Name, strconv.FormatInt(measure.Median(c.Wall).Microseconds(), 10),
			strconv.FormatInt(measure.Median(c.CPU).Microseconds(), 10), peak, calls)
	}
	t.Write(w)
}
