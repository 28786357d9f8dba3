// SPDX-License-Identifier: Apache-2.0

package root

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
	"github.com/capinspect/capinspect/procstatus"
)

// stranger is a Visitor that may search what others may, and follow its own links.
type stranger struct{}

const strangerID = 4242

func (stranger) Search(dir *unix.Stat_t) string {
	if dir.Mode&0o001 == 0 {
		return "closed"
	}
	return ""
}

func (stranger) Follow(link, _ *unix.Stat_t) string {
	if link.Uid != strangerID {
		return "not its own"
	}
	return ""
}

// caps is a security.capability of version 2: cap_chown=ep.
var caps = []byte{1, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}

func program(name, head string) error { return os.WriteFile(name, []byte(head), 0o755) }

// ownLink makes a link that the stranger follows.
func ownLink(target, name string) error {
	return errors.Join(os.Symlink(target, name), os.Lchown(name, strangerID, 0))
}

// chain makes a program d/0 and as many links, each to the one before it.
func chain(dir string, links int) error {
	err := errors.Join(os.Mkdir(dir+"/d", 0o755), program(dir+"/d/0", "x"))
	for i := range links {
		err = errors.Join(err, ownLink(fmt.Sprint(i), fmt.Sprintf("%s/d/%d", dir, i+1)))
	}
	return err
}

func tmpfs(dir string, flags uintptr) error { return unix.Mount("none", dir, "tmpfs", flags, "") }

// option mounts a tmpfs d that has a program p, a link l to it and one, other, of another
// one, and then sets an option of the mount.
func option(flag uintptr) func(t *testing.T, dir string) error {
	return func(_ *testing.T, dir string) error {
		return errors.Join(os.Mkdir(dir+"/d", 0o755), tmpfs(dir+"/d", 0), program(dir+"/d/p", "x"), ownLink("p", dir+"/d/l"),
			os.Symlink("p", dir+"/d/other"), unix.Mount("", dir+"/d", "", unix.MS_REMOUNT|unix.MS_BIND|flag, ""))
	}
}

// tree makes a program a/b/c/p.
func tree(_ *testing.T, dir string) error {
	return errors.Join(os.MkdirAll(dir+"/a/b/c", 0o755), program(dir+"/a/b/c/p", "x"))
}

// programs are roots, and what the stranger finds there by a path: what found
// returns.
var programs = []struct {
	name    string
	prepare func(t *testing.T, dir string) error
	cwd     string // where the path begins; "" for the root directory
	path    string
	want    string
}{
	{"plain", tree, "", "/a/b/c/p", `/a/b/c/p "x"`},
	{"dots and slashes", tree, "", "//a/./b//../b/c/../../b/c/p", `/a/b/c/p "x"`},
	{"no name", tree, "", "", "ENOENT"},
	{"missing", tree, "", "/a/x/p", "ENOENT /a/x"},
	{"a file on the way", tree, "", "/a/b/c/p/x", "ENOTDIR /a/b/c/p"},
	{"a file and a slash", tree, "", "/a/b/c/p/", "ENOTDIR /a/b/c/p"},
	{"the root directory", tree, "", "/", "/ irregular"},
	{"a directory", tree, "", "/a/b", "/a/b irregular"},
	{"a directory and a slash", tree, "", "/a/b/", "/a/b irregular"},
	{"beside it", tree, "/a/b", "c/p", `/a/b/c/p "x"`},
	{"above it", tree, "/a/b", "../b/./c/p", `/a/b/c/p "x"`},
	{"above the root", tree, "/a/b", "../../../../a/b/c/p", `/a/b/c/p "x"`},
	{"relative from the root", tree, "/", "a/b/c/p", `/a/b/c/p "x"`},
	{"absolute all the same", tree, "/a/b", "/a/b/c/p", `/a/b/c/p "x"`},
	{"a long name", tree, "", "/a/" + strings.Repeat("x", 256), "ENAMETOOLONG /a/" + strings.Repeat("x", 256)},
	{"a long path", tree, "", strings.Repeat("/", 4096-8) + "a/b/c/p", `/a/b/c/p "x"`},
	{"a path too long", tree, "", strings.Repeat("/", 4097-8) + "a/b/c/p", "ENAMETOOLONG"},
	{"a long way", tree, "", strings.Repeat("/a/..", 300) + "/a/b/c/p", `/a/b/c/p "x"`},
	{"too long a way", tree, "", strings.Repeat("/a/..", 600) + "/a/b/c/p", "error: more than 1000 names on the way"},
	{"search denied", func(t *testing.T, dir string) error {
		return errors.Join(tree(t, dir), os.Chmod(dir+"/a/b", 0o700))
	}, "", "/a/b/c/p", "EACCES /a/b: closed"},
	{"search denied, and missing", func(t *testing.T, dir string) error {
		return errors.Join(tree(t, dir), os.Chmod(dir+"/a/b", 0o700))
	}, "", "/a/b/missing", "EACCES /a/b: closed"},
	{"search denied in the root", func(t *testing.T, dir string) error {
		return errors.Join(tree(t, dir), os.Chmod(dir, 0o700))
	}, "", "/a/b/c/p", "EACCES /: closed"},
	{"search denied where it is", func(t *testing.T, dir string) error {
		return errors.Join(tree(t, dir), os.Chmod(dir+"/a/b", 0o700))
	}, "/a/b", "../b/c/p", "EACCES /a/b: closed"},
	{"search denied above it", func(t *testing.T, dir string) error {
		return errors.Join(tree(t, dir), os.Chmod(dir+"/a", 0o700))
	}, "/a/b", "c/p", `/a/b/c/p "x"`},
	{"a link", func(t *testing.T, dir string) error {
		return errors.Join(tree(t, dir), ownLink("/a/b/../b/c/p", dir+"/l"))
	}, "", "/l", `/a/b/c/p "x"`},
	{"a link of another one", func(t *testing.T, dir string) error {
		return errors.Join(tree(t, dir), os.Symlink("a/b/c/p", dir+"/l"))
	}, "", "/l", "EACCES /l: not its own"},
	{"a link of another one, and a slash", func(t *testing.T, dir string) error {
		return errors.Join(tree(t, dir), os.Symlink("a/b/c/p", dir+"/l"))
	}, "", "/l//", "EACCES /l: not its own"},
	{"a link of another one on the way", func(t *testing.T, dir string) error {
		return errors.Join(tree(t, dir), os.Symlink("a/b", dir+"/l"))
	}, "", "/l/c/p", `/a/b/c/p "x"`},
	{"a link of another one, and a dot", func(t *testing.T, dir string) error {
		return errors.Join(tree(t, dir), os.Symlink("a/b", dir+"/l"))
	}, "", "/l/.", "/a/b irregular"},
	{"a link to a link of another one", func(t *testing.T, dir string) error {
		return errors.Join(tree(t, dir), os.Symlink("p", dir+"/a/b/c/l"), ownLink("/a/b/c/l", dir+"/l"))
	}, "", "/l", "EACCES /a/b/c/l: not its own"},
	{"a link to nothing", func(_ *testing.T, dir string) error { return ownLink("missing", dir+"/l") }, "", "/l", "ENOENT /missing"},
	{"40 links", func(_ *testing.T, dir string) error { return chain(dir, 40) }, "", "/d/40", `/d/0 "x"`},
	{"41 links", func(_ *testing.T, dir string) error { return chain(dir, 41) }, "", "/d/41", "ELOOP /d/1"},
	{"nosuid", option(unix.MS_NOSUID), "", "/d/p", `/d/p nosuid "x"`},
	{"noexec", option(unix.MS_NOEXEC), "", "/d/p", `/d/p noexec "x"`},
	{"nosymfollow", option(unix.MS_NOSYMFOLLOW), "", "/d/l", "ELOOP /d/l: its mount has the option nosymfollow"},
	{"nosymfollow, and no link", option(unix.MS_NOSYMFOLLOW), "", "/d/p", `/d/p "x"`},
	{"nosymfollow, and of another one", option(unix.MS_NOSYMFOLLOW), "", "/d/other", "EACCES /d/other: not its own"},
	{"a FIFO", func(_ *testing.T, dir string) error { return unix.Mkfifo(dir+"/p", 0o755) }, "", "/p", "/p irregular"},
	{"a device", func(_ *testing.T, dir string) error {
		return unix.Mknod(dir+"/p", unix.S_IFCHR|0o4755, int(unix.Mkdev(1, 5)))
	}, "", "/p", "/p irregular"},
	{"a socket", func(_ *testing.T, dir string) error { return unix.Mknod(dir+"/p", unix.S_IFSOCK|0o755, 0) }, "", "/p", "/p irregular"},
	{"an empty file", func(_ *testing.T, dir string) error { return program(dir+"/p", "") }, "", "/p", `/p ""`},
	{"a large file", func(_ *testing.T, dir string) error {
		return errors.Join(program(dir+"/p", strings.Repeat("x", 5000)), os.Truncate(dir+"/p", 1<<40))
	}, "", "/p", fmt.Sprintf("/p %q", strings.Repeat("x", HeadSize))},
	{"capabilities", func(_ *testing.T, dir string) error {
		return errors.Join(program(dir+"/p", "x"), unix.Setxattr(dir+"/p", "security.capability", caps, 0))
	}, "", "/p", fmt.Sprintf(`/p %x "x"`, caps)},
	{"a leased file", leased, "", "/p", "/p head: resource temporarily unavailable"},
	{"a bind mount of a file", func(t *testing.T, dir string) error {
		return errors.Join(tree(t, dir), os.WriteFile(dir+"/p", nil, 0o644), unix.Mount(dir+"/a/b/c/p", dir+"/p", "", unix.MS_BIND, ""))
	}, "", "/p", `/p "x"`},
	{"a name full of escapes", func(_ *testing.T, dir string) error { return program(dir+"/\x1b[31m\n\xff", "x") }, "", "/\x1b[31m\n\xff", "/\x1b[31m\n\xff \"x\""},
}

// leased makes a program of which the test holds a lease, that it does not give back.
func leased(t *testing.T, dir string) error {
	err := program(dir+"/p", "x")
	fd, err2 := unix.Open(dir+"/p", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err := errors.Join(err, err2); err != nil {
		return err
	}
	t.Cleanup(func() { unix.Close(fd) })
	_, err = unix.FcntlInt(uintptr(fd), unix.F_SETLEASE, unix.F_WRLCK)
	return err
}

// found says what was found of a program.
func found(p *Program, err error) string {
	if denied, ok := errors.AsType[*Denied](err); ok {
		text := strings.TrimSpace(unix.ErrnoName(denied.Errno) + " " + denied.Path)
		if denied.Why != "" {
			text += ": " + denied.Why
		}
		return text
	}
	if err != nil {
		return "error: " + err.Error()
	}
	text := p.Path
	if !p.Regular() {
		return text + " irregular"
	}
	if p.NoSuid {
		text += " nosuid"
	}
	if p.NoExec {
		text += " noexec"
	}
	if p.Caps != nil {
		text += fmt.Sprintf(" %x", p.Caps)
	}
	if p.CapsErr != nil {
		text += " caps: " + p.CapsErr.Error()
	}
	if p.HeadError != nil {
		return text + " head: " + p.HeadError.Error()
	}
	return text + fmt.Sprintf(" %q", p.Head)
}

// views are the ways to look at the root of a task: from elsewhere, and by itself with
// and without a procfs. look is called with it on the thread that has that view.
var views = []string{"another's", "own", "own without procfs"}

// view calls f with a view of the root of a task.
func (k *task) view(t *testing.T, view string, f func(r *Root)) {
	t.Helper()
	if view == "another's" {
		r, err := k.open(t)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		promptly(t, func() { f(r) })
		return
	}
	k.run(t, func() error {
		var proc *procstatus.FS
		if view == "own" {
			var err error
			if proc, err = procstatus.OpenFS("/proc"); err != nil {
				return err
			}
			defer proc.Close()
		}
		r, err := OpenOwn(proc)
		if err != nil {
			return err
		}
		defer r.Close()
		f(r)
		return nil
	})
}

// withProc prepares a root that has a procfs too.
func withProc(t *testing.T, prepare func(t *testing.T, dir string) error) func(dir string) error {
	return func(dir string) error {
		return errors.Join(os.Chmod(dir, 0o755), os.Mkdir(dir+"/proc", 0o755), unix.Mount("proc", dir+"/proc", "proc", 0, ""), prepare(t, dir))
	}
}

func TestProgram(t *testing.T) {
	need.On(t, "root")
	for _, test := range programs {
		t.Run(test.name, func(t *testing.T) {
			k := newTask(t, withProc(t, test.prepare))
			for _, view := range views {
				k.view(t, view, func(r *Root) {
					from := Dir{Fd: -1}
					if test.cwd != "" {
						from = k.dir(t, view, test.cwd)
						defer unix.Close(from.Fd)
					}
					before := openFiles(t)
					p, err := r.Program(from, test.path, stranger{})
					if got := found(p, err); got != test.want {
						t.Errorf("%s: %s\nwant %s", view, got, test.want)
					}
					if after := openFiles(t); after != before {
						t.Errorf("%s: %d files are open, %d were", view, after, before)
					}
				})
			}
		})
	}
}

// dir opens a directory of the task as its working directory.
func (k *task) dir(t *testing.T, view, path string) Dir {
	name := path
	if view == "another's" {
		name = fmt.Sprintf("/proc/%d/root%s", k.tid, path)
	}
	fd, err := unix.Open(name, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Error(err)
	}
	return Dir{fd, path}
}

// TestUnreadable looks at a program that capinspect may not read.
func TestUnreadable(t *testing.T) {
	need.On(t, "root")
	k := newTask(t, withProc(t, func(_ *testing.T, dir string) error {
		return errors.Join(program(dir+"/p", "x"), os.Chmod(dir+"/p", 0o711), unix.Setxattr(dir+"/p", "security.capability", caps, 0))
	}))
	r, err := k.open(t)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	r.mounts.node.patience = 0 // so that all happens on the thread
	before := openFiles(t)
	k.run(t, func() error {
		defer unix.SetfsuidRetUid(0)
		unix.SetfsuidRetUid(strangerID) // of the thread alone
		p, err := r.Program(Dir{Fd: -1}, "/p", stranger{})
		if got, want := found(p, err), fmt.Sprintf("/p %x head: permission denied", caps); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		return nil
	})
	if after := openFiles(t); after != before {
		t.Errorf("%d files are open, %d were", after, before)
	}
}

// TestMagicLinks follows links of /proc that lead to what they stand for, and not
// to what they read.
func TestMagicLinks(t *testing.T) {
	need.On(t, "root")
	k := newTask(t, withProc(t, func(t *testing.T, dir string) error {
		return errors.Join(tree(t, dir), unix.Chmod(dir+"/a/b/c/p", 0o4755), os.Symlink("a/b", dir+"/d"))
	}))
	for path, want := range map[string]string{
		"/proc/self/root/a/b/c/p":    "error: open /proc/self/root/a/b/c/p: /proc/PID/root is a magic link, which leads to no path",
		"/proc/self/cwd/a/b/c/p":     "error: open /proc/self/cwd/a/b/c/p: /proc/PID/cwd is a magic link, which leads to no path",
		"/proc/self/exe":             "error: open /proc/self/exe: /proc/PID/exe is a magic link, which leads to no path",
		"/proc/self/fd/../root":      "error: open /proc/self/fd/../root: /proc/PID/root is a magic link, which leads to no path",
		"/proc/self/fd/../../mounts": "error: open /proc/self/fd/../../mounts: not a directory",
		"/proc/mounts":               "error: open /proc/mounts: not a directory",
		"/proc/self/../../d":         "/a/b/c/p\n",
	} {
		for _, view := range views[1:] {
			k.view(t, view, func(r *Root) {
				before := openFiles(t)
				if got := strings.Replace(search(r, new(Tree), path), fmt.Sprintf("/proc/%d/", os.Getpid()), "/proc/PID/", 1); got != want {
					t.Errorf("%s: %s: %s, want %s", view, path, got, want)
				}
				if after := openFiles(t); after != before {
					t.Errorf("%s: %s: %d files are open, %d were", view, path, after, before)
				}
			})
		}
	}
}

// TestElsewhere starts from working directories that are not where they are said
// to be, or do not answer.
func TestElsewhere(t *testing.T) {
	need.On(t, "root", "fuse")
	fuse := silentFUSE(t)
	k := newTask(t, func(dir string) error {
		return errors.Join(tree(t, dir), os.Mkdir(dir+"/fuse", 0o755))
	})
	inFUSE := k.dir(t, "another's", "/fuse")
	k.run(t, func() (err error) {
		if err = fuse("/fuse"); err == nil {
			unix.Close(inFUSE.Fd)
			inFUSE.Fd, err = unix.Open("/fuse", unix.O_PATH|unix.O_CLOEXEC, 0)
		}
		return err
	})
	defer unix.Close(inFUSE.Fd)
	host, err := unix.Open("/", unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(host)
	r, err := k.open(t)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for name, test := range map[string]struct {
		from Dir
		want string
	}{
		"FUSE":          {inFUSE, "error: /fuse is on fuse, which may never answer"},
		"of the host":   {Dir{host, "/a"}, "error: /a is not a mount in its mount table"},
		"one not below": {Dir{inFUSE.Fd, "/a"}, "error: /a is not a mount in its mount table"},
	} {
		before := openFiles(t)
		promptly(t, func() {
			p, err := r.Program(test.from, "p", stranger{})
			if got := found(p, err); got != test.want {
				t.Errorf("%s: %s, want %s", name, got, test.want)
			}
		})
		if after := openFiles(t); after != before {
			t.Errorf("%s: %d files are open, %d were", name, after, before)
		}
	}
}
