// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// launch times the commands, turn by turn, n runs of each, with the C program
// launch, which is compiled into dir. It returns why if there is no compiler.
func launch(commands []*command, n int, dir string) (absent, err error) {
	cc, absent := exec.LookPath("cc")
	if absent != nil {
		return absent, nil
	}
	launcher := filepath.Join(dir, "launch")
	if out, err := exec.Command(cc, "-O2", "-o", launcher, "launch/launch.c").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("cc launch.c: %w\n%s", err, out)
	}
	args := []string{strconv.Itoa(n)}
	for i, c := range commands {
		if i > 0 {
			args = append(args, "--")
		}
		args = append(args, c.argv...)
	}
	cmd := exec.Command(launcher, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("launch: %w", err)
	}
	for line := range bytes.Lines(out) {
		var i, status, ns, us int
		if _, err := fmt.Sscan(string(line), &i, &ns, &us, &status); err != nil {
			return nil, fmt.Errorf("launch: %q: %w", line, err)
		}
		if err := exited(unix.WaitStatus(status)); err != nil {
			return nil, fmt.Errorf("%s: %w", commands[i].name, err)
		}
		commands[i].wall = append(commands[i].wall, time.Duration(ns))
		commands[i].cpu = append(commands[i].cpu, time.Duration(us)*time.Microsecond)
	}
	return nil, nil
}

// timed is one run of launch without a C compiler.
func (c *command) timed(null uintptr) error {
	start := time.Now()
	pid, err := c.start(null, nil)
	if err != nil {
		return err
	}
	var usage unix.Rusage
	status, _, err := wait(pid, &usage)
	if err != nil {
		return err
	}
	c.wall = append(c.wall, time.Since(start))
	c.cpu = append(c.cpu, time.Duration(usage.Utime.Nano()+usage.Stime.Nano()))
	return exited(status)
}
