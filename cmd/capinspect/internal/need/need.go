// SPDX-License-Identifier: Apache-2.0

// Package need says what a test needs of the machine. A test that lacks
// something is skipped, which `make test` prints with the reason, unless
// CAPINSPECT_REQUIRE lists what it lacks: then it fails.
package need

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// TB is what a test is to this package.
type TB interface {
	Helper()
	Name() string
	Skip(...any)
	Fatal(...any)
}

// On ends the test unless the machine has everything that it needs: "root",
// "fuse", which is the device of that, or a program, as "capsh". "docker" is a
// daemon that answers.
func On(t TB, things ...string) {
	t.Helper()
	for _, thing := range things {
		has, err := Has(t.Name(), thing)
		if err != nil {
			t.Fatal(err)
		}
		if !has {
			t.Skip(lacks(thing))
		}
	}
}

// Lacking ends a test that has found out itself that the machine lacks a thing.
func Lacking(t TB, thing, lack string) {
	t.Helper()
	if err := lacking(t.Name(), thing, lack); err != nil {
		t.Fatal(err)
	}
	t.Skip(lack)
}

// Has reports whether the machine has one thing that a test needs. It is an
// error if it has not and CAPINSPECT_REQUIRE lists it.
func Has(test, thing string) (bool, error) {
	lack := lacks(thing)
	if lack == "" {
		return true, nil
	}
	return false, lacking(test, thing, lack)
}

// lacking notes what a test lacks. It is an error if CAPINSPECT_REQUIRE lists it.
func lacking(test, thing, lack string) error {
	if slices.Contains(strings.Split(os.Getenv("CAPINSPECT_REQUIRE"), ","), thing) {
		return fmt.Errorf("%s, and CAPINSPECT_REQUIRE lists %s", lack, thing)
	}
	note(test, lack)
	return nil
}

// lacks says why a thing is not to be had here; "" if it is. CAPINSPECT_WITHOUT lists what
// is not to be used even if it is there.
func lacks(thing string) string {
	if slices.Contains(strings.Split(os.Getenv("CAPINSPECT_WITHOUT"), ","), thing) {
		return "CAPINSPECT_WITHOUT lists " + thing
	}
	switch thing {
	case "root":
		if os.Getuid() != 0 {
			return "not root"
		}
		return ""
	case "fuse":
		if _, err := os.Stat("/dev/fuse"); err != nil {
			return "no /dev/fuse"
		}
		return ""
	case "kernel":
		if _, err := os.Stat(os.Getenv("CAPINSPECT_KERNEL")); err != nil {
			return "no kernel to boot in CAPINSPECT_KERNEL"
		}
		return ""
	case "host disk":
		if _, err := os.Stat(filepath.Join(os.Getenv("CAPINSPECT_HOST"), "disk")); err != nil || os.Getenv("CAPINSPECT_HOST") == "" {
			return "no host to boot in CAPINSPECT_HOST, see make host"
		}
		return ""
	case "docker":
		if out, err := exec.Command("docker", "version", "--format", "{{.Server.Version}}").CombinedOutput(); err != nil {
			return "no docker daemon answers: " + strings.TrimSpace(string(out))
		}
		return ""
	}
	if _, err := exec.LookPath(thing); err != nil {
		return "no " + thing + " on the PATH"
	}
	return ""
}

// note keeps a line for `make test` to print.
func note(test, lack string) {
	name := os.Getenv("CAPINSPECT_SKIPPED")
	if name == "" {
		return
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return
	}
	defer f.Close()
	fmt.Fprintf(f, "skipped %s: %s\n", test, lack)
}
