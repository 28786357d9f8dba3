// SPDX-License-Identifier: Apache-2.0

package main

import (
	"debug/buildinfo"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

const bomSuffix = ".cdx.json"

// binary is one of a release.
type binary struct {
	path, goos, goarch string
	info               *buildinfo.BuildInfo
}

// readBinary reads what Go wrote into a binary, and holds it against the name.
func readBinary(path string) (*binary, error) {
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return nil, err
	}
	parts := strings.Split(filepath.Base(path), "-")
	b := &binary{path: path, goos: parts[1], goarch: parts[2], info: info}
	for key, want := range map[string]string{"GOOS": b.goos, "GOARCH": b.goarch, "CGO_ENABLED": "0", "-trimpath": "true"} {
		if got := b.setting(key); got != want {
			return nil, fmt.Errorf("%s is %q, not %q", key, got, want)
		}
	}
	if b.goos != "linux" {
		return b, nil
	}
	f, err := elf.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			return nil, fmt.Errorf("it is not static: %v", p.Type)
		}
	}
	return b, nil
}

func (b *binary) base() string { return filepath.Base(b.path) }

func (b *binary) setting(key string) string {
	for _, s := range b.info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}

// checkBOM holds that the bill of materials is of this binary, and has the
// modules that are linked in, Go's own packages, and nothing else.
func (b *binary) checkBOM(sum string) error {
	f, err := os.Open(b.path + bomSuffix)
	if err != nil {
		return err
	}
	defer f.Close()
	var bom cdx.BOM
	if err := cdx.NewBOMDecoder(f, cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
		return fmt.Errorf("%s: %w", f.Name(), err)
	}
	if bom.BOMFormat != cdx.BOMFormat || bom.Metadata == nil || bom.Metadata.Component == nil || bom.Components == nil {
		return fmt.Errorf("%s: no bill of materials", f.Name())
	}
	main := bom.Metadata.Component
	if main.Name != b.info.Main.Path || main.Version != b.info.Main.Version || !hasSum(bom.Metadata, sum) {
		return fmt.Errorf("%s: it is of another binary, %s %s", f.Name(), main.Name, main.Version)
	}
	want := map[string]string{"std": b.info.GoVersion}
	for _, m := range b.info.Deps {
		want[m.Path] = m.Version
	}
	for _, c := range *bom.Components {
		if version, ok := want[c.Name]; !ok || version != c.Version {
			return fmt.Errorf("%s: it has %s %s, linked in is %q", f.Name(), c.Name, c.Version, version)
		}
		delete(want, c.Name)
	}
	if len(want) > 0 {
		return fmt.Errorf("%s: it lacks %v", f.Name(), want)
	}
	return nil
}

// hasSum reports whether a SHA-256 is where cyclonedx-gomod puts that of the binary.
func hasSum(m *cdx.Metadata, sum string) bool {
	if m.Properties == nil {
		return false
	}
	for _, p := range *m.Properties {
		if p.Name == "cdx:gomod:binary:hash:SHA-256" && p.Value == sum {
			return true
		}
	}
	return false
}

// questions are command lines with the same answer on each architecture. What is
// asked of a process is asked of the one that checks.
var questions = [][]string{
	{"decode", "-o", "matrix", "a80425fb", "ffffffffffffffff"},
	{"profiles", "--json"},
	{"explain", "NET_RAW"},
	{"--print"},
	{"ps", "--full", "-o", "jsonl", fmt.Sprint(os.Getppid())},
	{"diff", "docker", "podman"},
	{"completion", "zsh"},
}

// changing is what differs from run to run: the time of a report.
var changing = regexp.MustCompile(`"time": ?"[^"]*"`)

// answers runs the binary. missing names what it would take, if that is not here.
func (b *binary) answers() (text, missing string, err error) {
	var emulator []string
	switch {
	case runtime.GOOS != b.goos:
		return "", "", nil
	case runtime.GOARCH == b.goarch, runtime.GOARCH == "amd64" && b.goarch == "386":
	default:
		name := "qemu-" + map[string]string{"arm64": "aarch64", "loong64": "loongarch64", "amd64": "x86_64", "386": "i386"}[b.goarch] + "-static"
		if name == "qemu--static" {
			name = "qemu-" + b.goarch + "-static"
		}
		if _, err := exec.LookPath(name); err != nil {
			return "", "no " + name, nil
		}
		emulator = []string{name}
	}
	ask := func(args ...string) (string, error) {
		line := append(append(emulator[:len(emulator):len(emulator)], b.path), args...)
		out, err := exec.Command(line[0], line[1:]...).CombinedOutput()
		if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == 1 {
			err = nil
		}
		if err != nil {
			err = fmt.Errorf("%v: %w\n%s", args, err, out)
		}
		return string(out), err
	}
	version, err := ask("--version")
	if want := b.goos + "/" + b.goarch; err == nil && !strings.Contains(version, want) {
		err = fmt.Errorf("--version without %s: %s", want, version)
	}
	for _, q := range questions {
		var answer string
		if err == nil {
			answer, err = ask(q...)
		}
		text += changing.ReplaceAllString(answer, "_")
	}
	return text, "", err
}
