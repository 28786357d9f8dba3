// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"slices"
	"strings"
)

// installed is what a package installs, by its path.
type installed map[string]entry

// entry is a file, or a directory, which has no sum.
type entry struct{ mode, owner, sum string }

// kinds are the kinds of packages: what reads one, and where one has what others do not.
var kinds = []struct {
	ext   string
	tool  string
	read  func(path string) (installed, error)
	wants []string
}{
	{".deb", "dpkg-deb", readDeb, []string{
		"usr/share/zsh/vendor-completions/_capinspect", "usr/share/doc/capinspect/copyright",
		"usr/share/doc/capinspect/changelog.gz", "usr/share/doc/capinspect/changelog.Debian.gz",
	}},
	{".rpm", "rpm", readRPM, []string{
		"usr/share/zsh/site-functions/_capinspect", "usr/share/doc/capinspect/CHANGELOG.md",
		"usr/share/licenses/capinspect/LICENSE", "usr/share/licenses/capinspect/go/LICENSE",
	}},
}

const manPage = "usr/share/man/man1/capinspect.1.gz"

var wants = []string{
	"usr/bin/capinspect", manPage, "usr/share/doc/capinspect/README.md",
	"usr/share/bash-completion/completions/capinspect", "usr/share/fish/vendor_completions.d/capinspect.fish",
}

// checkPackages holds that each Linux binary is in a package of each kind, that the
// packages of a kind differ in nothing but that, that lintian finds nothing, and that
// those of this machine can be installed, used and removed.
func checkPackages(binaries []*binary, sums map[string]string, missing func(what string) error) error {
	for _, kind := range kinds {
		if _, err := exec.LookPath(kind.tool); err != nil {
			if err := missing(kind.ext + ": no " + kind.tool); err != nil {
				return err
			}
			continue
		}
		var first installed
		for _, b := range binaries {
			if b.goos != "linux" {
				continue
			}
			name := b.path + kind.ext
			files, err := kind.read(name)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			program := files["usr/bin/capinspect"]
			if base := b.base(); program.mode != "755" || program.sum != sums[base] {
				return fmt.Errorf("%s: its program is %v, and not %s", name, program, base)
			}
			for _, want := range append(kind.wants, wants...) {
				if files[want].sum == "" {
					return fmt.Errorf("%s has no %s", name, want)
				}
			}
			for path, f := range files {
				mode := "644"
				if f.sum == "" || path == "usr/bin/capinspect" {
					mode = "755"
				}
				if f.mode != mode || f.owner != "root" {
					return fmt.Errorf("%s: %s has the mode %s and belongs to %s", name, path, f.mode, f.owner)
				}
			}
			delete(files, "usr/bin/capinspect")
			if first == nil {
				first = files
			}
			if !maps.Equal(files, first) {
				return fmt.Errorf("%s: its files are %v, and another's %v", name, files, first)
			}
		}
	}
	if err := lintian(binaries, missing); err != nil {
		return err
	}
	return checkInstall(binaries, missing)
}

// readDeb asks dpkg-deb, which checks the structure.
func readDeb(path string) (installed, error) {
	archive, err := output("dpkg-deb", "--fsys-tarfile", path)
	if err != nil {
		return nil, err
	}
	return readTar(archive)
}

func readTar(archive string) (installed, error) {
	files := installed{}
	for r := tar.NewReader(strings.NewReader(archive)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		f := entry{mode: fmt.Sprintf("%o", h.Mode&0o7777), owner: h.Uname}
		if h.Typeflag == tar.TypeReg {
			sum := sha256.New()
			if _, err := io.Copy(sum, r); err != nil {
				return nil, err
			}
			f.sum = fmt.Sprintf("%x", sum.Sum(nil))
		}
		files[strings.Trim(h.Name, "./")] = f
	}
}

// readRPM asks rpm, after it has compared the sums of the parts.
func readRPM(path string) (installed, error) {
	if _, err := output("rpm", "-K", "--nosignature", path); err != nil {
		return nil, err
	}
	list, err := output("rpm", "-qp", "--nosignature", "--qf", `[%{FILENAMES}\t%{FILEMODES:octal}\t%{FILEUSERNAME}\t%{FILEDIGESTS}\n]`, path)
	if err != nil {
		return nil, err
	}
	files := installed{}
	for line := range strings.Lines(list) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		mode := fields[1][len(fields[1])-3:] // the type stands before it
		files[strings.TrimPrefix(fields[0], "/")] = entry{mode, fields[2], fields[3]}
	}
	return files, nil
}

// unknown is what lintian says of an architecture that is younger than it.
var unknown = map[string][]string{
	"loong64": {
		"E: capinspect: binary-from-other-architecture [usr/bin/capinspect]",
		"W: capinspect: unknown-architecture loong64",
	},
}

// lintian holds that lintian has neither an error nor a warning.
func lintian(binaries []*binary, missing func(string) error) error {
	if _, err := exec.LookPath("lintian"); err != nil {
		return missing("no lintian")
	}
	for _, b := range binaries {
		if b.goos != "linux" {
			continue
		}
		out, err := exec.Command("lintian", "--allow-root", b.path+".deb").CombinedOutput()
		if _, failed := errors.AsType[*exec.ExitError](err); err != nil && !failed {
			return err
		}
		for line := range bytes.Lines(out) {
			line := strings.TrimSuffix(string(line), "\n")
			if !slices.Contains(unknown[b.goarch], line) {
				return fmt.Errorf("%s.deb: lintian: %s", b.path, out)
			}
		}
	}
	return nil
}

// output runs a program that is to succeed. What it writes to stderr is for the error.
func output(name string, args ...string) (string, error) {
	var stderr bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%s %v: %w\n%s%s", name, args, err, out, stderr.Bytes())
	}
	return string(out), err
}
