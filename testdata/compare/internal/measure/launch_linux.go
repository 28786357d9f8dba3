// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Compile makes the program of NAME/NAME.c in dir and returns its path. The
// error is an exec.ErrNotFound if there is no compiler.
func Compile(dir, name string, flags ...string) (path string, err error) {
	cc, err := exec.LookPath("cc")
	if err != nil {
		return "", err
	}
	path = filepath.Join(dir, name)
	args := append([]string{"-O2", "-o", path, filepath.Join(name, name+".c")}, flags...)
	if out, err := exec.Command(cc, args...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("cc %s.c: %w\n%s", name, err, out)
	}
	return path, nil
}

// Launch times the commands, turn by turn, n runs of each, with the program
// launch.
func Launch(ctx context.Context, launch string, commands []*Command, n int, out Output) error {
	var args []string
	if out == Piped {
		args = append(args, "-p")
	}
	args = append(args, strconv.Itoa(n))
	for i, c := range commands {
		if i > 0 {
			args = append(args, "--")
		}
		args = append(args, c.Argv...)
	}
	cmd := exec.CommandContext(ctx, launch, args...)
	cmd.Stderr = os.Stderr
	lines, err := cmd.Output()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("launch: %w", err)
	}
	for line := range bytes.Lines(lines) {
		var i, status, ns, us, other int
		if _, err := fmt.Sscan(string(line), &i, &ns, &us, &status, &other); err != nil {
			return fmt.Errorf("launch: %q: %w", line, err)
		}
		if err := exited(unix.WaitStatus(status)); err != nil {
			return fmt.Errorf("%s: %w", commands[i].Name, err)
		}
		commands[i].Wall = append(commands[i].Wall, time.Duration(ns))
		commands[i].CPU = append(commands[i].CPU, time.Duration(us)*time.Microsecond)
		commands[i].Other = append(commands[i].Other, time.Duration(other)*time.Microsecond)
	}
	return nil
}

// Undisturbed is [Launch] until each command has n runs in which all else took no
// more than a quarter of one CPU, and leaves out the others; after four times as
// many it takes what there is. note tells how many were left out, if any were.
func Undisturbed(ctx context.Context, launch string, commands []*Command, n int, out Output) (note string, err error) {
	for range 4 {
		if err := Launch(ctx, launch, commands, n, out); err != nil {
			return "", err
		}
		if !slices.ContainsFunc(commands, func(c *Command) bool { return c.quiet() < n }) {
			break
		}
	}
	runs, left, poor := 0, 0, ""
	for _, c := range commands {
		runs += len(c.Wall)
		if quiet := c.quiet(); quiet >= (n+1)/2 {
			left += len(c.Wall) - quiet
			c.keepQuiet()
		} else if poor == "" {
			poor = fmt.Sprintf("; %s, and perhaps others, was disturbed in nearly all runs, and these count", c.Name)
		}
	}
	if left > 0 || poor != "" {
		note = fmt.Sprintf("%d of %d runs are left out, as something else took more than a quarter of a CPU meanwhile%s", left, runs, poor)
	}
	return note, nil
}

// disturbed reports whether something else took much of the machine in a run, and
// more than the kernel's counting may be wrong by.
func (c *Command) disturbed(run int) bool {
	return c.Other[run] > max(c.Wall[run]/4, 20*time.Millisecond)
}

// quiet returns the number of runs that were not disturbed.
func (c *Command) quiet() (n int) {
	for run := range c.Wall {
		if !c.disturbed(run) {
			n++
		}
	}
	return n
}

// keepQuiet leaves out the runs that were disturbed.
func (c *Command) keepQuiet() {
	var wall, cpu, other []time.Duration
	for run := range c.Wall {
		if !c.disturbed(run) {
			wall, cpu, other = append(wall, c.Wall[run]), append(cpu, c.CPU[run]), append(other, c.Other[run])
		}
	}
	c.Wall, c.CPU, c.Other = wall, cpu, other
}

// Timed is one run of launch without a C compiler.
func (c *Command) Timed(files []uintptr) error {
	start := time.Now()
	pid, err := c.start(files, nil)
	if err != nil {
		return err
	}
	var usage unix.Rusage
	status, _, err := wait(pid, &usage)
	if err != nil {
		return err
	}
	c.Wall = append(c.Wall, time.Since(start))
	c.CPU = append(c.CPU, time.Duration(usage.Utime.Nano()+usage.Stime.Nano()))
	return exited(status)
}
