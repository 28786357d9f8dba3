// SPDX-License-Identifier: Apache-2.0

package place

import (
	"errors"
	"slices"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect/root"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect/userdb"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// Files are the files below the root directory of a task.
type Files struct {
	userdb.Files       // nil if they are out of reach
	Err          error // why they are
	// Users and Groups are the task's id maps, if the files are for other ids than those
	// that the kernel tells capinspect.
	Users, Groups procstatus.IDMap
}

// OwnFiles returns those that capinspect has itself.
func OwnFiles() Files { return Files{Files: root.Own(nil)} }

// Root returns the root directory of another task; nil if the files are capinspect's own, or
// out of reach.
func (f *Files) Root() *root.Root {
	under, _ := f.Files.(*root.Root)
	return under
}

// Close closes the root directory.
func (f *Files) Close() {
	if under := f.Root(); under != nil {
		under.Close()
	}
}

// FilesOf returns the files below the root directory of a task. Those of another root than
// capinspect's own may be made to do harm: see package root.
func (f *Finder) FilesOf(handle procstatus.Task, t *task.Task, mounts []procstatus.Mount) Files {
	if t.Self {
		return OwnFiles()
	}
	if !f.live {
		return Files{Err: ErrNotLive}
	}
	mnt, err := handle.Namespace(procstatus.NamespaceMnt)
	if err != nil {
		return Files{Err: errors.New("its root directory is hidden: " + f.Hidden(err, t))}
	}
	if task.Is(f.Own(procstatus.NamespaceMnt), mnt) && f.sharesRoot(handle, mounts) {
		return OwnFiles()
	}
	var files Files
	if user, err := handle.Namespace(procstatus.NamespaceUser); err != nil || !task.Is(f.Own(procstatus.NamespaceUser), user) {
		if files.Users, err = handle.UIDMap(); err == nil {
			files.Groups, err = handle.GIDMap()
		}
		if err != nil {
			return Files{Err: errors.New("its id maps are hidden: " + f.Hidden(err, t))}
		}
	}
	under, err := root.Open(f.theNode(), handle, mounts)
	if err != nil {
		return Files{Err: err}
	}
	files.Files = under
	return files
}

// initialMounts is the inode of the initial mount namespace, on kernels on which it is fixed
// (include/uapi/linux/nsfs.h, MNT_NS_INIT_INO).
const initialMounts = 0xEFFFFFF8

// theNode returns the mount namespace that tells which file systems answer: that of the
// node's PID 1, or capinspect's own if that one is out of reach.
func (f *Finder) theNode() *root.Node {
	if f.node != nil {
		return f.node
	}
	own, first := f.Own(procstatus.NamespaceMnt), f.First(procstatus.NamespaceMnt)
	if first.Known() && f.initIsFirst() {
		f.node = root.NewNode(f.proc, f.proc.Task(1), true)
	} else {
		shared := task.Is(own, initialMounts) || task.Is(task.SameInode(own, first), true)
		f.node = root.NewNode(f.proc, f.proc.Self(), shared && f.reader().root == "/")
	}
	return f.node
}

// sharesRoot reports whether a task of capinspect's mount namespace has its root directory
// too.
func (f *Finder) sharesRoot(handle procstatus.Task, mounts []procstatus.Mount) bool {
	me := f.reader()
	if me.root == "" {
		return false
	}
	at, err := handle.Readlink("root")
	return err == nil && at == me.root && slices.ContainsFunc(mounts, func(m procstatus.Mount) bool {
		return m.Point == "/" && m.ID == me.rootMount
	})
}
