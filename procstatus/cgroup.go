// SPDX-License-Identifier: Apache-2.0

package procstatus

import "bytes"

// Cgroup is one line of a /proc/PID/cgroup: where a task is in one hierarchy
// (cgroups(7); kernel/cgroup/cgroup.c, proc_cgroup_show; since Linux 2.6.24).
//
// Since Linux 4.6 the path begins at the root of the reader's cgroup namespace,
// not of the task's: a task in there has "/", one outside "/../" and so on. In
// the hierarchies of version 1 a zombie is always at the root.
type Cgroup struct {
	Hierarchy   int    // 0 is version 2
	Controllers string // as the kernel joins them: "cpu,cpuacct", "name=systemd"; "" of version 2
	Path        string // any bytes but newline: the kernel escapes nothing
	Deleted     bool   // version 2: a zombie whose cgroup was removed (since Linux 4.4)
}

// ParseCgroup returns what a /proc/PID/cgroup says, in its order. An empty text
// is one of no hierarchies, which a kernel has until the first is mounted. A
// malformed line, or one that is cut short, gives a [*LineError].
//
// The kernel marks a removed cgroup by " (deleted)" behind the path, and a live
// one may have such a name; there is no telling them apart. No path has a
// newline: the kernel refuses the name (cgroup_mkdir), though before Linux 5.13
// a cgroup of version 1 could be renamed to one.
func ParseCgroup(text []byte) ([]Cgroup, error) {
	list := []Cgroup{}
	err := parseLines(text, func(row []byte) error {
		l, err := parseCgroupLine(row)
		list = append(list, Cgroup{l.hierarchy, string(l.controllers), string(l.path), l.deleted})
		return err
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

var (
	colon   = []byte(":")
	slash   = []byte("/")
	deleted = []byte(" (deleted)")
)

type cgroupLine struct {
	hierarchy         int
	controllers, path []byte
	deleted           bool
}

func parseCgroupLine(row []byte) (l cgroupLine, err error) {
	number, rest, first := bytes.Cut(row, colon)
	controllers, path, second := bytes.Cut(rest, colon)
	if !first || !second {
		return l, ErrColumns
	}
	if err := setInt(&l.hierarchy, number); err != nil {
		return l, err
	}
	if len(path) == 0 || path[0] != '/' {
		return l, ErrSyntax
	}
	if l.hierarchy == 0 {
		path, l.deleted = bytes.CutSuffix(path, deleted)
	}
	l.controllers, l.path = controllers, path
	return l, nil
}
