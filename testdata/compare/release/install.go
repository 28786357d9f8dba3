// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// checkInstall installs the packages of this machine's architecture, uses what they
// installed, and removes them: the deb with apt in a small Debian, the rpm with dnf in an
// empty directory.
func checkInstall(binaries []*binary, missing func(string) error) error {
	if os.Geteuid() != 0 {
		return missing("packages not installed: it takes root")
	}
	for _, tool := range []string{"mmdebstrap", "dnf", "rpm", "mandoc"} {
		if _, err := exec.LookPath(tool); err != nil {
			return missing("packages not installed: no " + tool)
		}
	}
	tmp, err := os.MkdirTemp("", "capinspect-release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	debian, empty := filepath.Join(tmp, "debian"), filepath.Join(tmp, "empty")
	// The suite of this machine is one whose keys it has.
	suite, err := output("sh", "-c", `. /etc/os-release && echo "$VERSION_CODENAME"`)
	if err != nil {
		return err
	}
	if _, err := output("mmdebstrap", "--quiet", "--variant=apt", strings.TrimSpace(suite), debian); err != nil {
		return err
	}
	if err := os.Mkdir(empty, 0o755); err != nil {
		return err
	}
	for _, b := range binaries {
		if b.goos != runtime.GOOS || b.goarch != runtime.GOARCH {
			continue
		}
		if _, err := output("cp", b.path+".deb", filepath.Join(debian, "capinspect.deb")); err != nil {
			return err
		}
		apt := []string{"chroot", debian, "apt-get", "-q", "-y"}
		dpkg := []string{"dpkg", "--root=" + debian, "--verify", "capinspect"}
		if err := inRoot(b, debian, append(apt, "install", "./capinspect.deb"), dpkg, append(apt, "purge", "capinspect")); err != nil {
			return err
		}
		dnf := []string{"dnf", "-q", "-y", "--installroot=" + empty, "--disablerepo=*", "--releasever=0"}
		rpm := []string{"rpm", "--root=" + empty, "--verify", "capinspect"}
		if err := inRoot(b, empty, append(dnf, "install", b.path+".rpm"), rpm, append(dnf, "remove", "capinspect")); err != nil {
			return err
		}
		fmt.Printf("%s: deb and rpm installed, used and removed\n", b.base())
	}
	return nil
}

func inRoot(b *binary, root string, install, verify, remove []string) error {
	before, err := list(root)
	if err != nil {
		return err
	}
	if _, err := output(install[0], install[1:]...); err != nil {
		return err
	}
	if out, err := output(verify[0], verify[1:]...); err != nil || out != "" {
		return fmt.Errorf("%v: %s%v", verify, out, err)
	}
	for _, want := range wants {
		if _, err := os.Stat(filepath.Join(root, want)); err != nil {
			return fmt.Errorf("%v: %w", install, err)
		}
	}
	cmd := exec.Command("/usr/bin/capinspect", "--version")
	cmd.Dir, cmd.SysProcAttr = "/", &syscall.SysProcAttr{Chroot: root}
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), b.info.Main.Version) {
		return fmt.Errorf("%v: --version says %q, %v", install, out, err)
	}
	if out, err := output("mandoc", "-T", "lint", "-W", "error", filepath.Join(root, manPage)); err != nil {
		return fmt.Errorf("%v: %s%v", install, out, err)
	}
	if _, err := output(remove[0], remove[1:]...); err != nil {
		return err
	}
	after, err := list(root)
	if err != nil {
		return err
	}
	for path, dir := range after {
		if _, was := before[path]; !was && (!dir || strings.Contains(path, "capinspect")) {
			return fmt.Errorf("%v: it leaves %s", remove, path)
		}
	}
	return nil
}

// list has each path below a directory, and whether it is one. It leaves out what the
// package manager keeps for itself. Directories that several packages share are of no
// package in an empty directory.
func list(root string) (map[string]bool, error) {
	paths := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		switch rel := strings.TrimPrefix(path, root); rel {
		case "/var/lib/dpkg", "/var/lib/apt", "/var/log", "/var/cache", "/var/lib/dnf", "/var/lib/rpm", "/root/.rpmdb":
			return fs.SkipDir
		default:
			paths[rel] = entry.IsDir()
		}
		return nil
	})
	return paths, err
}
