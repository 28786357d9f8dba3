// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"slices"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/procstatus"
)

// unnecessary adds the sysctls that make a capability unnecessary, and whether they
// do already.
func (q *question) unnecessary(a *Answered) {
	var name, to, value, what string
	switch a.Cap {
	case capset.NetBindService:
		name, to, what = "net.ipv4.ip_unprivileged_port_start", "0", "ports from there on need no capability"
		value = q.sysctls.unprivilegedPorts
	case capset.NetRaw:
		name, to, what = "net.ipv4.ping_group_range", `"0 2147483647"`, "ping of these groups needs no capability"
		value = q.sysctls.pingGroups
	default:
		return
	}
	switch {
	case value == "":
		a.change("sysctl", "%s=%s, whose value is not known here: %s", name, to, what)
	case a.Cap == capset.NetBindService && value == "0" || a.Cap == capset.NetRaw && q.mayPing(value):
		a.Also = append(a.Also, Note{"unnecessary", name + " is " + value + ": " + what})
	default:
		a.change("sysctl", "%s=%s, now %s: %s", name, to, value, what)
	}
}

// mayPing reports whether a group of the task is in a range, "FIRST LAST" (icmp(7),
// ping_group_range; since Linux 2.6.39).
func (q *question) mayPing(groups string) bool {
	from, to, _ := strings.Cut(groups, " ")
	first, err := strconv.ParseUint(from, 10, 32)
	last, err2 := strconv.ParseUint(to, 10, 32)
	in := func(gid uint32) bool {
		return err == nil && err2 == nil && first <= uint64(gid) && uint64(gid) <= last
	}
	s := &q.Status
	return s.Has(procstatus.FieldGID) && in(s.GID.Effective) || slices.ContainsFunc(s.Groups, in)
}
