// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/operation"
)

// trial is an operation that is done with some capabilities, as uid 1000.
type trial struct {
	Number int // in the trace
	Name   string
	Code   string // of the note of the row that is applied; "" if none is
	Has    uint64 // a capset.Set
	Came   string // the name of the error, "" if there was none

	checks []capCheck // what the kernel looked for, if it tells
}

func (a *trial) String() string {
	has, with := capset.Set(a.Has), "without any capability"
	switch {
	case has.Len() > 20:
		with = "with all but " + (ofKernel() &^ has).String()
	case has != 0:
		with = "with " + has.String()
	}
	return fmt.Sprintf("%s %s came to %q", a.Name, with, a.Came)
}

// refused reports whether it is a capability that was missing, by the error of the table.
func (a *trial) refused(errno string) bool {
	return a.Came == "EPERM" || a.Came == "EACCES" || a.Came == errno
}

// lacksKernel reports whether the kernel has no such operation.
func (a *trial) lacksKernel() bool {
	return slices.Contains([]string{"ENOSYS", "EAFNOSUPPORT", "EOPNOTSUPP", "ENOPROTOOPT", "ENOENT", "ENODEV", "ENOTTY", absent}, a.Came)
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

// The user namespaces that an operation is done in.
const (
	inInitial = "initial" // that of the tests, and mount, network and UTS namespaces of its own
	inChild   = "child"   // a child of that; the other namespaces belong to the user namespace of the tests
	inApart   = "apart"   // a child of that, which owns the other namespaces, the files and the process of root
)

const ownUnshared = syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS

// sameIDs maps all sameIDs to themselves.
var sameIDs = []syscall.SysProcIDMap{{Size: 65534}}

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
	if err := errors.Join(os.Mkdir(dir, 0o755), furnish(dir, 0, 1000)); err != nil {
		return err
	}
	segment, err := unix.SysvShmGet(unix.IPC_PRIVATE, 4096, unix.IPC_CREAT|0o600)
	if err != nil {
		return err
	}
	defer unix.SysvShmCtl(segment, unix.IPC_RMID, nil)
	helps := applied(a.Name, a.Code)
	if helps.world != nil {
		if err := helps.world(dir, segment); err != nil {
			return err
		}
	}
	target := s.target
	if unmapped[a.Name] {
		other := sleeper()
		other.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER}
		if err := other.Start(); err != nil {
			return err
		}
		defer func() {
			other.Process.Kill()
			other.Wait()
		}()
		target = other.Process.Pid
	}
	file, err := handedTo(a.Name, dir, target)
	if err != nil {
		a.Came = absent
		return nil
	}
	defer file.Close()
	number := a.Number
	attr := s.attr
	attr.Setsid = true
	attr.Credential = &syscall.Credential{Uid: 1000, Gid: 1000}
	has := capset.Set(a.Has) | beside[a.Name]
	if asRoot[a.Name] || helps.root {
		attr.Credential = &syscall.Credential{}
	} else {
		for c := range has.Caps() {
			attr.AmbientCaps = append(attr.AmbientCaps, uintptr(c))
		}
	}
	cmd := &exec.Cmd{Path: "/proc/self/exe", SysProcAttr: &attr}
	cmd.ExtraFiles = []*os.File{s.marker, file}
	if s.marker == nil {
		number = -1
	}
	cmd.Args = []string{"operation", a.Name, dir, strconv.Itoa(target), strconv.Itoa(segment), strconv.Itoa(number), strconv.FormatUint(uint64(has), 10), a.Code}
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

// applied returns the remedy of an operation that has a code.
func applied(name, code string) remedy {
	for _, o := range operation.Named(name) {
		if r, ok := remedies[[2]string{o.Name(), code}]; ok {
			return r
		}
	}
	return remedy{}
}

// absent came of an operation that needs a file that there is not.
const absent = "no such file"

// handedTo opens the file that root hands to an operation.
func handedTo(name, dir string, target int) (*os.File, error) {
	h, ok := handed[name]
	if !ok {
		return nil, nil
	}
	if !filepath.IsAbs(h.path) {
		h.path = filepath.Join(dir, h.path)
	}
	h.path = strings.Replace(h.path, "/PID/", fmt.Sprintf("/%d/", target), 1)
	return os.OpenFile(h.path, h.flags, 0)
}

// doOperation does an operation: NAME DIR TARGET SEGMENT NUMBER HAS CODE [OTHER]. It prints
// the name of the error.
func doOperation() {
	switch os.Args[1] {
	case "--stage":
		standIn()
		return
	case "--sleep":
		time.Sleep(10 * time.Minute)
		return
	case "--nothing":
		return
	}
	w := world{dir: os.Args[2], handed: 4}
	var errs [6]error
	var number int
	var has uint64
	w.target, errs[0] = strconv.Atoi(os.Args[3])
	w.segment, errs[1] = strconv.Atoi(os.Args[4])
	number, errs[2] = strconv.Atoi(os.Args[5])
	has, errs[3] = strconv.ParseUint(os.Args[6], 10, 64)
	if len(os.Args) > 8 {
		w.other, errs[5] = strconv.Atoi(os.Args[8])
	}
	runtime.LockOSThread()
	helps := applied(os.Args[1], os.Args[7])
	if asRoot[os.Args[1]] || helps.root {
		errs[4] = keepOnly(capset.Set(has))
	}
	if err := errors.Join(errs[:]...); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	do := func() error { return doings[os.Args[1]](w) }
	if helps.do != nil {
		do = func() error { return helps.do(w) }
	}
	err := do
	if number >= 0 {
		err = func() error { return marked(os.NewFile(3, "trace_marker"), number, do) }
	}
	fmt.Printf("came: %s\n", errnoName(err()))
}

// sleeper returns a process that sleeps for ten minutes.
func sleeper() *exec.Cmd {
	return &exec.Cmd{Path: "/proc/self/exe", Args: []string{"operation", "--sleep"}}
}

// keepOnly gives up all capabilities of the thread but some.
func keepOnly(has capset.Set) error {
	low, high := uint32(has), uint32(has>>32)
	data := [2]unix.CapUserData{{Effective: low, Permitted: low}, {Effective: high, Permitted: high}}
	return unix.Capset(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &data[0])
}

// performBelow begins to do operations in a child user namespace, and returns what waits for
// their end.
func performBelow(kind string, target int, marker *os.File, trials []*trial) (wait func() error, err error) {
	in, err := json.Marshal(trials)
	if err != nil {
		return nil, err
	}
	cmd := &exec.Cmd{Path: "/proc/self/exe", Args: []string{"operation", "--stage", kind, strconv.Itoa(target), strconv.FormatBool(marker != nil)}, Stdin: strings.NewReader(string(in))}
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	if kind == inApart {
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER | ownUnshared | syscall.CLONE_NEWIPC | syscall.CLONE_NEWPID | syscall.CLONE_NEWCGROUP
		cmd.SysProcAttr.Unshareflags = syscall.CLONE_NEWTIME
		cmd.SysProcAttr.UidMappings, cmd.SysProcAttr.GidMappings, cmd.SysProcAttr.GidMappingsEnableSetgroups = sameIDs, sameIDs, true
	} else {
		cmd.SysProcAttr.Unshareflags = ownUnshared | syscall.CLONE_NEWIPC
	}
	if marker != nil {
		cmd.ExtraFiles = []*os.File{marker}
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	return func() error {
		err := cmd.Wait()
		if err == nil {
			err = json.Unmarshal(stdout.Bytes(), &trials)
		}
		if err != nil {
			return fmt.Errorf("%s: %w: %s", kind, err, &stderr)
		}
		return nil
	}, cmd.Start()
}

// standIn is a stage in a child user namespace: --stage KIND TARGET TRACED, the trials in
// JSON on standard input. It prints them with what came.
func standIn() {
	if err := standInFor(os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func standInFor(kind string) error {
	var s stage
	var err error
	if s.target, err = strconv.Atoi(os.Args[3]); err != nil {
		return err
	}
	if os.Args[4] == "true" {
		s.marker = os.NewFile(3, "trace_marker")
	}
	var trials []*trial
	if err := json.NewDecoder(os.Stdin).Decode(&trials); err != nil {
		return err
	}
	if kind == inChild {
		s.attr = syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER, UidMappings: sameIDs, GidMappings: sameIDs, GidMappingsEnableSetgroups: true}
	} else {
		s.attr.Unshareflags = ownUnshared
		for _, m := range []struct {
			from, to, kind string
			flags          uintptr
		}{{"", "/", "", unix.MS_REC | unix.MS_PRIVATE}, {"proc", "/proc", "proc", 0}, {"none", os.TempDir(), "tmpfs", 0}} {
			if err := unix.Mount(m.from, m.to, m.kind, m.flags, ""); err != nil {
				return fmt.Errorf("mount of %s: %w", m.to, err)
			}
		}
		target := sleeper()
		if err := target.Start(); err != nil {
			return err
		}
		defer func() {
			target.Process.Kill()
			target.Wait()
		}()
		s.target = target.Process.Pid
	}
	if err := s.perform(trials); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(trials)
}

// furnish makes the files that operations need: of another user, and of the one who does them.
func furnish(dir string, other, user int) error {
	errs := []error{os.Chmod(dir, 0o755), os.Chown(dir, other, other), os.Chmod(filepath.Dir(dir), 0o755)}
	for name, f := range map[string]struct {
		mode os.FileMode
		uid  int
	}{"private": {0o600, other}, "public": {0o644, other}, "program": {0o700, other}, "own": {0o644, user}, "group": {0o644, user}} {
		path := filepath.Join(dir, name)
		errs = append(errs, os.WriteFile(path, []byte("x"), 0o600), os.Chown(path, f.uid, f.uid), os.Chmod(path, f.mode))
	}
	for name, d := range map[string]struct {
		mode os.FileMode
		uid  int
	}{"hidden": {0o700, other}, "sticky": {0o777 | os.ModeSticky, other}, "mine": {0o755, user}} {
		path := filepath.Join(dir, name)
		errs = append(errs, os.Mkdir(path, 0o700), os.WriteFile(filepath.Join(path, "x"), nil, 0o644), os.Chown(filepath.Join(path, "x"), other, other), os.Chown(path, d.uid, d.uid), os.Chmod(path, d.mode))
	}
	link, tun := filepath.Join(dir, "sticky/link"), filepath.Join(dir, "tun")
	errs = append(errs, os.Symlink(filepath.Join(dir, "public"), link), os.Lchown(link, 2000, 2000), os.Chown(filepath.Join(dir, "group"), user, other))
	unix.Mknod(tun, unix.S_IFCHR|0o600, int(unix.Mkdev(10, 200))) // which root of a child user namespace may not
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
