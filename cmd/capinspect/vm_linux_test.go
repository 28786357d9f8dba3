// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// TestDebianKernel boots another kernel in a virtual machine, that of
// $CAPINSPECT_KERNEL, with the binary and the tests that have the kernel for an
// oracle. `make kernel` fetches Debian's: one from before Linux 6.16, whose execve
// compares other ids, with AppArmor, and with a root that has every capability.
func TestDebianKernel(t *testing.T) {
	if testing.Short() {
		t.Skip("boots a virtual machine")
	}
	need.On(t, "kernel", "qemu-system-x86_64", "cpio")
	printed := machine(t, []string{
		"/ capinspect --print",
		"/ capinspect",
		"/ capinspect ps 1",
		"/src/procstatus procstatus.test -test.v",
		"/src/cmd/capinspect capinspect.test -test.short -test.v -test.run ^(" + strings.Join(onAnotherKernel, "|") + ")$",
		"/src/cmd/capinspect capinspect.test -test.short -test.v -test.run ^TestPredictIsKernels$/^own_root$",
	})
	if printed[0] != wholeRoot {
		t.Errorf("--print:\n%s\nwant:\n%s", printed[0], wholeRoot)
	}
	head, rest, _ := strings.Cut(printed[1], "\n")
	if !strings.HasSuffix(head, "): uid 0, everything: root on the node; no seccomp, no_new_privs off") || rest != wholeRoot+"LSM: apparmor unconfined\n" {
		t.Errorf("%q", printed[1])
	}
	if printed[2] != psOfFirst {
		t.Errorf("ps:\n%s\nwant:\n%s", printed[2], psOfFirst)
	}
	for i, want := range []int{0, len(onAnotherKernel), 1} {
		output := printed[3+i]
		if passed := strings.Count(output, "\n--- PASS: "); passed < 1 || want > 0 && passed != want || strings.Contains(output, "--- SKIP") {
			t.Errorf("%d tests passed:\n%s", passed, output)
		}
	}
}

// onAnotherKernel are tests that are repeated there, besides one that takes longer.
var onAnotherKernel = []string{
	"TestExecIsKernels", "TestSetuidIsKernels", "TestPrintOfAnother", "TestPsListsAll", "TestNoPrivilege", "TestScanIsWalk",
}

// wholeRoot is what --print shows of a process that nothing was taken from.
const wholeRoot = `Current: =ep
Bounding set =cap_chown,cap_dac_override,cap_dac_read_search,cap_fowner,cap_fsetid,cap_kill,cap_setgid,cap_setuid,cap_setpcap,cap_linux_immutable,cap_net_bind_service,cap_net_broadcast,cap_net_admin,cap_net_raw,cap_ipc_lock,cap_ipc_owner,cap_sys_module,cap_sys_rawio,cap_sys_chroot,cap_sys_ptrace,cap_sys_pacct,cap_sys_admin,cap_sys_boot,cap_sys_nice,cap_sys_resource,cap_sys_time,cap_sys_tty_config,cap_mknod,cap_lease,cap_audit_write,cap_audit_control,cap_setfcap,cap_mac_override,cap_mac_admin,cap_syslog,cap_wake_alarm,cap_block_suspend,cap_audit_read,cap_perfmon,cap_bpf,cap_checkpoint_restore
Ambient set =
Current IAB: 
Securebits: 00/0x0/1'b0 (no-new-privs=0)
 secure-noroot: no (unlocked)
 secure-no-suid-fixup: no (unlocked)
 secure-keep-caps: no (unlocked)
 secure-no-ambient-raise: no (unlocked)
uid=0(???) euid=0(???)
gid=0(???)
groups=
Guessed mode: HYBRID (4)
`

// psOfFirst is what ps shows of the first process, which is that of the machine.
const psOfFirst = `PID  PPID  UID  NAME  EFFECTIVE  PERMITTED  AMBIENT  BOUNDING  NNP
  1     0    0  init  all        all        none     all       no
`

// machine runs command lines in a virtual machine, one after the other, and returns
// what each printed. All must end well.
func machine(t *testing.T, lines []string) []string {
	t.Helper()
	dir := t.TempDir()
	root := filepath.Join(dir, "root")
	stock(t, root, "capinspect.test", "procstatus.test")
	buildHelper(t, filepath.Join(root, "init"), "vm")
	buildHelper(t, filepath.Join(root, "bin/holder"), "container/holder")
	written := os.WriteFile(filepath.Join(root, "run"), []byte(strings.Join(lines, "\n")), 0o644)
	initrd := filepath.Join(dir, "initrd")
	pack := exec.Command("sh", "-c", "find . | cpio --quiet -o -H newc >"+initrd)
	pack.Dir, pack.Stderr = root, os.Stderr
	if err := errors.Join(written, pack.Run()); err != nil {
		t.Fatal(err)
	}
	console, err := emulate(t, 15*time.Minute, "-m", "2048", "-nographic", "-serial", "stdio",
		"-kernel", os.Getenv("CAPINSPECT_KERNEL"), "-initrd", initrd, "-append", "console=ttyS0 loglevel=1 panic=-1")
	if err != nil || !strings.Contains(console, "\n=== end\n") {
		t.Fatalf("%v\n%s", err, console)
	}
	return outputs(t, lines, console)
}

// stock fills the directory of a machine: /bin has capinspect and the binaries of
// tests, /src the sources that tests read.
func stock(t *testing.T, root string, tests ...string) {
	t.Helper()
	bin, src := filepath.Join(root, "bin"), filepath.Join(root, "src")
	errs := []error{os.MkdirAll(bin, 0o755), os.Mkdir(src, 0o755), copyFile(built(t), bin)}
	for _, name := range tests {
		from := map[string]string{"capinspect.test": ".", "procstatus.test": "../../procstatus"}[name]
		cmd := exec.Command("go", "test", "-c", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(bin, name), from)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		cmd.Stderr = os.Stderr
		errs = append(errs, cmd.Run())
	}
	for _, part := range []string{"testdata", "cmd", "procstatus", "docs", "README.md"} {
		errs = append(errs, exec.Command("cp", "-r", "../../"+part, src).Run())
	}
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// emulate boots a virtual machine and waits for its end. It returns what qemu printed,
// with the line ends of files.
func emulate(t *testing.T, limit time.Duration, args ...string) (printed string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	qemu := exec.CommandContext(ctx, "qemu-system-x86_64", append([]string{"-accel", "tcg", "-smp", "2", "-nodefaults", "-no-reboot"}, args...)...)
	begun := time.Now()
	out, err := qemu.CombinedOutput()
	if ctx.Err() != nil {
		err = fmt.Errorf("the machine has not ended after %v", limit)
	}
	t.Logf("the machine ran %v, %v of CPU time", time.Since(begun).Round(time.Second), (qemu.ProcessState.UserTime() + qemu.ProcessState.SystemTime()).Round(time.Second))
	return strings.ReplaceAll(string(out), "\r", ""), err
}

// outputs returns what stands on the console between the header and the exit status
// of each command line.
func outputs(t *testing.T, lines []string, console string) []string {
	t.Helper()
	var found []string
	for _, line := range lines {
		framed := regexp.MustCompile(`(?s)=== run ` + regexp.QuoteMeta(line) + `\n(.*?)=== exit (\d+)\n`).FindStringSubmatch(console)
		if framed == nil {
			t.Fatalf("%s has not ended:\n%s", line, console)
		}
		if framed[2] != "0" {
			t.Errorf("%s: exit status %s\n%s", line, framed[2], framed[1])
		}
		found = append(found, framed[1])
	}
	return found
}
