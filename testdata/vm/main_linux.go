// SPDX-License-Identifier: Apache-2.0

// Command init is the first process of a virtual machine. It runs the command
// lines of /run, each in the directory that it begins with, prints the output under a
// header and the exit status below, and powers the machine off.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/sys/unix"
)

func main() {
	if err := run(); err != nil {
		fmt.Println("=== init:", err)
	}
	fmt.Println("=== end")
	unix.Sync()
	fmt.Println(unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF))
}

func run() error {
	for _, m := range [...]struct{ kind, at string }{
		{"proc", "/proc"}, {"sysfs", "/sys"}, {"devtmpfs", "/dev"}, {"tmpfs", "/tmp"},
	} {
		if err := os.MkdirAll(m.at, 0o755); err != nil {
			return err
		}
		if err := unix.Mount(m.kind, m.at, m.kind, 0, ""); err != nil {
			return fmt.Errorf("mount %s: %w", m.kind, err)
		}
	}
	text, err := os.ReadFile("/run")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(text)) {
		args := strings.Fields(line)
		if len(args) < 2 {
			return fmt.Errorf("want DIR PROGRAM, got %q", line)
		}
		fmt.Println("=== run", strings.Join(args, " "))
		cmd := exec.Command("/bin/"+args[1], args[2:]...)
		cmd.Dir = args[0]
		cmd.Env = []string{"PATH=/bin", "TMPDIR=/tmp", "HOME=/tmp", "CAPINSPECT_REQUIRE=root", "CAPINSPECT_BUILT=/bin"}
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stdout
		if err := cmd.Run(); cmd.ProcessState == nil {
			return err
		}
		fmt.Println("=== exit", cmd.ProcessState.ExitCode())
	}
	return nil
}
