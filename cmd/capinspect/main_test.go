// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
	"github.com/capinspect/capinspect/testdata/fixture"
)

var update = flag.Bool("update", false, "write the expected outputs anew")

func TestMain(m *testing.M) {
	testscript.Main(program{m}, map[string]func(){"capinspect": checkedMain, "attempts": attempts, "scopes": scopesOfKernel, "operation": doOperation, "userns": usernsTrials, "accessed": accessTargets, "access": accessReader, "later": doLater, "doer": doThere, "kubectl": kubectl, "measured": measured})
}

// program is the tests, and what is to be removed after them.
type program struct{ *testing.M }

func (p program) Run() int {
	defer func() { os.RemoveAll(filepath.Dir(builtPath)) }()
	return p.M.Run()
}

var (
	buildOnce sync.Once
	builtPath = "nothing/capinspect"
	errBuild  error
)

// built returns the path of the binary that `make build` builds, which any user may
// run.
func built(t *testing.T) string {
	t.Helper()
	if os.Getenv("CAPINSPECT_BUILT") == "" {
		need.On(t, "make")
	}
	buildOnce.Do(func() {
		var dir string
		if dir, errBuild = os.MkdirTemp("", "capinspect"); errBuild != nil {
			return
		}
		builtPath = filepath.Join(dir, "capinspect")
		found, err := prebuilt(builtPath)
		if !found {
			err = fixture.Build(builtPath)
		}
		errBuild = errors.Join(err, os.Chmod(dir, 0o755))
	})
	if errBuild != nil {
		t.Fatal(errBuild)
	}
	return builtPath
}

// buildHelper builds a program that the tests need beside capinspect, from its
// directory in testdata.
func buildHelper(t *testing.T, path, from string) {
	t.Helper()
	found, err := prebuilt(path)
	if !found {
		cmd := exec.Command("go", "build", "-ldflags=-s -w", "-o", path, filepath.Join("../../testdata", from))
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		var out []byte
		if out, err = cmd.CombinedOutput(); err != nil {
			err = fmt.Errorf("go build: %w\n%s", err, out)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

// prebuilt copies a program to a path from the directory $CAPINSPECT_BUILT, which has
// it under the same name. found is false if that variable is not set. A machine
// without Go sets it.
func prebuilt(path string) (found bool, err error) {
	dir := os.Getenv("CAPINSPECT_BUILT")
	if dir == "" {
		return false, nil
	}
	return true, copyFile(filepath.Join(dir, filepath.Base(path)), filepath.Dir(path))
}

// copyFile copies a file, with its mode, into a directory.
func copyFile(name, dir string) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, filepath.Base(name)), data, info.Mode().Perm())
}

// TestScript runs the command lines of testdata/script.
func TestScript(t *testing.T) { runScripts(t, "script") }

func runScripts(t *testing.T, dir string) {
	dir = filepath.Join("../../testdata", dir)
	if files, err := filepath.Glob(dir + "/*.txtar"); err != nil || len(files) == 0 {
		t.Fatal("no scripts in", dir, err)
	}
	fixtures := fixture.Dir(t)
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Condition:           condition,
		Setup: func(env *testscript.Env) error {
			env.Setenv("TESTDATA", fixtures)
			env.Setenv("ESC", "\x1b")
			env.Setenv("GORACE", os.Getenv("GORACE"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "blank": blank},
	})
}

// condition is true if the machine has what a script needs: [!need:capsh] skip.
func condition(cond string) (bool, error) {
	thing, ok := strings.CutPrefix(cond, "need:")
	if !ok {
		return false, fmt.Errorf("unknown condition %q", cond)
	}
	return need.Has("a script", thing)
}

// exits runs a command and holds its exit status, and what it prints as JSON against
// the schema: exits 2 capinspect 4711.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if args[1] != "runc" || args[2] != "state" {
		ts.Check(checkJSON(ts.ReadFile("stdout")))
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// stamp is when and where a report was made, and by which version.
var stamp = regexp.MustCompile(`("time": ?)"[-0-9:TZ]{20}"(,\s*"node": ?)"[^"]*"(,\s*"version": ?)"[^"]*"`)

// blank writes standard output to a file, without when and where a report was made, and
// without the values of some JSON keys that vary: blank FILE KEY...
func blank(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: blank FILE KEY...")
	}
	text := stamp.ReplaceAllString(ts.ReadFile("stdout"), "${1}_${2}_${3}_")
	if len(args) > 1 {
		values := regexp.MustCompile(`"(` + strings.Join(args[1:], "|") + `)": ("[^"]*"|\[[^]]*\]|\d+|true|false)`)
		text = values.ReplaceAllString(text, `"$1": _`)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o644))
}
