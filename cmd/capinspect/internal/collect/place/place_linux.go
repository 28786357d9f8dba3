// SPDX-License-Identifier: Apache-2.0

// Package place finds out where a task is: in which namespaces and whose they are, in which
// container, and which files and names of ids count there. It compares the task with
// capinspect itself, and says of what is hidden what that depends on.
package place

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect/root"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// Why nothing is known of a task but what its procfs has, and why not even that.
var (
	ErrNotLive = errors.New("this is a copy of a procfs")
	ErrNoProc  = errors.New("there is no /proc")
)

// Finder finds out where the tasks of one procfs are.
type Finder struct {
	proc *procstatus.FS                // nil if there is none
	live bool                          // proc is of the running kernel
	own  int                           // the pid that proc gives to capinspect itself, 0 if none or not asked yet
	me   *reader                       // what capinspect itself is; nil if not asked yet
	node *root.Node                    // nil if not asked for yet
	top  task.Value[*procstatus.Mount] // see nodesRoot; unknown if not asked for yet
	kept map[uint64]keptOwners         // of namespaces, by their inodes; nil if none are kept
}

// New returns a Finder for a procfs, or for none if that is nil. live says that the procfs is
// of the running kernel.
func New(proc *procstatus.FS, live bool) *Finder { return &Finder{proc: proc, live: live} }

// OwnPid returns the pid that the procfs gives to capinspect itself, 0 if it has none
// there.
func (f *Finder) OwnPid() int {
	if f.own != 0 || !f.live {
		return f.own
	}
	var err error
	if f.own, err = f.proc.SelfPid(); err != nil { // a sandbox may refuse to read links
		if s, err := f.proc.Self().Status(); err == nil {
			f.own = s.Tgid
		}
	}
	return f.own
}

// inode is the inode of a namespace, or why it is unknown.
type inode = task.Value[uint64]

// reader is what capinspect itself is, as other tasks are compared with it.
type reader struct {
	namespaces [procstatus.NumNamespaces]inode
	first      [procstatus.NumNamespaces]inode // of PID 1
	root       string                          // where its root is, as the kernel names it; "" if hidden
	rootMount  int                             // the mount that it is on
	nodes      task.Value[bool]                // the procfs is of the node's pid namespace; unknown if it is capinspect's own
}

// reader returns what capinspect is in the procfs.
func (f *Finder) reader() *reader {
	if f.me != nil {
		return f.me
	}
	f.me = new(reader)
	for k := range procstatus.NamespaceKind(procstatus.NumNamespaces) {
		f.me.namespaces[k] = task.Unknown[uint64](ErrNotLive.Error())
		if f.live {
			f.me.namespaces[k] = task.Unknown[uint64]("capinspect's own are hidden")
			if id, err := f.proc.Self().Namespace(k); err == nil {
				f.me.namespaces[k] = task.Known(id)
			}
		}
		f.me.first[k] = f.firstOf(k)
	}
	if f.live {
		f.me.findRoot(f.proc)
	}
	if !f.SharesNumbers() {
		f.me.nodes = f.showsNode(f.me.first[procstatus.NamespacePID])
	}
	return f.me
}

// firstOf reads the inode of a namespace of PID 1.
func (f *Finder) firstOf(k procstatus.NamespaceKind) inode {
	if f.proc == nil {
		return task.Unknown[uint64](ErrNoProc.Error())
	}
	id, err := f.proc.Task(1).Namespace(k)
	if err != nil {
		return task.Unknown[uint64]("PID 1: " + Reason(err))
	}
	return task.Known(id)
}

// findRoot finds out where capinspect's root directory is. The path does not say alone:
// a task that changed its root directory to one in another mount namespace has "/" too.
func (me *reader) findRoot(proc *procstatus.FS) {
	root, err := proc.Self().OpenPath("root")
	if err != nil {
		return
	}
	defer unix.Close(root)
	if me.rootMount, err = proc.MountID(root); err == nil {
		me.root, _ = proc.Self().Readlink("root")
	}
}

// Own returns the inode of capinspect's own namespace of a kind.
func (f *Finder) Own(k procstatus.NamespaceKind) task.Value[uint64] { return f.reader().namespaces[k] }

// First returns the inode of PID 1's namespace of a kind.
func (f *Finder) First(k procstatus.NamespaceKind) task.Value[uint64] { return f.reader().first[k] }

// InInitial reports whether capinspect's own namespace of a kind is the initial one. In the
// initial user namespace the ids that the kernel tells it are the host's.
func (f *Finder) InInitial(k procstatus.NamespaceKind) task.Value[bool] {
	return IsInitial(k, f.Own(k))
}

// inInitialUser reports whether capinspect is known to be in the initial user namespace.
func (f *Finder) inInitialUser() bool { return task.Is(f.InInitial(procstatus.NamespaceUser), true) }

// IsInitial reports whether an inode is that of the initial namespace of a kind.
func IsInitial(k procstatus.NamespaceKind, id task.Value[uint64]) task.Value[bool] {
	initial, _ := k.Initial()
	return task.Map(id, func(id uint64) bool { return id == initial })
}

// SharesNumbers reports whether the procfs is of capinspect's own pid namespace, so that its
// numbers are those of system calls: seen from there, capinspect has one number only
// (proc_pid_status(5), NSpid; since Linux 4.1).
func (f *Finder) SharesNumbers() bool {
	if !f.live {
		return false
	}
	own, err := f.proc.Self().Status()
	return err == nil && own.Has(procstatus.FieldNSpid) && len(own.NSpid) == 1 && own.Tgid == os.Getpid()
}

// Hidden returns the reason for which a file of a task cannot be read and, if the kernel
// refuses it, what that depends on: ns, root and the like need the right to trace the task
// (ptrace(2), ptrace access mode checking, PTRACE_MODE_READ_FSCREDS). Yama has no say in
// that mode.
func (f *Finder) Hidden(err error, t *task.Task) string {
	gone := errors.Is(err, fs.ErrNotExist)
	switch {
	case gone && !f.live:
		return task.NotSaved
	case (gone || errors.Is(err, unix.EINVAL)) && task.Is(t.RunState, 'Z'):
		return "it has ended"
	}
	reason := Reason(err)
	if !errors.Is(err, unix.EACCES) || t.Self || !f.live {
		return reason
	}
	own, err := f.proc.Self().Status()
	if err != nil {
		return reason
	}
	mine, theirs := own.CapState(), t.State()
	switch {
	case mine[capset.Effective].Has(capset.SysPtrace):
		return reason + ": cap_sys_ptrace does not reach into its user namespace, or a security module refuses it"
	case !sameIDs(own.UID.Filesystem, t.UID.Zero()) || !sameIDs(own.GID.Filesystem, t.GID.Zero()):
		return reason + ": it has other ids than capinspect, which has no cap_sys_ptrace"
	case !theirs[capset.Permitted].Within(mine[capset.Effective]):
		return reason + ": it has capabilities that capinspect lacks, and capinspect has no cap_sys_ptrace"
	}
	return reason + ": it is not dumpable, or a security module refuses it"
}

// sameIDs reports whether the ids of a task by which the right to trace it is judged are
// all the same as one of the tracer's.
func sameIDs(mine uint32, theirs capset.IDs) bool {
	return mine == theirs.Real && mine == theirs.Effective && mine == theirs.Saved
}

// Reason returns an error without the path that it is about, but with the call if that
// was refused as such, which a sandbox does and not a procfs.
func Reason(err error) string {
	path, ok := errors.AsType[*fs.PathError](err)
	switch {
	case !ok:
		return err.Error()
	case path.Err == unix.EPERM || path.Err == unix.ENOSYS:
		return path.Op + ": " + path.Err.Error()
	}
	return path.Err.Error()
}
