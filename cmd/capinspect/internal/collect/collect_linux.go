// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"io/fs"
	"runtime/debug"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect/place"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// Collector reads tasks from one procfs.
type Collector struct {
	opts    Options
	proc    *procstatus.FS // nil if there is none
	procErr error          // why not
	live    bool           // proc is of the running kernel
	last    task.LastCap   // the zero value if each task's is to be guessed
	place   *place.Finder
}

// enoughMemory is how many bytes suffice for what is known of tasks at one time.
const enoughMemory = 40 << 20

// Open returns a Collector for opts. Without a procfs at the default place it can still
// tell of capinspect's own process.
func Open(opts Options) (*Collector, error) {
	// A task may be made to be large: what is known of it goes before the next one comes.
	debug.SetMemoryLimit(enoughMemory)
	c := &Collector{opts: opts}
	c.proc, c.procErr = procstatus.OpenFS(opts.dir())
	c.live = c.procErr == nil && c.proc.Live()
	if opts.Proc == "" && c.procErr == nil && !c.live {
		c.proc.Close()
		c.procErr = &fs.PathError{Op: "open", Path: DefaultProc, Err: errNotMounted}
	}
	if c.procErr != nil {
		c.proc = nil
		if opts.Proc != "" {
			return nil, c.procErr
		}
	}
	c.last, c.place = c.lastCap(), place.New(c.proc, c.live)
	return c, nil
}

// Dir returns the place of the procfs.
func (c *Collector) Dir() string { return c.opts.dir() }

// Close closes the procfs.
func (c *Collector) Close() {
	if c.proc != nil {
		c.proc.Close()
	}
}

// lastCap finds the last capability of the kernel whose tasks are read.
func (c *Collector) lastCap() task.LastCap {
	if c.opts.LastCap != nil {
		return task.LastCap{Value: *c.opts.LastCap, From: task.FromFlag}
	}
	if c.proc != nil {
		if n, err := c.proc.LastCap(); err == nil {
			return task.LastCap{Value: n, From: task.FromKernel}
		}
	}
	if c.proc == nil || c.live {
		if n, err := procstatus.OwnLastCap(); err == nil {
			return task.LastCap{Value: n, From: task.FromKernel}
		}
	}
	return task.LastCap{}
}

// Pid returns a target as the number that a message has: the pid that "self" stands for,
// if it is known.
func (c *Collector) Pid(target string) string {
	if target != self || c.place.OwnPid() == 0 {
		return target
	}
	return strconv.Itoa(c.place.OwnPid())
}

// handle returns a target, a pid or "self", as a task of the procfs; the zero value without
// a procfs.
func (c *Collector) handle(target string) (procstatus.Task, error) {
	if c.proc == nil {
		return procstatus.Task{}, nil
	}
	if target == self {
		return c.proc.Self(), nil
	}
	pid, err := strconv.Atoi(target)
	if err != nil { // it has more digits than any pid
		return procstatus.Task{}, ErrNoProcess
	}
	return c.proc.Task(pid), nil
}

// Node returns the hostname of capinspect's own UTS namespace.
func Node() task.Value[string] {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return task.Unknown[string]("uname: " + err.Error())
	}
	if name := unix.ByteSliceToString(u.Nodename[:]); name != "" {
		return task.Known(name)
	}
	return task.Unknown[string]("the hostname is empty")
}

// Kernel returns the release of the kernel that capinspect runs on and its last
// capability; "" and nil where they are unknown.
func Kernel() (release string, last *capset.Cap) {
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		release = unix.ByteSliceToString(u.Release[:])
	}
	if n, err := procstatus.OwnLastCap(); err == nil {
		last = &n
	}
	return release, last
}
