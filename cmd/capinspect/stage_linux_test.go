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

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
)

// trial is an operation that is done with some capabilities, as uid 1000.
type trial struct {
	Number int // in the trace
	Name   string
	Has    uint64 // a capset.Set
	Came   string // the name of the error, "" if there was none

	checks []capCheck // what the kernel looked for, if it tells
}

func (a *trial) String() string {
	with := "without any capability"
	if a.Has != 0 {
		with = "with " + capset.Set(a.Has).String()
	}
	return fmt.Sprintf("%s %s came to %q", a.Name, with, a.Came)
}

// stage is where operations are done.
type stage struct {
	target int                 // a process of root
	marker *os.File            // of the trace; nil if there is none
	attr   syscall.SysProcAttr // that each operation starts with

	// through returns the command that starts the helper with the arguments that follow; nil
	// if nothing stands between.
	through func(*trial) []string
}

// ownUnshared are the namespaces that operations get for themselves.
const ownUnshared = syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS

// perform does operations one after another.
func (s *stage) perform(trials []*trial) error {
	for _, a := range trials {
		if err := s.performOne(a); err != nil {
			return fmt.Errorf("%s: %w", a, err)
		}
	}
	return nil
}

func (s *stage) performOne(a *trial) error {
	parent, err := os.MkdirTemp("", "operation")
	if err != nil {
		return err
	}
	defer os.RemoveAll(parent)
	dir := filepath.Join(parent, "world")
	if err := errors.Join(os.Mkdir(dir, 0o755), furnish(dir)); err != nil {
		return err
	}
	segment, err := unix.SysvShmGet(unix.IPC_PRIVATE, 4096, unix.IPC_CREAT|0o600)
	if err != nil {
		return err
	}
	defer unix.SysvShmCtl(segment, unix.IPC_RMID, nil)
	number := a.Number
	attr := s.attr
	attr.Setsid = true
	attr.Credential = &syscall.Credential{Uid: 1000, Gid: 1000}
	for c := range capset.Set(a.Has).Caps() {
		attr.AmbientCaps = append(attr.AmbientCaps, uintptr(c))
	}
	cmd := &exec.Cmd{Path: "/proc/self/exe", SysProcAttr: &attr}
	if s.marker != nil {
		cmd.ExtraFiles = []*os.File{s.marker}
	} else {
		number = -1
	}
	cmd.Args = []string{"operation", a.Name, dir, strconv.Itoa(s.target), strconv.Itoa(segment), strconv.Itoa(number)}
	if s.through != nil {
		command := s.through(a)
		cmd.Path, cmd.Args = command[0], append(command, cmd.Args[1:]...)
	}
	out, err := cmd.CombinedOutput()
	came, ok := strings.CutPrefix(string(out), "came: ")
	if err != nil || !ok {
		return fmt.Errorf("%w: %s", err, out)
	}
	a.Came = strings.TrimSpace(came)
	return nil
}

// doOperation does an operation: NAME DIR TARGET SEGMENT NUMBER. It prints the name of the
// error.
func doOperation() {
	var w world
	w.dir = os.Args[2]
	var errs [3]error
	var number int
	w.target, errs[0] = strconv.Atoi(os.Args[3])
	w.segment, errs[1] = strconv.Atoi(os.Args[4])
	number, errs[2] = strconv.Atoi(os.Args[5])
	if err := errors.Join(errs[:]...); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	do := func() error { return doings[os.Args[1]](w) }
	err := do
	if number >= 0 {
		err = func() error { return marked(os.NewFile(3, "trace_marker"), number, do) }
	}
	fmt.Printf("came: %s\n", errnoName(err()))
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
