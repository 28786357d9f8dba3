// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"io/fs"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/procstatus"
)

// Collector reads tasks from one procfs.
type Collector struct {
	opts    Options
	proc    *procstatus.FS // nil if there is none
	procErr error          // why not
	live    bool           // proc is of the running kernel
	own     int            // the pid that proc gives to capinspect itself, 0 if none or not asked yet
	last    LastCap        // the zero value if each task's is to be guessed
	me      *reader        // what capinspect itself is; nil if not asked yet
}

// Open returns a Collector for opts. Without a procfs at the default place it
// can still tell of capinspect's own process.
func Open(opts Options) (*Collector, error) {
	c := new(Collector)
	return c, c.Open(opts)
}

// Open makes the Collector one for opts.
func (c *Collector) Open(opts Options) error {
	c.opts = opts
	c.proc, c.procErr = procstatus.OpenFS(opts.dir())
	c.live = c.procErr == nil && c.proc.Live()
	if opts.Proc == "" && c.procErr == nil && !c.live {
		c.proc.Close()
		c.proc, c.procErr = nil, &fs.PathError{Op: "open", Path: DefaultProc, Err: errNotMounted}
	}
	if opts.Proc != "" && c.procErr != nil {
		return c.procErr
	}
	c.last = c.lastCap()
	return nil
}

// ownPid returns the pid that the procfs gives to capinspect itself, 0 if it
// has none there.
func (c *Collector) ownPid() int {
	if c.own == 0 && c.live {
		var err error
		if c.own, err = c.proc.SelfPid(); err != nil {
			c.own = c.selfTgid()
		}
	}
	return c.own
}

// selfTgid returns capinspect's own pid from the status file, in a sandbox that
// refuses to read links.
func (c *Collector) selfTgid() int {
	s, err := c.proc.Self().Status()
	if err != nil {
		return 0
	}
	return s.Tgid
}

// lastCap finds the last capability of the kernel whose tasks are read.
func (c *Collector) lastCap() LastCap {
	if c.opts.LastCap != nil {
		return LastCap{*c.opts.LastCap, "flag"}
	}
	if c.proc != nil {
		if n, err := c.proc.LastCap(); err == nil {
			return LastCap{n, "kernel"}
		}
	}
	if c.proc == nil || c.live {
		if n, err := procstatus.OwnLastCap(); err == nil {
			return LastCap{n, "kernel"}
		}
	}
	return LastCap{}
}

// Pid returns a target as the number that a message has: the pid that "self"
// stands for, if it is known.
func (c *Collector) Pid(task string) string {
	if own := c.ownPid(); task == self && own != 0 {
		return strconv.Itoa(own)
	}
	return task
}

// Kernel returns what is known of the kernel that capinspect runs on.
func Kernel() (k KernelInfo) {
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		k.Release = unix.ByteSliceToString(u.Release[:])
	}
	if last, err := procstatus.OwnLastCap(); err == nil {
		k.LastCap = &last
	}
	return k
}
