// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Command is a program under measurement and what its runs took.
type Command struct {
	Name  string
	Argv  []string // Argv[0] is the path
	Wall  []time.Duration
	CPU   []time.Duration // user and system
	Other []time.Duration // what all else took meanwhile, if Launch ran it
	Peak  []int           // KiB
	Calls []int           // system calls but nanosleep
}

// Output is what the standard output of a command is.
type Output bool

const (
	Null  Output = false // /dev/null
	Piped Output = true  // a pipe that is read
)

// Turns runs the commands one after the other, n times.
func Turns(ctx context.Context, commands []*Command, n int, out Output, run func(c *Command, files []uintptr) error) error {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	files := []uintptr{null.Fd(), null.Fd(), null.Fd()}
	if out == Piped {
		read, write, err := pipe()
		if err != nil {
			return err
		}
		go drain(read)
		defer unix.Close(write)
		files[1] = uintptr(write)
	}
	runtime.LockOSThread() // a tracer is a thread
	defer runtime.UnlockOSThread()
	for range n {
		for _, c := range commands {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err := run(c, files); err != nil {
				return fmt.Errorf("%s: %w", c.Name, err)
			}
		}
	}
	return nil
}

func pipe() (read, write int, err error) {
	var fds [2]int
	err = unix.Pipe2(fds[:], unix.O_CLOEXEC)
	return fds[0], fds[1], err
}

// drain reads a pipe until its last writer has closed it.
func drain(fd int) {
	defer unix.Close(fd)
	buffer := make([]byte, 1<<16)
	for {
		n, err := unix.Read(fd, buffer)
		if err != unix.EINTR && (err != nil || n == 0) {
			return
		}
	}
}

// start makes a process of the command, without an environment.
func (c *Command) start(files []uintptr, sys *syscall.SysProcAttr) (pid int, err error) {
	return syscall.ForkExec(c.Argv[0], c.Argv, &syscall.ProcAttr{Env: []string{}, Files: files, Sys: sys})
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

// Ratio returns the ratio of two medians.
func Ratio(a, b []time.Duration) float64 {
	return float64(Median(a)) / float64(Median(b))
}
