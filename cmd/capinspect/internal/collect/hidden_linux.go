// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"bytes"
	"path/filepath"

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
	if own, err := procstatus.Capget(0); err == nil && own[capset.Effective].Has(capset.SysPtrace) {
		return ""
	}
	text, err := c.proc.Read("self/mountinfo", nil, maxMountinfo)
	if err != nil {
		return ""
	}
	dir, err := filepath.Abs(c.opts.dir())
	if err != nil {
		return ""
	}
	return hidepid(text, dir)
}

// hidepid returns the option of the procfs at dir in a mount table
// (proc_pid_mountinfo(5)), "" if it hides nothing. The last mount of a place is
// the one that is seen.
func hidepid(mountinfo []byte, dir string) string {
	found := ""
	for line := range bytes.Lines(mountinfo) {
		fields := bytes.Fields(line)
		separator := 0
		for i, f := range fields {
			if i > 5 && string(f) == "-" {
				separator = i
				break
			}
		}
		if separator == 0 || len(fields) < separator+4 || string(fields[4]) != dir {
			continue
		}
		found = ""
		if string(fields[separator+1]) != "proc" {
			continue
		}
		for option := range bytes.SplitSeq(fields[separator+3], []byte(",")) {
			if value, ok := bytes.CutPrefix(option, []byte("hidepid=")); ok && string(value) != "0" && string(value) != "off" {
				found = string(value)
			}
		}
	}
	return found
}

// Dir returns the place of the procfs.
func (c *Collector) Dir() string { return c.opts.dir() }

// Close closes the procfs.
func (c *Collector) Close() {
	if c.proc != nil {
		c.proc.Close()
	}
}
