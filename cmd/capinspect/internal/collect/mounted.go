// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"strings"

	"github.com/capinspect/capinspect/procstatus"
)

// Mounted is what the mounts of a task tell of how its container was made.
type Mounted struct {
	ReadOnly Answer // the mount that is its root directory is read-only
	Proc     Answer // something hides or write-protects the kernel's own parts of /proc, as runtimes do
	Sys      Answer // /sys is read-only, as runtimes have it unless a container is privileged
	Hidden   string // why the mounts are not known
}

// masked answers whether the task does not see all that a privileged container does.
func (m *Mounted) masked() Answer {
	if m.Proc == Yes {
		return Yes
	}
	return m.Sys
}

// why says why something is not known.
func (m *Mounted) why() string {
	if m.Hidden == "" {
		return "its mount table does not tell"
	}
	return m.Hidden
}

// mounted looks for what mounts tell. A later one covers those before it, and those
// below its place; what is on /proc that runtimes do not put there, as lxcfs, does not
// count.
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
			m.Sys = readOnly
		case at.Point == "/proc" && at.Type == "proc":
			m.Proc = No
		case below && !strings.Contains(name, "/") && (at.Type == "proc" || strings.HasSuffix(at.Type, "tmpfs")):
			m.Proc = Yes
		}
	}
	return m
}
