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
// installed, and removes them: the deb in a Debian of its essential packages, the rpm in
// an empty directory.
func checkInstall(binaries []*binary, missing func(string) error) error {
	if os.Geteuid() != 0 {
		return missing("packages not installed: it takes root")
	}
	for _, tool := range []string{"mmdebstrap", "dpkg", "rpm", "mandoc"} {
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
	if _, err := output("mmdebstrap", "--quiet", "--variant=essential", strings.TrimSpace(suite), debian); err != nil {
		return err
	}
	if err := os.Mkdir(empty, 0o755); err != nil {
		return err
	}
	for _, b := range binaries {
		if b.goos != runtime.GOOS || b.goarch != runtime.GOARCH {
			continue
		}
		dpkg := []string{"dpkg", "--root=" + debian}
		err := inRoot(b, debian, append(dpkg, "--install", b.path+".deb"), append(dpkg, "--verify", "capinspect"), append(dpkg, "--purge", "capinspect"))
		if err != nil {
			return err
		}
		rpm := []string{"rpm", "--root=" + empty}
		err = inRoot(b, empty, append(rpm, "--install", "--nosignature", b.path+".rpm"), append(rpm, "--verify", "capinspect"), append(rpm, "--erase", "capinspect"))
		if err != nil {
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
		case "/var/lib/dpkg", "/var/log", "/var/cache", "/var/lib/rpm", "/root/.rpmdb":
			return fs.SkipDir
		default:
			paths[rel] = entry.IsDir()
		}
		return nil
	})
	return paths, err
}
