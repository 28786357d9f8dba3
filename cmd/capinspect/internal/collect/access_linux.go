// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/access"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect/place"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// WhyAccess tells which guarded files of a task, a pid or "self", capinspect may read. It
// opens none of them.
func (c *Collector) WhyAccess(target string) (*access.Answer, error) {
	if !c.live {
		return nil, errors.New("only a live procfs tells what capinspect may read there: " + c.lifeless())
	}
	own, err := c.ownTask()
	if err != nil {
		return nil, err
	}
	handle, err := c.handle(target)
	if err != nil {
		return nil, err
	}
	open, err := handle.Open()
	if err == nil {
		defer open.Close()
		var t *task.Task
		if t, err = c.whole(open); err == nil {
			return c.access(open, t, own).Answer(), nil
		}
	}
	if hidden := c.hiddenProcess(target, own); hidden != nil {
		return hidden, nil
	}
	return nil, plain(err)
}

// ownTask returns what decides what capinspect may read.
func (c *Collector) ownTask() (*task.Task, error) {
	status, err := c.proc.Self().Status()
	if err != nil {
		return nil, err
	}
	t := &task.Task{Source: task.SourceProc, Self: true, Status: task.StatusOf(status, task.WholeFile), LastCap: c.last}
	c.place.Label(c.proc.Self(), t)
	return t, nil
}

// hiddenProcess returns the answer for a process that hidepid hides; nil if there is no such
// process, or if that cannot be told.
func (c *Collector) hiddenProcess(target string, own *task.Task) *access.Answer {
	how := c.Hides()
	pid, err := strconv.Atoi(target)
	if how == "" || err != nil || c.place.OwnPid() != os.Getpid() {
		return nil
	}
	if _, err := unix.Getpgid(pid); err != nil {
		return nil
	}
	group := -1
	if mount, err := c.proc.Mount(); err == nil && how != ptraceable {
		_, group = hidepid(mount.SuperOptions)
	}
	return access.HiddenBy(pid, own, how, group)
}

// access finds out what decides which files of a task capinspect may read.
func (c *Collector) access(handle procstatus.Task, t, own *task.Task) *access.Subject {
	a := &access.Subject{
		Task: t, Own: own, SameProcess: t.Self || task.Is(t.Pid, own.Pid.Zero()), Seen: seen(t), Files: map[string]access.FileState{},
		OwnInitial: c.place.InInitial(procstatus.NamespaceUser),
		Yama:       c.optionalSysctl("kernel/yama/ptrace_scope"),
	}
	release, _ := Kernel()
	a.PerfmonReads = !place.OlderThan(release, 6, 15)
	a.SameUserns = c.sameUserns(handle, t)
	a.Owns, a.Below = c.overUserns(handle, t, own, a)
	for _, name := range access.GuardedFiles() {
		a.Files[name] = c.fileState(handle, name, own)
	}
	a.Dumpable = c.dumpable(t, a.Files["environ"])
	a.ProgramBelow = a.Below
	if files, ok := a.Files["environ"].MayBe.Get(); !task.Is(a.OwnInitial, true) && task.Is(a.Below, true) && (!ok || files[0].Unmapped) {
		a.ProgramBelow = task.Unknown[bool]("whether the process executed its program in capinspect's user namespace or below")
	}
	return a
}

// seen reports whether the kernel let capinspect read the links of the task, which it has
// tried already.
func seen(t *task.Task) task.Value[bool] {
	id := t.Namespace(procstatus.NamespaceUser).ID
	if id.Known() {
		return task.Known(true)
	}
	if strings.HasPrefix(id.Why(), unix.EACCES.Error()) {
		return task.Known(false)
	}
	return task.Unknown[bool](id.Why())
}

// sameUserns reports whether a task is in capinspect's user namespace. Where its link is
// hidden, the maps tell.
func (c *Collector) sameUserns(handle procstatus.Task, t *task.Task) task.Value[bool] {
	if same := t.Namespace(procstatus.NamespaceUser).WithSelf; same.Known() {
		return same
	}
	theirs, err := handle.UIDMap()
	own, err2 := c.proc.Self().UIDMap()
	groups, err3 := handle.GIDMap()
	ownGroups, err4 := c.proc.Self().GIDMap()
	if err := errors.Join(err, err2, err3, err4); err != nil {
		return task.Unknown[bool]("its id maps are hidden")
	}
	return task.Known(slices.Equal(theirs, own) && slices.Equal(groups, ownGroups))
}

// overUserns reports whether capinspect's effective uid made the user namespace of a task,
// or one between that and its own, and whether that is capinspect's own or below.
func (c *Collector) overUserns(handle procstatus.Task, t, own *task.Task, a *access.Subject) (owns, below task.Value[bool]) {
	switch {
	case task.Is(a.SameUserns, true):
		return task.Known(false), task.Known(true)
	case c.outsideOwn(handle):
		return task.Known(false), task.Known(false)
	}
	const hidden = "its user namespace is hidden, and with it whose it is"
	owns, below = task.Unknown[bool](hidden), task.Unknown[bool](hidden)
	if task.Is(a.OwnInitial, true) {
		below = task.Known(true)
	}
	maker, err := handle.UserNamespaceOwner()
	above, err2 := handle.OwnersOf(procstatus.NamespaceUser)
	if errors.Is(err2, unix.EPERM) { // it is not below capinspect's
		return task.Known(false), task.Known(false)
	}
	if err != nil || err2 != nil {
		return owns, below
	}
	me := c.place.Own(procstatus.NamespaceUser)
	for _, o := range above {
		if task.Is(me, o.Inode) {
			return task.Known(maker == own.UID.Zero().Effective), task.Known(true)
		}
		maker = o.UID
	}
	return owns, below
}

// outsideOwn reports whether the ids of a task's user namespace show that it is neither
// capinspect's nor below that.
func (c *Collector) outsideOwn(handle procstatus.Task) bool {
	m, err := handle.UIDMap()
	return err == nil && slices.ContainsFunc(m, func(e procstatus.Extent) bool { return e.Outside == procstatus.UnmappedID })
}

// fileState returns the mode and the owner of a file below /proc/PID. With O_PATH nothing is
// opened (open(2)).
func (c *Collector) fileState(handle procstatus.Task, name string, own *task.Task) access.FileState {
	fd, err := handle.OpenPath(name)
	if errors.Is(err, fs.ErrNotExist) {
		return access.FileState{Gone: true, MayBe: task.Unknown[[]capset.File](place.Reason(err))}
	}
	var st unix.Stat_t
	if err == nil {
		defer unix.Close(fd)
		err = unix.Fstat(fd, &st)
	}
	if err != nil {
		return access.FileState{MayBe: task.Unknown[[]capset.File](place.Reason(err))}
	}
	i := inode(c.place, &st, false)
	files := []capset.File{{Mode: i.Mode, UID: i.UID, GID: i.GID, Unmapped: i.NoUID || i.NoGID}}
	if i.NoUID {
		files[0].UID = capset.Unchanged // nobody that capinspect can be
	}
	if i.NoGID {
		files[0].GID = capset.Unchanged
	}
	if i.Doubts != nil {
		files = append(files, capset.File{Mode: i.Mode, UID: i.UID, GID: i.GID})
	}
	if i.NoUID && own.UID.Zero().Filesystem == i.UID || i.NoGID && own.GID.Zero().Filesystem == i.GID { // it may have no id either
		files = append(files, capset.File{Mode: i.Mode, UID: i.UID, GID: i.GID, Unmapped: true})
	}
	return access.FileState{MayBe: task.Known(files)}
}

// dumpable reports whether a process is dumpable, as the owner of its files tells: if it is,
// that is its effective ids, or else root of the user namespace in which it executed its
// program (fs/proc/base.c, task_dump_owner).
func (c *Collector) dumpable(t *task.Task, environ access.FileState) task.Value[bool] {
	files, ok := environ.MayBe.Get()
	uid, gid := t.UID.Zero().Effective, t.GID.Zero().Effective
	users, groups := t.UserNamespace.Zero().UIDMap.Zero(), t.UserNamespace.Zero().GIDMap.Zero()
	switch {
	case !ok:
		return task.Unknown[bool](environ.MayBe.Why())
	case t.Overflow != "" || len(files) > 1 || files[0].Unmapped:
		return task.Unknown[bool]("its ids, or the owner of its files, are not in capinspect's user namespace")
	case files[0].UID != uid || files[0].GID != gid:
		return task.Known(false)
	case mayBeRoot(users, uid) && mayBeRoot(groups, gid):
		return task.Unknown[bool]("its files belong to root whether it is dumpable or not")
	}
	return task.Known(true)
}

// mayBeRoot reports whether an id may be that of root, in capinspect's user namespace or in
// that of a map.
func mayBeRoot(m procstatus.IDMap, id uint32) bool {
	in, ok := m.Inside(id)
	return id == 0 || ok && in == 0
}
