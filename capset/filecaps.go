// SPDX-License-Identifier: Apache-2.0

package capset

import (
	"encoding/binary"
	"errors"
)

// FileCaps are the capabilities of a program file, as its extended attribute
// security.capability has them (capabilities(7), "File capabilities";
// include/uapi/linux/capability.h, struct vfs_ns_cap_data; since Linux 2.6.24).
type FileCaps struct {
	Permitted, Inheritable Set
	Effective              bool // a single flag for all of them
	// Version is 1, of 32 capabilities, 2, since Linux 2.6.25, or 3, since Linux
	// 4.14, which has a RootID: the uid, in the user namespace of the reader of the
	// attribute, that is root where they count.
	Version int
	RootID  uint32
}

// ErrFileCaps says that an attribute is not one that the kernel takes: executing
// the file then fails with EINVAL.
var ErrFileCaps = errors.New("malformed security.capability")

// fileCapsSizes are the sizes in bytes of the attribute, by version.
var fileCapsSizes = [...]int{1: 12, 2: 20, 3: 24}

const (
	fileCapsEffective = 1       // VFS_CAP_FLAGS_EFFECTIVE
	fileCapsVersion   = 1 << 24 // the unit of VFS_CAP_REVISION_MASK
)

// ParseFileCaps returns what the attribute security.capability of a file says.
// One of another version or size gives [ErrFileCaps]. Like the kernel it takes
// no notice of flags that have no meaning yet; unlike it, it keeps bits above the
// last capability, which [Exec] drops.
func ParseFileCaps(attribute []byte) (FileCaps, error) {
	if len(attribute) < 4 {
		return FileCaps{}, ErrFileCaps
	}
	word := func(n int) uint32 { return binary.LittleEndian.Uint32(attribute[4*n:]) }
	version := int(word(0) / fileCapsVersion)
	if version < 1 || version >= len(fileCapsSizes) || len(attribute) != fileCapsSizes[version] {
		return FileCaps{}, ErrFileCaps
	}
	c := FileCaps{
		Permitted: Set(word(1)), Inheritable: Set(word(2)),
		Effective: word(0)&fileCapsEffective != 0, Version: version,
	}
	if version > 1 {
		c.Permitted |= Set(word(3)) << 32
		c.Inheritable |= Set(word(4)) << 32
	}
	if version > 2 {
		c.RootID = word(5)
	}
	return c, nil
}

// Attribute returns the attribute of its Version; nil if there is no such one.
func (c FileCaps) Attribute() []byte {
	if c.Version < 1 || c.Version >= len(fileCapsSizes) {
		return nil
	}
	magic := uint32(c.Version) * fileCapsVersion
	if c.Effective {
		magic |= fileCapsEffective
	}
	words := [...]uint32{magic, uint32(c.Permitted), uint32(c.Inheritable), uint32(c.Permitted >> 32), uint32(c.Inheritable >> 32), c.RootID}
	var out []byte
	for _, w := range words[:fileCapsSizes[c.Version]/4] {
		out = binary.LittleEndian.AppendUint32(out, w)
	}
	return out
}
