// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"bytes"
	"path/filepath"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/procstatus"
)

// maxMountinfo is the size in bytes of the longest mount table that is read.
const maxMountinfo = 16 << 20

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
	text, err := c.proc.Read("self/mountinfo", nil, maxMountinfo)
	if err != nil {
		return ""
	}
	dir, err := filepath.Abs(c.opts.dir())
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		return ""
	}
	how, gid := hidepid(text, dir)
	if groups, err := unix.Getgroups(); ns == initialUserNS && err == nil && (gid == unix.Getegid() || slices.Contains(groups, gid)) {
		return ""
	}
	return how
}

// initialUserNS is the initial user namespace, on every kernel since Linux 3.8
// (include/linux/proc_ns.h, PROC_USER_INIT_INO): capabilities and groups of
// another one do not count for a procfs.
const initialUserNS = "user:[4026531837]"

// hidepid returns the option of the procfs at dir in a mount table
// (proc_pid_mountinfo(5)), "" if it hides nothing, and the group that it hides
// nothing from. The last mount of a place is the one that is seen.
func hidepid(mountinfo []byte, dir string) (found string, gid int) {
	for line := range bytes.Lines(mountinfo) {
		fields := bytes.Fields(line)
		separator := 0
		for i, f := range fields {
			if i > 5 && string(f) == "-" {
				separator = i
				break
			}
		}
		if separator == 0 || len(fields) < separator+4 || unoctal(fields[4]) != dir {
			continue
		}
		found, gid = "", 0
		if string(fields[separator+1]) != "proc" {
			continue
		}
		for option := range bytes.SplitSeq(fields[separator+3], []byte(",")) {
			if value, ok := bytes.CutPrefix(option, []byte("hidepid=")); ok && string(value) != "0" && string(value) != "off" {
				found = string(value)
			}
			if value, ok := bytes.CutPrefix(option, []byte("gid=")); ok {
				gid, _ = strconv.Atoi(string(value))
			}
		}
	}
	return found, gid
}

// unoctal undoes the kernel's escapes of blanks and backslashes in a path, as
// "\040" (fs/seq_file.c, mangle_path).
func unoctal(path []byte) string {
	var out []byte
	for i := 0; i < len(path); i++ {
		if path[i] == '\\' && i+3 < len(path) {
			if n, err := strconv.ParseUint(string(path[i+1:i+4]), 8, 8); err == nil {
				out = append(out, byte(n))
				i += 3
				continue
			}
		}
		out = append(out, path[i])
	}
	return string(out)
}

// Dir returns the place of the procfs.
func (c *Collector) Dir() string { return c.opts.dir() }

// Close closes the procfs.
func (c *Collector) Close() {
	if c.proc != nil {
		c.proc.Close()
	}
}
