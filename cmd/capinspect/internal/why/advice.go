// SPDX-License-Identifier: Apache-2.0

package why

import (
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// What would change an answer is listed least privilege first: what makes the
// capability unnecessary, then a file capability, which one program gets, then an ambient
// one, which all get that the task executes, and root last.

// setcap returns the command that gives the program the capability, and what the file has
// now.
func (q *question) setcap() string {
	path := q.Path
	if path == "" {
		path = "PROGRAM"
	}
	text := q.capsText(q.fileCaps())
	if strings.Contains(text, " ") {
		text = "'" + text + "'"
	}
	return "setcap " + text + " " + path + q.fileNow()
}

// fileNow says which capabilities the file has, "" if that is unknown.
func (q *question) fileNow() string {
	switch f := q.Program; {
	case f == nil:
		return ""
	case f.Caps == nil:
		return ", which has no file capabilities now"
	case f.ForeignCaps:
		return ", whose file capabilities do not count now"
	default:
		return ", which has " + q.capsText(*f.Caps) + " now"
	}
}

// capsText returns capabilities of a file as setcap(8) takes them.
func (q *question) capsText(caps capset.FileCaps) string {
	s := capset.State{capset.Inheritable: caps.Inheritable, capset.Permitted: caps.Permitted}
	if caps.Effective {
		s[capset.Effective] = caps.Inheritable | caps.Permitted
	}
	return s.Text(q.Task.LastCap.Value)
}

// fileCaps returns the capabilities with which the file gives the task the one that is
// asked for, besides those that it gives now, since setcap(8) replaces these. What is not
// in the bounding set is given as inheritable: as permitted it would make execve(2) fail.
func (q *question) fileCaps() capset.FileCaps {
	c := q.Credentials
	one := capset.FileCaps{Permitted: q.wanted(), Effective: true, Version: 2}
	inherited := q.wanted() & c.Sets[capset.Inheritable] &^ c.Sets[capset.Bounding]
	one.Permitted, one.Inheritable = one.Permitted&^inherited, inherited
	c.Sets[capset.Bounding] |= one.Permitted // which is changed first if it lacks any
	f := q.Program
	if f == nil || f.Caps == nil || f.ForeignCaps {
		return one
	}
	both, file := one, *f
	both.Permitted |= f.Caps.Permitted
	both.Inheritable |= f.Caps.Inheritable
	file.Caps, file.NoSuid, c.NoNewPrivs = &both, false, false
	if _, _, err := capset.Exec(c, file, q.How); err != nil {
		return one
	}
	return both
}

// raisesAmbient reports whether the task's runtime gives a user other than root what is
// added.
func (s *Subject) raisesAmbient() bool {
	r := runtime.Named(s.Task.Runtime())
	return r != nil && r.RaisesAmbient
}

// add returns the securityContext that adds the capability.
func (q *question) add() Change {
	var names []string
	for c := range q.wanted().Caps() {
		if q.raisesAmbient() || !q.Credentials.Sets[capset.Bounding].Has(c) {
			names = append(names, c.Kubernetes())
		}
	}
	options := "--cap-add " + strings.Join(names, " --cap-add ")
	text := "capabilities.add: [" + strings.Join(names, ", ") + "] (docker: " + options + ")"
	if q.raisesAmbient() {
		text = "podman " + options + ", which raises it as ambient for a user other than root"
	}
	return Change{"securityContext", text}
}

// ambient returns the line of a unit that gives the capability to a user other than root.
func (q *question) ambient() string {
	return "AmbientCapabilities=" + q.systemd() + " in a system unit; one of systemd --user fails with it (218/CAPABILITIES)"
}

// intoBounding returns what puts the capability into the bounding set, and makes it
// effective there.
func (q *question) intoBounding() (list []Change) {
	user := q.Task.UID.Known() && q.Credentials.UID.Effective != 0
	if q.Outside {
		list = append(list, Change{"unit", "CapabilityBoundingSet= with " + q.systemd()})
		if user && !q.bit {
			list = append(list, q.ofHost("then ", "or ")...)
		}
		return list
	}
	list = append(list, q.add())
	if free := q.free(); free != "" && q.Filtered() && !q.forOne {
		list = append(list, Change{"securityContext", "that is enough for any user to do what the default seccomp filter of " + q.RuntimeName() + " then allows: " + free})
	}
	if user && !q.raisesAmbient() && !q.bit {
		list = append(list,
			Change{"image", "then " + q.entrypoint()},
			Change{"securityContext", "or runAsUser: 0 (docker: --user 0): for any other user it is only added to the bounding set"})
	}
	return list
}

// entrypoint says that a file capability of the entrypoint gives it. containerd executes
// the entrypoint with the capability in its permitted set, so that no_new_privs takes
// nothing away. docker gives a user other than root nothing to begin with.
func (q *question) entrypoint() string {
	text := q.setcap()
	switch {
	case !q.Credentials.NoNewPrivs:
		return text + ": it counts when that is executed"
	case q.Task.Runtime() == "docker":
		return text + ", without no-new-privileges: docker gives a user other than root nothing that a file could keep under it"
	}
	return text + ": under no_new_privs only with containerd, as the entrypoint; with docker, and for what is executed later, it does not count"
}

// withoutNoNewPrivs returns what leaves no_new_privs off, or makes it harmless.
func (q *question) withoutNoNewPrivs() (list []Change) {
	if q.Outside {
		return []Change{{"unit", "no NoNewPrivileges=, and nothing that implies it, as SystemCallFilter= does with User="}}
	}
	if q.Credentials.UID.Effective != 0 && q.Task.Runtime() != "docker" && !q.bit {
		list = append(list, Change{"image", "have " + q.its() + " as the entrypoint: containerd executes that with what is added, docker does not"})
	}
	return append(list, Change{"securityContext", "no allowPrivilegeEscalation: false (docker: no --security-opt no-new-privileges)"})
}

// where returns the set that the capability is in, of a task that does not get it.
func (q *question) where() string {
	if q.Credentials.Sets[capset.Bounding].Has(q.cap) {
		return "bounding"
	}
	return "inheritable"
}

// ifRoot says what it means that root is not permitted the capability, or that root would
// start with it.
func (q *question) ifRoot() string {
	if q.Task.Asked != nil {
		return "if it is root: it has it, from where its program begins"
	}
	const gaveUp = "if it is root: it gave it up, or was never given it, "
	noNewPrivs, known := q.Task.NoNewPrivs.Get()
	switch {
	case !known:
		return gaveUp + "and gets it back by executing something, unless no_new_privs is set (" + q.Task.NoNewPrivs.Why() + ")"
	case noNewPrivs:
		return gaveUp + "and no_new_privs keeps it from getting it back by execve"
	}
	return gaveUp + "and gets it back by executing something"
}

// notRoot says that the capability is of no use to a user other than root.
func (q *question) notRoot() string {
	who := "docker and Kubernetes set no ambient capabilities"
	switch {
	case q.Outside:
		who = "it is not ambient, and no file gave it"
	case q.raisesAmbient():
		who = "podman raises added capabilities as ambient, but not its default ones"
	}
	return "it is in the " + q.where() + " set, but uid " + task.Decimal(q.Task.UID.Zero().Effective) + " does not get it: " + who
}

// asRoot returns what gives the capability to a task that has it in the bounding set.
func (q *question) asRoot() []Change {
	if q.Outside {
		return q.ofHost("", "")
	}
	list := []Change{{"image", q.entrypoint()}}
	if q.raisesAmbient() {
		list = append(list, q.add())
	}
	if q.maybeOutside() {
		list = append(list, Change{"unit", "if it is in no container: " + q.ambient()})
	}
	return append(list, Change{"securityContext", "runAsUser: 0 (docker: --user 0)"})
}

// ofHost returns what gives the capability to a user other than root on the host, with words
// before the first and the second. Under no_new_privs a file gives nothing.
func (q *question) ofHost(first, second string) []Change {
	if q.Credentials.NoNewPrivs {
		return []Change{{"unit", first + q.ambient()}, {"file", second + q.setcap() + ", which counts only without no_new_privs"}}
	}
	return []Change{{"file", first + q.setcap()}, {"unit", second + q.ambient()}}
}

// maybeOutside reports whether the task may be in no container: nothing tells that it is in
// one, and it lacks nothing in its bounding set, as few containers do.
func (q *question) maybeOutside() bool {
	everything := capset.UpTo(q.Task.LastCap.Value)
	return !q.Task.Container.Known() && !q.Task.InContainer() && q.Credentials.Sets[capset.Bounding] == everything
}

// needsRoot reports whether the task would get the capability as uid 0 alone, so that it
// depends on the securebit noroot, which is unknown.
func (q *question) needsRoot() bool {
	if q.Task.Securebits.Known() {
		return false
	}
	without := *q.Subject
	without.Credentials.Securebits |= capset.NoRoot
	return !(&question{Subject: &without, cap: q.cap, state: q.state}).gets(nil)
}

// gaveUp says that the task would get the capability, and has not got it.
func (q *question) gaveUp() string {
	text := "it would get it by executing " + q.its() + " again: it gave it up, or was given less than the bounding set has"
	if q.needsRoot() {
		text += "; unless the securebit noroot is set, which only the task itself can read: then uid 0 gains nothing by execve"
	}
	return text
}

// keepIt returns what makes up for what was given up.
func (q *question) keepIt() []Change {
	list := []Change{{"program", "not give it up; what it executes from now on gets it again"}}
	if q.needsRoot() {
		list = append(list, Change{q.file(), "if noroot is set, " + q.setcap()})
	}
	return list
}
