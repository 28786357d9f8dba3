// SPDX-License-Identifier: Apache-2.0

package predict

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/predict/predicttest"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// tree is a Finder of a few files, by their absolute paths. The working directory is
// /srv.
type tree struct {
	files     map[string]*Found
	dirs      map[string]Inode // those that not everybody may search
	links     map[string]link
	errs      map[string]error
	path      string
	protected task.Value[bool]
}

type link struct {
	Inode
	to string
}

func (t *tree) OwnPath() string                     { return t.path }
func (t *tree) ProtectedSymlinks() task.Value[bool] { return t.protected }

func (t *tree) Find(path string, by *Subject) (*Found, error) {
	path = strings.ReplaceAll(path, "./", "")
	if !strings.HasPrefix(path, "/") {
		path = "/srv/" + path
	}
	dir := path[:strings.LastIndexByte(path, '/')]
	if why := by.Search(t.at(dir)); why != "" {
		return nil, &Denied{Errno: "EACCES", Path: dir, Why: why}
	}
	if l, ok := t.links[path]; ok {
		if why := by.Follow(l.Inode, t.at(dir)); why != "" {
			return nil, &Denied{Errno: "EACCES", Path: path, Why: why}
		}
		return t.Find(l.to, by)
	}
	if err := t.errs[path]; err != nil {
		return nil, err
	}
	f, ok := t.files[path]
	if !ok {
		return nil, &Denied{Errno: "ENOENT", Path: path}
	}
	found := *f
	found.Path = path
	return &found, nil
}

func (t *tree) at(dir string) Inode {
	if i, ok := t.dirs[dir]; ok {
		return i
	}
	return Inode{Mode: 0o755}
}

// file returns a program of root; change makes it another one.
func file(change ...func(*Found)) *Found {
	f := &Found{
		Inode: Inode{Mode: 0o755}, Regular: true,
		Mount: task.Known(MountOptions{}), Head: task.Known(predicttest.ELF("")), Caps: task.Known([]byte(nil)),
	}
	for _, c := range change {
		c(f)
	}
	return f
}

func mode(m, uid, gid uint32) func(*Found) {
	return func(f *Found) { f.Inode = Inode{Mode: m, UID: uid, GID: gid} }
}

func head(text string) func(*Found) {
	return func(f *Found) { f.Head = task.Known([]byte(text)) }
}

func caps(c capset.FileCaps) func(*Found) {
	return func(f *Found) { f.Caps = task.Known(c.Attribute()) }
}

// some returns version 2 or 3 of file capabilities, with the effective flag.
func some(root uint32, list ...capset.Cap) capset.FileCaps {
	c := capset.FileCaps{Permitted: capset.Of(list...), Effective: true, Version: 2, RootID: root}
	if root != 0 {
		c.Version = 3
	}
	return c
}

// dockerBounding is a bounding set that lacks SYS_ADMIN.
var dockerBounding = capset.Of(capset.Chown, capset.NetRaw, capset.NetBindService)

// user returns uid 1000 of capinspect's own user namespace, with nothing but a bounding
// set.
func user() *task.Task {
	t := &task.Task{LastCap: task.LastCap{Value: capset.LastKnown, From: task.FromKernel}}
	for k := range t.Sets {
		t.Sets[k] = task.Known(capset.Set(0))
	}
	t.Sets[capset.Bounding] = task.Known(dockerBounding)
	t.UID, t.GID = task.Known(task.AllIDs(1000)), task.Known(task.AllIDs(1000))
	t.Groups, t.NoNewPrivs = task.Known([]uint32{1000, 27}), task.Known(false)
	t.Securebits = task.Known(capset.Securebits(0))
	t.UserNamespace = task.Known(task.UserNamespace{Own: true})
	return t
}

// subject returns a task that finds its programs in a tree, changed by what is asked for.
func subject(t *testing.T, of *task.Task, in *tree, what WhatIf) *Subject {
	t.Helper()
	s, err := New(of)
	if err != nil {
		t.Fatal(err)
	}
	s.Finder = in
	if err := s.Change(&what); err != nil {
		t.Fatal(err)
	}
	return s
}

func codes(notes []task.Note) string {
	var list []string
	for _, n := range notes {
		list = append(list, n.Code)
	}
	return strings.Join(list, " ")
}

// TestResult holds which errno the task gets, and why.
func TestResult(t *testing.T) {
	others := task.Known(procstatus.IDMap{{Inside: 0, Outside: 100000, Length: 65536}})
	below := user()
	below.UID, below.GID, below.Groups = task.Known(task.AllIDs(100000)), task.Known(task.AllIDs(100000)), task.Known([]uint32(nil))
	below.UserNamespace = task.Known(task.UserNamespace{ID: task.Known(uint64(7)), UIDMap: others, GIDMap: others})
	below.Sets[capset.Effective] = task.Known(capset.Of(capset.DacOverride))

	for name, row := range map[string]struct {
		file   *Found
		of     *task.Task // nil for user
		dir    Inode      // the directory
		what   WhatIf
		result string
		why    string
	}{
		"ok":             {file: file(), result: OK},
		"missing":        {result: "ENOENT", why: "/bin/x: no such file or directory"},
		"no file":        {file: file(func(f *Found) { f.Regular = false }), result: "EACCES", why: "/bin/x: permission denied: it is not a regular file"},
		"noexec":         {file: file(func(f *Found) { f.Mount = task.Known(MountOptions{NoExec: true}) }), result: "EACCES", why: "/bin/x: permission denied: its mount has the option noexec"},
		"no bit":         {file: file(mode(0o644, 0, 0)), result: "EACCES", why: "/bin/x: permission denied: mode 0644 of uid 0, gid 0 lets nobody execute it"},
		"no bit for it":  {file: file(mode(0o750, 7, 8)), result: "EACCES", why: "/bin/x: permission denied: mode 0750 of uid 7, gid 8 does not let uid 1000 execute it"},
		"by its group":   {file: file(mode(0o750, 7, 27)), result: OK},
		"by --gid":       {file: file(mode(0o750, 7, 8)), what: WhatIf{GID: new(uint32(8))}, result: OK},
		"not by its own": {file: file(mode(0o077, 1000, 27)), result: "EACCES", why: "/bin/x: permission denied: mode 077 of uid 1000, gid 27 does not let uid 1000 execute it"},
		"overridden":     {file: file(mode(0o100, 7, 8)), what: WhatIf{Add: capset.Of(capset.DacOverride)}, result: OK},
		"not overridden without a bit": {
			file: file(mode(0o666, 7, 8)), what: WhatIf{Add: capset.Of(capset.DacOverride)},
			result: "EACCES", why: "/bin/x: permission denied: mode 0666 of uid 7, gid 8 lets nobody execute it",
		},
		"closed directory": {file: file(), dir: Inode{Mode: 0o700, UID: 7, GID: 8}, result: "EACCES", why: "/bin: permission denied: mode 0700 of uid 7, gid 8 does not let it look up names there"},
		"opened directory": {file: file(), dir: Inode{Mode: 0o600, UID: 7, GID: 8}, what: WhatIf{Add: capset.Of(capset.DacReadSearch)}, result: OK},
		"mapped owner":     {file: file(mode(0o100, 100007, 100008)), of: below, result: OK},
		"unmapped owner":   {file: file(mode(0o100, 7, 100008)), of: below, result: "EACCES", why: "/bin/x: permission denied: mode 0100 of uid 7, gid 100008 does not let uid 100000 execute it"},
		"unmapped group":   {file: file(mode(0o100, 100007, 8)), of: below, result: "EACCES", why: "/bin/x: permission denied: mode 0100 of uid 100007, gid 8 does not let uid 100000 execute it"},
		"unmapped above": {
			file: file(func(f *Found) { f.Inode = Inode{Mode: 0o100, UID: 100007, GID: 100008, NoUID: true} }), of: below,
			result: "EACCES", why: "/bin/x: permission denied: mode 0100 of uid 100007, gid 100008 does not let uid 100000 execute it",
		},
		"forced": {
			file: file(caps(some(0, capset.NetRaw, capset.SysAdmin))), result: "EPERM",
			why: "/bin/x: operation not permitted: the file is marked effective, and the Bounding set lacks its cap_sys_admin",
		},
		"not forced":     {file: file(caps(some(0, capset.NetRaw))), result: OK},
		"malformed caps": {file: file(func(f *Found) { f.Caps = task.Known([]byte("bad")) }), result: "EINVAL", why: "/bin/x: invalid argument: malformed security.capability"},
		"malformed caps on nosuid": {
			file: file(func(f *Found) {
				f.Caps, f.Mount = task.Known([]byte("bad")), task.Known(MountOptions{NoSuid: true})
			}), result: OK,
		},
		"no interpreter":    {file: file(head("#!\n")), result: "ENOEXEC", why: "/bin/x: exec format error: its first line names no interpreter, or one too long"},
		"empty interpreter": {file: file(head("#!")), result: "EACCES", why: "/bin/x: permission denied: its first line names an empty interpreter"},
		"lost interpreter":  {file: file(head("#!/bin/y\n")), result: "ENOENT", why: "/bin/y: no such file or directory: it is the interpreter that /bin/x names"},
	} {
		in := &tree{files: map[string]*Found{}, dirs: map[string]Inode{}}
		if row.file != nil {
			in.files["/bin/x"] = row.file
		}
		if row.dir.Mode != 0 {
			in.dirs["/bin"] = row.dir
		}
		if row.of == nil {
			row.of = user()
		}
		p, err := subject(t, row.of, in, row.what).Predict("/bin/x")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if p.Result != row.result || p.Why != row.why || (p.After != nil) != (row.result == OK) {
			t.Errorf("%s: %s %q, want %s %q", name, p.Result, p.Why, row.result, row.why)
		}
		if asked := p.Program; (asked != nil) != (row.file != nil && row.dir.Mode != 0o700) {
			t.Errorf("%s: %+v", name, asked)
		}
	}
}

// TestScripts holds that the interpreter of the last of some scripts counts, and that
// there may be five of them.
func TestScripts(t *testing.T) {
	in := &tree{files: map[string]*Found{"/s0": file(mode(0o4755, 7, 7))}}
	for n := 1; n <= 6; n++ {
		in.files[fmt.Sprintf("/s%d", n)] = file(mode(0o4755, 8, 8), head(fmt.Sprintf("#! /s%d -e\n", n-1)))
	}
	in.files["/loop"] = file(head("#!/loop\n"))
	in.files["/closed"] = file(mode(0o644, 0, 0), caps(some(0, capset.NetRaw)))
	in.files["/to-closed"] = file(head("#!/closed\n"))
	in.files["/unread"] = file(mode(0o4755, 9, 9), func(f *Found) { f.Head = task.Unknown[[]byte]("permission denied") })
	for _, row := range []struct {
		path, program, result, why string
		scripts                    int
		euid                       uint32
		assumed                    string
	}{
		{path: "/s0", program: "/s0", result: OK, euid: 7},
		{path: "/s1", program: "/s0", result: OK, euid: 7, scripts: 1},
		{path: "/s5", program: "/s0", result: OK, euid: 7, scripts: 5},
		{path: "/s6", program: "/s1", result: "ELOOP", why: "/s0: too many levels of symbolic links: the script's interpreter is a script, and so on for too long", scripts: 6},
		{path: "/loop", program: "/loop", result: "ELOOP", why: "/loop: too many levels of symbolic links: the script's interpreter is a script, and so on for too long", scripts: 6},
		{path: "/to-closed", program: "/to-closed", result: "EACCES", why: "/closed: permission denied: mode 0644 of uid 0, gid 0 lets nobody execute it", scripts: 1},
		{path: "/closed", program: "/closed", result: "EACCES", why: "/closed: permission denied: mode 0644 of uid 0, gid 0 lets nobody execute it"},
		{path: "/unread", program: "/unread", result: OK, euid: 9, assumed: "/unread is not a script: permission denied"},
	} {
		p, err := subject(t, user(), in, WhatIf{}).Predict(row.path)
		if err != nil {
			t.Fatal(err)
		}
		scripts, assumed, euid := 0, "", uint32(0)
		for _, n := range p.Steps {
			if n.Code == "script" {
				scripts++
			}
		}
		for _, n := range p.Assumed {
			assumed += n.Text
		}
		if p.After != nil {
			euid = p.After.UID.Zero().Effective
		}
		if p.Program.Path != row.program || p.Result != row.result || p.Why != row.why || scripts != row.scripts || euid != row.euid || assumed != row.assumed {
			t.Errorf("%+v: %+v %s %q, %d scripts, euid %d, %q", row, p.Program, p.Result, p.Why, scripts, euid, assumed)
		}
		if hasCaps := p.Program.Caps != nil; hasCaps != (row.path == "/closed") {
			t.Errorf("%s: %v", row.path, p.Program.Caps)
		}
	}
	p, err := subject(t, user(), in, WhatIf{}).Predict("/s1")
	if err != nil || p.Steps[0].Text != "/s1 is a script: /s0 is executed, and its attributes count" {
		t.Error(p.Steps, err)
	}
}

// TestChange holds what is asked for, in which order it is listed, and that all of it
// reaches the prediction.
func TestChange(t *testing.T) {
	of := user()
	of.Securebits, of.NoNewPrivs, of.Overflow = task.Unknown[capset.Securebits]("only it can"), task.Unknown[bool]("no NoNewPrivs line"), "65534 is the overflow id"
	in := &tree{files: map[string]*Found{"/x": file(caps(some(0, capset.NetRaw)))}}
	p, err := subject(t, of, in, WhatIf{}).Predict("/x")
	if err != nil || codes(p.Assumed) != "no-new-privs overflow-id securebits" {
		t.Error(p.Assumed, err)
	}
	if got := p.Assumed[0].Text; got != "no_new_privs is not set: no NoNewPrivs line" {
		t.Error(got)
	}
	if p.After.Sets[capset.Effective].Zero() != capset.Of(capset.NetRaw) || !p.After.Securebits.Known() || p.After.NoNewPrivs.Known() {
		t.Errorf("%+v", p.After)
	}
	bits := capset.NoRoot
	p, err = subject(t, user(), in, WhatIf{
		Securebits: &bits, NoNewPrivs: true, UID: new(uint32(5)), GID: new(uint32(6)), Entrypoint: true,
		Drop: capset.Of(capset.Chown), Add: AllCaps, Path: "/a",
	}).Predict("/x")
	if err != nil || codes(p.Assumed) != "securebits no-new-privs uid gid entrypoint drop add" {
		t.Fatal(p.Assumed, err)
	}
	for i, want := range []string{
		"its securebits are 1, as you asked", "no_new_privs is set, as you asked", "all its user ids are 5, as you asked", "all its group ids are 6, as you asked",
		"its Permitted and Effective sets are its Bounding set, as you asked", "it lacks cap_chown, as you asked",
		"its Permitted, Effective and Bounding sets have all capabilities, as you asked",
	} {
		if got := p.Assumed[i].Text; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	all := capset.UpTo(capset.LastKnown)
	want := capset.State{capset.Permitted: all, capset.Effective: all, capset.Bounding: all}
	if b := p.Before; b.State() != want || b.UID.Zero() != task.AllIDs(5) || b.GID.Zero() != task.AllIDs(6) || b.Securebits.Zero() != bits || !b.NoNewPrivs.Zero() {
		t.Errorf("%+v", b)
	}
	s, err := New(user())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Change(&WhatIf{Add: capset.Of(63)}); err == nil || err.Error() != "its kernel does not have capability 63" {
		t.Error(err)
	}
}

// TestNew holds what a task needs to be known of, and with which ids.
func TestNew(t *testing.T) {
	ids := task.Known(procstatus.IDMap{{Inside: 0, Outside: 100000, Length: 65536}})
	whole := task.Known(procstatus.IDMap{{Inside: 0, Outside: 0, Length: 1<<32 - 1}})
	for name, row := range map[string]struct {
		change func(*task.Task)
		uid    uint32 // the one that is 1000 for the reader
		err    string
	}{
		"own":       {uid: 1000},
		"self":      {change: func(t *task.Task) { t.Self, t.UserNamespace = true, task.Unknown[task.UserNamespace]("hidden") }, uid: 1000},
		"hidden":    {change: func(t *task.Task) { t.UserNamespace = task.Unknown[task.UserNamespace]("no") }, err: "its id maps are hidden"},
		"one map":   {change: func(t *task.Task) { t.UserNamespace = task.Known(task.UserNamespace{UIDMap: ids}) }, err: "its id maps are hidden"},
		"unmapped":  {change: func(t *task.Task) { t.UserNamespace = task.Known(task.UserNamespace{UIDMap: ids, GIDMap: ids}) }, uid: 1<<32 - 2},
		"any":       {change: func(t *task.Task) { t.UserNamespace = task.Known(task.UserNamespace{UIDMap: whole, GIDMap: whole}) }, uid: 1000},
		"no uid":    {change: func(t *task.Task) { t.UID = task.Unknown[capset.IDs]("no Uid line") }, err: "uid is unknown: no Uid line"},
		"no CapBnd": {change: func(t *task.Task) { t.Sets[capset.Bounding] = task.Unknown[capset.Set]("x") }, err: "capabilities.bounding is unknown: x"},
	} {
		of := user()
		if row.change != nil {
			row.change(of)
		}
		s, err := New(of)
		if fmt.Sprint(err) != row.err && (err != nil || row.err != "") {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && s.Credentials.UID != task.AllIDs(row.uid) {
			t.Errorf("%s: %v", name, s.Credentials.UID)
		}
	}
}

// TestScan holds what a scan keeps.
func TestScan(t *testing.T) {
	in := &tree{
		files: map[string]*Found{
			"/b": file(mode(0o4755, 0, 0)), "/a": file(caps(some(0, capset.SysAdmin))), "/closed/c": file(mode(0o4755, 0, 0), caps(some(0, capset.NetRaw))),
			"/s": file(mode(0o4755, 0, 0), head("#!/b\n")),
		},
		dirs: map[string]Inode{"/closed": {Mode: 0o700}},
		errs: map[string]error{"/gone": errors.New("gone")},
	}
	of := user()
	of.Securebits = task.Unknown[capset.Securebits]("x")
	scan := subject(t, of, in, WhatIf{}).Scan("/")
	for _, path := range []string{"/s", "/b", "/closed/c", "/a"} {
		f := *in.files[path]
		f.Path = path
		if err := scan.Add(&f); err != nil {
			t.Fatal(err)
		}
	}
	if err := scan.Add(&Found{Path: "/gone"}); err == nil || err.Error() != "gone" {
		t.Error(err)
	}
	scan.Finish()
	var got []string
	for _, p := range scan.Programs {
		line := p.File + " " + p.Program.Path + " " + p.Result
		if p.Program.Caps != nil {
			line += " " + p.Program.Caps.Permitted.String()
		}
		got = append(got, line)
	}
	if want := []string{"/a /a EPERM cap_sys_admin", "/b /b ok", "/closed/c /closed/c EACCES cap_net_raw", "/s /b ok"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if codes(scan.Assumed) != "securebits" {
		t.Error(scan.Assumed)
	}
	for range maxFailures + 3 {
		scan.Fail(errors.New("x"))
	}
	if len(scan.Failures) != maxFailures || scan.MoreFailures != 3 {
		t.Error(len(scan.Failures), scan.MoreFailures)
	}
	scan.Programs = make([]*Prediction, maxPrograms)
	if err := scan.Add(in.files["/b"]); err != nil || scan.Left != 1 || len(scan.Programs) != maxPrograms {
		t.Error(err, scan.Left)
	}
}
