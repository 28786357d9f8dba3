// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	maxTimeRatio = 1.15 // of capinspect --print to copystatus, wall and CPU
	maxSyscalls  = 60   // of capinspect --print, beyond those of the empty program
	warmUp       = 5    // runs that are not counted
)

// command is a program under measurement and what its runs took.
type command struct {
	name  string
	argv  []string // argv[0] is the path
	wall  []time.Duration
	cpu   []time.Duration // user and system
	peak  []int           // KiB
	calls []int           // system calls but nanosleep
}

// processes measures whole processes, from before they are made to after they
// are waited for.
func processes(c config, w io.Writer) error {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := build(dir); err != nil {
		return err
	}
	capinspect := &command{name: "capinspect --print", argv: []string{c.capinspect, "--print"}}
	copystatus := &command{name: "copystatus", argv: []string{filepath.Join(dir, "copystatus")}}
	empty := &command{name: "empty", argv: []string{filepath.Join(dir, "empty")}}
	commands := []*command{capinspect, copystatus, empty}
	path, noCapsh := exec.LookPath("capsh")
	if noCapsh == nil {
		commands = append(commands, &command{name: "capsh --print", argv: []string{path, "--print"}})
	}
	if err := warm(commands, empty); err != nil {
		return err
	}
	noCC, err := launch(commands, c.runs, dir)
	if err == nil && noCC != nil {
		err = turns(commands, c.runs, (*command).timed)
	}
	if err != nil {
		return err
	}
	untraced := turns(commands, c.runs, (*command).traced)
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

// judgeProcesses prints the budgets of capinspect --print.
func judgeProcesses(w io.Writer, capinspect, copystatus, empty *command) {
	var budgets table
	budgets.add("budget", "measured", "at most")
	budgets.judge("capinspect --print / copystatus, wall", ratio(capinspect.wall, copystatus.wall), maxTimeRatio, 3)
	budgets.judge("capinspect --print / copystatus, CPU", ratio(capinspect.cpu, copystatus.cpu), maxTimeRatio, 3)
	if len(empty.calls) > 0 {
		budgets.judge("capinspect --print - empty, system calls",
			float64(median(capinspect.calls)-median(empty.calls)), maxSyscalls, 0)
	}
	budgets.write(w)
}

// build makes the programs to compare with as capinspect's binary is made.
func build(dir string) error {
	for _, name := range []string{"copystatus", "empty"} {
		cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(dir, name), "./"+name)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("go build ./%s: %w\n%s", name, err, out)
		}
	}
	return nil
}

// warm fills the caches, and fails if a program that is to print prints
// nothing: what is measured shall be the work.
func warm(commands []*command, silent *command) error {
	for _, c := range commands {
		for range warmUp {
			cmd := exec.Command(c.argv[0], c.argv[1:]...)
			cmd.Env = []string{}
			out, err := cmd.Output()
			if err == nil && len(out) == 0 && c != silent {
				err = errors.New("printed nothing")
			}
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	return nil
}

// turns runs the commands one after the other, n times.
func turns(commands []*command, n int, run func(c *command, null uintptr) error) error {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	runtime.LockOSThread() // a tracer is a thread
	defer runtime.UnlockOSThread()
	for range n {
		for _, c := range commands {
			if err := run(c, null.Fd()); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	return nil
}

// start makes a process of the command, without an environment.
func (c *command) start(null uintptr, sys *syscall.SysProcAttr) (pid int, err error) {
	return syscall.ForkExec(c.argv[0], c.argv, &syscall.ProcAttr{
		Env: []string{}, Files: []uintptr{null, null, null}, Sys: sys,
	})
}

// wait is wait4(2) for threads also; pid -1 is any child.
func wait(pid int, usage *unix.Rusage) (status unix.WaitStatus, which int, err error) {
	for {
		which, err = unix.Wait4(pid, &status, unix.WALL, usage)
		if err != unix.EINTR {
			return status, which, err
		}
	}
}

// exited returns an error unless it is the status of a process that exited
// with status 0.
func exited(status unix.WaitStatus) error {
	switch {
	case status.Signaled():
		return fmt.Errorf("killed by %v", status.Signal())
	case status.ExitStatus() != 0:
		return fmt.Errorf("exit status %d", status.ExitStatus())
	}
	return nil
}

func ratio(a, b []time.Duration) float64 {
	return float64(median(a)) / float64(median(b))
}

func printCommands(w io.Writer, commands []*command) {
	var t table
	t.add("whole process", "wall us", "CPU us", "peak KiB", "system calls")
	for _, c := range commands {
		peak, calls := "-", "-"
		if len(c.calls) > 0 {
			peak, calls = strconv.Itoa(median(c.peak)), strconv.Itoa(median(c.calls))
		}
		t.add(c.name, strconv.FormatInt(median(c.wall).Microseconds(), 10),
			strconv.FormatInt(median(c.cpu).Microseconds(), 10), peak, calls)
	}
	t.write(w)
}
