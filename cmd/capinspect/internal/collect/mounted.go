// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"strings"

	"github.com/capinspect/capinspect/procstatus"
)

// Mounted is what the mounts of a task tell of how its container was made.
type Mounted struct {
	ReadOnly Answer // the mount that is its root directory is read-only
	// Masked answers whether something hides or write-protects the kernel's own
	// parts of /proc, or /sys is read-only, as runtimes have it unless a container
	// is privileged.
	Masked Answer
	Hidden string // why the mounts are not known
}

// why says why something is not known.
func (m *Mounted) why() string {
	if m.Hidden == "" {
		return "its mount table does not tell"
	}
	return m.Hidden
}

// mounted looks for what mounts tell. A later one covers those before it; what is on
// /proc that runtimes do not put there, as lxcfs, does not count.
func mounted(mounts []procstatus.Mount) (m Mounted) {
	for i := range mounts {
		at := &mounts[i]
		readOnly := Answer(No)
		if at.Has("ro") {
			readOnly = Yes
		}
		name, below := strings.CutPrefix(at.Point, "/proc/")
		switch {
		case at.Point == "/":
			m.ReadOnly = readOnly
		case at.Point == "/sys" && at.Type == "sysfs":
			m.Masked = max(m.Masked, readOnly)
		case below && !strings.Contains(name, "/") && (at.Type == "proc" || strings.HasSuffix(at.Type, "tmpfs")):
			m.Masked = Yes
		}
	}
	return m
}
