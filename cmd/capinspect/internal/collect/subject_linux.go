// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect/place"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect/root"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/predict"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// subject is a task for which something is predicted, with what the kernel lets capinspect
// see of it.
type subject struct {
	*predict.Subject
	from   *Collector
	task   *task.Task
	handle procstatus.Task // its process
	opened bool            // handle is open: there is a procfs that has the process
	root   *root.Root
	hidden error       // why root is not open
	files  place.Files // which give names to ids
	// idmapped has the devices of the task's mounts, and whether one of a device maps ids;
	// nil if none does.
	idmapped map[uint64]bool
}

// subject returns a task as execve(2) goes by it, with its root directory open if that can
// be had: else hidden says why not.
func (c *Collector) subject(target string) (*subject, error) {
	s := &subject{from: c}
	if err := s.read(target); err != nil {
		s.close()
		return nil, err
	}
	s.hidden = s.openRoot()
	return s, nil
}

// start finds out what execve(2) goes by.
func (s *subject) start() (err error) {
	if s.Subject, err = predict.New(s.task); err != nil {
		return err
	}
	return s.circumstances()
}

func (s *subject) close() {
	if s.root != nil {
		s.root.Close()
	}
	s.handle.Close()
}

// read reads the task.
func (s *subject) read(target string) error {
	c, own := s.from, target == self
	handle, err := c.handle(target)
	if err != nil {
		return err
	}
	var hidden error
	if c.proc != nil {
		if s.handle, err = handle.Open(); err == nil {
			s.opened = true
			s.task, err = c.whole(s.handle)
			return err
		}
		if hidden = plain(err); !own || c.opts.Proc != "" {
			return hidden
		}
	}
	s.task, err = c.alone(handle, own, hidden)
	return err
}

// openRoot opens the root directory of the task.
func (s *subject) openRoot() (err error) {
	var mounts []procstatus.Mount
	if s.opened {
		mounts, _ = s.handle.Mounts() // without it, the root directory cannot be opened
	}
	s.idmapped = idmapped(mounts)
	if s.files = s.from.place.FilesOf(s.handle, s.task, mounts); s.files.Err != nil {
		return s.files.Err
	}
	if s.root = s.files.Root(); s.root == nil {
		s.root, err = root.OpenOwn(s.from.proc)
	}
	return err
}

// idmapped returns the devices of mounts, and whether one of a device maps ids; nil if none
// does.
func idmapped(mounts []procstatus.Mount) map[uint64]bool {
	if !slices.ContainsFunc(mounts, func(m procstatus.Mount) bool { return m.Has("idmapped") }) {
		return nil
	}
	devices := map[uint64]bool{}
	for _, m := range mounts {
		dev := unix.Mkdev(m.Major, m.Minor)
		devices[dev] = devices[dev] || m.Has("idmapped")
	}
	return devices
}

// mayMapIDs reports whether a mount may map the owners of files of a device. A file of an
// overlay or of a subvolume has one of its own, which is in no mount table.
func (s *subject) mayMapIDs(dev uint64) bool {
	maps, known := s.idmapped[dev]
	return s.idmapped != nil && (maps || !known)
}

// circumstances finds out what else execve(2) goes by.
func (s *subject) circumstances() error {
	c := s.from
	s.Finder, s.Outside, s.Architecture = finder{s}, s.outside(), predict.ArchitectureNamed(runtime.GOARCH)
	release, _ := Kernel()
	s.How.ComparesReal = place.OlderThan(release, 6, 16)
	if c.proc != nil {
		s.OwnUsers, _ = c.proc.Self().UIDMap() // nil if it is hidden
	}
	if s.Users.Map != nil {
		s.Between = sync.OnceValue(s.rootsBetween)
	}
	if s.opened {
		s.foreignMounts()
	}
	return s.tracer()
}

// rootsBetween returns the uids that are root in the user namespaces between the task's and
// capinspect's. What is root in one is told of its processes.
func (s *subject) rootsBetween() task.Value[[]uint32] {
	owners, err := s.handle.OwnersOf(procstatus.NamespaceUser)
	if err != nil {
		return task.Unknown[[]uint32](s.from.place.Hidden(err, s.task))
	}
	roots := make([]uint32, 0, len(owners))
	for _, between := range owners[:len(owners)-1] { // the last is capinspect's own
		ids, found := s.from.mapOf(between.Inode)
		if !found {
			return task.Unknown[[]uint32]("no process tells who is root in user:[" + strconv.FormatUint(between.Inode, 10) + "], between its user namespace and capinspect's")
		}
		if id, ok := ids.Outside(0); ok {
			roots = append(roots, id)
		}
	}
	return task.Known(roots)
}

// mapOf returns the user ids of a user namespace, from any process in it.
func (c *Collector) mapOf(userns uint64) (ids procstatus.IDMap, found bool) {
	for t := range c.proc.Tasks() {
		if id, err := t.Namespace(procstatus.NamespaceUser); err != nil || id != userns {
			continue
		}
		if ids, err := t.UIDMap(); err == nil {
			return ids, true
		}
	}
	return nil, false
}

// foreignMounts assumes that the task's mounts count for it, if they belong to a user
// namespace that is neither its own nor capinspect's: one below these can mount what gives
// nothing above it (fs/namespace.c, mnt_may_suid).
func (s *subject) foreignMounts() {
	owner, err := s.handle.OwnerOf(procstatus.NamespaceMnt)
	own := s.task.Namespace(procstatus.NamespaceUser).ID
	if err == nil && own.Known() && !task.Is(own, owner) && !task.Is(s.from.place.Own(procstatus.NamespaceUser), owner) {
		s.Assume("mounts", "its file systems were mounted in its user namespace, or in one above that")
	}
}

// tracer finds out whether a process traces the task that may not see what it gains.
func (s *subject) tracer() error {
	c, pid := s.from, s.task.TracerPid.Zero()
	if pid == 0 {
		return nil
	}
	who := "PID " + strconv.Itoa(pid) + ", which traces it"
	status, err := c.proc.Task(pid).Status()
	if err != nil {
		return fmt.Errorf("%s: %w", who, plain(err))
	}
	id, err := c.proc.Task(pid).Namespace(procstatus.NamespaceUser)
	elsewhere := err == nil && !task.Is(s.task.Namespace(procstatus.NamespaceUser).ID, id) &&
		!task.Is(place.IsInitial(procstatus.NamespaceUser, task.Known(id)), true)
	s.How.Traced = elsewhere || !status.CapState()[capset.Effective].Has(capset.SysPtrace)
	asked := !s.Credentials.Sets[capset.Effective].Has(capset.SysPtrace)
	if asked != s.How.Traced && task.Is(s.task.PPid, status.Tgid) {
		s.HowTraced = fmt.Sprintf("whether PID %d traces it by PTRACE_ATTACH, and its own capabilities count, or by PTRACE_TRACEME, "+
			"and those that the task had then count, which is unknown", pid)
	}
	has := "has"
	if s.How.Traced {
		has = "lacks"
	}
	s.Assume("tracer", who+", "+has+" cap_sys_ptrace over it, as now")
	return nil
}
