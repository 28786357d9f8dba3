// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"math"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/procstatus"
)

// Platform is what starts tasks, and has words of its own to say with what.
type Platform uint8

// The platforms, as bits.
const (
	Kubernetes Platform = 1 << iota
	Docker
	Systemd
	containers = Kubernetes | Docker
	everywhere = containers | Systemd
)

// Fits reports whether the platform takes an id by its number: the API of
// Kubernetes, and docker, up to 2147483647 (apimachinery, IsValidUserID; moby/sys,
// user), systemd all but two (uid_is_valid).
func (p Platform) Fits(id uint32) bool {
	if p == Systemd {
		return id != math.MaxUint16 && id != math.MaxUint32
	}
	return id <= math.MaxInt32
}

// Derived is what a manifest has to say for a container that has what a task has.
type Derived struct {
	SecurityContext
	Task     *Record
	Minimal  bool       // nothing was asked for that the task does not hold
	Set      capset.Set // the bounding set, without what has no name
	Full     bool       // it is all that the kernel of the task knows
	Ambient  capset.Set // what a unit has to raise
	UID, GID *uint32    // the real ones, in its own user namespace; nil if not known
	Groups   []uint32   // the supplementary ones in there, but for GID
	Comments []Comment
}

// Comment says what the words of a platform cannot express, or what was assumed.
type Comment struct {
	Note
	For Platform
}

// CommentsFor returns the comments for a platform.
func (d *Derived) CommentsFor(p Platform) (list []Note) {
	for i := range d.Comments {
		if c := &d.Comments[i]; c.For&p != 0 {
			list = append(list, c.Note)
		}
	}
	return list
}

func (d *Derived) comment(on Platform, code, text string) {
	d.Comments = append(d.Comments, Comment{Note{code, text}, on})
}

// SecurityContextOf derives the securityContext of a task. With minimal it leaves out
// what the task does not hold any more. It is an error if the sets that it depends on
// are not known.
func SecurityContextOf(r *Record, minimal bool) (*Derived, error) {
	needed := procstatus.FieldCapBnd
	if minimal {
		needed = procstatus.FieldCapPrm
	}
	if err := r.needs(procstatus.FieldCapBnd, needed); err != nil {
		return nil, err
	}
	sets := r.Status.CapState()
	d := &Derived{Task: r, Minimal: minimal, Set: sets[capset.Bounding]}
	if minimal {
		d.Set &= sets[capset.Permitted]
	}
	d.ids()
	d.capabilities()
	d.held(&sets)
	d.switches()
	d.seccomp()
	d.surroundings()
	return d, nil
}

// capabilities derives those of the bounding set, and whether only a privileged
// container has them. Beside ALL in drop, containerd and CRI-O take ALL in add for
// nothing, so that a full set is asked for without.
func (d *Derived) capabilities() {
	d.Full = capset.UpTo(d.Task.LastCap.Value).Within(d.Set)
	unmasked, why := d.Task.unmasked()
	switch {
	case d.Full && unmasked == Yes:
		d.Privileged = ptr(true)
		return
	case d.Full:
		known := ", and whether its container is privileged is unknown: "
		if unmasked == No {
			known = ", but its container is not privileged: "
		}
		d.comment(containers, "full", "its bounding set is full"+known+why)
		d.Add = []string{"ALL"}
		return
	case unmasked == Yes && d.Task.InContainer():
		d.comment(containers, "unmasked", "nothing is masked in /proc, /sys is writable and no seccomp filter is on, as in a privileged container, which has more capabilities")
	}
	if odd := d.Set &^ capset.UpTo(capset.LastKnown); odd != 0 {
		d.comment(everywhere, "unnamed", "it has capabilities without a name, which cannot be asked for: "+odd.String())
		d.Set &^= odd
	}
	d.Drop = []string{"ALL"}
	if d.Set != 0 {
		d.Add = strings.Split(strings.ReplaceAll(strings.ToUpper(d.Set.String()), "CAP_", ""), ",")
	}
}

// unmasked answers whether the task sees what runtimes hide and write-protect unless a
// container is privileged, and no seccomp filter is on. why says what speaks against
// it, or what is not known.
func (r *Record) unmasked() (unmasked Answer, why string) {
	seccomp, m := r.Status.Has(procstatus.FieldSeccomp), &r.Mounted
	switch {
	case seccomp && r.Status.Seccomp != 0:
		return No, "seccomp is on"
	case m.masked() == Yes:
		return No, "parts of /proc are masked, or /sys is read-only"
	case m.masked() == Unsure:
		return Unsure, m.why()
	case !seccomp:
		return Unsure, r.Why("seccomp")
	}
	return Yes, ""
}

// held comments on what the task holds other than a new one of that bounding set.
func (d *Derived) held(sets *capset.State) {
	permitted, ambient := sets[capset.Permitted], sets[capset.Ambient]
	if beyond := permitted &^ sets[capset.Bounding]; beyond != 0 {
		d.comment(everywhere, "beyond-bounding", "it is permitted "+some(beyond)+", which its bounding set lacks: nothing that is started has that")
	}
	d.Ambient = ambient & d.Set
	if ambient != 0 {
		d.comment(containers, "ambient", "its ambient set has "+some(ambient)+": neither Kubernetes nor docker raises any")
	}
	if rest := sets[capset.Inheritable] &^ ambient; rest != 0 {
		d.comment(everywhere, "inheritable", "its inheritable set has "+some(rest)+", which cannot be asked for")
	}
	if !d.Task.Status.Has(procstatus.FieldCapPrm) || d.UID == nil {
		return
	}
	if *d.UID == 0 {
		on := everywhere
		if d.UnitBits()&capset.NoRoot != 0 {
			on = containers // root does not start with any in a unit with that
		}
		if lowered := d.Set &^ permitted; lowered != 0 {
			d.comment(on, "given-up", "it does not hold "+some(lowered)+", which root starts with; --minimal leaves that out")
		}
		return
	}
	if more := permitted & d.Set &^ ambient; more != 0 {
		d.Ambient |= more
		d.comment(containers, "permitted", "it is permitted "+some(more)+" as another user than root, who starts with none: a file capability of the program gives that")
		d.comment(Systemd, "permitted", "it is permitted "+some(more)+", which is not ambient; AmbientCapabilities= makes it so")
	}
}

// switches derives no_new_privs and the root mount.
func (d *Derived) switches() {
	r := d.Task
	switch {
	case !r.Status.Has(procstatus.FieldNoNewPrivs):
		d.comment(everywhere, "no-new-privs-unknown", "no_new_privs is unknown: "+r.Why("noNewPrivs"))
	case r.Status.NoNewPrivs && (d.Full || d.Set.Has(capset.SysAdmin)):
		d.comment(Kubernetes, "no-new-privs", "no_new_privs is set, and left out: the API refuses to be asked for it beside privileged and CAP_SYS_ADMIN, and takes that beside SYS_ADMIN")
	default:
		d.AllowPrivilegeEscalation = ptr(!r.Status.NoNewPrivs)
	}
	switch r.Mounted.ReadOnly {
	case Unsure:
		d.comment(everywhere, "root-mount-unknown", "whether its root mount is read-only is unknown: "+r.Mounted.why())
		return
	case Yes:
		d.comment(Systemd, "read-only-root", "its root mount is read-only; ReadOnlyPaths=/ and ProtectSystem=strict cover the mounts below too")
	}
	d.ReadOnlyRootFilesystem = ptr(r.Mounted.ReadOnly == Yes)
}

// Unconfined reports whether no seccomp filter is on, of which a privileged container
// needs not be told.
func (d *Derived) Unconfined() bool {
	s := &d.Task.Status
	return s.Has(procstatus.FieldSeccomp) && s.Seccomp == 0 && d.Privileged == nil
}

// seccomp derives the seccompProfile.
func (d *Derived) seccomp() {
	s := &d.Task.Status
	switch {
	case !s.Has(procstatus.FieldSeccomp):
		d.comment(everywhere, "seccomp-unknown", "seccomp is unknown: "+d.Task.Why("seccomp"))
	case d.Unconfined():
		d.comment(Kubernetes, "seccomp-unconfined", "no seccomp filter is on: that is left out, for Pod Security baseline refuses Unconfined; better is type RuntimeDefault")
	case s.Seccomp == 0:
	case SeccompName(s.Seccomp) == "filter":
		d.Seccomp = "RuntimeDefault"
		d.comment(containers, "seccomp-kind", "a seccomp filter is on, and nothing shows which: it is taken for the default of the runtime")
		d.comment(Systemd, "seccomp-kind", "a seccomp filter is on, and nothing shows which: SystemCallFilter= is left to you")
	default:
		d.comment(everywhere, "seccomp-mode", "its seccomp mode is "+SeccompName(s.Seccomp)+", which cannot be asked for")
	}
}

func ptr[T any](v T) *T { return &v }
