// SPDX-License-Identifier: Apache-2.0

package root

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/procstatus"
)

// local are the file systems that answer by themselves, as long as the disk does.
// What is not here may wait for a server: fuse, nfs, cifs, 9p, virtiofs, autofs.
var local = [...]string{
	"bcachefs", "btrfs", "cramfs", "devtmpfs", "erofs", "exfat", "ext2", "ext3", "ext4", "f2fs", "iso9660", "jfs", "nilfs2", "ntfs3",
	"ramfs", "rootfs", "squashfs", "tmpfs", "udf", "vfat", "xfs", "zfs",
}

// table is the mount table of a task.
type table struct {
	of    []procstatus.Mount
	own   []procstatus.Mount // capinspect's, if there is an overlay in the other
	trust bool               // nobody made it who could not have made those of capinspect
}

// at reports whether there is a mount at a path.
func (t *table) at(path string) bool {
	return slices.ContainsFunc(t.of, func(m procstatus.Mount) bool { return m.Point == path })
}

// check returns an error if a mount at a path is of a file system that may never
// answer. All of them count: which one covers the others is not certain.
func (t *table) check(path string) error {
	if !t.at(path) {
		return fmt.Errorf("%s is no mount of its mount table", path)
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
	switch {
	case slices.Contains(local[:], m.Type):
		return nil
	case m.Type != "overlay":
		return fmt.Errorf("%s is on %s, which may never answer", m.Point, m.Type)
	case !t.trusted(m):
		return fmt.Errorf("%s is on an overlay of unknown layers, which may never answer", m.Point)
	}
	return nil
}

// trusted reports whether the layers of an overlay answer. Whoever has a user
// namespace can make one of any layers (since Linux 5.11), and calls them what
// they like. One that capinspect has mounted too was made by somebody else. A
// runtime makes it of directories on the node, but some of those may be file
// systems that fetch an image when it is read, as stargz's and nydus's.
func (t *table) trusted(m *procstatus.Mount) bool {
	seen := slices.ContainsFunc(t.own, func(o procstatus.Mount) bool {
		return o.Type == m.Type && o.Major == m.Major && o.Minor == m.Minor
	})
	if !seen && !t.trust {
		return false
	}
	for option := range strings.SplitSeq(m.SuperOptions, ",") {
		key, layers, _ := strings.Cut(option, "=")
		if !strings.HasPrefix(key, "lowerdir") && key != "upperdir" && key != "datadir+" {
			continue
		}
		if strings.Contains(layers, `\`) { // the kernel's escapes, and overlay's in them
			return false
		}
		for layer := range strings.SplitSeq(layers, ":") {
			if t.remote(layer) {
				return false
			}
		}
	}
	return true
}

// remote reports whether a directory is below a mount of capinspect's own that
// may never answer. That of an overlay may be relative to where a runtime was.
func (t *table) remote(dir string) bool {
	for i := range t.own {
		m := &t.own[i]
		if m.Type == "overlay" || slices.Contains(local[:], m.Type) || m.Point == "/" {
			continue
		}
		if dir == m.Point || strings.HasPrefix(dir, m.Point+"/") || dir != "" && dir[0] != '/' && strings.HasSuffix(m.Point, "/"+dir) {
			return true
		}
	}
	return false
}

// meet reads capinspect's own mount table if there is an overlay among the mounts
// of a task, and finds out who could make those mounts. They are trusted if only
// the root of capinspect's own user namespace could, and the task is bound.
func (t *table) meet(proc *procstatus.FS, task procstatus.Task, bound bool) error {
	if !slices.ContainsFunc(t.of, func(m procstatus.Mount) bool { return m.Type == "overlay" }) {
		return nil
	}
	var err error
	if t.own, err = proc.Self().Mounts(); err != nil {
		return err
	}
	t.trust = bound && ownsMounts(proc, task)
	return nil
}

// ownsMounts reports whether the mount namespace of a task belongs to capinspect's
// own user namespace.
func ownsMounts(proc *procstatus.FS, task procstatus.Task) bool {
	owner, err := task.OwnerOf(procstatus.NamespaceMnt)
	if err != nil {
		return false
	}
	own, err := proc.Self().Namespace(procstatus.NamespaceUser)
	return err == nil && own == owner
}
