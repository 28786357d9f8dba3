// SPDX-License-Identifier: Apache-2.0

package predict

import (
	"errors"
	"slices"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// File returns what execve(2) goes by of a program, whose owner may have no id. The error is
// a [*Denied] if execve(2) fails for its capabilities; another one says why they are unknown.
func (s *Subject) File(f *Found) (capset.File, error) {
	file := s.mayBe(f.Inode)[0]
	file.NoSuid = f.Mount.Zero().NoSuid
	attribute, known := f.Caps.Get()
	switch {
	case known && attribute == nil:
		return file, nil
	case f.CapsForeign: // for a root without an id in the reader's user namespace, which has none below that either
		file.Caps, file.ForeignCaps = new(capset.FileCaps), true
		return file, nil
	case known && file.NoSuid: // the kernel does not look at them
		caps, _ := capset.ParseFileCaps(attribute)
		file.Caps, file.ForeignCaps = &caps, !s.Counts(&caps).Zero()
		return file, nil
	case file.NoSuid:
		file.Caps = new(capset.FileCaps)
		return file, nil
	case !known:
		return file, errors.New(f.Path + ": security.capability: " + f.Caps.Why())
	}
	caps, err := capset.ParseFileCaps(attribute)
	if err != nil {
		return file, &Denied{"EINVAL", f.Path, err.Error(), []Change{{s.choose("file", "image"), "setcap -r " + f.Path}}}
	}
	file.Caps, file.ForeignCaps = &caps, !s.Counts(&caps).Zero()
	return file, nil
}

// Counts reports whether the capabilities of a file count in the task's user namespace.
// The kernel shows those for root of the reader's own namespace, or of one above it,
// without a root id (security/commoncap.c, cap_inode_getsecurity).
func (s *Subject) Counts(caps *capset.FileCaps) task.Value[bool] {
	if caps.Version < 3 || caps.RootID == 0 {
		return task.Known(true)
	}
	if id, ok := s.OwnUsers.Inside(0); ok && id == caps.RootID { // root of the namespace above the reader's
		return task.Known(true)
	}
	if s.Users.Map == nil {
		return task.Known(false)
	}
	if id, ok := s.Users.Map.Outside(0); ok && id == caps.RootID {
		return task.Known(true)
	}
	if s.Between == nil {
		return task.Known(false)
	}
	return task.Map(s.Between(), func(roots []uint32) bool { return slices.Contains(roots, caps.RootID) })
}
