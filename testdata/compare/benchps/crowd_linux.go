// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

const (
	processes = "processes"
	threads   = "threads"

	patience = time.Minute // of the end of a crowd, after which spawn is killed
)

// crowd is idle tasks: processes, or the threads of one process.
type crowd struct {
	kind       string
	privileged bool

	n      int      // tasks
	pids   []string // processes
	note   string   // why there are fewer tasks than wanted
	stdin  io.Closer
	stderr bytes.Buffer
	cmd    *exec.Cmd
}

// errNeedsRoot is why there is no privileged crowd.
var errNeedsRoot = errors.New("only root has capabilities to give")

func (c *crowd) rights() string {
	if c.privileged {
		return "privileged"
	}
	return "unprivileged"
}

// start makes n tasks, or as many as there is room for.
func (c *crowd) start(ctx context.Context, spawn string, n int) error {
	if c.privileged && os.Geteuid() != 0 {
		return errNeedsRoot
	}
	if fits := room(c.kind); fits.tasks < n {
		c.note = fmt.Sprintf("%d %s do not fit, %d do: %s", n, c.kind, fits.tasks, fits.why)
		n = fits.tasks
	}
	if n < 2 {
		return errors.New(c.note)
	}
	c.cmd = exec.CommandContext(ctx, spawn, c.kind, c.rights(), strconv.Itoa(n))
	c.cmd.Env = []string{}
	c.cmd.Stderr = &c.stderr
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	stdin, err := c.cmd.StdinPipe()
	if err != nil {
		return err
	}
	c.stdin = stdin
	c.cmd.Cancel = stdin.Close // upon which spawn ends its children
	c.cmd.WaitDelay = patience
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.cmd.Start(); err != nil {
		return err
	}
	if err = c.meet(stdout); err == nil && c.n < n {
		c.note = fmt.Sprintf("only %d of %d %s: %s", c.n, n, c.kind, bytes.TrimSpace(c.stderr.Bytes()))
	}
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return errors.Join(err, c.stop())
}

// meet reads who is in the crowd, and looks at one of them.
func (c *crowd) meet(stdout io.Reader) error {
	lines := bufio.NewScanner(stdout)
	for lines.Scan() && lines.Text() != "" {
		c.pids = append(c.pids, lines.Text())
	}
	if len(c.pids) == 0 || lines.Err() != nil {
		return errors.Join(errors.New("spawn: no tasks"), lines.Err())
	}
	status, err := os.ReadFile("/proc/" + c.pids[len(c.pids)-1] + "/status")
	if err != nil {
		return err
	}
	c.n = len(c.pids)
	if c.kind == threads {
		if c.n, err = strconv.Atoi(field(status, "Threads")); err != nil {
			return err
		}
	}
	for _, set := range []string{"CapInh", "CapPrm", "CapEff", "CapAmb"} {
		bits, err := strconv.ParseUint(field(status, set), 16, 64)
		if err != nil {
			return err
		}
		if (set == "CapPrm" && c.privileged && bits == 0) || (!c.privileged && bits != 0) {
			return fmt.Errorf("spawn: a process that is to be %s has %s %x", c.rights(), set, bits)
		}
	}
	return nil
}

// stop ends the crowd. It is an error if the crowd was gone before: what was
// measured then was something else.
func (c *crowd) stop() error {
	c.stdin.Close()
	late := time.AfterFunc(patience, func() { c.cmd.Process.Kill() })
	defer late.Stop()
	if err := c.cmd.Wait(); err != nil {
		return fmt.Errorf("spawn: %w: %s", err, bytes.TrimSpace(c.stderr.Bytes()))
	}
	return nil
}

// field returns the value of a line of a status file or of /proc/meminfo.
func field(text []byte, name string) string {
	for line := range bytes.Lines(text) {
		if value, ok := bytes.CutPrefix(line, []byte(name+":")); ok {
			return string(bytes.TrimSpace(value))
		}
	}
	return ""
}
