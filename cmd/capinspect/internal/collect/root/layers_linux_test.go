// SPDX-License-Identifier: Apache-2.0

package root

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
	"github.com/capinspect/capinspect/procstatus"
)

// mountHere mounts in the test's own mount namespace, until the test ends.
func mountHere(t *testing.T, source, dir, kind, options string) {
	t.Helper()
	if err := unix.Mount(source, dir, kind, 0, options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
}

// layersHere mounts a tmpfs that has the directories of an overlay: "lower" with etc/passwd,
// and "other", "upper", "work" and "merged", which are empty.
func layersHere(t *testing.T) string {
	t.Helper()
	need.On(t, "root")
	dir := t.TempDir()
	mountHere(t, "none", dir, "tmpfs", "")
	err := errors.Join(os.MkdirAll(dir+"/lower/etc", 0o755), write(dir+"/lower/etc/passwd"))
	for _, name := range []string{"other", "upper", "work", "merged"} {
		err = errors.Join(err, os.Mkdir(filepath.Join(dir, name), 0o755))
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// in starts a task whose root directory is one of the test's mounts.
func in(t *testing.T, dir string) *task {
	t.Helper()
	return newTask(t, func(top string) error {
		return errors.Join(os.Mkdir(top+"/root", 0o755), unix.Mount(dir, top, "", unix.MS_BIND, ""))
	})
}

// TestOverlayOfNode reads below overlays that a runtime has mounted on the node.
func TestOverlayOfNode(t *testing.T) {
	need.On(t, "root")
	for name, options := range map[string]string{
		"absolute":  "lowerdir=DIR/other:DIR/lower,upperdir=DIR/upper,workdir=DIR/work",
		"relative":  "lowerdir=other:lower,upperdir=upper,workdir=work",
		"no upper":  "lowerdir=DIR/other:DIR/lower",
		"symlink":   "lowerdir=DIR/l/A:DIR/l/B,upperdir=DIR/upper,workdir=DIR/work",
		"its lower": "lowerdir=lower:other,upperdir=DIR/upper,workdir=DIR/work",
	} {
		t.Run(name, func(t *testing.T) {
			dir := layersHere(t)
			if err := errors.Join(os.Mkdir(dir+"/l", 0o755), os.Symlink("../other", dir+"/l/A"), os.Symlink("../lower", dir+"/l/B")); err != nil {
				t.Fatal(err)
			}
			mount := exec.Command("mount", "-t", "overlay", "none", "-o", strings.ReplaceAll(options, "DIR", dir), dir+"/merged")
			mount.Dir = dir
			if out, err := mount.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			t.Cleanup(func() { unix.Unmount(dir+"/merged", unix.MNT_DETACH) })
			k := in(t, dir+"/merged")
			k.reads(t, true, "")
			k.reads(t, false, "/ is on overlay, which may never answer: what it is made of is named in another mount namespace")
		})
	}
}

// reads reads /etc/passwd of a task, and wants an error of that or of opening its root
// directory; "" if there is none. named is what NewNode is told.
func (k *task) reads(t *testing.T, named bool, want string) {
	t.Helper()
	var text []byte
	var err error
	promptly(t, func() {
		var r *Root
		if r, err = k.openAs(t, named); err == nil {
			defer r.Close()
			text, err = r.Read("etc/passwd", 4<<20)
		}
	})
	switch {
	case want == "" && (err != nil || string(text) != passwd):
		t.Errorf("%q, %v", text, err)
	case want != "" && (err == nil || !strings.HasSuffix(err.Error(), want)):
		t.Errorf("%q, %v; want %s", text, err, want)
	}
}

// TestNeverAnswers reads below file systems that are made of one whose server does not
// answer, so that whoever asks cannot even be killed.
func TestNeverAnswers(t *testing.T) {
	need.On(t, "root", "fuse")
	const hidden = "which may never answer: the node's mount table does not have it"
	t.Run("an overlay of another task's", func(t *testing.T) {
		mount, stop := stoppedFUSE(t)
		k := newTask(t, func(dir string) error {
			return errors.Join(os.Mkdir(dir+"/fuse", 0o755), mount(dir+"/fuse"),
				unix.Mount("none", dir, "overlay", 0, "lowerdir="+dir+"/fuse:"+dir+"/etc"))
		})
		stop()
		k.reads(t, true, "/ is on overlay, "+hidden)
	})
	t.Run("an erofs", func(t *testing.T) {
		mount, stop := stoppedFUSE(t)
		k := newTask(t, func(dir string) error {
			err := errors.Join(os.Mkdir(dir+"/fuse", 0o755), mount(dir+"/fuse"))
			if err == nil {
				err = unix.Mount(dir+"/fuse/image", dir+"/etc", "erofs", unix.MS_RDONLY, "")
			}
			if errors.Is(err, unix.ENOTBLK) || errors.Is(err, unix.ENODEV) {
				return nil
			}
			return err
		})
		stop()
		if !k.mounted(t, "/etc") {
			need.Lacking(t, "erofs", "this kernel mounts no erofs from a file: before Linux 6.12, or without EROFS_FS_BACKED_BY_FILE")
		}
		k.reads(t, true, "/etc is on erofs, "+hidden)
	})
	for name, test := range map[string]struct {
		named bool
		why   string
	}{
		"an overlay of a snapshotter":                      {true, "its layer DIR/other: DIR/other is on fuse, which may never answer"},
		"an overlay of a snapshotter that the reader lost": {false, "what it is made of is named in another mount namespace"},
	} {
		t.Run(name, func(t *testing.T) {
			mount, stop := stoppedFUSE(t)
			dir := layersHere(t)
			if err := mount(dir + "/other"); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { unix.Unmount(dir+"/other", unix.MNT_DETACH) })
			mountHere(t, "none", dir+"/merged", "overlay", "lowerdir="+dir+"/other:"+dir+"/lower")
			if !test.named {
				if err := unix.Unmount(dir+"/other", unix.MNT_DETACH); err != nil {
					t.Fatal(err)
				}
			}
			k := in(t, dir+"/merged")
			stop()
			k.reads(t, test.named, "/ is on overlay, which may never answer: "+strings.ReplaceAll(test.why, "DIR", dir))
		})
	}
}

// mounted reports whether a task has a mount at a path.
func (k *task) mounted(t *testing.T, path string) bool {
	t.Helper()
	proc, err := procstatus.OpenFS("/proc")
	if err != nil {
		t.Fatal(err)
	}
	defer proc.Close()
	mounts, err := proc.Task(k.tid).Mounts()
	if err != nil {
		t.Fatal(err)
	}
	tab := table{of: mounts}
	return tab.at(path)
}

// TestLoop checks a disk that is a file, first one that the node has and then one that it
// has no more.
func TestLoop(t *testing.T) {
	need.On(t, "root")
	proc, err := procstatus.OpenFS("/proc")
	if err != nil {
		t.Fatal(err)
	}
	defer proc.Close()
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/image", erofs(), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir+"/at", 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-t", "erofs", "-o", "ro,loop", dir+"/image", dir+"/at").CombinedOutput(); err != nil {
		need.Lacking(t, "loop", fmt.Sprintf("no loop device: %v: %s", err, out))
	}
	t.Cleanup(func() { exec.Command("umount", dir+"/at").Run() })
	node := NewNode(proc, proc.Self(), true)
	check := func(want string) {
		t.Helper()
		clear(node.known)
		if err := node.refresh(); err != nil {
			t.Fatal(err)
		}
		tab := table{node.mounts, node}
		if got := fmt.Sprint(tab.check(dir + "/at")); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	check("<nil>")
	node.named = false
	check(dir + "/at is on erofs, which may never answer: what it is made of is named in another mount namespace")
	node.named = true
	if err := os.Remove(dir + "/image"); err != nil {
		t.Fatal(err)
	}
	check(fmt.Sprintf("%[1]s/at is on erofs, which may never answer: %[1]s/image (deleted): no such file or directory", dir))
}

// TestRemoteDisk checks disks that a program or another host answers for, by directories as
// those of sysfs.
func TestRemoteDisk(t *testing.T) {
	dir := t.TempDir()
	for device, want := range map[string]string{
		"sda": "<nil>", "nbd0": "nbd0 is a disk that may never answer", "ublkb3": "ublkb3 is a disk that may never answer",
		"nbd1/nbd1p2": "nbd1 is a disk that may never answer", "vda/vda1": "<nil>",
	} {
		at := filepath.Join(dir, "devices", device)
		link := filepath.Join(dir, strings.ReplaceAll(device, "/", "-"))
		err := errors.Join(os.MkdirAll(at, 0o755), os.Symlink("devices/"+device, link))
		if strings.Contains(device, "/") {
			err = errors.Join(err, os.WriteFile(at+"/partition", nil, 0o644))
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(block(link, NewNode(nil, procstatus.Task{}, true), 0)); got != want {
			t.Errorf("%s: %s, want %s", device, got, want)
		}
	}
}

// TestUpperLayer holds that each layer of an overlay has to answer, those that are written
// to as well as the others.
func TestUpperLayer(t *testing.T) {
	need.On(t, "root", "fuse")
	mount, stop := stoppedFUSE(t)
	dir := layersHere(t)
	if err := mount(dir + "/other"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Unmount(dir+"/other", unix.MNT_DETACH) })
	stop()
	proc, err := procstatus.OpenFS("/proc")
	if err != nil {
		t.Fatal(err)
	}
	defer proc.Close()
	node := NewNode(proc, proc.Self(), true)
	if err := node.refresh(); err != nil {
		t.Fatal(err)
	}
	for option, answers := range map[string]bool{
		"lowerdir=DIR/lower,upperdir=DIR/upper,workdir=DIR/work": true,
		"lowerdir=DIR/lower,upperdir=DIR/other,workdir=DIR/work": false, "lowerdir=DIR/lower,upperdir=DIR/upper,workdir=DIR/other": false,
		"lowerdir=DIR/lower:DIR/other": false, "lowerdir+=DIR/lower,lowerdir+=DIR/other": false, "lowerdir=DIR/lower::DIR/other": false,
		"lowerdir+=DIR/lower,datadir+=DIR/other": false, "xino=on": false,
	} {
		promptly(t, func() {
			err := node.layers(&procstatus.Mount{Type: "overlay", Point: dir + "/merged", SuperOptions: strings.ReplaceAll(option, "DIR", dir)})
			if (err == nil) != answers {
				t.Errorf("%s: %v", option, err)
			}
		})
	}
}
