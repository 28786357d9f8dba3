// SPDX-License-Identifier: Apache-2.0

package predict

import (
	"fmt"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// TestUnknownCaps holds that nothing is predicted of capabilities that are unknown, unless
// they do not count.
func TestUnknownCaps(t *testing.T) {
	hidden := func(f *Found) { f.Caps = task.Unknown[[]byte]("permission denied") }
	nosuid := func(f *Found) { f.Mount = task.Known(MountOptions{NoSuid: true}) }
	in := &tree{files: map[string]*Found{"/x": file(hidden), "/y": file(hidden, nosuid)}}
	s := subject(t, user(), in, WhatIf{})
	if _, err := s.Predict("/x"); err == nil || err.Error() != "/x: security.capability: permission denied" {
		t.Error(err)
	}
	p, err := s.Predict("/y")
	if err != nil || p.Result != OK || codes(p.Steps) != "file-capabilities-ignored plain" || p.Program.Caps != nil || !p.Program.NoSuid {
		t.Errorf("%+v, %v", p, err)
	}
}

// TestFileCaps holds for which user namespaces the capabilities of a file count.
func TestFileCaps(t *testing.T) {
	below := func(s *Subject) {
		s.Users.Map = procstatus.IDMap{{Inside: 0, Outside: 100000, Length: 65536}}
		s.Groups.Map = s.Users.Map
	}
	nested := func(between task.Value[[]uint32]) func(*Subject) {
		return func(s *Subject) {
			below(s)
			s.Between = func() task.Value[[]uint32] { return between }
		}
	}
	hidden := nested(task.Unknown[[]uint32]("nobody tells"))
	above := func(s *Subject) { s.OwnUsers = procstatus.IDMap{{Inside: 200000, Outside: 0, Length: 65536}} }
	foreign := func(f *Found) {
		f.Caps, f.CapsForeign = task.Unknown[[]byte]("value too large for defined data type"), true
	}
	nosuid := func(f *Found) { f.Mount = task.Known(MountOptions{NoSuid: true}) }
	const given, ignored = "file-capabilities effective secure-execution", "file-capabilities-ignored plain"
	for name, row := range map[string]struct {
		file    *Found
		change  func(*Subject)
		steps   string
		assumed string
		err     string
	}{
		"own":             {file: file(caps(some(0, capset.NetRaw))), steps: given},
		"of another root": {file: file(caps(some(300000, capset.NetRaw))), steps: ignored},
		"of a root above": {file: file(caps(some(200000, capset.NetRaw))), change: above, steps: given},
		"of a root above, below": {
			file: file(caps(some(200000, capset.NetRaw))), steps: given,
			change: func(s *Subject) { above(s); below(s) },
		},
		"of no root above": {file: file(caps(some(300000, capset.NetRaw))), change: above, steps: ignored},
		"hidden":           {file: file(foreign), steps: ignored},
		"its root":         {file: file(caps(some(100000, capset.NetRaw))), change: below, steps: given},
		"of the reader":    {file: file(caps(some(0, capset.NetRaw))), change: below, steps: given},
		"not its root":     {file: file(caps(some(300000, capset.NetRaw))), change: below, steps: ignored},
		"of one between":   {file: file(caps(some(300000, capset.NetRaw))), change: nested(task.Known([]uint32{5, 300000})), steps: given},
		"of none between":  {file: file(caps(some(300000, capset.NetRaw))), change: nested(task.Known([]uint32{5})), steps: ignored},
		"of one between, or not": {
			file: file(caps(some(300000, capset.NetRaw))), change: hidden,
			err: "what execve of /x gives depends on whether its capabilities, for uid 300000 as root, count: nobody tells",
		},
		"of one between, or not, and the same": {file: file(caps(some(300000, capset.NetRaw)), nosuid), change: hidden, steps: ignored},
		"hidden from below":                    {file: file(foreign), change: below, steps: ignored},
		"on nosuid":                            {file: file(caps(some(0, capset.NetRaw)), nosuid), steps: ignored},
		"foreign on nosuid":                    {file: file(foreign, nosuid), change: below, steps: ignored},
	} {
		s := subject(t, user(), &tree{files: map[string]*Found{"/x": row.file}}, WhatIf{})
		if row.change != nil {
			row.change(s)
		}
		p, err := s.Predict("/x")
		if fmt.Sprint(err) != row.err && (err != nil || row.err != "") {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && (codes(p.Steps) != row.steps || codes(p.Assumed) != row.assumed) {
			t.Errorf("%s: %v, %v", name, p.Steps, p.Assumed)
		}
	}
}

// TestSetUserID holds that an owner without an id in the task's user namespace gives no id.
func TestSetUserID(t *testing.T) {
	in := &tree{files: map[string]*Found{
		"/own":      file(mode(0o4755, 7, 8)),
		"/unmapped": file(mode(0o4755, 7, 8), func(f *Found) { f.NoUID = true }),
		"/nosuid":   file(mode(0o6755, 7, 8), func(f *Found) { f.Mount = task.Known(MountOptions{NoSuid: true}) }),
		"/unknown":  file(mode(0o2755, 7, 8), func(f *Found) { f.Mount = task.Unknown[MountOptions]("statfs: no") }),
	}}
	for path, want := range map[string]struct {
		uid, gid       uint32
		steps, assumed string
	}{
		"/own":      {7, 1000, "set-user-id plain secure-execution", ""},
		"/unmapped": {1000, 1000, "set-id-ignored plain", ""},
		"/nosuid":   {1000, 1000, "set-id-ignored plain", ""},
		"/unknown":  {1000, 8, "set-group-id plain secure-execution", "mount"},
	} {
		p, err := subject(t, user(), in, WhatIf{}).Predict(path)
		if err != nil {
			t.Fatal(err)
		}
		uid, gid := p.After.UID.Zero(), p.After.GID.Zero()
		if uid.Effective != want.uid || uid.Real != 1000 || gid.Effective != want.gid || codes(p.Steps) != want.steps || codes(p.Assumed) != want.assumed {
			t.Errorf("%s: %v %v, %v, %v", path, uid, gid, p.Steps, p.Assumed)
		}
	}
}

// TestUnknownOwner holds that nothing is told that depends on an owner which the reader
// cannot tell, and the same as ever where nothing does.
func TestUnknownOwner(t *testing.T) {
	const over = 65534
	doubt := func(f *Found) { f.NoUID, f.Doubts = true, []string{"who knows"} }
	none := func(f *Found) { f.NoUID = true }
	group := func(f *Found) { f.NoGID, f.Doubts = true, []string{"who knows"} }
	plain, nobody, unknown, capable := user(), user(), user(), user()
	nobody.UID, unknown.UID = task.Known(task.AllIDs(over)), task.Known(task.AllIDs(over))
	unknown.Overflow = "65534 stands for any id"
	capable.Sets[capset.Effective] = task.Known(capset.Of(capset.DacOverride))
	for name, test := range map[string]struct {
		of   *task.Task
		file *Found
		want string // the result, or "" where it is unknown
	}{
		"everybody may":                          {plain, file(mode(0o755, over, 8), doubt), OK},
		"nobody may":                             {plain, file(mode(0o644, over, 8), doubt), "EACCES"},
		"set-user-ID of nobody knows whom":       {plain, file(mode(0o4755, over, 8), doubt), ""},
		"set-user-ID of nobody":                  {plain, file(mode(0o4755, over, 8), none), OK},
		"set-group-ID of nobody knows whom":      {plain, file(mode(0o2755, 7, over), group), ""},
		"its owner may, and may be the task":     {nobody, file(mode(0o700, over, 8), doubt), ""},
		"its owner may, and is another":          {plain, file(mode(0o700, over, 8), doubt), "EACCES"},
		"its owner may not, and may be the task": {nobody, file(mode(0o077, over, 8), doubt), ""},
		"nobody in the mount, by nobody":         {nobody, file(mode(0o700, over, 8), none), "EACCES"},
		"nobody in the mount, by an unknown one": {unknown, file(mode(0o700, over, 8), none), ""},
		"an unknown one, where all may":          {unknown, file(mode(0o755, over, 8), none), OK},
		"by DAC_OVERRIDE, which may not count":   {capable, file(mode(0o100, over, 8), doubt), ""},
		"by DAC_OVERRIDE, which does not":        {capable, file(mode(0o100, over, 8), none), "EACCES"},
	} {
		in := &tree{files: map[string]*Found{"/bin/x": test.file}}
		p, err := subject(t, test.of, in, WhatIf{}).Predict("/bin/x")
		got := ""
		if err == nil {
			got = p.Result
		}
		if got != test.want || err != nil && !strings.Contains(err.Error(), "depends on who owns a file, which is unknown: ") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
