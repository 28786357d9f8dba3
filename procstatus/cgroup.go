// SPDX-License-Identifier: Apache-2.0

package procstatus

import (
	"io"
	"iter"
	"strings"
)

// Cgroup is one line of a /proc/PID/cgroup: where a task is in one hierarchy
// (cgroups(7); kernel/cgroup/cgroup.c, proc_cgroup_show; since Linux 2.6.24).
//
// Since Linux 4.6 the path starts at the root of the reader's cgroup namespace,
// not of the task's: a task inside has "/", a task outside has "/.." in front.
// In a version 1 hierarchy a zombie is always at the root.
type Cgroup struct {
	Hierarchy   int    // 0 is version 2
	Controllers string // as the kernel joins them: "cpu,cpuacct", "name=systemd"; "" for version 2
	Path        string // any bytes but newline: the kernel escapes nothing
	Deleted     bool   // version 2: a zombie whose cgroup was removed (since Linux 4.4)
}

// ParseCgroup parses a /proc/PID/cgroup and keeps the order of its lines. An
// empty text is valid: a kernel prints one until the first hierarchy is mounted.
// A malformed or truncated line gives a [*LineError].
//
// The kernel marks a removed cgroup with " (deleted)" behind the path. A live
// cgroup may have a name that ends this way, and the two look the same. No path
// has a newline: the kernel refuses such a name (cgroup_mkdir), but before Linux
// 5.13 a version 1 cgroup could be renamed to one.
func ParseCgroup(text []byte) ([]Cgroup, error) {
	list := []Cgroup{}
	for c, err := range Cgroups(text) {
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

// Cgroups iterates over the lines of a /proc/PID/cgroup. It yields a
// [*LineError] for a line that [ParseCgroup] refuses, and goes on with the next
// one.
func Cgroups(text []byte) iter.Seq2[Cgroup, error] {
	return func(yield func(Cgroup, error) bool) {
		line := 0
		for row := range strings.Lines(string(text)) {
			line++
			row, ended := strings.CutSuffix(row, "\n")
			c, err := parseCgroupLine(row)
			if !ended {
				err = io.ErrUnexpectedEOF
			}
			if err != nil {
				c, err = Cgroup{}, newLineError(line, []byte(row), err)
			}
			if !yield(c, err) {
				return
			}
		}
	}
}

func parseCgroupLine(row string) (c Cgroup, err error) {
	number, rest, first := strings.Cut(row, ":")
	controllers, path, second := strings.Cut(rest, ":")
	if !first || !second {
		return c, ErrColumns
	}
	if err := setInt(&c.Hierarchy, []byte(number)); err != nil {
		return c, err
	}
	if !strings.HasPrefix(path, "/") {
		return c, ErrSyntax
	}
	c.Controllers, c.Path = controllers, path
	if c.Hierarchy == 0 {
		c.Path, c.Deleted = strings.CutSuffix(path, " (deleted)")
	}
	return c, nil
}
