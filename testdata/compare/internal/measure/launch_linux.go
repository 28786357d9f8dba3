// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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
		var i, status, ns, us int
		if _, err := fmt.Sscan(string(line), &i, &ns, &us, &status); err != nil {
			return fmt.Errorf("launch: %q: %w", line, err)
		}
		if err := exited(unix.WaitStatus(status)); err != nil {
			return fmt.Errorf("%s: %w", commands[i].Name, err)
		}
		commands[i].Wall = append(commands[i].Wall, time.Duration(ns))
		commands[i].CPU = append(commands[i].CPU, time.Duration(us)*time.Microsecond)
	}
	return nil
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
