// SPDX-License-Identifier: Apache-2.0

package procstatus

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
)

// FS is an open procfs, live or saved. Several goroutines may use it.
type FS struct {
	dir  dir
	live bool
}

// OpenFS opens the procfs at a path, such as "/proc", or a copy of one.
func OpenFS(path string) (*FS, error) {
	d, err := openDir(path)
	if err != nil {
		return nil, err
	}
	p := &FS{dir: d}
	var st unix.Statfs_t
	if unix.Fstatfs(d.fd, &st) == nil {
		p.live = st.Type == unix.PROC_SUPER_MAGIC
	} else { // a sandbox refuses the call; only a live procfs has a link to the caller
		_, err := p.SelfPid()
		p.live = err == nil
	}
	return p, nil
}

// Close closes the procfs. Tasks of it that are open stay open; the others
// must not be used any more.
func (p *FS) Close() error {
	if p.dir.path == "" {
		return errNotOpen
	}
	fd := p.dir.fd
	p.dir.fd = -1
	return unix.Close(fd)
}

// Dir returns the path that the procfs was opened with.
func (p *FS) Dir() string { return p.dir.path }

// Live reports whether this is a procfs of the running kernel, and not a copy of
// one (statfs(2), PROC_SUPER_MAGIC).
func (p *FS) Live() bool { return p.live }

// SelfPid returns the pid of the calling process in this procfs (proc_pid(5),
// /proc/self). It differs from getpid(2) if the procfs belongs to another pid
// namespace, and is an error if that namespace does not have the caller.
func (p *FS) SelfPid() (int, error) {
	target, err := p.dir.readlink("self")
	if err != nil {
		return 0, err
	}
	pid, err := strconv.Atoi(target)
	if err != nil {
		return 0, p.dir.failed("readlink", "self", ErrSyntax)
	}
	return pid, nil
}

// Tasks iterates over the processes of the procfs by ascending pid. It yields
// an error if the procfs cannot be listed, and ends.
//
// No task is open (see [Task.Open]), and any of them may have ended when the loop
// comes to it.
func (p *FS) Tasks() iter.Seq2[Task, error] {
	return func(yield func(Task, error) bool) {
		pids := p.dir.numbers(".")
		if !p.live { // the kernel lists them in order (fs/proc/base.c, proc_pid_readdir)
			pids = sortedSeq(p.dir.sorted("."))
		}
		for pid, err := range pids {
			if err != nil {
				yield(Task{}, err)
				return
			}
			if !yield(p.Task(pid), nil) {
				return
			}
		}
	}
}

func sortedSeq(list []int, err error) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for _, n := range list {
			if !yield(n, nil) {
				return
			}
		}
		if err != nil {
			yield(0, err)
		}
	}
}

// Statuses iterates over the status of every process of the procfs, by ascending
// pid. It skips a process that has ended. For one that it cannot read or parse it
// yields an error that has the pid, and goes on with the next one. It ends with an
// error if the procfs cannot be listed.
func (p *FS) Statuses() iter.Seq2[*Status, error] {
	return func(yield func(*Status, error) bool) {
		for t, err := range p.Tasks() {
			if err != nil {
				yield(nil, err)
				return
			}
			s, err := t.Status()
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				err = fmt.Errorf("pid %d: %w", t.Pid(), err)
			}
			if !yield(s, err) {
				return
			}
		}
	}
}

// maxSysctl is the size in bytes of the longest sysctl that is read.
const maxSysctl = 64 << 10

// Sysctl returns the value of a sysctl (proc_sys(5)), without the newline behind
// it. The name is the path below /proc/sys, such as "kernel/overflowuid". The sysctls
// of net are those of the reader's network namespace.
func (p *FS) Sysctl(name string) (value string, err error) {
	file := "sys/" + name
	if !fs.ValidPath(name) {
		return "", p.dir.failed("open", file, fs.ErrInvalid)
	}
	err = p.dir.read(file, maxSysctl, false, func(text []byte) error {
		value = string(bytes.TrimSuffix(text, []byte("\n")))
		return nil
	})
	return value, err
}

// NodeRoot returns the id that uid 0 of the initial user namespace has in the reader's: who
// owns the files of /proc/sys. It is the overflow id (proc_sys_kernel(5), overflowuid) where
// the reader's user namespace does not map it.
func (p *FS) NodeRoot() (uid uint32, err error) {
	const name = "sys/kernel"
	fd, err := p.dir.open(name, unix.O_PATH)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return 0, p.dir.failed("fstat", name, err)
	}
	return st.Uid, nil
}

// LastCap returns the highest capability of the kernel that the procfs belongs to
// (proc_sys_kernel(5), cap_last_cap; since Linux 3.2).
func (p *FS) LastCap() (capset.Cap, error) {
	const name = "kernel/cap_last_cap"
	text, err := p.Sysctl(name)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(text, 10, 8)
	if err != nil || n > uint64(capset.Max) {
		return 0, p.dir.failed("read", "sys/"+name, ErrSyntax)
	}
	return capset.Cap(n), nil
}

// MountID returns the id of the mount that an open file of the calling process is
// on, the ID of a [Mount] (proc_pid_fdinfo(5), mnt_id; since Linux 3.15). Unlike
// fstat(2), it does not ask the file system, which may never answer.
func (p *FS) MountID(fd int) (id int, err error) {
	name := "self/fdinfo/" + strconv.Itoa(fd)
	err = p.dir.read(name, maxSysctl, true, func(text []byte) error {
		for line := range bytes.Lines(text) {
			if value, ok := bytes.CutPrefix(line, []byte("mnt_id:\t")); ok {
				return setInt(&id, bytes.TrimSuffix(value, []byte("\n")))
			}
		}
		return p.dir.failed("read", name, ErrSyntax)
	})
	return id, err
}

// Mount returns the mount of the procfs itself. Its SuperOptions say whether the
// procfs hides processes (proc(5), hidepid).
func (p *FS) Mount() (Mount, error) {
	id, err := p.MountID(p.dir.fd)
	if err != nil {
		return Mount{}, err
	}
	mounts, err := p.Self().Mounts()
	if err != nil {
		return Mount{}, err
	}
	i := slices.IndexFunc(mounts, func(m Mount) bool { return m.ID == id })
	if i < 0 {
		return Mount{}, p.dir.failed("mount", ".", fs.ErrNotExist)
	}
	return mounts[i], nil
}
