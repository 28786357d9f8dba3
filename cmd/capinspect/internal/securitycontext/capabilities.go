// SPDX-License-Identifier: Apache-2.0

package securitycontext

import (
	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/manifest"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// fullSet asks for a privileged container, or for all capabilities, if the set is full. It
// does not drop ALL as well: containerd and CRI-O would ignore ALL in add.
func fullSet(d *Derived, t *task.Task) {
	d.Full = capset.UpTo(t.LastCap.Value).Within(d.Set)
	if !d.Full {
		return
	}
	bare, against := unmasked(t)
	if task.Is(bare, true) {
		d.Privileged = new(true)
		return
	}
	d.Capabilities = &manifest.Capabilities{Add: []string{"ALL"}}
	text := "its bounding set is full, and whether its container is privileged is unknown: " + bare.Why()
	if bare.Known() {
		text = "its bounding set is full, but its container is not privileged: " + against
	}
	d.comment(containers, "full", text)
}

// unmasked reports whether the task sees what runtimes hide and write-protect unless a
// container is privileged, and no seccomp filter is on. If it is not so, against says why.
func unmasked(t *task.Task) (is task.Value[bool], against string) {
	seccomp, known := t.Seccomp.Get()
	masked := t.Mounts.Masked()
	switch {
	case known && seccomp.Mode != 0:
		return task.Known(false), "seccomp is on"
	case task.Is(masked, true):
		return task.Known(false), "parts of /proc are masked, or /sys is read-only"
	case !masked.Known():
		return masked, ""
	case !known:
		return task.Unknown[bool](t.Seccomp.Why()), ""
	}
	return task.Known(true), ""
}

// someCapabilities asks for those of a set that is not full.
func someCapabilities(d *Derived, t *task.Task) {
	if d.Full {
		return
	}
	lacks, newer, privileged := t.PrivilegedBut()
	if privileged && newer {
		d.Privileged = new(true)
		d.comment(containers, "unmasked", "its mounts show that its container is privileged, and its runtime does not know "+task.Some(lacks)+": a newer runtime gives it those too")
		return
	}
	if bare, _ := unmasked(t); task.Is(bare, true) && t.InContainer() {
		d.comment(containers, "unmasked", "nothing is masked in /proc, /sys is writable and no seccomp filter is on, as in a privileged container, which has more capabilities")
	}
	if nameless := d.Set &^ capset.UpTo(capset.LastKnown); nameless != 0 {
		d.comment(capabilities, "unnamed", "it has capabilities without a name, which a manifest cannot ask for: "+nameless.String())
		d.Set &^= nameless
	}
	d.Capabilities = &manifest.Capabilities{Drop: []string{"ALL"}}
	for c := range d.Set.Caps() {
		d.Capabilities.Add = append(d.Capabilities.Add, c.Kubernetes())
	}
}

func beyondBounding(d *Derived, t *task.Task) {
	if beyond := t.Sets[capset.Permitted].Zero() &^ t.Sets[capset.Bounding].Zero(); beyond != 0 {
		d.comment(capabilities, "beyond-bounding", "it is permitted "+task.Some(beyond)+", which its bounding set lacks: nothing that is started has that")
	}
}

// ambient asks for the ambient set, which only a unit can raise.
func ambient(d *Derived, t *task.Task) {
	set := t.Sets[capset.Ambient].Zero()
	d.Ambient = set & d.Set
	if set != 0 {
		d.comment(containers, "ambient", "its ambient set has "+task.Some(set)+": neither Kubernetes nor docker sets any")
		d.comment(Label, "ambient", "its ambient set has "+task.Some(set)+": podman raises what --cap-add names, for a user other than root, and nothing of the label")
	}
}

// inheritable leaves out what is ambient, and inheritable for that.
func inheritable(d *Derived, t *task.Task) {
	if set := t.Sets[capset.Inheritable].Zero() &^ t.Sets[capset.Ambient].Zero(); set != 0 {
		d.comment(capabilities, "inheritable", "its inheritable set has "+task.Some(set)+", which a manifest cannot ask for")
	}
}

// permitted compares what the task is permitted with what its user starts with: root with
// the whole set, another user with the ambient one.
func permitted(d *Derived, t *task.Task) {
	set, known := t.Sets[capset.Permitted].Get()
	if !known || d.UID == nil {
		return
	}
	if *d.UID == 0 {
		on := capabilities
		if unitBits(t)&capset.NoRoot != 0 {
			on = containers | Label // in a unit with noroot, root starts without any
		}
		if lowered := d.Set &^ set; lowered != 0 {
			d.comment(on, "given-up", "it does not hold "+task.Some(lowered)+", which root starts with; --minimal leaves that out")
		}
		return
	}
	if more := set & d.Set &^ t.Sets[capset.Ambient].Zero(); more != 0 {
		d.Ambient |= more
		d.comment(containers|Label, "permitted", "it is permitted "+task.Some(more)+" as a user other than root, who starts with none: a file capability of the program gives that")
		d.comment(Systemd, "permitted", "it is permitted "+task.Some(more)+", which is not ambient; AmbientCapabilities= makes it so")
	}
}
