// SPDX-License-Identifier: Apache-2.0

package root

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
	"github.com/capinspect/capinspect/procstatus"
)

// task is a thread that has a mount namespace and a root directory of its own,
// which /proc shows like a process.
type task struct {
	tid  int
	do   chan func() error
	done chan error
}

// newTask starts a task whose root directory is a tmpfs that prepare has filled:
// it gets the path at which that is mounted before it is the root.
func newTask(t *testing.T, prepare func(dir string) error) *task {
	t.Helper()
	need.On(t, "root")
	k := &task{do: make(chan func() error), done: make(chan error)}
	go k.serve()
	t.Cleanup(func() { close(k.do) })
	dir := t.TempDir()
	k.run(t, func() error {
		k.tid = unix.Gettid()
		return errors.Join(
			unix.Unshare(unix.CLONE_NEWNS),
			unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
			unix.Mount("none", dir, "tmpfs", 0, ""),
			os.Mkdir(dir+"/etc", 0o755),
			prepare(dir),
			unix.Chroot(dir),
			unix.Chdir("/"))
	})
	return k
}

// serve runs what the task is to do, on a thread that ends with it. The first one
// of the process does not end, and stands for it in /proc.
func (k *task) serve() {
	runtime.LockOSThread()
	if unix.Gettid() == unix.Getpid() {
		defer runtime.UnlockOSThread()
		done := make(chan bool)
		go func() {
			defer close(done)
			k.serve()
		}()
		<-done
		return
	}
	for f := range k.do {
		k.done <- f()
	}
}

// run calls f on the thread of the task.
func (k *task) run(t *testing.T, f func() error) {
	t.Helper()
	k.do <- f
	if err := <-k.done; err != nil {
		t.Fatal(err)
	}
}

// open opens the root directory of the task.
func (k *task) open(t *testing.T) (*Root, error) { return k.openAs(t, true) }

func (k *task) openAs(t *testing.T, named bool) (*Root, error) {
	t.Helper()
	proc, err := procstatus.OpenFS("/proc")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { proc.Close() })
	task, err := proc.Task(k.tid).Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { task.Close() })
	mounts, err := task.Mounts()
	if err != nil {
		t.Fatal(err)
	}
	return Open(NewNode(proc, proc.Self(), named), task, mounts)
}

// promptly calls f, which may not wait for anything.
func promptly(t *testing.T, f func()) {
	t.Helper()
	done := make(chan bool)
	go func() { f(); close(done) }()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Fatal("it hangs")
	}
}

// silentFUSE returns how to mount a file system whose server never answers. The
// mount ends with the test.
func silentFUSE(t *testing.T) func(dir string) error {
	fd, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err == nil {
		t.Cleanup(func() { unix.Close(fd) })
	}
	return func(dir string) error {
		if err != nil {
			return err
		}
		return unix.Mount("silent", dir, "fuse", 0, fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0", fd))
	}
}

const passwd = "root:x:0:0::/:/bin/sh\n"

func write(name string) error { return os.WriteFile(name, []byte(passwd), 0o644) }

// layouts are roots, and what reading etc/passwd in them gives: its text, or an
// error.
var layouts = []struct {
	name    string
	prepare func(t *testing.T, dir string) error
	want    string // part of the error; "" if the file is read
}{
	{"a file", func(_ *testing.T, dir string) error { return write(dir + "/etc/passwd") }, ""},
	{"an empty root", func(_ *testing.T, dir string) error { return nil }, "no such file or directory"},
	{"a link beside it", func(_ *testing.T, dir string) error {
		return errors.Join(write(dir+"/etc/other"), os.Symlink("other", dir+"/etc/passwd"))
	}, ""},
	{"a link from the root", func(_ *testing.T, dir string) error {
		return errors.Join(write(dir+"/passwd"), os.Symlink("/passwd", dir+"/etc/passwd"))
	}, ""},
	{"a directory that is a link", func(_ *testing.T, dir string) error {
		return errors.Join(os.Remove(dir+"/etc"), os.MkdirAll(dir+"/usr/etc", 0o755), write(dir+"/usr/etc/passwd"), os.Symlink("./usr//etc/", dir+"/etc"))
	}, ""},
	{"a way up beyond the root", func(_ *testing.T, dir string) error {
		return errors.Join(write(dir+"/passwd"), os.Symlink("../../../../../passwd", dir+"/etc/passwd"))
	}, ""},
	{"the host's shadow", func(_ *testing.T, dir string) error { return os.Symlink("/etc/shadow", dir+"/etc/passwd") }, "no such file or directory"},
	{"the host's shadow, upwards", func(_ *testing.T, dir string) error {
		return os.Symlink("../../../../../../../etc/shadow", dir+"/etc/passwd")
	}, "no such file or directory"},
	{"a link to itself", func(_ *testing.T, dir string) error { return os.Symlink("passwd", dir+"/etc/passwd") }, "too many levels of symbolic links"},
	{"a long way", func(_ *testing.T, dir string) error {
		return errors.Join(write(dir+"/passwd"), os.Symlink(strings.Repeat("../etc/", 500)+"../passwd", dir+"/etc/passwd"))
	}, "more than 1000 names on the way"},
	{"a way over many mounts", func(_ *testing.T, dir string) error {
		return errors.Join(os.Mkdir(dir+"/m", 0o755), unix.Mount("none", dir+"/m", "tmpfs", 0, ""), write(dir+"/m/passwd"),
			os.Symlink(strings.Repeat("../m/", 11)+"passwd", dir+"/etc/passwd"))
	}, "more than 10 mounts on the way"},
	{"a way over some mounts", func(_ *testing.T, dir string) error {
		return errors.Join(os.Mkdir(dir+"/m", 0o755), unix.Mount("none", dir+"/m", "tmpfs", 0, ""), write(dir+"/m/passwd"),
			os.Symlink(strings.Repeat("../m/", 10)+"passwd", dir+"/etc/passwd"))
	}, ""},
	{"a file on the way", func(_ *testing.T, dir string) error {
		return errors.Join(write(dir+"/file"), os.Symlink("/file/passwd", dir+"/etc/passwd"))
	}, "not a directory"},
	{"a directory", func(_ *testing.T, dir string) error { return os.Mkdir(dir+"/etc/passwd", 0o755) }, "not a regular file"},
	{"a FIFO", func(_ *testing.T, dir string) error { return unix.Mkfifo(dir+"/etc/passwd", 0o644) }, "not a regular file"},
	{"a socket", func(_ *testing.T, dir string) error { return unix.Mknod(dir+"/etc/passwd", unix.S_IFSOCK|0o644, 0) }, "not a regular file"},
	{"/dev/zero", func(_ *testing.T, dir string) error {
		return unix.Mknod(dir+"/etc/passwd", unix.S_IFCHR|0o666, int(unix.Mkdev(1, 5)))
	}, "not a regular file"},
	{"a link to /dev/zero", func(_ *testing.T, dir string) error {
		return errors.Join(unix.Mknod(dir+"/zero", unix.S_IFCHR|0o666, int(unix.Mkdev(1, 5))), os.Symlink("/zero", dir+"/etc/passwd"))
	}, "not a regular file"},
	{"a gigabyte", func(_ *testing.T, dir string) error {
		return errors.Join(write(dir+"/etc/passwd"), os.Truncate(dir+"/etc/passwd", 1<<30))
	}, "too large"},
	{"a magic link", func(_ *testing.T, dir string) error {
		return errors.Join(os.Mkdir(dir+"/proc", 0o755), unix.Mount("proc", dir+"/proc", "proc", 0, ""),
			os.Symlink("/proc/1/root/etc/passwd", dir+"/etc/passwd"))
	}, "/proc is on proc, which may never answer"},
	{"a file system of its own", func(_ *testing.T, dir string) error {
		return errors.Join(unix.Mount("none", dir+"/etc", "tmpfs", 0, ""), write(dir+"/etc/passwd"))
	}, ""},
	{"a bind mount of a file", func(_ *testing.T, dir string) error {
		return errors.Join(os.WriteFile(dir+"/etc/passwd", nil, 0o644), write(dir+"/other"),
			unix.Mount(dir+"/other", dir+"/etc/passwd", "", unix.MS_BIND, ""))
	}, ""},
	{"one mount on another", func(_ *testing.T, dir string) error {
		return errors.Join(unix.Mount("below", dir+"/etc", "tmpfs", 0, ""), unix.Mount("above", dir+"/etc", "tmpfs", 0, ""), write(dir+"/etc/passwd"))
	}, ""},
	{"an overlay", func(_ *testing.T, dir string) error {
		return errors.Join(os.Mkdir(dir+"/lower", 0o755), write(dir+"/lower/passwd"), os.Mkdir(dir+"/upper", 0o755), os.Mkdir(dir+"/work", 0o755),
			unix.Mount("none", dir+"/etc", "overlay", 0, "lowerdir="+dir+"/lower,upperdir="+dir+"/upper,workdir="+dir+"/work"))
	}, "/etc is on overlay, which may never answer: the node's mount table does not have it"},
	{"FUSE", func(t *testing.T, dir string) error { return silentFUSE(t)(dir + "/etc") }, "/etc is on fuse, which may never answer"},
	{"FUSE behind a link", func(t *testing.T, dir string) error {
		return errors.Join(os.Mkdir(dir+"/fuse", 0o755), os.Symlink("/fuse/passwd", dir+"/etc/passwd"), silentFUSE(t)(dir+"/fuse"))
	}, "/fuse is on fuse, which may never answer"},
	{"FUSE below a tmpfs", func(t *testing.T, dir string) error {
		return errors.Join(silentFUSE(t)(dir+"/etc"), unix.Mount("none", dir+"/etc", "tmpfs", 0, ""))
	}, "/etc is on fuse, which may never answer"},
}

func TestLayouts(t *testing.T) {
	need.On(t, "root", "fuse")
	for _, l := range layouts {
		t.Run(l.name, func(t *testing.T) {
			k := newTask(t, func(dir string) error { return l.prepare(t, dir) })
			r, err := k.open(t)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			before := openFiles(t)
			promptly(t, func() {
				text, err := r.Read("etc/passwd", 4<<20)
				if l.want == "" {
					if string(text) != passwd || err != nil {
						t.Errorf("%q, %v", text, err)
					}
				} else if text != nil || err == nil || !strings.HasSuffix(err.Error(), " /etc/passwd: "+l.want) {
					t.Errorf("%q, %v; want %s", text, err, l.want)
				}
				if got, want := r.Exists("etc/passwd"), l.want == "" || l.want == "too large"; got != want {
					t.Errorf("Exists: %t", got)
				}
			})
			if after := openFiles(t); after != before {
				t.Errorf("%d files are open, %d were", after, before)
			}
		})
	}
}

// openFiles returns how many files are open.
func openFiles(t *testing.T) int {
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// TestRootItself opens root directories that are not looked at. A task cannot go
// into one that does not answer, but mount it over its own.
func TestRootItself(t *testing.T) {
	need.On(t, "root", "fuse")
	fuse := silentFUSE(t)
	for name, test := range map[string]struct {
		change func() error
		want   string
	}{
		"FUSE over it": {func() error { return fuse("/") }, "/ is on fuse, which may never answer"},
		"no mount":     {func() error { return unix.Chroot("/etc") }, "/ is not a mount in its mount table"},
	} {
		t.Run(name, func(t *testing.T) {
			k := newTask(t, func(string) error { return nil })
			k.run(t, test.change)
			promptly(t, func() {
				if r, err := k.open(t); err == nil || err.Error() != test.want {
					t.Errorf("%v, %v; want %s", r, err, test.want)
				}
			})
		})
	}
}

// TestMeanwhile changes the mounts after the table was read.
func TestMeanwhile(t *testing.T) {
	need.On(t, "root", "fuse")
	tmpfs := func(dir string) error { return unix.Mount("none", dir+"/etc", "tmpfs", 0, "") }
	nothing := func(string) error { return nil }
	fuse, another, third := silentFUSE(t), silentFUSE(t), silentFUSE(t)
	for name, test := range map[string]struct {
		prepare func(dir string) error
		change  func() error
		want    string
	}{
		"a mount is new":  {nothing, func() error { return tmpfs("") }, "/etc is a mount that is not in its mount table"},
		"FUSE is new":     {nothing, func() error { return fuse("/etc") }, "/etc is a mount that is not in its mount table"},
		"FUSE is over it": {tmpfs, func() error { return another("/etc") }, "/etc is on fuse, which may never answer"},
		"FUSE is in its place": {
			tmpfs, func() error { return errors.Join(unix.Unmount("/etc", 0), third("/etc")) }, "/etc is on fuse, which may never answer",
		},
		"a mount is gone": {tmpfs, func() error { return unix.Unmount("/etc", 0) }, "no such file or directory"},
	} {
		t.Run(name, func(t *testing.T) {
			k := newTask(t, test.prepare)
			r, err := k.open(t)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			k.run(t, test.change)
			promptly(t, func() {
				if text, err := r.Read("etc/passwd", 4<<20); err == nil || !strings.HasSuffix(err.Error(), ": "+test.want) {
					t.Errorf("%q, %v; want %s", text, err, test.want)
				}
			})
		})
	}
}

// TestLease reads a file that somebody holds a lease of and does not give back.
func TestLease(t *testing.T) {
	var fd int
	k := newTask(t, func(dir string) (err error) {
		fd, err = unix.Open(dir+"/etc/passwd", unix.O_RDWR|unix.O_CREAT|unix.O_CLOEXEC, 0o644)
		return err
	})
	defer unix.Close(fd)
	r, err := k.open(t)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETLEASE, unix.F_WRLCK); err != nil {
		t.Fatal(err)
	}
	promptly(t, func() {
		if text, err := r.Read("etc/passwd", 4<<20); !errors.Is(err, unix.EAGAIN) {
			t.Errorf("%q, %v", text, err)
		}
	})
}

// TestVanished looks at the root of a task that has ended.
func TestVanished(t *testing.T) {
	k := newTask(t, func(dir string) error { return write(dir + "/etc/passwd") })
	r, err := k.open(t)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	k.run(t, func() error { return unix.Unmount("/", unix.MNT_DETACH) })
	if text, err := r.Read("etc/passwd", 4<<20); string(text) != passwd || err != nil {
		t.Errorf("detached: %q, %v", text, err)
	}
	if r, err := Open(r.mounts.node, r.proc.Task(4194305), []procstatus.Mount{{Point: "/", Type: "tmpfs"}}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no task: %v, %v", r, err)
	}
}

// TestCutShort reads a mapping whose file is shorter by now.
func TestCutShort(t *testing.T) {
	name := t.TempDir() + "/file"
	if err := os.WriteFile(name, make([]byte, 3<<12), 0o644); err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Open(name, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	text, err := unix.Mmap(fd, 0, 3<<12, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(text)
	if err := copyMapped(make([]byte, len(text)), text); err != nil {
		t.Error(err)
	}
	if err := unix.Ftruncate(fd, 1<<12); err != nil {
		t.Fatal(err)
	}
	if err := copyMapped(make([]byte, len(text)), text); err != io.ErrUnexpectedEOF {
		t.Error(err)
	}
}
