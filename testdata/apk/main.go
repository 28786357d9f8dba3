// SPDX-License-Identifier: Apache-2.0

// Apk checks the apk files that `make packages` made with apko, another implementation of
// Alpine's package manager: that it installs each, that what is then installed is the binary
// beside the file and what belongs to it, and that the one of this machine runs. Debian has
// no apk itself. What goes for apk alone is in a module of its own, because apko's
// dependencies are many.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"chainguard.dev/apko/pkg/apk/apk"
	"chainguard.dev/apko/pkg/apk/expandapk"
	apkfs "chainguard.dev/apko/pkg/apk/fs"
)

func main() {
	dir := flag.String("dir", "../../dist", "what to check")
	run := flag.Bool("run", false, "fail if there is no apk")
	flag.Parse()
	if err := check(*dir, *run); err != nil {
		fmt.Fprintln(os.Stderr, "apk:", err)
		os.Exit(1)
	}
}

func check(dir string, run bool) error {
	names, err := filepath.Glob(filepath.Join(dir, "capinspect-linux-*.apk"))
	if err != nil {
		return err
	}
	if len(names) == 0 && !run {
		return nil
	}
	if len(names) == 0 {
		return fmt.Errorf("%s has no apk: run make packages", dir)
	}
	var first []string
	for _, name := range names {
		files, err := install(name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if first == nil {
			first = files
		}
		if !slices.Equal(files, first) {
			return fmt.Errorf("%s: it has %v, and another one %v", name, files, first)
		}
	}
	fmt.Printf("%d apks, each with %d files\n", len(names), len(first))
	return nil
}

// wants are what is in a package, besides what documentation there is.
var wants = []string{
	"usr/bin/capinspect",
	"usr/share/bash-completion/completions/capinspect",
	"usr/share/doc/capinspect/README.md",
	"usr/share/fish/vendor_completions.d/capinspect.fish",
	"usr/share/licenses/capinspect/LICENSE",
	"usr/share/licenses/capinspect/go/LICENSE",
	"usr/share/man/man1/capinspect.1.gz",
	"usr/share/zsh/site-functions/_capinspect",
}

// install installs a package into an empty directory and returns the names of its files.
func install(name string) ([]string, error) {
	pkg, err := parse(name)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "capinspect-apk-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	alpine, err := apk.New(ctx, apk.WithFS(apkfs.DirFS(ctx, dir)), apk.WithArch(pkg.Arch), apk.WithIgnoreMknodErrors(true))
	if err != nil {
		return nil, err
	}
	if err := alpine.InitDB(ctx); err != nil {
		return nil, err
	}
	if _, err := alpine.InstallPackages(ctx, nil, []apk.InstallablePackage{located{pkg, name}}); err != nil {
		return nil, err
	}
	installed, err := alpine.GetInstalled()
	if err != nil || len(installed) != 1 {
		return nil, fmt.Errorf("%d packages are installed, %v", len(installed), err)
	}
	var files []string
	for _, h := range installed[0].Files {
		info, err := os.Stat(filepath.Join(dir, h.Name))
		if err != nil {
			return nil, err
		}
		mode := os.FileMode(0o644)
		if info.IsDir() || h.Name == wants[0] {
			mode = 0o755
		}
		if info.Mode().Perm() != mode {
			return nil, fmt.Errorf("%s has the mode %v", h.Name, info.Mode())
		}
		if !info.IsDir() {
			files = append(files, h.Name)
		}
	}
	for _, want := range wants {
		if !slices.Contains(files, want) {
			return nil, fmt.Errorf("it has no %s, but %v", want, files)
		}
	}
	return files, compare(name, pkg, dir)
}

// located is a package in a file.
type located struct {
	*apk.Package
	file string
}

func (l located) URL() string { return l.file }

// parse reads what a package says of itself, and holds its sums against its parts.
func parse(name string) (*apk.Package, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	pkg, err := apk.ParsePackage(context.Background(), bytes.NewReader(data), uint64(len(data)))
	if err != nil {
		return nil, err
	}
	parts, err := expandapk.Split(bytes.NewReader(data))
	if err != nil || len(parts) != 2 {
		return nil, fmt.Errorf("it has %d parts, %v", len(parts), err)
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, parts[1]); err != nil {
		return nil, err
	}
	if got := fmt.Sprintf("%x", sum.Sum(nil)); got != pkg.DataHash {
		return nil, fmt.Errorf("its files have the sum %s, and not %s", got, pkg.DataHash)
	}
	want := goarch(name)
	switch want {
	case "arm":
		want = "armhf"
	case "loong64":
		want = "loongarch64"
	default:
		want = apk.ArchToAPK(want)
	}
	if pkg.Name != "capinspect" || pkg.Arch != want || pkg.License != "Apache-2.0" {
		return nil, fmt.Errorf("it says %+v", pkg)
	}
	return pkg, nil
}

func goarch(name string) string {
	return strings.TrimSuffix(name[strings.LastIndexByte(name, '-')+1:], ".apk")
}

// compare holds the installed binary against the one beside the package, and runs it.
func compare(name string, pkg *apk.Package, dir string) error {
	binary := strings.TrimSuffix(name, ".apk")
	want, err := os.ReadFile(binary)
	if err != nil {
		return err
	}
	got, err := os.ReadFile(filepath.Join(dir, wants[0]))
	if err != nil || !bytes.Equal(got, want) {
		return fmt.Errorf("its binary is not %s, %v", binary, err)
	}
	if goarch(name) != runtime.GOARCH || os.Geteuid() != 0 {
		return nil
	}
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return err
	}
	cmd := exec.Command("/usr/bin/capinspect", "--version")
	cmd.Dir, cmd.SysProcAttr = "/", &syscall.SysProcAttr{Chroot: dir}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), info.Main.Version) {
		return fmt.Errorf("--version says %q, %v", out, err)
	}
	fmt.Printf("%s %s: installed and used\n", filepath.Base(name), pkg.Version)
	return nil
}
