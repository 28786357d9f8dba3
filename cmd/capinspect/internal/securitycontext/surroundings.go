// SPDX-License-Identifier: Apache-2.0

package securitycontext

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/podsecurity"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/manifest"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// noNewPrivs asks for no_new_privs, or against it. The API refuses
// allowPrivilegeEscalation: false beside privileged and CAP_SYS_ADMIN.
func noNewPrivs(d *Derived, t *task.Task) {
	switch set, known := t.NoNewPrivs.Get(); {
	case !known:
		d.comment(everywhere, "no-new-privs-unknown", "no_new_privs is unknown: "+t.NoNewPrivs.Why())
	case set && (d.Full || d.Set.Has(capset.SysAdmin)):
		d.comment(Kubernetes, "no-new-privs", "no_new_privs is set, and left out: the API refuses it together with privileged or CAP_SYS_ADMIN, and accepts it with SYS_ADMIN")
	default:
		d.AllowPrivilegeEscalation = new(!set)
	}
}

func rootMount(d *Derived, t *task.Task) {
	readOnly, known := t.Mounts.ReadOnlyRoot.Get()
	if !known {
		d.comment(everywhere, "root-mount-unknown", "whether its root mount is read-only is unknown: "+t.Mounts.ReadOnlyRoot.Why())
		return
	}
	if readOnly {
		d.comment(Systemd, "read-only-root", "its root mount is read-only; ReadOnlyPaths=/ and ProtectSystem=strict cover the mounts below too")
	}
	d.ReadOnlyRootFilesystem = &readOnly
}

// Unconfined reports whether a container has to be told to have no seccomp filter. A
// privileged one has none anyway.
func (d *Derived) Unconfined() bool {
	s, known := d.Task.Seccomp.Get()
	return known && s.Mode == 0 && d.Privileged == nil
}

// seccomp asks for the runtime's own filter where any filter is on.
func seccomp(d *Derived, t *task.Task) {
	switch s, known := t.Seccomp.Get(); {
	case !known:
		d.comment(everywhere, "seccomp-unknown", "seccomp is unknown: "+t.Seccomp.Why())
	case d.Unconfined():
		d.comment(Kubernetes, "seccomp-unconfined", "no seccomp filter is on: that is left out, because Pod Security baseline refuses Unconfined; type RuntimeDefault is better")
	case s.Mode == 0:
	case s.Mode == task.SeccompFilter:
		d.SeccompProfile = &manifest.SeccompProfile{Type: "RuntimeDefault"}
		d.comment(containers, "seccomp-kind", "a seccomp filter is on, and nothing shows which one: this assumes the default of the runtime")
		d.comment(Systemd, "seccomp-kind", "a seccomp filter is on, and nothing shows which one: SystemCallFilter= is up to you")
	default:
		d.comment(everywhere, "seccomp-mode", "its seccomp mode is "+task.SeccompName(s.Mode)+", which a manifest cannot ask for")
	}
}

// unitBits returns the securebits of a task that a unit can set (systemd.exec(5)). A unit
// cannot set keep_caps: execve(2) clears it.
func unitBits(t *task.Task) capset.Securebits {
	return t.Securebits.Zero() & (capset.NoRoot | capset.NoRoot.Lock() | capset.NoSetuidFixup | capset.NoSetuidFixup.Lock() | capset.KeepCaps.Lock())
}

func securebits(d *Derived, t *task.Task) {
	bits, known := t.Securebits.Get()
	on := everywhere
	if bits == unitBits(t) {
		on = containers
	}
	switch {
	case !known:
		d.comment(Systemd, "securebits-unknown", "its securebits are unknown: "+t.Securebits.Why())
	case bits != 0:
		d.comment(on, "securebits", fmt.Sprintf("its securebits are %#x, not all of which a manifest can ask for", uint32(bits)))
	}
}

func userNamespace(d *Derived, t *task.Task) {
	initial := task.Unknown[bool](t.UserNamespace.Why())
	if ns, ok := t.UserNamespace.Get(); ok {
		initial = ns.Initial
	}
	switch is, known := initial.Get(); {
	case !known:
		d.comment(everywhere, "user-namespace-unknown", "whether it is in a user namespace of its own is unknown: "+cmp.Or(initial.Why(), task.Untold))
	case !is:
		d.comment(Kubernetes, "user-namespace", "it is in a child user namespace: hostUsers: false, in the spec of the pod")
		d.comment(Docker, "user-namespace", "it is in a child user namespace: userns-remap, of the daemon, which excludes --privileged")
		d.comment(Systemd, "user-namespace", "it is in a child user namespace: PrivateUsers= makes one, with other ids")
	}
}

// procMount asks for a /proc that hides nothing. A privileged container has it anyway.
func procMount(d *Derived, t *task.Task) {
	facts := t.PodFacts()
	if facts.True&podsecurity.Unmasked == 0 || d.Privileged != nil || !t.InContainer() {
		return
	}
	d.UnmaskedProc = true
	if t.InChildUserNamespace() {
		d.ProcMount = "Unmasked"
		return
	}
	d.comment(Kubernetes, "proc-mount", "nothing is masked in its /proc: procMount: Unmasked is left out, for the API only accepts it with hostUsers: false")
}

// hostNamespaces says which namespaces of the node a container shares.
func hostNamespaces(d *Derived, t *task.Task) {
	if !t.InContainer() {
		return
	}
	var keys []string
	for _, ns := range [...]struct {
		shared    task.Value[bool]
		key, flag string
	}{
		{t.HostPID(), "hostPID", "--pid"},
		{t.HostIPC(), "hostIPC", "--ipc"},
		{t.HostNetwork(), "hostNetwork", "--network"},
	} {
		if task.Is(ns.shared, true) {
			keys = append(keys, ns.key+": true")
			d.HostFlags = append(d.HostFlags, ns.flag)
		}
	}
	if len(keys) > 0 {
		d.comment(Kubernetes, "host-namespaces", "it is in namespaces of the node: "+strings.Join(keys, ", ")+", in the spec of the pod")
	}
}

// label asks for no AppArmor profile where AppArmor confines the container by none. A
// privileged one has none anyway, and the one of the runtime needs no word.
func label(d *Derived, t *task.Task) {
	l, known := t.Label.Get()
	switch {
	case !known || t.HasRuntimeLabel():
	case l.Label != "unconfined" && l.Mode != "unconfined":
		d.comment(everywhere, "lsm", "the label of its security module is not asked for: "+l.Label)
	case l.Module == "apparmor" && d.Privileged == nil && t.InContainer():
		d.AppArmorProfile = &manifest.AppArmorProfile{Type: "Unconfined"}
		d.comment(Kubernetes, "apparmor-unconfined", "AppArmor does not confine it; Kubernetes has appArmorProfile since 1.30, and Pod Security baseline refuses Unconfined")
	}
}

// notes repeats the notes on the task that cast doubt on what is derived.
func notes(d *Derived, t *task.Task) {
	for _, n := range t.Notes {
		if n.Code == task.OverflowNote || n.Code == task.ChangedNote {
			d.comment(capabilities, n.Code, n.Text)
		}
	}
}
