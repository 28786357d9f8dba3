// SPDX-License-Identifier: Apache-2.0

// Package securitycontext derives what a manifest has to say for a container that has what
// a task has: a securityContext of Kubernetes, flags of docker run, lines of a systemd
// unit, the label of an image.
package securitycontext

import (
	"math"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/manifest"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Platform is what starts tasks, and has words of its own to say with what.
type Platform uint8

// The platforms, as bits.
const (
	Kubernetes Platform = 1 << iota
	Docker
	Systemd
	Label        // of an image, which has words for capabilities alone
	containers   = Kubernetes | Docker
	everywhere   = containers | Systemd
	capabilities = everywhere | Label
)

// Fits reports whether the platform takes an id by its number. The API of Kubernetes and
// docker take up to 2147483647 (apimachinery, IsValidUserID; moby/sys, user), systemd takes
// all but two (uid_is_valid), and starts no unit with one that it lends.
func (p Platform) Fits(id uint32) bool {
	if p == Systemd {
		return id != math.MaxUint16 && id != math.MaxUint32 && !lent(id)
	}
	return id <= math.MaxInt32
}

// lent reports whether an id is one that systemd lends to a unit with DynamicUser=, for as
// long as the unit runs (systemd.exec(5)).
func lent(id uint32) bool { return id >= 61184 && id <= 65519 }

// Derived is what a manifest has to say for a container that has what a task has.
type Derived struct {
	manifest.SecurityContext
	Task     *task.Task
	Minimal  bool       // it asks for nothing that the task does not hold any more
	Set      capset.Set // the bounding set, without what has no name
	Full     bool       // Set is all that the kernel of the task knows
	Ambient  capset.Set // what a unit has to raise
	UID, GID *uint32    // the real ones, in the task's own user namespace; nil if unknown
	Groups   []uint32   // the supplementary ones in there, but for GID
	Comments []Comment

	DynamicUser  bool     // systemd has lent the uid to a unit
	UnmaskedProc bool     // nothing is masked in /proc, though it is not privileged
	HostFlags    []string // the flags of docker run that take host, for the namespaces of the node
}

// Comment says what the words of a platform cannot express, or what was assumed.
type Comment struct {
	task.Note
	For Platform
}

// CommentsFor returns the comments for a platform.
func (d *Derived) CommentsFor(p Platform) (list []task.Note) {
	for _, c := range d.Comments {
		if c.For&p != 0 {
			list = append(list, c.Note)
		}
	}
	return list
}
