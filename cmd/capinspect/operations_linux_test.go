// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/operation"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// TestOperations does operations of the table as another user than root: without any
// capability, with what suffices by the table, and with all the others. The kernel says
// whether the table is right.
func TestOperations(t *testing.T) {
	need.On(t, "root")
	target := exec.Command("sleep", "600")
	if err := target.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		target.Process.Kill()
		target.Wait()
	})
	held := own()
	verified := 0
	for name := range doings {
		found := operation.Named(name)
		if len(found) != 1 {
			t.Errorf("%s: %d operations", name, len(found))
			continue
		}
		o := &found[0]
		do := func(has capset.Set) string { return attempted(t, name, has&held, target.Process.Pid) }
		if got := do(0); got != o.Errno {
			if got == "ENOSYS" || got == "EAFNOSUPPORT" || got == "EOPNOTSUPP" || got == "ENOPROTOOPT" {
				t.Logf("%s: this kernel has no such thing: %s", name, got)
				continue
			}
			t.Errorf("%s: without any capability %q, the table has %q", name, got, o.Errno)
			continue
		}
		verified++
		if o.Errno == "" || len(o.Caps) == 0 {
			continue
		}
		for _, lacks := range lacking(o) {
			if got := do(held &^ lacks); got != "EPERM" && got != "EACCES" && got != o.Errno {
				t.Errorf("%s: without %s alone %q, the table has %q", name, lacks, got, o.Errno)
			}
		}
		for _, enough := range sufficient(o) {
			if enough&^held != 0 {
				t.Logf("%s: root lacks %s here", name, enough&^held)
				continue
			}
			if got := do(enough); got == "EPERM" || got == "EACCES" || got == o.Errno {
				t.Errorf("%s: with %s %q", name, enough, got)
			}
		}
	}
	t.Logf("%d of %d operations", verified, len(operation.All()))
	if verified < 110 {
		t.Errorf("%d operations are verified", verified)
	}
}

// sufficient returns the smallest sets that suffice for an operation.
func sufficient(o *operation.Operation) (sets []capset.Set) {
	if o.All {
		sets = append(sets, o.Set())
	} else {
		for _, c := range o.Caps {
			sets = append(sets, capset.Of(c))
		}
	}
	for _, c := range o.Alone {
		sets = append(sets, capset.Of(c))
	}
	return sets
}

// lacking returns the smallest sets without which all other capabilities do not suffice.
func lacking(o *operation.Operation) (sets []capset.Set) {
	with := func(c capset.Cap) capset.Set { return capset.Of(c) | capset.Of(o.Substitutes[c]...) }
	if !o.All {
		lacks := capset.Of(o.Alone...)
		for _, c := range o.Caps {
			lacks |= with(c)
		}
		return []capset.Set{lacks}
	}
	for _, c := range o.Caps {
		sets = append(sets, with(c)|capset.Of(o.Alone...))
	}
	return sets
}

// attempted does an operation with some capabilities in namespaces of its own, and returns
// the name of the error, "" if there was none.
func attempted(t *testing.T, name string, has capset.Set, target int) string {
	t.Helper()
	dir := t.TempDir()
	if err := furnish(dir); err != nil {
		t.Fatal(err)
	}
	segment, err := unix.SysvShmGet(unix.IPC_PRIVATE, 4096, unix.IPC_CREAT|0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.SysvShmCtl(segment, unix.IPC_RMID, nil)
	cmd := &exec.Cmd{Path: "/proc/self/exe", Args: []string{"operation", name, dir, strconv.Itoa(target), strconv.Itoa(segment)}}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Unshareflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS, Setsid: true,
		Credential: &syscall.Credential{Uid: 1000, Gid: 1000},
	}
	for c := range has.Caps() {
		cmd.SysProcAttr.AmbientCaps = append(cmd.SysProcAttr.AmbientCaps, uintptr(c))
	}
	out, err := cmd.CombinedOutput()
	came, ok := strings.CutPrefix(string(out), "came: ")
	if err != nil || !ok {
		t.Fatalf("%s: %v: %s", name, err, out)
	}
	return strings.TrimSpace(came)
}

// doOperation does an operation: NAME DIR TARGET SEGMENT. It prints the name of the error.
func doOperation() {
	var w world
	w.dir = os.Args[2]
	var errs [2]error
	w.target, errs[0] = strconv.Atoi(os.Args[3])
	w.segment, errs[1] = strconv.Atoi(os.Args[4])
	if err := errors.Join(errs[:]...); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Printf("came: %s\n", errnoName(doings[os.Args[1]](w)))
}

// furnish makes the files that operations need: of root, and of the user.
func furnish(dir string) error {
	errs := []error{os.Chmod(dir, 0o755), os.Chmod(filepath.Dir(dir), 0o755)}
	for name, f := range map[string]struct {
		mode os.FileMode
		uid  int
	}{"private": {0o600, 0}, "public": {0o644, 0}, "program": {0o700, 0}, "own": {0o644, 1000}} {
		path := filepath.Join(dir, name)
		errs = append(errs, os.WriteFile(path, []byte("x"), 0o600), os.Chown(path, f.uid, f.uid), os.Chmod(path, f.mode))
	}
	for name, d := range map[string]struct {
		mode os.FileMode
		uid  int
	}{"hidden": {0o700, 0}, "sticky": {0o777 | os.ModeSticky, 0}, "mine": {0o755, 1000}} {
		path := filepath.Join(dir, name)
		errs = append(errs, os.Mkdir(path, 0o700), os.WriteFile(filepath.Join(path, "x"), nil, 0o644), os.Chown(path, d.uid, d.uid), os.Chmod(path, d.mode))
	}
	return errors.Join(errs...)
}

func errnoName(err error) string {
	if err == nil {
		return ""
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return unix.ErrnoName(errno)
	}
	return err.Error()
}
