// SPDX-License-Identifier: Apache-2.0

package collect

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

// names looks up the names of the task's user and group ids in its files. users and groups
// are its id maps, if the files are for other ids than those that the kernel tells. err is
// why there are no files.
func (c *Collector) names(t *task.Task, from userdb.Files, err error, users, groups procstatus.IDMap) {
	if ids, ok := t.UID.Get(); ok {
		d := userdb.Database{File: userdb.Passwd, From: from, Err: err, Inside: users, Doubts: c.doubts(t, &overflowUID)}
		t.UserNames = d.Names(ids.Real, ids.Effective)
	}
	if ids, ok := t.GID.Get(); ok {
		d := userdb.Database{File: userdb.Group, From: from, Err: err, Inside: groups, Doubts: c.doubts(t, &overflowGID)}
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
func (c *Collector) doubts(t *task.Task, o *overflow) func(id uint32) error {
	own, asked := procstatus.IDMap(nil), false
	over, same := uint32(task.OverflowID), t.Self
	return func(id uint32) error {
		if !c.live || id != task.OverflowID && (c.me == nil || c.me.inInitialUserNS()) {
			return nil
		}
		if me := c.reader(); me.inInitialUserNS() {
			return nil
		} else if !asked {
			asked, over = true, o.id(c.proc)
			own, _ = o.ids(c.proc.Self())
			user, err := c.proc.Task(t.Tid.Zero()).Namespace(procstatus.NamespaceUser)
			same = same || err == nil && task.Is(me.namespaces[procstatus.NamespaceUser], user)
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

// overflow notes that one of the task's ids stands for others, or may.
func (c *Collector) overflow(t *task.Task) {
	uid, hasUID := t.UID.Get()
	gid, hasGID := t.GID.Get()
	if !hasUID || !hasGID {
		return
	}
	for _, ids := range [...]struct {
		of capset.IDs
		o  *overflow
	}{{uid, &overflowUID}, {gid, &overflowGID}} {
		doubts := c.doubts(t, ids.o)
		for _, id := range [...]uint32{ids.of.Real, ids.of.Effective} {
			if err := doubts(id); err != nil {
				t.Overflow = err.Error()
				return
			}
		}
	}
}

// errUnmapped says of the owner of a file that capinspect's user namespace has no id
// for it.
var errUnmapped = errors.New("its owner has no id in capinspect's user namespace")

// doubtsOfFile returns what says why the owner of a file may not be what it seems, or
// is not; nil if it is.
func (c *Collector) doubtsOfFile(id uint32, o *overflow) error {
	initial := c.live && c.reader().inInitialUserNS()
	if id != task.OverflowID && !c.live || initial && !c.idmapped {
		return nil
	}
	over, own := uint32(task.OverflowID), procstatus.IDMap(nil)
	if c.live {
		over = o.id(c.proc)
	}
	if id != over {
		return nil
	}
	if c.live {
		own, _ = o.ids(c.proc.Self())
	}
	switch {
	case own != nil && !own.Covers(id):
		return errUnmapped
	case initial:
		return fmt.Errorf("an owner %d may be one that an idmapped mount does not map, and not that id", id)
	}
	return fmt.Errorf("an owner %d may be one that capinspect's user namespace cannot express, and not that id", id)
}
