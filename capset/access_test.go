// SPDX-License-Identifier: Apache-2.0

package capset

import "testing"

func TestAccess(t *testing.T) {
	plain := Credentials{UID: IDs{7, 7, 7, 7}, GID: IDs{8, 8, 8, 8}, Groups: []uint32{9, 10}}
	with := func(caps ...Cap) Credentials {
		c := plain
		c.Sets[Effective] = Of(caps...)
		return c
	}
	other := plain
	other.UID.Filesystem, other.GID.Filesystem = 11, 12
	permitted := plain
	permitted.Sets[Permitted] = ^Set(0)
	for name, test := range map[string]struct {
		task            Credentials
		file            File
		execute, search bool
	}{
		"owner":                               {plain, File{Mode: 0o100, UID: 7, GID: 1}, true, true},
		"owner, whom others' bits are no use": {plain, File{Mode: 0o677, UID: 7, GID: 8}, false, false},
		"group":                               {plain, File{Mode: 0o010, UID: 1, GID: 8}, true, true},
		"a supplementary group":               {plain, File{Mode: 0o010, UID: 1, GID: 10}, true, true},
		"group, whom others' bits are no use": {plain, File{Mode: 0o767, UID: 1, GID: 9}, false, false},
		"others":                              {plain, File{Mode: 0o001, UID: 1, GID: 1}, true, true},
		"others without":                      {plain, File{Mode: 0o776, UID: 1, GID: 1}, false, false},
		"effective uid, not filesystem":       {other, File{Mode: 0o100, UID: 7, GID: 1}, false, false},
		"filesystem uid, not effective":       {other, File{Mode: 0o100, UID: 11, GID: 1}, true, true},
		"effective gid, not filesystem":       {other, File{Mode: 0o010, UID: 1, GID: 8}, false, false},
		"filesystem gid, not effective":       {other, File{Mode: 0o010, UID: 1, GID: 12}, true, true},
		"DAC_OVERRIDE":                        {with(DacOverride), File{Mode: 0o100, UID: 1, GID: 1}, true, true},
		"DAC_OVERRIDE where nobody may":       {with(DacOverride), File{Mode: 0o666, UID: 1, GID: 1}, false, true},
		"DAC_READ_SEARCH":                     {with(DacReadSearch), File{Mode: 0o100, UID: 1, GID: 1}, false, true},
		"FOWNER":                              {with(Fowner), File{Mode: 0o100, UID: 1, GID: 1}, false, false},
		"DAC_OVERRIDE of an unmapped owner":   {with(DacOverride), File{Mode: 0o100, UID: 1, GID: 1, Unmapped: true}, false, false},
		"only permitted":                      {permitted, File{Mode: 0o100, UID: 1, GID: 1}, false, false},
	} {
		if got := test.task.MayExecute(test.file); got != test.execute {
			t.Errorf("%s: execute %t", name, got)
		}
		if got := test.task.MaySearch(test.file); got != test.search {
			t.Errorf("%s: search %t", name, got)
		}
	}
}

func TestMayRead(t *testing.T) {
	plain := Credentials{UID: IDs{7, 7, 7, 11}, GID: IDs{8, 8, 8, 12}, Groups: []uint32{9}}
	with := func(caps ...Cap) Credentials {
		c := plain
		c.Sets[Effective] = Of(caps...)
		return c
	}
	for name, test := range map[string]struct {
		task Credentials
		file File
		read bool
	}{
		"owner":                           {plain, File{Mode: 0o400, UID: 11, GID: 1}, true},
		"owner without":                   {plain, File{Mode: 0o377, UID: 11, GID: 12}, false},
		"effective uid, not filesystem":   {plain, File{Mode: 0o400, UID: 7, GID: 1}, false},
		"group":                           {plain, File{Mode: 0o040, UID: 1, GID: 12}, true},
		"a supplementary group":           {plain, File{Mode: 0o040, UID: 1, GID: 9}, true},
		"group without":                   {plain, File{Mode: 0o704, UID: 1, GID: 9}, false},
		"others":                          {plain, File{Mode: 0o004, UID: 1, GID: 1}, true},
		"others without":                  {plain, File{Mode: 0o773, UID: 1, GID: 1}, false},
		"DAC_READ_SEARCH":                 {with(DacReadSearch), File{UID: 1, GID: 1}, true},
		"DAC_OVERRIDE":                    {with(DacOverride), File{UID: 1, GID: 1}, true},
		"FOWNER":                          {with(Fowner), File{UID: 1, GID: 1}, false},
		"DAC_OVERRIDE, an unmapped owner": {with(DacOverride), File{UID: 1, GID: 1, Unmapped: true}, false},
	} {
		if got := test.task.MayRead(test.file); got != test.read {
			t.Errorf("%s: %t", name, got)
		}
	}
}
