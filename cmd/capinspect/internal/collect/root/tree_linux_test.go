// SPDX-License-Identifier: Apache-2.0

package root

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// setuid makes a program that is set-user-ID.
func setuid(name string) error { return errors.Join(program(name, "x"), unix.Chmod(name, 0o4755)) }

// nested makes directories in each other, with a set-user-ID program in each.
func nested(dir string, depth int) error {
	fd, err := unix.Open(dir, unix.O_PATH|unix.O_CLOEXEC, 0)
	for range depth {
		if err != nil {
			return err
		}
		p, err2 := unix.Openat(fd, "p", unix.O_CREAT|unix.O_RDONLY|unix.O_CLOEXEC, 0o755)
		err = errors.Join(err2, unix.Fchmod(p, 0o4755), unix.Close(p), unix.Mkdirat(fd, "d", 0o755))
		next, err2 := unix.Openat(fd, "d", unix.O_PATH|unix.O_CLOEXEC, 0)
		err = errors.Join(err, err2, unix.Close(fd))
		fd = next
	}
	return errors.Join(err, unix.Close(fd))
}

// trees are roots, and what a search of /d finds: programs, and lines of what cannot
// be looked at.
var trees = []struct {
	name    string
	prepare func(t *testing.T, dir string) error // d is there
	change  func() error                         // after the mount table was read
	want    string                               // without the other file systems, lines that are sorted
	all     string                               // with them; "" if it is the same
	views   []string
}{
	{"nothing", func(*testing.T, string) error { return nil }, nil, "", "", views},
	{"all that gives something", func(_ *testing.T, dir string) error {
		err := errors.Join(setuid(dir+"/d/u"), program(dir+"/d/none", "x"), program(dir+"/d/c", "x"), unix.Setxattr(dir+"/d/c", "security.capability", caps, 0),
			os.Mkdir(dir+"/d/e", 0o6755), setuid(dir+"/outside"), ownLink("u", dir+"/d/link"), ownLink("/", dir+"/d/up"))
		for i, mode := range []uint32{0o2755, 0o2745, 0o2644, 0o4644, 0o4100, 0o6711} {
			name := fmt.Sprintf("%s/d/e/%d", dir, i)
			err = errors.Join(err, program(name, "x"), unix.Chmod(name, mode))
		}
		return errors.Join(err, program(dir+"/d/not", "x"), unix.Setxattr(dir+"/d/not", "security.capability", caps, 0), unix.Chmod(dir+"/d/not", 0o644))
	}, nil, "/d/c\n/d/e/0\n/d/e/4\n/d/e/5\n/d/u\n", "", views},
	{"no regular files", func(_ *testing.T, dir string) error {
		var errs []error
		for i, kind := range []uint32{unix.S_IFCHR, unix.S_IFBLK, unix.S_IFIFO, unix.S_IFSOCK} {
			name := fmt.Sprintf("%s/d/%d", dir, i)
			errs = append(errs, unix.Mknod(name, kind|0o755, int(unix.Mkdev(1, 5))), unix.Chmod(name, 0o6755))
		}
		return errors.Join(errs...)
	}, nil, "", "", views},
	{"names full of escapes", func(_ *testing.T, dir string) error {
		return errors.Join(os.Mkdir(dir+"/d/\x1b[2J\n", 0o755), setuid(dir+"/d/\x1b[2J\n/\xff\xfe "), setuid(dir+"/d/..."))
	}, nil, "/d/\x1b[2J\n/\xff\xfe \n/d/...\n", "", views},
	{"a tmpfs below", func(_ *testing.T, dir string) error {
		return errors.Join(os.MkdirAll(dir+"/d/e/m", 0o755), tmpfs(dir+"/d/e/m", 0), setuid(dir+"/d/e/m/p"), setuid(dir+"/d/e/q"))
	}, nil, "/d/e/q\n", "/d/e/m/p\n/d/e/q\n", views},
	{"a bind mount of a file", func(_ *testing.T, dir string) error {
		return errors.Join(os.Mkdir(dir+"/m", 0o755), tmpfs(dir+"/m", 0), setuid(dir+"/m/p"), setuid(dir+"/q"), program(dir+"/d/p", ""), program(dir+"/d/q", ""),
			unix.Mount(dir+"/m/p", dir+"/d/p", "", unix.MS_BIND, ""), unix.Mount(dir+"/q", dir+"/d/q", "", unix.MS_BIND, ""))
	}, nil, "/d/q\n", "/d/p\n/d/q\n", views[:1]},
	{"an overlay of two file systems", func(_ *testing.T, dir string) error {
		return errors.Join(os.Mkdir(dir+"/lower", 0o755), tmpfs(dir+"/lower", 0), setuid(dir+"/lower/p"), os.Mkdir(dir+"/lower/e", 0o755), setuid(dir+"/lower/e/p"),
			os.Mkdir(dir+"/upper", 0o755), os.Mkdir(dir+"/work", 0o755), setuid(dir+"/upper/q"),
			unix.Mount("none", dir+"/d", "overlay", 0, "lowerdir="+dir+"/lower,upperdir="+dir+"/upper,workdir="+dir+"/work"))
	}, nil, "/d/e/p\n/d/p\n/d/q\n", "", views[1:]},
	{"FUSE below", func(t *testing.T, dir string) error {
		return errors.Join(os.MkdirAll(dir+"/d/e/m", 0o755), silentFUSE(t)(dir+"/d/e/m"), setuid(dir+"/d/p"))
	}, nil, "/d/p\n", "/d/p\n/d/e/m: /d/e/m is on fuse, which may never answer\n", views[:1]},
	{"FUSE over a tmpfs", func(t *testing.T, dir string) error {
		return errors.Join(os.Mkdir(dir+"/d/m", 0o755), tmpfs(dir+"/d/m", 0), silentFUSE(t)(dir+"/d/m"), setuid(dir+"/d/p"))
	}, nil, "/d/p\n", "/d/p\n/d/m: /d/m is on fuse, which may never answer\n", views[:1]},
	{"what has no programs", func(_ *testing.T, dir string) error {
		err := setuid(dir + "/d/p")
		for _, kind := range []string{"proc", "sysfs", "devpts", "mqueue"} {
			err = errors.Join(err, os.Mkdir(dir+"/d/"+kind, 0o755), unix.Mount("none", dir+"/d/"+kind, kind, 0, ""))
		}
		return err
	}, nil, "/d/p\n", "", views[:1]},
	{"a tmpfs over what has no programs", func(_ *testing.T, dir string) error {
		return errors.Join(os.Mkdir(dir+"/d/m", 0o755), unix.Mount("none", dir+"/d/m", "proc", 0, ""), tmpfs(dir+"/d/m", 0), setuid(dir+"/d/m/p"))
	}, nil, "", "/d/m: /d/m is on proc, which may never answer\n", views[:1]},
	{"a new mount", func(_ *testing.T, dir string) error {
		return errors.Join(os.Mkdir(dir+"/d/m", 0o755), setuid(dir+"/d/p"))
	}, func() error { return tmpfs("/d/m", 0) }, "/d/p\n/d/m: /d/m is a mount that is not in its mount table\n", "", views[:1]},
	{"a new mount of a file", func(_ *testing.T, dir string) error {
		return errors.Join(setuid(dir+"/d/p"), setuid(dir+"/q"))
	}, func() error { return unix.Mount("/q", "/d/p", "", unix.MS_BIND, "") }, "/d/p: /d/p is a mount that is not in its mount table\n", "", views[:1]},
	{"a link to a directory", func(_ *testing.T, dir string) error {
		return errors.Join(os.Remove(dir+"/d"), os.MkdirAll(dir+"/x/y", 0o755), ownLink("x/y", dir+"/d"), setuid(dir+"/x/y/p"))
	}, nil, "/x/y/p\n", "", views},
	{"300 directories in each other", func(_ *testing.T, dir string) error { return nested(dir+"/d", 300) }, nil, deep(256), "", views},
}

// deep is what a search of nested directories finds.
func deep(depth int) string {
	var lines []string
	for i := range depth {
		lines = append(lines, "/d"+strings.Repeat("/d", i)+"/p\n")
	}
	slices.Sort(lines)
	return strings.Join(lines, "") + "/d" + strings.Repeat("/d", depth) + ": more than 256 directories deep\n"
}

// search returns what a search finds, in lines: programs, and then what cannot be
// looked at.
func search(r *Root, t *Tree, dir string) string {
	var found, failed []string
	t.Found = func(p *Program) { found = append(found, p.Path+"\n") }
	t.Failed = func(path string, err error) { failed = append(failed, path+": "+err.Error()+"\n") }
	if t.Step == nil {
		t.Step = func() {}
	}
	if err := r.Search(dir, t); err != nil {
		return "error: " + err.Error()
	}
	slices.Sort(found)
	slices.Sort(failed)
	return strings.Join(found, "") + strings.Join(failed, "")
}

func TestSearch(t *testing.T) {
	need.On(t, "root", "fuse")
	for _, test := range trees {
		t.Run(test.name, func(t *testing.T) {
			k := newTask(t, withProc(t, func(t *testing.T, dir string) error {
				return errors.Join(os.Mkdir(dir+"/d", 0o755), test.prepare(t, dir))
			}))
			for _, view := range test.views {
				k.view(t, view, func(r *Root) {
					if test.change != nil {
						k.run(t, test.change)
					}
					for _, all := range []bool{false, true} {
						before, want := openFiles(t), test.want
						if all && test.all != "" {
							want = test.all
						}
						tree := &Tree{All: all}
						if got := search(r, tree, "/d"); got != want {
							t.Errorf("%s, all %t: %q\nwant %q", view, all, got, want)
						}
						others := 0 // without the mount table of the thread, a mount looks as a subvolume does
						if test.name == "a tmpfs below" && view != "another's" && !all {
							others = 1
						}
						if tree.Others != others {
							t.Errorf("%s, all %t: %d directories on other devices, want %d", view, all, tree.Others, others)
						}
						if after := openFiles(t); after != before {
							t.Errorf("%s: %d files are open, %d were", view, after, before)
						}
					}
				})
			}
		})
	}
}

// TestSearchWhat searches what is no directory.
func TestSearchWhat(t *testing.T) {
	need.On(t, "root", "fuse")
	k := newTask(t, func(dir string) error {
		return errors.Join(os.Mkdir(dir+"/d", 0o755), setuid(dir+"/d/p"), os.Symlink("loop", dir+"/loop"), os.Mkdir(dir+"/fuse", 0o755), silentFUSE(t)(dir+"/fuse"))
	})
	r, err := k.open(t)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for dir, want := range map[string]string{
		"/":        "/d/p\n",
		"/d/":      "/d/p\n",
		"/missing": "error: open /missing: no such file or directory",
		"/d/p":     "error: open /d/p: not a directory",
		"/d/p/":    "error: open /d/p/: not a directory",
		"/loop":    "error: open /loop: too many levels of symbolic links",
		"/fuse":    "error: open /fuse: /fuse is on fuse, which may never answer",
		"/fuse/x":  "error: open /fuse/x: /fuse is on fuse, which may never answer",
		"/../d":    "/d/p\n",
	} {
		before := openFiles(t)
		promptly(t, func() {
			if got := search(r, new(Tree), dir); got != want {
				t.Errorf("%s: %q, want %q", dir, got, want)
			}
		})
		if after := openFiles(t); after != before {
			t.Errorf("%s: %d files are open, %d were", dir, after, before)
		}
	}
}

// TestSearchChanging searches a tree that changes meanwhile.
func TestSearchChanging(t *testing.T) {
	need.On(t, "root")
	for name, test := range map[string]struct {
		change func() error // when the names in /d are known
		want   string
	}{
		"gone":              {func() error { return os.RemoveAll("/d") }, ""},
		"a file for a dir":  {func() error { return errors.Join(os.RemoveAll("/d/e"), setuid("/d/e")) }, "/d/e\n/d/p\n"},
		"a link for a dir":  {func() error { return errors.Join(os.RemoveAll("/d/e"), os.Symlink("/", "/d/e")) }, "/d/p\n"},
		"a link for a file": {func() error { return errors.Join(os.Remove("/d/p"), os.Symlink("/q", "/d/p")) }, "/d/e/p\n"},
		"a FIFO for a file": {func() error { return errors.Join(os.Remove("/d/p"), unix.Mkfifo("/d/p", 0o4755)) }, "/d/e/p\n"},
		"a mount":           {func() error { return tmpfs("/d/e", 0) }, "/d/p\n/d/e: /d/e is a mount that is not in its mount table\n"},
		"a mount above":     {func() error { return tmpfs("/d", 0) }, "/d/e/p\n/d/p\n"},
		"moved":             {func() error { return os.Rename("/d", "/moved") }, "/d/e/p\n/d/p\n"},
	} {
		t.Run(name, func(t *testing.T) {
			k := newTask(t, func(dir string) error {
				return errors.Join(os.MkdirAll(dir+"/d/e", 0o755), setuid(dir+"/d/p"), setuid(dir+"/d/e/p"), setuid(dir+"/q"))
			})
			r, err := k.open(t)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			before, changed := openFiles(t), false
			got := search(r, &Tree{Step: func() {
				if !changed {
					changed = true
					k.run(t, test.change)
				}
			}}, "/d")
			if got != test.want || !changed {
				t.Errorf("%q, want %q", got, test.want)
			}
			if after := openFiles(t); after != before {
				t.Errorf("%d files are open, %d were", after, before)
			}
		})
	}
}

// TestSearchRefused searches what capinspect may not look at.
func TestSearchRefused(t *testing.T) {
	need.On(t, "root")
	k := newTask(t, withProc(t, func(_ *testing.T, dir string) error {
		return errors.Join(os.MkdirAll(dir+"/d/closed", 0o755), setuid(dir+"/d/closed/p"), os.Chmod(dir+"/d/closed", 0o700),
			os.Mkdir(dir+"/d/listed", 0o755), setuid(dir+"/d/listed/p"), os.Chmod(dir+"/d/listed", 0o744),
			os.Mkdir(dir+"/d/unlisted", 0o755), setuid(dir+"/d/unlisted/p"), os.Chmod(dir+"/d/unlisted", 0o711),
			setuid(dir+"/d/p"), unix.Chmod(dir+"/d/p", 0o4700))
	}))
	const want = "/d/p\n/d/closed: permission denied\n/d/listed: permission denied\n/d/unlisted: permission denied\n"
	for _, view := range views {
		k.view(t, view, func(r *Root) {
			if !r.own {
				r.mounts.node.patience = 0 // so that all happens on the thread
			}
			as := func() error {
				defer unix.SetfsuidRetUid(0)
				unix.SetfsuidRetUid(strangerID)
				before := openFiles(t)
				if got := search(r, new(Tree), "/d"); got != want {
					t.Errorf("%s: %q, want %q", view, got, want)
				}
				if after := openFiles(t); after != before {
					t.Errorf("%s: %d files are open, %d were", view, after, before)
				}
				return nil
			}
			if view == views[0] {
				k.run(t, as)
			} else if err := as(); err != nil { // it is on the thread of the task
				t.Error(err)
			}
		})
	}
}

// TestSearchMany searches a directory of many files, by the memory that is in use
// meanwhile.
func TestSearchMany(t *testing.T) {
	const files, most = 20_000, 1 << 20
	k := newTask(t, func(dir string) error {
		err := os.Mkdir(dir+"/d", 0o755)
		for i := 0; err == nil && i < files; i++ {
			var fd int
			fd, err = unix.Open(fmt.Sprintf("%s/d/%d", dir, i), unix.O_CREAT|unix.O_RDONLY|unix.O_CLOEXEC, 0o755)
			err = errors.Join(err, unix.Close(fd))
		}
		return err
	})
	r, err := k.open(t)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	inUse := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	steps, peak, before := 0, uint64(0), inUse()
	tree := Tree{Step: func() {
		if steps++; steps%10 == 0 {
			peak = max(peak, inUse())
		}
	}}
	if got := search(r, &tree, "/d"); got != "" || tree.Files != files || tree.Dirs != 1 || steps < 10 {
		t.Errorf("%q, %d files in %d directories, %d steps", got, tree.Files, tree.Dirs, steps)
	}
	if peak > before+most {
		t.Errorf("%d bytes are in use, %d were", peak, before)
	}
}
