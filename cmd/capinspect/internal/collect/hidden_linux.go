// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/procstatus"
)

// Hides returns the hidepid option with which the procfs is mounted, if it may
// hide processes from the reader: not from one that may trace all of them.
// There is no honest count of what it hides (proc(5)).
func (c *Collector) Hides() string {
	if !c.live {
		return ""
	}
	ns, _ := c.proc.Readlink("self/ns/user")
	if own, err := procstatus.Capget(0); ns == initialUserNS && err == nil && own[capset.Effective].Has(capset.SysPtrace) {
		return ""
	}
	id, err := c.proc.MountID(c.proc.Fd())
	if err != nil {
		return ""
	}
	mounts, err := c.proc.Mounts(self)
	if err != nil {
		return ""
	}
	for i := range mounts {
		if mounts[i].ID != id {
			continue
		}
		how, gid := hidepid(mounts[i].SuperOptions)
		groups, err := unix.Getgroups()
		if ns == initialUserNS && err == nil && (gid == unix.Getegid() || slices.Contains(groups, gid)) {
			return ""
		}
		return how
	}
	return ""
}

// initialUserNS is the initial user namespace, on every kernel since Linux 3.8
// (include/linux/proc_ns.h, PROC_USER_INIT_INO): capabilities and groups of
// another one do not count for a procfs.
const initialUserNS = "user:[4026531837]"

// hidepid returns how a procfs of these options hides processes, "" if it does
// not, and the group that it hides nothing from.
func hidepid(options string) (how string, gid int) {
	for option := range strings.SplitSeq(options, ",") {
		if value, ok := strings.CutPrefix(option, "hidepid="); ok && value != "0" && value != "off" {
			how = value
		}
		if value, ok := strings.CutPrefix(option, "gid="); ok {
			gid, _ = strconv.Atoi(value)
		}
	}
	return how, gid
}

// Dir returns the place of the procfs.
func (c *Collector) Dir() string { return c.opts.dir() }

// Close closes the procfs.
func (c *Collector) Close() {
	if c.proc != nil {
		c.proc.Close()
	}
}
