// SPDX-License-Identifier: Apache-2.0

package capset

import "slices"

// anyExec are the three bits of a mode that let somebody execute.
const anyExec = 0o111

// MayExecute reports whether a task may execute a file as far as the bits of its
// mode, its owner and the capabilities of the task decide. DAC_OVERRIDE lets it
// execute what somebody may, and what has an owner and a group in its user namespace
// (inode(7), path_resolution(7), "Permissions"; fs/namei.c, generic_permission).
func (c *Credentials) MayExecute(file *File) bool {
	return c.permits(file) || file.Mode&anyExec != 0 && c.overrides(file, Of(DacOverride))
}

// MaySearch is MayExecute of a directory, in which names are looked up then:
// DAC_OVERRIDE and DAC_READ_SEARCH let a task do so whatever the mode.
func (c *Credentials) MaySearch(dir *File) bool {
	return c.permits(dir) || c.overrides(dir, Of(DacOverride, DacReadSearch))
}

// permits reports whether the mode lets the task execute. The bits of one class
// count, of the first that it is in: owner, group, others.
func (c *Credentials) permits(file *File) bool {
	class := file.Mode
	switch {
	case c.UID.Filesystem == file.UID:
		class >>= 6
	case c.GID.Filesystem == file.GID || slices.Contains(c.Groups, file.GID):
		class >>= 3
	}
	return class&1 == 1
}

// overrides reports whether the task has one of some capabilities, and the file is
// one that they count for (kernel/capability.c, privileged_wrt_inode_uidgid).
func (c *Credentials) overrides(file *File, any Set) bool {
	return !file.Unmapped && c.Sets[Effective]&any != 0
}
