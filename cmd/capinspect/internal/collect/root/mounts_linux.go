// SPDX-License-Identifier: Apache-2.0

package root

import (
	"fmt"
	"slices"

	"github.com/capinspect/capinspect/procstatus"
)

// The file systems that answer by themselves: those in memory, and those on disks, as long
// as the disk answers. Any other one may wait for a server: fuse, nfs, cifs, 9p, virtiofs,
// autofs. So may one on a disk that is a file on such a server, and an overlay of them.
var (
	inMemory = [...]string{"devtmpfs", "ramfs", "rootfs", "tmpfs"}
	onDisk   = [...]string{
		"bcachefs", "btrfs", "cramfs", "erofs", "exfat", "ext2", "ext3", "ext4", "f2fs", "iso9660", "jfs", "nilfs2", "ntfs3",
		"squashfs", "udf", "vfat", "xfs", "zfs",
	}
)

// table is the mount table of a task.
type table struct {
	of   []procstatus.Mount
	node *Node
}

// at reports whether there is a mount at a path.
func (t *table) at(path string) bool {
	return slices.ContainsFunc(t.of, func(m procstatus.Mount) bool { return m.Point == path })
}

// check returns an error if a mount at a path is of a file system that may never answer.
// Several mounts may be at one path, and the table does not say for certain which one is on
// top: all of them have to answer.
func (t *table) check(path string) error {
	if !t.at(path) {
		return fmt.Errorf("%s is not a mount in its mount table", path)
	}
	for i := range t.of {
		if t.of[i].Point == path {
			if err := t.answers(&t.of[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// answers returns an error if a mount is of a file system that may never answer.
func (t *table) answers(m *procstatus.Mount) error {
	var why error
	switch {
	case slices.Contains(inMemory[:], m.Type):
		return nil
	case m.Type == "overlay" || slices.Contains(onDisk[:], m.Type):
		if why = t.node.vouches(m); why == nil {
			return nil
		}
		return fmt.Errorf("%s is on %s, which may never answer: %w", m.Point, m.Type, why)
	}
	return fmt.Errorf("%s is on %s, which may never answer", m.Point, m.Type)
}
