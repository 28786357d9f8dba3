// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect/place"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect/userdb"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/predict"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/why"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/why/userns"
	"github.com/capinspect/capinspect/procstatus"
)

// WhyUserns says whether a task, a pid or "self", may create a user namespace, and whether
// that would be of use.
func (c *Collector) WhyUserns(target string) (*userns.Answer, error) {
	s, err := c.subject(target)
	if err != nil {
		return nil, err
	}
	defer s.close()
	if err := s.start(); err != nil {
		return nil, err
	}
	about := why.Subject{Task: s.task, Credentials: s.Credentials, How: s.How, Outside: s.outside()}
	if s.hidden == nil && !s.task.Self {
		_ = s.running(&about) // for the path of the program alone
	}
	asked := &userns.Question{
		Subject: &about, Supported: c.hasUserns(),
		MaxNamespaces:     c.optionalSysctl("user/max_user_namespaces"),
		UnprivilegedClone: c.optionalSysctl("kernel/unprivileged_userns_clone"),
		AppArmorRestricts: c.optionalSysctl("kernel/apparmor_restrict_unprivileged_userns"),
		SameUserns:        s.task.Self || task.Is(s.task.Namespace(procstatus.NamespaceUser).WithSelf, true),
		Chrooted:          s.chrooted(),
		Level:             s.level(),
	}
	ns := s.task.UserNamespace.Zero()
	asked.Users = s.subordinates(userns.SubordinateUsers, s.Credentials.UID.Effective, ns.UIDMap)
	asked.Groups = s.subordinates(userns.SubordinateGroups, s.Credentials.GID.Effective, ns.GIDMap)
	return asked.Answer(), nil
}

// hasUserns reports whether the kernel has user namespaces.
func (c *Collector) hasUserns() task.Value[bool] {
	if !c.live {
		return task.Unknown[bool](c.lifeless())
	}
	switch _, err := c.proc.Self().Namespace(procstatus.NamespaceUser); {
	case errors.Is(err, fs.ErrNotExist):
		return task.Known(false)
	case err != nil:
		return task.Unknown[bool](place.Reason(err))
	}
	return task.Known(true)
}

// lifeless says why the running kernel cannot be asked.
func (c *Collector) lifeless() string {
	if c.proc == nil {
		return place.ErrNoProc.Error()
	}
	return place.ErrNotLive.Error()
}

// optionalSysctl returns a sysctl, "" if the kernel does not have it. Those of a user
// namespace are those of capinspect's own.
func (c *Collector) optionalSysctl(name string) task.Value[string] {
	if !c.live {
		return task.Unknown[string](c.lifeless())
	}
	text, err := c.proc.Sysctl(name)
	if errors.Is(err, fs.ErrNotExist) {
		return task.Known("")
	}
	return known(strings.TrimSpace(text), err)
}

// level returns how many user namespaces the task's own is below the initial one.
func (s *subject) level() task.Value[int] {
	c := s.from
	switch {
	case task.Is(s.task.Initial(procstatus.NamespaceUser), true):
		return task.Known(0)
	case !s.opened || !c.live:
		return task.Unknown[int](c.lifeless())
	case !task.Is(c.place.InInitial(procstatus.NamespaceUser), true):
		return task.Unknown[int]("capinspect is not in the initial user namespace, and sees none above its own")
	}
	above, err := s.handle.OwnersOf(procstatus.NamespaceUser)
	if err != nil {
		return task.Unknown[int](c.place.Hidden(err, s.task))
	}
	return task.Known(len(above))
}

// chrooted reports whether the root directory of the task is another than that of its mount
// namespace (fs/namespace.c, current_chrooted): it is below that, or has a mount on it.
func (s *subject) chrooted() task.Value[bool] {
	c := s.from
	if !s.opened || !c.live {
		return task.Unknown[bool](c.lifeless())
	}
	mounts, err := s.handle.Mounts()
	if err != nil {
		return task.Unknown[bool](c.place.Hidden(err, s.task))
	}
	// A mount table begins at the root directory of the task. One that is not a mount is missing.
	if !slices.ContainsFunc(mounts, func(m procstatus.Mount) bool { return m.Point == "/" }) {
		return task.Known(true)
	}
	top, err := s.rootOf(s.handle)
	if err != nil {
		return task.Unknown[bool](c.place.Hidden(err, s.task))
	}
	if slices.ContainsFunc(mounts, func(m procstatus.Mount) bool { return m.Point == "/" && m.Parent == top.mount && m.ID != top.mount }) {
		return task.Known(true)
	}
	if task.Is(s.task.Namespace(procstatus.NamespaceMnt).WithSelf, false) { // the path begins at the root of its mount namespace
		return task.Known(top.path != "/")
	}
	if top.path != "/" && !strings.HasPrefix(top.path, "(unreachable)") {
		return task.Known(true)
	}
	// The path begins at capinspect's own root directory, which PID 1 may have too.
	first, err := s.rootOf(c.proc.Task(1))
	shared := task.Is(task.SameInode(c.place.First(procstatus.NamespaceMnt), c.place.Own(procstatus.NamespaceMnt)), true)
	if err != nil || !shared {
		return task.Unknown[bool]("it is capinspect's own too, and no PID 1 of that mount namespace can be compared with it")
	}
	return task.Known(first.mount != top.mount || first.stat.Dev != top.stat.Dev || first.stat.Ino != top.stat.Ino)
}

// rootDir is the root directory of a task.
type rootDir struct {
	path  string // as the kernel names it to capinspect
	mount int
	stat  unix.Stat_t
}

// rootOf returns the root directory of a task.
func (s *subject) rootOf(handle procstatus.Task) (t rootDir, err error) {
	if t.path, err = handle.Readlink("root"); err != nil {
		return t, err
	}
	fd, err := handle.OpenPath("root")
	if err != nil {
		return t, err
	}
	defer unix.Close(fd)
	if t.mount, err = s.from.proc.MountID(fd); err != nil {
		return t, err
	}
	return t, unix.Fstat(fd, &t.stat)
}

// helperDirs are where a distribution has newuidmap.
var helperDirs = [...]string{"/usr/bin/", "/bin/", "/usr/local/bin/", "/usr/sbin/"}

// subordinates finds out which ids, of users or groups, a user namespace of the task may
// have.
func (s *subject) subordinates(kind userns.Subordinate, own uint32, in task.Value[procstatus.IDMap]) userns.SubordinateIDs {
	ids := userns.SubordinateIDs{Own: own, File: "/" + kind.File, Any: s.Credentials.Sets[capset.Effective].Has(kind.Cap)}
	if s.hidden != nil {
		ids.Ranges, ids.Helps = task.Unknown[[]task.IDRange](s.hidden.Error()), task.Unknown[bool](s.hidden.Error())
		return ids
	}
	uid := s.task.UID.Zero().Real
	inside, _ := s.Users.In(uid)
	found, err := userdb.Subordinate(s.files, kind.File, s.task.UserNames[uid].Zero(), inside)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if ids.Ranges = known(found, err); err == nil && in.Known() {
		ids.Ranges = task.Known(userns.Mapped(found, in.Zero()))
	}
	for _, dir := range helperDirs {
		p, err := s.Predict(dir + kind.Helper)
		switch {
		case err != nil:
			ids.Helper, ids.Helps = dir+kind.Helper, task.Unknown[bool](err.Error())
		case p.Result == "ENOENT":
			continue
		case p.Result != predict.OK:
			ids.Helper, ids.Helps, ids.Why = dir+kind.Helper, task.Known(false), "it cannot execute it ("+p.Result+": "+p.Why+")"
		default:
			ids.Helper = dir + kind.Helper
			kind.Judge(&ids, p.Before, p.After)
		}
		return ids
	}
	ids.Helps, ids.Why = task.Known(false), "there is no "+kind.Helper
	return ids
}
