// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// Hides returns the hidepid option with which the procfs is mounted, if it may
// hide processes from the reader: not from one that may trace all of them.
// There is no honest count of what it hides (proc(5)).
func (c *Collector) Hides() string {
	if !c.live {
		return ""
	}
	// Capabilities and groups of another user namespace do not count for a procfs.
	initial := task.Is(c.place.InInitial(procstatus.NamespaceUser), true)
	if own, err := procstatus.Capget(0); initial && err == nil && own[capset.Effective].Has(capset.SysPtrace) {
		return ""
	}
	mount, err := c.proc.Mount()
	if err != nil {
		return ""
	}
	how, gid := hidepid(mount.SuperOptions)
	groups, err := unix.Getgroups()
	if how != ptraceable && initial && err == nil && (gid == unix.Getegid() || slices.Contains(groups, gid)) {
		return ""
	}
	return how
}

// Blind reports whether a walk over all processes, of a procfs that hides others as Hides
// says, could read none but capinspect's own, although there are others.
func (c *Collector) Blind(found Walked, how string) bool {
	return found.Others == 0 && (found.Refused > 0 || how != "" && c.place.OwnPid() != 1)
}

// ptraceable is the value of hidepid for which no group counts (fs/proc/base.c,
// has_pid_permissions; since Linux 5.8).
const ptraceable = "ptraceable"

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
