// SPDX-License-Identifier: Apache-2.0

package procstatus

import (
	"bytes"
	"io/fs"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Task is a handle for one task of a procfs: a process, whose files tell of its
// thread-group leader, or a thread. It holds no state of the task: each method
// reads a file anew.
//
// An error is fs.ErrNotExist (errors.Is) if the task does not exist or has ended,
// and fs.ErrPermission if the caller may not read the file. To read the namespaces
// and the links root, cwd and exe, the caller needs the right to trace the task
// (ptrace(2), PTRACE_MODE_READ_FSCREDS).
type Task struct {
	dir  dir    // what name is relative to
	name string // the directory of the task; "." if dir is that itself
	pid  int
	open bool
}

// Task returns the task with a pid, which may also be the tid of a thread. It
// makes no system call: whether there is such a task shows when it is read.
func (p *FS) Task(pid int) Task {
	return Task{dir: p.dir, name: strconv.Itoa(pid), pid: pid}
}

// Self returns the calling process, by the link /proc/self.
func (p *FS) Self() Task { return Task{dir: p.dir, name: "self"} }

// Thread returns a thread of the process. If the process is open, the thread is
// certain to be one of it.
func (t Task) Thread(tid int) Task {
	return Task{dir: t.dir, name: t.name + "/task/" + strconv.Itoa(tid), pid: tid}
}

// Pid returns the pid or tid that the handle was made of; 0 for [FS.Self].
func (t Task) Pid() int { return t.pid }

// Open returns the same task with its directory open. All that is read through it
// is of one task: if that ends and its pid is used again, reading fails. The
// caller has to close it.
func (t Task) Open() (Task, error) {
	fd, err := t.OpenPath(".")
	if err != nil {
		return Task{}, err
	}
	path := t.dir.path
	if t.name != "." {
		path += "/" + t.name
	}
	return Task{dir: dir{fd, path}, name: ".", pid: t.pid, open: true}, nil
}

// Close closes the directory of a task that [Task.Open] has returned, which must
// not be used any more, nor its threads. It does nothing to other ones.
func (t Task) Close() error {
	if !t.open {
		return nil
	}
	return unix.Close(t.dir.fd)
}

func (t Task) file(name string) string { return t.name + "/" + name }

func (t Task) read(name string, limit int, use func(text []byte) error) error {
	return t.dir.read(t.file(name), limit, false, use)
}

// MaxStatus is the size in bytes of the longest status file that is read. One
// with 65,536 groups, the most that a task can have, is shorter.
const MaxStatus = 1 << 20

// Status reads the status file. It is read from one open, so that all of it is of
// one moment.
func (t Task) Status() (*Status, error) {
	s := new(Status)
	if err := t.ReadStatus(s); err != nil {
		return nil, err
	}
	return s, nil
}

// ReadStatus is [Task.Status] into a Status that is used again: it keeps the
// memory of the slices. After an error the Status holds nothing of use.
func (t Task) ReadStatus(s *Status) error {
	if s == nil {
		return fs.ErrInvalid
	}
	return t.dir.read(t.file("status"), MaxStatus, true, s.UnmarshalText)
}

// StartTime reads when the task started, in clock ticks after the boot: see [ParseStartTime].
func (t Task) StartTime() (ticks uint64, err error) {
	err = t.read("stat", MaxStat, func(text []byte) (err error) {
		ticks, err = ParseStartTime(text)
		return err
	})
	return ticks, err
}

// Mounts reads the mount table of the task's mount namespace, as far as its root
// directory reaches.
func (t Task) Mounts() (list []Mount, err error) {
	err = t.read("mountinfo", MaxMountinfo, func(text []byte) (err error) {
		list, err = ParseMounts(text)
		return err
	})
	return list, err
}

// UIDMap reads the map of user ids of the task's user namespace (since Linux 3.5).
func (t Task) UIDMap() (IDMap, error) { return t.idMap("uid_map") }

// GIDMap reads the map of group ids of the task's user namespace (since Linux
// 3.5).
func (t Task) GIDMap() (IDMap, error) { return t.idMap("gid_map") }

// maxIDMap is more than the 340 lines that a map can have.
const maxIDMap = 64 << 10

func (t Task) idMap(name string) (m IDMap, err error) {
	err = t.read(name, maxIDMap, func(text []byte) (err error) {
		m, err = ParseIDMap(text)
		return err
	})
	return m, err
}

// Setgroups tells whether processes in the task's user namespace may call
// setgroups(2): "allow" or "deny" (user_namespaces(7); since Linux 3.19).
func (t Task) Setgroups() (value string, err error) {
	err = t.read("setgroups", 32, func(text []byte) error {
		value = strings.TrimSpace(string(text))
		return nil
	})
	return value, err
}

// Label reads what the security module calls the task. AppArmor has a file of its
// own, attr/apparmor/current, since Linux 5.8; attr/current belongs to the first
// module that has labels. The error is that of attr/current, EINVAL if no module
// has labels (proc_pid_attr(5)).
func (t Task) Label() (l Label, err error) {
	for _, from := range [...]struct{ module, file string }{{"apparmor", "attr/apparmor/current"}, {"", "attr/current"}} {
		err = t.read(from.file, MaxLabel, func(text []byte) (err error) {
			l, err = ParseLabel(from.module, text)
			return err
		})
		if err == nil {
			break
		}
	}
	return l, err
}

// MaxCgroup is the size in bytes of the longest cgroup file that is read.
const MaxCgroup = 64 << 10

// Cgroup reads the text of the cgroup file, which [ParseCgroup] and
// [Cgroups] take, and OfCgroup of package container.
func (t Task) Cgroup() (text []byte, err error) {
	err = t.read("cgroup", MaxCgroup, func(all []byte) error {
		text = bytes.Clone(all)
		return nil
	})
	return text, err
}

// Tids lists the threads of the process, ascending. The first one is not always
// the leader.
func (t Task) Tids() ([]int, error) { return t.dir.sorted(t.file("task")) }

// Readlink returns where a link of the task leads to: "root", "cwd", "exe".
func (t Task) Readlink(name string) (string, error) {
	if !fs.ValidPath(name) {
		return "", t.dir.failed("readlink", t.file(name), fs.ErrInvalid)
	}
	return t.dir.readlink(t.file(name))
}

// OpenPath returns a new descriptor of "root", "cwd", "exe" or another file or
// directory of the task, open with O_PATH (open(2)): that asks nothing of the file
// system behind a link. The caller has to close it, by unix.Close.
func (t Task) OpenPath(name string) (fd int, err error) {
	if !fs.ValidPath(name) {
		return -1, t.dir.failed("open", t.file(name), fs.ErrInvalid)
	}
	return t.dir.open(t.file(name), unix.O_PATH)
}

// Namespace returns the inode of one of the task's namespaces. Two tasks share
// the namespace if it is the same.
func (t Task) Namespace(k NamespaceKind) (inode uint64, err error) {
	name := t.file("ns/" + k.String())
	link, err := t.dir.readlink(name)
	if err != nil {
		return 0, err
	}
	kind, inode, err := ParseNamespace(link)
	if err == nil && kind != k.String() {
		err = ErrSyntax
	}
	if err != nil {
		return 0, t.dir.failed("readlink", name, err)
	}
	return inode, nil
}

// OwnerOf returns the inode of the user namespace that owns one of the task's
// namespaces: who has a capability there has it over that namespace
// (ioctl_nsfs(2), NS_GET_USERNS; since Linux 4.9). The error is EPERM if the owner
// is neither the caller's user namespace nor below it.
func (t Task) OwnerOf(k NamespaceKind) (inode uint64, err error) {
	return t.related(k, unix.NS_GET_USERNS)
}

// ParentUserNamespace returns the inode of the user namespace above the task's
// (ioctl_nsfs(2), NS_GET_PARENT; since Linux 4.9). The error is EPERM if it is
// neither the caller's user namespace nor below it.
func (t Task) ParentUserNamespace() (inode uint64, err error) {
	return t.related(NamespaceUser, unix.NS_GET_PARENT)
}

// Owner is a user namespace that owns something, and the user who made it.
type Owner struct {
	Inode uint64
	UID   uint32 // the effective uid that made it, in the caller's user namespace
}

// OwnersOf returns the user namespace that owns one of the task's namespaces, as OwnerOf
// does, and those above it, each after the one below it. The list ends with the caller's
// user namespace, above which the kernel tells nothing (ioctl_nsfs(2), NS_GET_PARENT and
// NS_GET_OWNER_UID; the latter since Linux 4.11).
func (t Task) OwnersOf(k NamespaceKind) (owners []Owner, err error) {
	name := t.file("ns/" + k.String())
	ns, err := t.dir.open(name, reading)
	if err != nil {
		return nil, err
	}
	defer func() { unix.Close(ns) }()
	for request := uint(unix.NS_GET_USERNS); ; request = unix.NS_GET_PARENT {
		above, err := retry(func() (int, error) { return unix.IoctlRetInt(ns, request) })
		switch {
		case err == unix.EPERM && owners != nil:
			return owners, nil
		case err != nil:
			return nil, t.dir.failed("ioctl", name, err)
		}
		unix.Close(ns)
		ns = above
		owner, err := ownerAt(ns)
		if err != nil {
			return nil, t.dir.failed("ioctl", name, err)
		}
		owners = append(owners, owner)
	}
}

// UserNamespaceOwner returns the effective uid that made the user namespace of the task, in
// the caller's user namespace (ioctl_nsfs(2), NS_GET_OWNER_UID; since Linux 4.11). It needs
// the right to trace the task.
func (t Task) UserNamespaceOwner() (uid uint32, err error) {
	name := t.file("ns/user")
	ns, err := t.dir.open(name, reading)
	if err != nil {
		return 0, err
	}
	defer unix.Close(ns)
	if uid, err = unix.IoctlGetUint32(ns, unix.NS_GET_OWNER_UID); err != nil {
		return 0, t.dir.failed("ioctl", name, err)
	}
	return uid, nil
}

// ownerAt returns the user namespace that is open.
func ownerAt(ns int) (o Owner, err error) {
	var st unix.Stat_t
	if err := unix.Fstat(ns, &st); err != nil {
		return o, err
	}
	uid, err := unix.IoctlGetUint32(ns, unix.NS_GET_OWNER_UID)
	return Owner{st.Ino, uid}, err
}

// related asks for a namespace that another one is related to.
func (t Task) related(k NamespaceKind, request uint) (inode uint64, err error) {
	name := t.file("ns/" + k.String())
	ns, err := t.dir.open(name, reading)
	if err != nil {
		return 0, err
	}
	defer unix.Close(ns)
	found, err := retry(func() (int, error) { return unix.IoctlRetInt(ns, request) })
	if err != nil {
		return 0, t.dir.failed("ioctl", name, err)
	}
	defer unix.Close(found)
	var st unix.Stat_t
	if err := unix.Fstat(found, &st); err != nil {
		return 0, t.dir.failed("fstat", name, err)
	}
	return st.Ino, nil
}
