// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// TestPredictChanges applies what predict proposes for a failure: then the program starts,
// as predicted.
func TestPredictChanges(t *testing.T) {
	need.On(t, "root", "setpriv", "capsh") // setcap is of the same package
	user := []string{"--reuid=1000", "--regid=1000", "--clear-groups", "--inh-caps=-all", "--bounding-set=-net_raw"}
	holder, own := buildHolder(t), t.TempDir()
	open755(t, own)
	if err := copyFile(holder, own); err != nil {
		t.Fatal(err)
	}
	becomes := filepath.Join(own, "holder")
	for name, test := range map[string]struct {
		prepare func(dir, program string) error
		errno   string
		apply   func(change, program string) error // as the text of the change says
		which   int                                // of the changes
	}{
		"a mode": {
			func(_, program string) error { return os.Chmod(program, 0o744) }, "EACCES", inShell, 0,
		},
		"a directory": {
			func(dir, _ string) error { return os.Chmod(dir, 0o700) }, "EACCES", inShell, 0,
		},
		"a forced capability, taken away": {
			func(_, program string) error { setFileCaps(t, program, "net_raw", true, 0); return nil }, "EPERM", inShell, 0,
		},
		"a forced capability, without the effective flag": {
			func(_, program string) error { setFileCaps(t, program, "net_raw", true, 0); return nil }, "EPERM", inShell, 1,
		},
		"a script without an interpreter": {
			func(_, program string) error { return os.WriteFile(program, []byte("#!\nexit 0\n"), 0o755) }, "ENOEXEC", beginScript, 0,
		},
		"carriage returns": {
			func(_, program string) error { return os.WriteFile(program, []byte("#!/bin/sh\r\nexit 0\r\n"), 0o755) }, "ENOENT",
			func(change, _ string) error {
				_, command, _ := strings.Cut(change, ": ")
				return exec.Command("sh", "-c", command).Run()
			}, 0,
		},
		"a missing interpreter": {
			func(_, program string) error { return os.WriteFile(program, []byte("#!/missing\nexit 0\n"), 0o755) }, "ENOENT", beginScript, 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			top := t.TempDir()
			open755(t, top)
			dir := filepath.Join(top, "d")
			program := filepath.Join(dir, "holder")
			if err := errors.Join(os.Mkdir(dir, 0o755), copyFile(holder, dir), unix.Chmod(program, 0o755), test.prepare(dir, program)); err != nil {
				t.Fatal(err)
			}
			task := exec.Command("setpriv", slices.Concat(user, []string{"sleep", "60"})...)
			if err := task.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() {
				task.Process.Kill()
				task.Wait()
			}()
			awaitComm(t, task.Process.Pid, "sleep")
			predicted := func() (p struct {
				Result  string
				Changes []struct{ Where, Text string }
			},
			) {
				o := run(t, built(t), "predict", "--json", program, "-p", strconv.Itoa(task.Process.Pid))
				if err := json.Unmarshal([]byte(o.stdout), &p); err != nil {
					t.Fatalf("%v: %+v", err, o)
				}
				text := run(t, built(t), "predict", program, "-p", strconv.Itoa(task.Process.Pid))
				for _, c := range p.Changes { // as somebody copies it
					if !strings.Contains(text.stdout, c.Text+"\n") {
						t.Errorf("no %q in %s", c.Text, text.stdout)
					}
				}
				return p
			}
			starts := func() bool {
				// Setpriv itself has capabilities when it executes a program, and tries a shell.
				o := run(t, "setpriv", slices.Concat(user, []string{becomes, "become", program, "report"})...)
				return o.status == 0
			}
			before := predicted()
			if before.Result != test.errno || starts() || len(before.Changes) <= test.which {
				t.Fatalf("%+v, want %s", before, test.errno)
			}
			change := before.Changes[test.which].Text
			if err := test.apply(change, program); err != nil {
				t.Fatalf("%q: %v", change, err)
			}
			if after := predicted(); after.Result != "ok" || !starts() {
				t.Errorf("after %q: %+v", change, after)
			}
		})
	}
}

// inShell runs the command with which a change begins.
func inShell(change, _ string) error {
	command, _, _ := strings.Cut(change, ": ")
	command, _, _ = strings.Cut(command, ", ")
	return exec.Command("sh", "-c", command).Run()
}

// beginScript gives a script another first line, if that is what a change says.
func beginScript(change, program string) error {
	if !strings.Contains(change, "first line") && !strings.HasPrefix(change, "begin the script with #!") {
		return errors.New("it says something else")
	}
	return os.WriteFile(program, []byte("#!/bin/sh\nexit 0\n"), 0o755)
}
