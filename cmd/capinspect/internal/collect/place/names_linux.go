// SPDX-License-Identifier: Apache-2.0

package place

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect/userdb"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// Names looks up the names of the task's user and group ids in its files.
func (f *Finder) Names(t *task.Task, files Files) {
	if ids, ok := t.UID.Get(); ok {
		d := userdb.Database{File: userdb.Passwd, From: files.Files, Err: files.Err, Inside: files.Users, Doubts: f.doubts(t, &overflowUID)}
		t.UserNames = d.Names(ids.Real, ids.Effective)
	}
	if ids, ok := t.GID.Get(); ok {
		d := userdb.Database{File: userdb.Group, From: files.Files, Err: files.Err, Inside: files.Groups, Doubts: f.doubts(t, &overflowGID)}
		t.GroupNames = d.Names(append([]uint32{ids.Real, ids.Effective}, t.Groups.Zero()...)...)
	}
}

// overflow is how the kernel shows ids that capinspect's user namespace cannot
// express (proc_sys_kernel(5), overflowuid and overflowgid; since Linux 2.2).
type overflow struct {
	sysctl string
	ids    func(procstatus.Task) (procstatus.IDMap, error)
}

var (
	overflowUID = overflow{"kernel/overflowuid", procstatus.Task.UIDMap}
	overflowGID = overflow{"kernel/overflowgid", procstatus.Task.GIDMap}
)

// id returns the overflow id.
func (o *overflow) id(proc *procstatus.FS) uint32 {
	if text, err := proc.Sysctl(o.sysctl); err == nil {
		if n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 32); err == nil {
			return uint32(n)
		}
	}
	return task.OverflowID
}

// doubts returns a function that says why an id of a task may not be what it seems; nil if
// it is what it seems. In the initial user namespace all ids are. Nothing is asked unless
// there is an id that is the usual overflow id, or the overflow id was changed.
func (f *Finder) doubts(t *task.Task, o *overflow) func(id uint32) error {
	own, asked := procstatus.IDMap(nil), false
	over, same := uint32(task.OverflowID), t.Self
	return func(id uint32) error {
		if !f.live || id != task.OverflowID && (f.me == nil || f.inInitialUser()) {
			return nil
		}
		if f.inInitialUser() {
			return nil
		}
		if !asked {
			asked, over = true, o.id(f.proc)
			own, _ = o.ids(f.proc.Self())
			user, err := f.proc.Task(t.Tid.Zero()).Namespace(procstatus.NamespaceUser)
			same = same || err == nil && task.Is(f.Own(procstatus.NamespaceUser), user)
		}
		_, has := own.Outside(id)
		switch {
		case id != over || has && same:
			return nil
		case has || own == nil:
			return fmt.Errorf("%d is the overflow id, which may stand for an id that capinspect's user namespace cannot express", id)
		}
		return fmt.Errorf("%d is the overflow id, which stands for any id that capinspect's user namespace cannot express", id)
	}
}

// Overflow notes that one of the task's ids stands for others, or may.
func (f *Finder) Overflow(t *task.Task) {
	uid, hasUID := t.UID.Get()
	gid, hasGID := t.GID.Get()
	if !hasUID || !hasGID {
		return
	}
	for _, ids := range [...]struct {
		of capset.IDs
		o  *overflow
	}{{uid, &overflowUID}, {gid, &overflowGID}} {
		doubts := f.doubts(t, ids.o)
		for _, id := range [...]uint32{ids.of.Real, ids.of.Effective} {
			if err := doubts(id); err != nil {
				t.Overflow = err.Error()
				return
			}
		}
	}
}

// ErrUnmapped says of the owner of a file that capinspect's user namespace has no id
// for it.
var ErrUnmapped = errors.New("its owner has no id in capinspect's user namespace")

// DoubtsOfOwner returns why the owner and the group of a file may not be what they seem, or
// are not; nil if they are. idmapped says that the file may be on a mount that maps ids.
func (f *Finder) DoubtsOfOwner(uid, gid uint32, idmapped bool) (user, group error) {
	return f.doubtsOfOwner(uid, &overflowUID, idmapped), f.doubtsOfOwner(gid, &overflowGID, idmapped)
}

func (f *Finder) doubtsOfOwner(id uint32, o *overflow, idmapped bool) error {
	initial := f.live && f.inInitialUser()
	if id != task.OverflowID && !f.live || initial && !idmapped {
		return nil
	}
	over, own := uint32(task.OverflowID), procstatus.IDMap(nil)
	if f.live {
		over = o.id(f.proc)
	}
	if id != over {
		return nil
	}
	if f.live {
		own, _ = o.ids(f.proc.Self())
	}
	switch {
	case own != nil && !own.Covers(id):
		return ErrUnmapped
	case initial:
		return fmt.Errorf("an owner %d may be one that an idmapped mount does not map, and not that id", id)
	}
	return fmt.Errorf("an owner %d may be one that capinspect's user namespace cannot express, and not that id", id)
}
