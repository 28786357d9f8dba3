// SPDX-License-Identifier: Apache-2.0

package capset

import "slices"

// anyExec has the three execute bits of a mode.
const anyExec = 0o111

// MayExecute reports whether a task may execute a file, as far as the file's mode
// and owner and the task's capabilities decide that. A task with DAC_OVERRIDE may
// execute a file that has any execute bit, if the task's user namespace maps its
// owner and group (inode(7); path_resolution(7), "Permissions"; fs/namei.c,
// generic_permission).
func (c Credentials) MayExecute(file File) bool {
	return c.permits(&file, mayExecute) || file.Mode&anyExec != 0 && c.overrides(&file, Of(DacOverride))
}

// MaySearch reports the same of a directory, and looking up names in it. There
// DAC_OVERRIDE and DAC_READ_SEARCH both count, whatever the mode.
func (c Credentials) MaySearch(dir File) bool {
	return c.permits(&dir, mayExecute) || c.overrides(&dir, Of(DacOverride, DacReadSearch))
}

// MayRead reports the same of reading a file. There both capabilities count, whatever the
// mode.
func (c Credentials) MayRead(file File) bool {
	return c.permits(&file, mayRead) || c.overrides(&file, Of(DacOverride, DacReadSearch))
}

// The bits of a class of a mode.
const (
	mayExecute = 1
	mayRead    = 4
)

// permits reports whether the mode lets the task do something. Only the bits of one
// class count: the first of owner, group and others that the task is in.
func (c *Credentials) permits(file *File, what uint32) bool {
	class := file.Mode
	switch {
	case c.UID.Filesystem == file.UID:
		class >>= 6
	case c.InGroup(file.GID):
		class >>= 3
	}
	return class&what != 0
}

// InGroup reports whether the task is in a group, for the kernel's checks of files.
func (c Credentials) InGroup(gid uint32) bool {
	return c.GID.Filesystem == gid || slices.Contains(c.Groups, gid)
}

// overrides reports whether one of the capabilities is effective and counts for
// the file (kernel/capability.c, privileged_wrt_inode_uidgid).
func (c *Credentials) overrides(file *File, any Set) bool {
	return !file.Unmapped && c.Sets[Effective]&any != 0
}
