// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/predict/predicttest"
)

// TestIdmappedMount holds what is predicted of files in a mount that maps the ids from 0 to
// 999 to those from 100000 on, and no others.
func TestIdmappedMount(t *testing.T) {
	need.On(t, "root", "unshare")
	files, mapped := t.TempDir(), t.TempDir()
	for _, dir := range []string{files, mapped} {
		open755(t, dir)
	}
	if err := unix.Mount("none", files, "tmpfs", 0, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Unmount(files, unix.MNT_DETACH) })
	for name, test := range map[string]struct {
		mode uint32
		uid  int
	}{"plain": {0o755, 5000}, "private": {0o700, 5000}, "setuid": {0o4755, 5000}, "setuid-mapped": {0o4755, 7}} {
		path := filepath.Join(files, name)
		if err := errors.Join(os.WriteFile(path, predicttest.ELF(""), 0o600), unix.Chown(path, test.uid, 7), unix.Chmod(path, test.mode)); err != nil {
			t.Fatal(err)
		}
	}
	if err := mapMount(files, mapped, 1000); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Unmount(mapped, unix.MNT_DETACH) })
	const unknown = "depends on who owns a file, which is unknown: an owner 65534 may be one that an idmapped mount does not map"
	for name, want := range map[string]string{
		"plain": "ok", "private": unknown, "setuid": unknown, "setuid-mapped": "euid=100007",
	} {
		got := run(t, built(t), "predict", filepath.Join(mapped, name), "--uid", "1000", "--drop", "all", "--add", "dac_override")
		wantStatus := 0
		if want == unknown {
			wantStatus = 2
		}
		if all := got.stdout + got.stderr; !strings.Contains(all, want) || got.status != wantStatus {
			t.Errorf("%s: status %d\n%s", name, got.status, all)
		}
	}
}

// mapMount mounts a directory at another one, with the ids from 0 on mapped to those from
// 100000 on, and no others.
func mapMount(from, at string, size int) error {
	ids := []syscall.SysProcIDMap{{ContainerID: 0, HostID: 100000, Size: size}}
	cmd := exec.Command("sleep", "60")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER, UidMappings: ids, GidMappings: ids}
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() {
		cmd.Process.Kill()
		cmd.Wait()
	}()
	ns, err := os.Open(fmt.Sprintf("/proc/%d/ns/user", cmd.Process.Pid))
	if err != nil {
		return err
	}
	defer ns.Close()
	tree, err := unix.OpenTree(unix.AT_FDCWD, from, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
	if err != nil {
		return err
	}
	defer unix.Close(tree)
	attr := &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_IDMAP, Userns_fd: uint64(ns.Fd())}
	if err := unix.MountSetattr(tree, "", unix.AT_EMPTY_PATH, attr); err != nil {
		return err
	}
	return unix.MoveMount(tree, "", unix.AT_FDCWD, at, unix.MOVE_MOUNT_F_EMPTY_PATH)
}

// TestFileCapsFromBelow holds what is predicted in a user namespace where the node's root
// has an id that is not 0: the capabilities of its files have that root id there, and count
// in every namespace.
func TestFileCapsFromBelow(t *testing.T) {
	need.On(t, "root", "unshare", "setpriv")
	dir := t.TempDir()
	open755(t, dir)
	program, own := filepath.Join(dir, "holder"), filepath.Join(dir, "capinspect")
	caps := capset.FileCaps{Version: 2, Permitted: capset.Of(capset.NetRaw), Effective: true}
	err := errors.Join(copyFile(buildHolder(t), dir), os.Link(built(t), own), unix.Setxattr(program, "security.capability", caps.Attribute(), 0))
	if errors.Is(err, unix.EXDEV) {
		err = copyFile(built(t), dir)
	}
	if err != nil {
		t.Fatal(err)
	}
	for drop, want := range map[string]string{"-net_raw": "EPERM\n126", "-chown": "ok\n0"} {
		script := fmt.Sprintf(`unshare -Ur setpriv --bounding-set=%[1]s sleep 60 & pid=$!
			for i in $(seq 500); do [ "$(cat /proc/$pid/comm)" = sleep ] && break; sleep 0.02; done
			%[2]s predict %[3]s -p $pid | head -1; kill $pid
			unshare -Ur setpriv --bounding-set=%[1]s %[3]s report </dev/null >/dev/null 2>&1; echo $?`, drop, own, program)
		cmd := exec.Command("sh", "-c", script)
		ids := []syscall.SysProcIDMap{{ContainerID: 0, HostID: 100000, Size: 1000}, {ContainerID: 5000, HostID: 0, Size: 1}}
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags: syscall.CLONE_NEWUSER, UidMappings: ids, GidMappings: ids,
			GidMappingsEnableSetgroups: true, Credential: &syscall.Credential{},
		}
		out, err := cmd.CombinedOutput()
		if got := strings.TrimSpace(string(out)); err != nil || !strings.HasSuffix(got, " (sleep): "+want) {
			t.Errorf("%s: %s, %v, want %s", drop, out, err, want)
		}
	}
}
