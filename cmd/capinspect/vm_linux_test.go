// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
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
	errs := []error{os.MkdirAll(filepath.Join(root, "bin"), 0o755), os.Mkdir(filepath.Join(root, "src"), 0o755)}
	errs = append(errs, copyFile(built(t), filepath.Join(root, "bin")))
	buildHelper(t, filepath.Join(root, "init"), "vm")
	buildHelper(t, filepath.Join(root, "bin/holder"), "container/holder")
	for name, from := range map[string]string{"capinspect.test": ".", "procstatus.test": "../../procstatus"} {
		cmd := exec.Command("go", "test", "-c", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(root, "bin", name), from)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		cmd.Stderr = os.Stderr
		errs = append(errs, cmd.Run())
	}
	for _, part := range []string{"testdata", "cmd", "procstatus", "docs", "README.md"} {
		errs = append(errs, exec.Command("cp", "-r", "../../"+part, filepath.Join(root, "src")).Run())
	}
	errs = append(errs, os.WriteFile(filepath.Join(root, "run"), []byte(strings.Join(lines, "\n")), 0o644))
	initrd := filepath.Join(dir, "initrd")
	pack := exec.Command("sh", "-c", "find . | cpio --quiet -o -H newc >"+initrd)
	pack.Dir, pack.Stderr = root, os.Stderr
	if err := errors.Join(append(errs, pack.Run())...); err != nil {
		t.Fatal(err)
	}
	qemu := exec.Command("qemu-system-x86_64", "-accel", "tcg", "-smp", "2", "-m", "1024", "-nodefaults", "-nographic", "-no-reboot",
		"-serial", "stdio", "-kernel", os.Getenv("CAPINSPECT_KERNEL"), "-initrd", initrd, "-append", "console=ttyS0 loglevel=1 panic=-1")
	begun := time.Now()
	console, err := qemu.CombinedOutput()
	text := strings.ReplaceAll(string(console), "\r", "")
	t.Logf("the machine ran %v", time.Since(begun).Round(time.Second))
	if err != nil || !strings.Contains(text, "\n=== end\n") {
		t.Fatalf("%v\n%s", err, text)
	}
	return outputs(t, lines, text)
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
