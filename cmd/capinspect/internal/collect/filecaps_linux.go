// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect/root"
)

// fileCaps finds out what the capabilities of a program are for the task.
func (s *subject) fileCaps(program *root.Program, f *capset.File) error {
	const attribute = ": security.capability: "
	switch {
	case f.NoSuid: // nobody goes by them
		f.Caps = nil
		if program.Caps != nil || program.CapsErr != nil {
			f.Caps = new(capset.FileCaps)
		}
		if caps, err := capset.ParseFileCaps(program.Caps); err == nil {
			f.Caps = &caps
		}
		return nil
	case program.CapsErr == unix.EOVERFLOW && s.users.m == nil:
		// They are for a user namespace beside or below this one.
		f.Caps, f.ForeignCaps = new(capset.FileCaps), true
		return nil
	case program.CapsErr == unix.EINVAL:
		return errors.New(program.Path + attribute + "the kernel does not show it: it is malformed, or of version 1")
	case program.CapsErr != nil:
		return fmt.Errorf("%s%s%w", program.Path, attribute, program.CapsErr)
	case program.Caps == nil:
		return nil
	}
	caps, err := capset.ParseFileCaps(program.Caps)
	if err != nil {
		return &root.Denied{Errno: unix.EINVAL, Path: program.Path, Why: err.Error()}
	}
	f.Caps, f.ForeignCaps = &caps, !s.counts(&caps)
	return nil
}

// counts reports whether the capabilities of a file count in the task's user
// namespace. The kernel shows those of a root of capinspect's own, or of one above
// it, without an id (security/commoncap.c, cap_inode_getsecurity).
func (s *subject) counts(caps *capset.FileCaps) bool {
	if caps.Version < 3 || caps.RootID == 0 {
		return true
	}
	if s.users.m != nil {
		if id, ok := s.users.m.Outside(0); ok && id == caps.RootID {
			return true
		}
		if s.nested {
			s.assume("file-capabilities", "uid "+decimal(caps.RootID)+" is root in no user namespace between its own and capinspect's")
		}
		return false
	}
	// The map of capinspect's own namespace leads to the ids of the one above it.
	if c := s.collector; c.proc != nil {
		if own, err := c.proc.Self().UIDMap(); err == nil {
			id, ok := own.Inside(0)
			return ok && id == caps.RootID
		}
	}
	return false
}
