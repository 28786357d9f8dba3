// SPDX-License-Identifier: Apache-2.0

package predict

import (
	"fmt"
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
	below := func(nested bool) func(*Subject) {
		return func(s *Subject) {
			s.Users.Map = procstatus.IDMap{{Inside: 0, Outside: 100000, Length: 65536}}
			s.Groups.Map, s.Nested = s.Users.Map, nested
		}
	}
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
		"own":                    {file: file(caps(some(0, capset.NetRaw))), steps: given},
		"of another root":        {file: file(caps(some(300000, capset.NetRaw))), steps: ignored},
		"of a root above":        {file: file(caps(some(200000, capset.NetRaw))), change: above, steps: given},
		"of no root above":       {file: file(caps(some(300000, capset.NetRaw))), change: above, steps: ignored},
		"hidden":                 {file: file(foreign), steps: ignored},
		"its root":               {file: file(caps(some(100000, capset.NetRaw))), change: below(false), steps: given},
		"of the reader":          {file: file(caps(some(0, capset.NetRaw))), change: below(false), steps: given},
		"not its root":           {file: file(caps(some(300000, capset.NetRaw))), change: below(false), steps: ignored},
		"of one between, or not": {file: file(caps(some(300000, capset.NetRaw))), change: below(true), steps: ignored, assumed: "file-capabilities"},
		"hidden from below":      {file: file(foreign), change: below(false), err: "/x: security.capability: value too large for defined data type"},
		"on nosuid":              {file: file(caps(some(0, capset.NetRaw)), nosuid), steps: ignored},
		"foreign on nosuid":      {file: file(foreign, nosuid), change: below(false), steps: ignored},
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
		"/unmapped": file(mode(0o4755, 7, 8), func(f *Found) { f.Inexpressible, f.Doubts = true, []string{"who knows"} }),
		"/nosuid":   file(mode(0o6755, 7, 8), func(f *Found) { f.Mount = task.Known(MountOptions{NoSuid: true}) }),
		"/unknown":  file(mode(0o2755, 7, 8), func(f *Found) { f.Mount = task.Unknown[MountOptions]("statfs: no") }),
	}}
	for path, want := range map[string]struct {
		uid, gid       uint32
		steps, assumed string
	}{
		"/own":      {7, 1000, "set-user-id plain secure-execution", ""},
		"/unmapped": {1000, 1000, "set-id-ignored plain", "overflow-id"},
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
