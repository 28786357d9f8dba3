// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// peakOf runs the binary, and returns its standard output, its exit status and the most memory
// that it had at once, in KiB. The kernel counts for a process what it had before execve(2)
// too, which is the memory of whoever started it: that is a small process here, not the tests.
func peakOf(t *testing.T, args ...string) (out []byte, status, peak int) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Args = append([]string{"measured", built(t)}, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
	peak, errPeak := strconv.Atoi(lines[len(lines)-1])
	if errPeak != nil {
		t.Fatalf("%q: %v, %s", args, err, &stderr)
	}
	return out, cmd.ProcessState.ExitCode(), peak
}

// measured runs the command line of its arguments, and writes its peak memory in KiB to
// standard error.
func measured() {
	cmd := exec.Command(os.Args[1], os.Args[2:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); cmd.ProcessState == nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(125)
	}
	fmt.Fprintf(os.Stderr, "\n%d\n", cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)
	os.Exit(cmd.ProcessState.ExitCode())
}
