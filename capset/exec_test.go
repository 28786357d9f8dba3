// SPDX-License-Identifier: Apache-2.0

package capset

import (
	"bytes"
	"errors"
	"slices"
	"testing"
)

// user is a task of an ordinary user whom a container gave a bounding set.
func user(id uint32, bounding Set) Credentials {
	ids := IDs{id, id, id, id}
	return Credentials{Sets: State{Bounding: bounding}, UID: ids, GID: ids}
}

func with(c Credentials, change func(*Credentials)) Credentials {
	change(&c)
	return c
}

// TestExec has what people ask about; that the rules are the kernel's is held by
// TestExecIsKernels of the command.
func TestExec(t *testing.T) {
	bind := Of(NetBindService)
	forced := &FileCaps{Permitted: bind, Effective: true, Version: 2}
	root := user(0, bind)
	ambient := with(user(1000, bind), func(c *Credentials) { c.Sets[Inheritable], c.Sets[Permitted], c.Sets[Ambient] = bind, bind, bind })
	for name, test := range map[string]struct {
		task  Credentials
		file  File
		want  State // nil where it fails
		fails bool
		codes []string
	}{
		"a plain program for a user": {
			user(1000, bind), File{Mode: 0o755}, State{Bounding: bind}, false, []string{"plain"},
		},
		"a program with the capability": {
			user(1000, bind),
			File{Mode: 0o755, Caps: forced},
			State{Bounding: bind, Permitted: bind, Effective: bind},
			false,
			[]string{"file-capabilities", "effective", "secure-execution"},
		},
		"the same without the bounding set": {
			user(1000, 0), File{Mode: 0o755, Caps: forced}, State{}, true, []string{"forced-capabilities-missing"},
		},
		"the same as root": {
			user(0, 0), File{Mode: 0o755, Caps: forced}, State{}, true, []string{"forced-capabilities-missing"},
		},
		"the same with no_new_privs": {
			with(user(1000, bind), func(c *Credentials) { c.NoNewPrivs = true }),
			File{Mode: 0o755, Caps: forced},
			State{Bounding: bind},
			false,
			[]string{"file-capabilities", "no-gain", "effective", "secure-execution"},
		},
		"the entrypoint, which the runtime starts with what it added": {
			with(user(1000, bind), func(c *Credentials) { c.NoNewPrivs = true; c.Sets[Permitted] = bind }),
			File{Mode: 0o755, Caps: forced},
			State{Bounding: bind, Permitted: bind, Effective: bind},
			false,
			[]string{"file-capabilities", "effective", "secure-execution"},
		},
		"without the effective flag": {
			user(1000, bind),
			File{Mode: 0o755, Caps: &FileCaps{Permitted: bind, Version: 2}},
			State{Bounding: bind, Permitted: bind},
			false,
			[]string{"file-capabilities", "not-effective", "secure-execution"},
		},
		"on a nosuid mount": {
			user(1000, bind), File{Mode: 0o755, Caps: forced, NoSuid: true}, State{Bounding: bind}, false, []string{"file-capabilities-ignored", "plain"},
		},
		"ambient": {
			ambient, File{Mode: 0o755}, State{bind, bind, bind, bind, bind}, false, []string{"plain", "ambient"},
		},
		"ambient, and a file with an empty attribute": {
			ambient,
			File{Mode: 0o755, Caps: &FileCaps{Version: 2}},
			State{Inheritable: bind, Bounding: bind},
			false,
			[]string{"file-capabilities", "ambient-cleared"},
		},
		"root that gave up what it had": {
			root, File{Mode: 0o755}, State{Bounding: bind, Permitted: bind, Effective: bind}, false, []string{"root", "effective"},
		},
		"root with noroot": {
			with(root, func(c *Credentials) { c.Securebits = NoRoot }), File{Mode: 0o755}, State{Bounding: bind}, false, []string{"noroot"},
		},
		"set-user-ID root for a user": {
			user(1000, bind), File{Mode: 0o4755}, State{Bounding: bind, Permitted: bind, Effective: bind}, false, []string{"set-user-id", "root", "effective", "secure-execution"},
		},
	} {
		after, steps, err := Exec(test.task, test.file, Circumstances{Last: LastKnown})
		var codes []string
		for _, s := range steps {
			codes = append(codes, s.Code)
			if s.Text == "" {
				t.Errorf("%s: no text of %s", name, s.Code)
			}
		}
		if !slices.Equal(codes, test.codes) {
			t.Errorf("%s: %v, want %v", name, codes, test.codes)
		}
		if errors.Is(err, ErrForced) != test.fails || !test.fails && after.Sets != test.want {
			t.Errorf("%s: %v, %v; want %v", name, after.Sets, err, test.want)
		}
	}
}

// TestExecChangesIDs holds which ids count as changed, by what becomes of Ambient: since
// Linux 6.16 the effective uid is compared with the old effective one, and the effective
// gid with the filesystem gid and the groups; before that both with the real ones.
func TestExecChangesIDs(t *testing.T) {
	bind := Of(NetBindService)
	for name, test := range map[string]struct {
		uid, gid        IDs
		file            File
		changed, before bool
	}{
		"the same":                                  {IDs{1, 1, 1, 1}, IDs{5, 5, 5, 5}, File{}, false, false},
		"another effective uid":                     {IDs{1, 2, 2, 2}, IDs{5, 5, 5, 5}, File{}, false, true},
		"another filesystem uid":                    {IDs{1, 1, 1, 2}, IDs{5, 5, 5, 5}, File{}, false, false},
		"set-user-ID of another":                    {IDs{1, 1, 1, 1}, IDs{5, 5, 5, 5}, File{Mode: 0o4755, UID: 2}, true, true},
		"set-user-ID of the effective uid":          {IDs{1, 2, 2, 2}, IDs{5, 5, 5, 5}, File{Mode: 0o4755, UID: 2}, false, true},
		"set-user-ID of the real uid":               {IDs{1, 2, 2, 2}, IDs{5, 5, 5, 5}, File{Mode: 0o4755, UID: 1}, true, false},
		"another effective gid":                     {IDs{1, 1, 1, 1}, IDs{5, 6, 6, 6}, File{}, false, true},
		"another filesystem gid":                    {IDs{1, 1, 1, 1}, IDs{5, 5, 5, 6}, File{}, true, false},
		"another filesystem gid, effective a group": {IDs{1, 1, 1, 1}, IDs{5, 9, 9, 6}, File{}, false, true},
		"set-group-ID of another":                   {IDs{1, 1, 1, 1}, IDs{5, 5, 5, 5}, File{Mode: 0o2755, GID: 6}, true, true},
		"set-group-ID of a group":                   {IDs{1, 1, 1, 1}, IDs{5, 5, 5, 5}, File{Mode: 0o2755, GID: 9}, false, true},
		"set-group-ID of the filesystem gid":        {IDs{1, 1, 1, 1}, IDs{5, 5, 5, 6}, File{Mode: 0o2755, GID: 6}, false, true},
		"set-group-ID of the real gid":              {IDs{1, 1, 1, 1}, IDs{5, 6, 6, 6}, File{Mode: 0o2755, GID: 5}, true, false},
	} {
		task := Credentials{UID: test.uid, GID: test.gid, Groups: []uint32{9}, Sets: State{bind, bind, bind, bind, bind}}
		for before, want := range map[bool]bool{false: test.changed, true: test.before} {
			after, _, err := Exec(task, test.file, Circumstances{Last: LastKnown, ComparesReal: before})
			if err != nil || (after.Sets[Ambient] == 0) != want {
				t.Errorf("%s, before Linux 6.16 %t: %v, %v", name, before, after.Sets, err)
			}
		}
	}
}

// TestExecIDs holds that the saved and the filesystem ids follow the effective ones, and
// that the real ones stay.
func TestExecIDs(t *testing.T) {
	task := Credentials{UID: IDs{1, 2, 3, 4}, GID: IDs{5, 6, 7, 8}}
	for _, test := range []struct {
		mode     uint32
		uid, gid IDs
	}{
		{0o755, IDs{1, 2, 2, 2}, IDs{5, 6, 6, 6}},
		{0o4755, IDs{1, 9, 9, 9}, IDs{5, 6, 6, 6}},
		{0o2755, IDs{1, 2, 2, 2}, IDs{5, 10, 10, 10}},
		{0o2745, IDs{1, 2, 2, 2}, IDs{5, 6, 6, 6}}, // without group execute the bit means no set-group-ID
	} {
		after, _, err := Exec(task, File{Mode: test.mode, UID: 9, GID: 10}, Circumstances{Last: LastKnown})
		if err != nil || after.UID != test.uid || after.GID != test.gid {
			t.Errorf("%o: %v, %v, %v; want %v, %v", test.mode, after.UID, after.GID, err, test.uid, test.gid)
		}
	}
}

func TestFileCaps(t *testing.T) {
	for text, want := range map[string]*FileCaps{
		"\x01\x00\x00\x01" + "\x00\x04\x00\x00" + "\x00\x20\x00\x00": {Permitted: 1 << 10, Inheritable: 1 << 13, Effective: true, Version: 1},
		"\x00\x00\x00\x02" + "\x00\x04\x00\x00" + "\x00\x00\x00\x00" + "\x00\x01\x00\x00" + "\x00\x00\x00\x80": {
			Permitted: 1<<10 | 1<<40, Inheritable: 1 << 63, Version: 2,
		},
		"\x01\x00\x00\x03" + "\x00\x04\x00\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00" + "\xe8\x03\x00\x00": {
			Permitted: 1 << 10, Effective: true, Version: 3, RootID: 1000,
		},
		"": nil, "\x00\x00\x00": nil,
		"\x00\x00\x00\x00" + "\x00\x00\x00\x00\x00\x00\x00\x00":                                                 nil, // no version
		"\x01\x00\x00\x02" + "\x00\x00\x00\x00\x00\x00\x00\x00":                                                 nil, // of another one's size
		"\x01\x00\x00\x04" + "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00": nil,
	} {
		if want != nil {
			for _, size := range []int{len(text) - 1, len(text) + 1, len(text) + 4, len(text) + 8} {
				if got, err := ParseFileCaps([]byte(text + "\x00\x00\x00\x00\x00\x00\x00\x00")[:size]); !errors.Is(err, ErrFileCaps) {
					t.Errorf("%q in %d bytes: %+v, %v", text, size, got, err)
				}
			}
		}
		got, err := ParseFileCaps([]byte(text))
		switch {
		case want == nil:
			if !errors.Is(err, ErrFileCaps) || got != (FileCaps{}) {
				t.Errorf("%q: %+v, %v", text, got, err)
			}
		case err != nil || got != *want:
			t.Errorf("%q: %+v, %v; want %+v", text, got, err, want)
		case !bytes.Equal(got.Attribute(), []byte(text)):
			t.Errorf("%q: %q", text, got.Attribute())
		}
	}
}

// FuzzParseFileCaps holds that any bytes are capabilities of a file or an error,
// and that those written again are the same.
func FuzzParseFileCaps(f *testing.F) {
	for v := range 3 {
		f.Add(FileCaps{Permitted: 1 << 10, Effective: true, Version: v + 1, RootID: uint32(v/2) * 1000}.Attribute())
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		c, err := ParseFileCaps(in)
		if err != nil {
			if c != (FileCaps{}) {
				t.Fatalf("%+v and %v", c, err)
			}
			return
		}
		if again, err := ParseFileCaps(c.Attribute()); err != nil || again != c || len(c.Attribute()) != len(in) {
			t.Fatalf("%+v, %v; want %+v", again, err, c)
		}
	})
}

func TestSetuid(t *testing.T) {
	net := Of(NetRaw)
	root := user(0, net)
	root.Sets[Permitted], root.Sets[Effective] = net|Of(Setuid), net|Of(Setuid)
	after, err := root.Setuid(1000)
	if err != nil || after.Sets[Permitted] != 0 || after.Sets[Effective] != 0 || after.UID != (IDs{1000, 1000, 1000, 1000}) {
		t.Errorf("%+v, %v", after, err)
	}
	kept := root
	kept.Securebits = KeepCaps
	if after, err = kept.Setuid(1000); err != nil || after.Sets[Permitted] != root.Sets[Permitted] || after.Sets[Effective] != 0 {
		t.Errorf("with keep_caps: %+v, %v", after, err)
	}
	if after, err = root.Setresuid(Unchanged, 1000, Unchanged); err != nil || after.Sets[Permitted] != root.Sets[Permitted] || after.Sets[Effective] != 0 {
		t.Errorf("seteuid: %+v, %v", after, err)
	}
	if after, err = after.Setresuid(Unchanged, 0, Unchanged); err != nil || after.Sets != root.Sets {
		t.Errorf("and back: %+v, %v", after, err)
	}
	if after, err = user(1000, net).Setuid(0); !errors.Is(err, ErrPermission) || after.UID.Real != 1000 {
		t.Errorf("without privilege: %+v, %v", after, err)
	}
	if after, err = root.Setuid(Unchanged); !errors.Is(err, ErrInvalidID) || after.UID != root.UID {
		t.Errorf("setuid(-1): %+v, %v", after, err)
	}
}

// TestSetresuidFilesystem checks which calls set the filesystem uid, as Linux 6.18
// does. The ids are real, effective, saved and filesystem.
func TestSetresuidFilesystem(t *testing.T) {
	const keep = Unchanged
	privileged := Credentials{Sets: State{Permitted: Of(Setuid), Effective: Of(Setuid)}}
	for _, test := range []struct {
		before                 IDs
		real, effective, saved uint32
		want                   IDs
	}{
		{IDs{0, 0, 0, 1000}, keep, keep, keep, IDs{0, 0, 0, 1000}},
		{IDs{0, 0, 0, 1000}, 0, keep, keep, IDs{0, 0, 0, 1000}},
		{IDs{0, 0, 0, 1000}, keep, keep, 0, IDs{0, 0, 0, 1000}},
		{IDs{0, 0, 0, 1000}, 0, keep, 0, IDs{0, 0, 0, 1000}},
		{IDs{0, 0, 0, 1000}, keep, 0, keep, IDs{0, 0, 0, 0}},
		{IDs{0, 0, 0, 1000}, 5, keep, keep, IDs{5, 0, 0, 0}},
		{IDs{0, 0, 0, 1000}, keep, keep, 5, IDs{0, 0, 5, 0}},
		{IDs{0, 0, 0, 1000}, keep, 1000, keep, IDs{0, 1000, 0, 1000}},
		{IDs{1, 2, 3, 1}, 1, keep, 3, IDs{1, 2, 3, 1}},
		{IDs{1, 2, 3, 1}, 1, 2, 3, IDs{1, 2, 3, 2}},
		{IDs{1, 2, 3, 1}, 2, keep, keep, IDs{2, 2, 3, 2}},
	} {
		c := privileged
		c.UID = test.before
		after, err := c.Setresuid(test.real, test.effective, test.saved)
		if err != nil || after.UID != test.want {
			t.Errorf("%v, setresuid(%d, %d, %d): %v, %v; want %v", test.before, int32(test.real), int32(test.effective), int32(test.saved), after.UID, err, test.want)
		}
	}
}
