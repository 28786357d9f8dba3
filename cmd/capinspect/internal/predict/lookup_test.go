// SPDX-License-Identifier: Apache-2.0

package predict

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// TestPath holds in which directories a bare name is looked for, and what ends that.
func TestPath(t *testing.T) {
	closed := file(mode(0o700, 7, 8))
	in := &tree{
		files: map[string]*Found{
			"/bin/sh": file(), "/srv/here": file(), "/a/x": closed, "/b/x": file(), "/a/y": closed, "/b/y": file(mode(0o644, 0, 0)),
			"/b/z": file(), "/b/d": file(),
		},
		errs: map[string]error{
			"/a/z": errors.New("the reader cannot tell"), "/a/d": &fs.PathError{Op: "open", Path: "/a/d", Err: fs.ErrPermission},
			"/n/x": &Denied{Errno: "ENOTDIR", Path: "/n"}, "/l/x": &Denied{Errno: "ELOOP", Path: "/l"},
		},
	}
	for _, row := range []struct {
		name, path string
		own        string // the reader's PATH, for a task that is the reader
		program    string
		result     string
		why        string
		step       string
		assumed    string
	}{
		{name: "sh", program: "/bin/sh", result: OK, step: "found by PATH in /bin", assumed: "path"},
		{name: "sh", path: "/bin:/a", program: "/bin/sh", result: OK, step: "found by PATH in /bin"},
		{name: "sh", own: "/a:/bin", program: "/bin/sh", result: OK, step: "found by PATH in /bin"},
		{name: "sh", own: "/a", path: "/b:/bin", program: "/bin/sh", result: OK, step: "found by PATH in /bin"},
		{name: "sh", own: "/a", result: "ENOENT", why: "no such file or directory: it is in no directory of PATH, /a"},
		{name: "here", path: "/a::/b", program: "/srv/here", result: OK, step: "found by PATH in ."},
		{name: "x", path: "/n:/a:/b", program: "/b/x", result: OK, step: "found by PATH in /b"},
		{name: "x", path: "/a:/missing", program: "/a/x", result: "EACCES", why: "/a/x: permission denied: mode 0700 of uid 7, gid 8 does not let uid 1000 execute it"},
		{name: "x", path: "/l:/b", result: "ELOOP", why: "/l: too many levels of symbolic links"},
		{name: "y", path: "/a:/b", program: "/b/y", result: "EACCES", why: "/b/y: permission denied: mode 0644 of uid 0, gid 0 lets nobody execute it"},
		{name: "z", path: "/a:/b", why: "the reader cannot tell"},
		{name: "d", path: "/a:/b", program: "/b/d", result: OK, step: "found by PATH in /b"},
		{name: "d", path: "/a", why: "open /a/d: permission denied"},
		{name: "", path: "/bin", result: "ENOENT", why: "/srv/: no such file or directory"},
		{name: "./here", path: "/bin", program: "/srv/here", result: OK},
	} {
		of, at := user(), *in
		of.Self, at.path = row.own != "", row.own
		p, err := subject(t, of, &at, WhatIf{Path: row.path}).Predict(row.name)
		if row.result == "" {
			if err == nil || err.Error() != row.why {
				t.Errorf("%s in %s: %v, want %s", row.name, row.path, err, row.why)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s in %s: %v", row.name, row.path, err)
			continue
		}
		program, step := "", ""
		if p.Program != nil {
			program = p.Program.Path
		}
		for _, n := range p.Steps {
			if n.Code == "path" {
				step = n.Text
			}
		}
		if program != row.program || p.Result != row.result || p.Why != row.why || step != row.step || codes(p.Assumed) != row.assumed {
			t.Errorf("%+v: %s %s %q, %q, %v", row, program, p.Result, p.Why, step, p.Assumed)
		}
	}
}

// TestFollow holds which links fs.protected_symlinks keeps the task from.
func TestFollow(t *testing.T) {
	sticky := Inode{Mode: 0o1777, UID: 7, GID: 7}
	for name, row := range map[string]struct {
		link, dir Inode
		protected task.Value[bool]
		result    string
		assumed   string
	}{
		"protected":      {link: Inode{UID: 8}, dir: sticky, protected: task.Known(true), result: "EACCES"},
		"unprotected":    {link: Inode{UID: 8}, dir: sticky, protected: task.Known(false), result: OK},
		"unknown":        {link: Inode{UID: 8}, dir: sticky, protected: task.Unknown[bool]("there is no /proc"), result: "EACCES", assumed: "fs.protected_symlinks is on: there is no /proc"},
		"its own":        {link: Inode{UID: 1000}, dir: sticky, protected: task.Known(true), result: OK},
		"of the dir's":   {link: Inode{UID: 7}, dir: sticky, protected: task.Known(true), result: OK},
		"not sticky":     {link: Inode{UID: 8}, dir: Inode{Mode: 0o777}, protected: task.Known(true), result: OK},
		"not for others": {link: Inode{UID: 8}, dir: Inode{Mode: 0o1775}, protected: task.Known(true), result: OK},
	} {
		in := &tree{
			files: map[string]*Found{"/x": file()}, links: map[string]link{"/tmp/l": {row.link, "/x"}},
			dirs: map[string]Inode{"/tmp": row.dir}, protected: row.protected,
		}
		p, err := subject(t, user(), in, WhatIf{}).Predict("/tmp/l")
		if err != nil {
			t.Fatal(err)
		}
		assumed := ""
		for _, n := range p.Assumed {
			assumed += n.Text
		}
		if p.Result != row.result || assumed != row.assumed {
			t.Errorf("%s: %s, %q", name, p.Result, assumed)
		}
		if want := "/tmp/l: permission denied: a link of another user in a directory that everybody may write to (fs.protected_symlinks)"; p.Result == "EACCES" && p.Why != want {
			t.Errorf("%s: %s", name, p.Why)
		}
	}
}
