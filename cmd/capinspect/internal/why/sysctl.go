// SPDX-License-Identifier: Apache-2.0

package why

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// sysctl is one that can make a capability unnecessary.
type sysctl struct {
	cap   capset.Cap
	name  string
	to    string // the value with which it does, as a shell takes it
	what  string // what needs no capability then
	whole bool   // there is nothing else that the capability is for
	port  string // what a program can do instead, before the lowest free port; "" if nothing
	value func(*Subject) task.Value[string]
	does  func(s *Subject, value string) bool // whether a value is enough for the task
}

// The sysctls of the network namespace.
const (
	portStart = "net.ipv4.ip_unprivileged_port_start"
	pingRange = "net.ipv4.ping_group_range"
)

var sysctls = []sysctl{
	{
		capset.NetBindService, portStart, "0", "ports from there on need no capability", true, "listen on a port from ",
		func(s *Subject) task.Value[string] { return s.Sysctls.UnprivilegedPorts },
		func(_ *Subject, value string) bool { return value == "0" },
	},
	{
		capset.NetRaw, pingRange, `"0 2147483647"`, "ping of these groups needs no capability, if its file asks for none", false, "",
		func(s *Subject) task.Value[string] { return s.Sysctls.PingGroups },
		(*Subject).inGroups,
	},
}

// unnecessary says that a sysctl makes the capability unnecessary, "" if none does.
func (q *question) unnecessary() string {
	for _, row := range sysctls {
		if value, ok := row.value(q.Subject).Get(); ok && row.cap == q.cap && row.does(q.Subject, value) {
			return row.name + " is " + value + ": " + row.what
		}
	}
	return ""
}

// needless reports whether a sysctl leaves nothing that the capability is needed for.
func (q *question) needless() bool {
	for _, row := range sysctls {
		if value, ok := row.value(q.Subject).Get(); ok && row.cap == q.cap && row.whole && row.does(q.Subject, value) {
			return q.state&withoutIt != 0
		}
	}
	return false
}

// sysctlChanges returns the sysctls that would make the capability unnecessary.
func (q *question) sysctlChanges() (list []Change) {
	for _, row := range sysctls {
		value, known := row.value(q.Subject).Get()
		now := "now " + value
		switch {
		case row.cap != q.cap || known && row.does(q.Subject, value):
			continue
		case !known:
			now = "whose value is not known here"
		}
		if row.port != "" {
			list = append(list, Change{"program", row.port + cmp.Or(value, "1024") + " up"})
		}
		list = append(list, Change{"sysctl", row.name + "=" + row.to + ", " + now + ": " + row.what})
	}
	return list
}

// inGroups reports whether a group of the task is in a range, "FIRST LAST" (icmp(7),
// ping_group_range; since Linux 2.6.39).
func (s *Subject) inGroups(groups string) bool {
	from, to, _ := strings.Cut(groups, " ")
	first, err := strconv.ParseUint(from, 10, 32)
	last, err2 := strconv.ParseUint(to, 10, 32)
	in := func(gid uint32) bool {
		return err == nil && err2 == nil && first <= uint64(gid) && uint64(gid) <= last
	}
	gid, ok := s.Task.GID.Get()
	return ok && in(gid.Effective) || slices.ContainsFunc(s.Task.Groups.Zero(), in)
}
