// SPDX-License-Identifier: Apache-2.0

// Package userns says whether a task may create a user namespace, what refuses it first, and
// what it could do in there. It creates none.
package userns

import (
	"fmt"
	"slices"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/why"
)

// Question is what decides whether a task may create a user namespace, and what it could
// do with it (user_namespaces(7)).
type Question struct {
	*why.Subject

	Supported task.Value[bool] // the kernel has user namespaces
	// Sysctls, as capinspect reads them; "" of one that the kernel does not have.
	MaxNamespaces     task.Value[string] // user.max_user_namespaces of capinspect's own user namespace
	UnprivilegedClone task.Value[string] // kernel.unprivileged_userns_clone, which Debian adds
	AppArmorRestricts task.Value[string] // kernel.apparmor_restrict_unprivileged_userns, which Ubuntu adds
	SameUserns        bool               // the task is in capinspect's own user namespace

	Chrooted task.Value[bool]
	Level    task.Value[int] // how many user namespaces its own is below the initial one

	Users, Groups SubordinateIDs
}

// maxLevel is the deepest level in which a task may create a user namespace
// (kernel/user_namespace.c, create_user_ns).
const maxLevel = 32

// Answer says whether a task may create a user namespace, and whether that is of use.
type Answer struct {
	Task          *task.Task
	Creates       task.Value[bool] // it may create one
	Works         task.Value[bool] // and what it has in there counts
	Reason        task.Note        // what stops it first
	Also          []task.Note
	Inside        capset.Set // what it has in there, for what the new namespace owns
	Users, Groups SubordinateIDs
	Changes       []why.Change
	Assumed       []task.Note
}

// refusal is a row of the table of what refuses a user namespace.
type refusal struct {
	code   string
	unsure bool // whether it refuses is not known
	// creates says that the namespace is created all the same, and is of no use.
	creates bool
	applies func(*Question) bool
	text    func(*Question) string
	changes func(*Question) []why.Change
}

// refusals is the table, in the order in which the kernel asks: the seccomp filter, the
// patch of Debian, create_user_ns, and the security modules last.
var refusals = []refusal{
	{
		code: task.SandboxKernel, unsure: true,
		applies: func(s *Question) bool { return s.Task.InSandbox() },
		text:    fixed("it is in a sandbox with a kernel of its own, whose rules are not known here"),
	},
	{
		code: "seccomp",
		applies: func(s *Question) bool {
			return s.Task.Seccomp.Known() && s.Filtered() && s.refusedByDefault()
		},
		text: func(s *Question) string {
			return "the default seccomp filter of " + s.RuntimeName() + " allows unshare and clone with CLONE_NEWUSER only where cap_sys_admin is in the bounding set (EPERM)"
		},
		changes: func(*Question) []why.Change {
			return []why.Change{
				{Where: "securityContext", Text: "seccompProfile of type Localhost that allows unshare and clone (docker: --security-opt seccomp=FILE)"},
				{Where: "securityContext", Text: "seccompProfile of type Unconfined (docker: --security-opt seccomp=unconfined)"},
				{Where: "securityContext", Text: "capabilities.add: [SYS_ADMIN], which is enough for any user, but gives far more (docker: --cap-add SYS_ADMIN)"},
			}
		},
	},
	{
		code: "seccomp", unsure: true,
		applies: func(s *Question) bool { return s.Outside && s.Task.Seccomp.Known() && s.Filtered() },
		text: func(s *Question) string {
			return "a seccomp filter is on that may refuse unshare or clone: which one it is cannot be read"
		},
		changes: func(*Question) []why.Change {
			return []why.Change{{Where: "unit", Text: "RestrictNamespaces=user or RestrictNamespaces=no, and SystemCallFilter= with unshare, clone and clone3"}}
		},
	},
	{
		code: "unprivileged-userns-clone",
		applies: func(s *Question) bool {
			return task.Is(s.UnprivilegedClone, "0") && !(s.admin() && task.Is(s.initial(), true))
		},
		text: fixed("kernel.unprivileged_userns_clone is 0: only cap_sys_admin in the initial user namespace creates one (EPERM)"),
		changes: func(*Question) []why.Change {
			return []why.Change{{Where: "sysctl", Text: "kernel.unprivileged_userns_clone=1, on the node: every user may create user namespaces"}}
		},
	},
	{
		code:    "no-user-namespaces",
		applies: func(s *Question) bool { return task.Is(s.Supported, false) },
		text:    fixed("the kernel is built without user namespaces (EINVAL)"),
	},
	{
		code:    "nesting",
		applies: func(s *Question) bool { level, ok := s.Level.Get(); return ok && level > maxLevel },
		text: func(s *Question) string {
			return fmt.Sprintf("its user namespace is %d levels below the initial one, and the kernel creates none below level %d (ENOSPC)", s.Level.Zero(), maxLevel+1)
		},
		changes: func(*Question) []why.Change {
			return []why.Change{{Where: "program", Text: "start it in a user namespace nearer to the initial one"}}
		},
	},
	{
		code:    "max-user-namespaces",
		applies: func(s *Question) bool { return task.Is(s.MaxNamespaces, "0") },
		text: func(s *Question) string {
			if s.SameUserns {
				return "user.max_user_namespaces is 0 in its user namespace (ENOSPC)"
			}
			return "user.max_user_namespaces is 0 in capinspect's user namespace, which counts for those below (ENOSPC)"
		},
		changes: func(*Question) []why.Change {
			return []why.Change{{Where: "sysctl", Text: "user.max_user_namespaces=16, or more, by root of that user namespace: so many for each user"}}
		},
	},
	{
		code:    "chroot",
		applies: func(s *Question) bool { return task.Is(s.Chrooted, true) },
		text:    fixed("its root directory is not that of its mount namespace, as after chroot(2) (EPERM)"),
		changes: func(s *Question) []why.Change {
			list := []why.Change{{Where: "program", Text: "pivot_root(2) in place of chroot(2), or create the user namespace before chroot(2)"}}
			if s.Outside {
				list = append(list, why.Change{Where: "unit", Text: "RootDirectory=, by which systemd changes the root of the mount namespace"})
			}
			return list
		},
	},
	{
		code:    "unmapped-id",
		applies: func(s *Question) bool { return task.Is(s.mapped(), false) },
		text:    fixed("its user namespace does not map its effective uid or gid (EPERM)"),
		changes: func(*Question) []why.Change {
			return []why.Change{
				{Where: "program", Text: "run as a user and a group that uid_map and gid_map of its user namespace have"},
				{Where: "program", Text: "map them when its user namespace is made, as by newuidmap and newgidmap"},
			}
		},
	},
	{
		code: "unmapped-id", unsure: true,
		applies: func(s *Question) bool { return !s.mapped().Known() },
		text: func(s *Question) string {
			return "whether its user namespace maps its effective uid and gid is unknown: " + s.mapped().Why()
		},
	},
	{
		code: "unprivileged-userns", creates: true,
		applies: func(s *Question) bool { return s.Task.DeniedByUbuntu() },
		text:    fixed("AppArmor has it under the profile unprivileged_userns, which denies every capability, in a user namespace that it creates too"),
		changes: func(s *Question) []why.Change { return s.allowUserns() },
	},
	{
		code: "apparmor-restricts-userns", creates: true,
		applies: func(s *Question) bool {
			l, ok := s.Task.Label.Get()
			return s.restricted() && ok && l.Label == "unconfined" && !s.admin()
		},
		text: fixed("kernel.apparmor_restrict_unprivileged_userns is 1 and no profile is on it: AppArmor lets it create one and puts it under the profile " +
			"unprivileged_userns, which denies every capability"),
		changes: func(s *Question) []why.Change { return s.allowUserns() },
	},
	{
		code: "confined", unsure: true,
		applies: func(s *Question) bool {
			name, _ := s.Module(capset.SysAdmin)
			return name != "" && !s.Task.DeniedByUbuntu()
		},
		text: func(s *Question) string {
			name, label := s.Module(capset.SysAdmin)
			return name + " (" + label + ") may refuse it, or what it permits in there (EACCES)"
		},
		changes: func(s *Question) []why.Change {
			switch name, _ := s.Module(capset.SysAdmin); {
			case name == "apparmor":
				return s.allowUserns()[:1]
			case s.Outside:
				return nil
			case name == "selinux":
				return []why.Change{{Where: "securityContext", Text: "seLinuxOptions with a type that permits it (docker: --security-opt label=type:TYPE)"}}
			}
			return nil
		},
	},
}

// The codes of an answer that no row gives.
const (
	mayCreate = "may-create"
	threads   = "threads"
	execve    = "execve"
)

func remark(code, text string) task.Note { return task.Note{Code: code, Text: text} }

// Codes returns the codes of all reasons.
func Codes() []string {
	codes := []string{mayCreate, threads, execve}
	for i := range refusals {
		codes = append(codes, refusals[i].code)
	}
	return codes
}

// fixed returns a text that is the same for every task.
func fixed(text string) func(*Question) string { return func(*Question) string { return text } }

// Answer goes through the table of refusals.
func (s *Question) Answer() *Answer {
	a := &Answer{
		Task: s.Task, Creates: task.Known(true), Works: task.Known(true), Inside: capset.UpTo(s.Task.LastCap.Value),
		Users: s.Users, Groups: s.Groups,
	}
	for i := range refusals {
		r := &refusals[i]
		if !r.applies(s) {
			continue
		}
		note := task.Note{Code: r.code, Text: r.text(s)}
		if a.Reason == (task.Note{}) {
			a.Reason = note
		} else {
			a.Also = append(a.Also, note)
		}
		a.judge(r, note.Text)
		if r.changes != nil {
			a.Changes = append(a.Changes, r.changes(s)...)
		}
	}
	if a.Reason == (task.Note{}) {
		a.Reason = remark(mayCreate, "nothing that can be seen refuses it")
	}
	a.Also = append(a.Also, s.remarks(a)...)
	a.Assumed = s.assumes(a)
	return a
}

// judge makes what a row says part of the answer. One that refuses for certain outweighs
// one that may.
func (a *Answer) judge(r *refusal, text string) {
	worse := func(v *task.Value[bool]) {
		switch {
		case !r.unsure:
			*v = task.Known(false)
		case !task.Is(*v, false):
			*v = task.Unknown[bool](text)
		}
	}
	worse(&a.Works)
	if !r.creates {
		worse(&a.Creates)
	}
}

// remarks returns what else is worth knowing of a task that may create one.
func (s *Question) remarks(a *Answer) (list []task.Note) {
	if task.Is(a.Creates, false) {
		return nil
	}
	if n := s.Task.Threads.Zero(); n > 1 && !s.Task.Self {
		list = append(list, remark(threads, fmt.Sprintf("it has %d threads: unshare(2) refuses that (EINVAL), and clone(2) does not", n)))
	}
	return append(list, remark(execve, "an execve(2) in there takes every capability away, unless uid_map maps its uid to 0 or they are ambient"))
}

// assumes returns what is taken for granted, as far as the answer depends on it.
func (s *Question) assumes(a *Answer) (list []task.Note) {
	add := func(code, text string) { list = append(list, task.Note{Code: code, Text: text}) }
	if !s.Outside && s.Task.Seccomp.Known() && s.Filtered() {
		add("seccomp-filter", "its seccomp filter is the default one of "+s.RuntimeName()+": which one it has cannot be read")
	}
	if task.Is(a.Creates, false) {
		return list
	}
	if !s.Task.Seccomp.Known() {
		add("seccomp-filter", "no seccomp filter refuses it: "+s.Task.Seccomp.Why())
	}
	for _, sysctl := range []struct {
		name  string
		value task.Value[string]
	}{
		{"user.max_user_namespaces", s.MaxNamespaces},
		{"kernel.unprivileged_userns_clone", s.UnprivilegedClone},
		{"kernel.apparmor_restrict_unprivileged_userns", s.AppArmorRestricts},
	} {
		if !sysctl.value.Known() {
			add("sysctl", sysctl.name+" does not refuse it: "+sysctl.value.Why())
		}
	}
	if max, ok := s.MaxNamespaces.Get(); ok {
		add("max-user-namespaces", "its user has fewer than "+max+" user namespaces (user.max_user_namespaces), which nobody can count")
	}
	if !s.SameUserns && s.MaxNamespaces.Known() {
		add("max-user-namespaces", "user.max_user_namespaces of its own user namespace, which only a process in there can read, leaves room")
	}
	if !s.Level.Known() {
		add("nesting", fmt.Sprintf("its user namespace is at most %d levels below the initial one: %s", maxLevel, s.Level.Why()))
	}
	if !s.Chrooted.Known() {
		add("chroot", "its root directory is that of its mount namespace: "+s.Chrooted.Why())
	}
	if !s.Task.Label.Known() && s.Task.Label.Why() != task.NoLabels {
		add("confined", "no security module refuses it: "+s.Task.Label.Why())
	}
	return list
}

// admin reports whether the task has SYS_ADMIN.
func (s *Question) admin() bool { return s.Credentials.Sets[capset.Effective].Has(capset.SysAdmin) }

// initial reports whether the task is in the initial user namespace.
func (s *Question) initial() task.Value[bool] { return s.Task.UserNamespace.Zero().Initial }

// restricted reports whether Ubuntu's sysctl is on.
func (s *Question) restricted() bool {
	v, ok := s.AppArmorRestricts.Get()
	return ok && v != "" && v != "0"
}

// refusedByDefault reports whether the default filter of the task's runtime refuses it.
func (s *Question) refusedByDefault() bool {
	gate, ok := runtime.Named(s.RuntimeName()).SeccompGate(capset.SysAdmin)
	return !s.Outside && ok && slices.Contains(gate.Calls, "unshare") && !s.Credentials.Sets[capset.Bounding].Has(capset.SysAdmin)
}

// allowUserns returns what makes AppArmor permit what a user namespace gives.
func (s *Question) allowUserns() []why.Change {
	its := s.Path
	if its == "" {
		its = "its program"
	}
	list := []why.Change{
		{Where: "file", Text: "an AppArmor profile for " + its + " that has the rule userns, in /etc/apparmor.d"},
		{Where: "sysctl", Text: "kernel.apparmor_restrict_unprivileged_userns=0, on the node: every user may make user namespaces and has all capabilities in them"},
	}
	if !s.Outside {
		list[0] = why.Change{Where: "securityContext", Text: "appArmorProfile of type Localhost that has the rule userns (docker: --security-opt apparmor=PROFILE)"}
	}
	return list
}

// mapped reports whether the user namespace of the task maps its effective uid and gid.
func (s *Question) mapped() task.Value[bool] {
	ns, ok := s.Task.UserNamespace.Get()
	uid, hasUID := s.Task.UID.Get()
	gid, hasGID := s.Task.GID.Get()
	switch {
	case task.Is(ns.Initial, true):
		return task.Known(true)
	case !ok:
		return task.Unknown[bool](s.Task.UserNamespace.Why())
	case !hasUID || !hasGID:
		return task.Unknown[bool]("its ids are unknown")
	}
	users, groups := ns.UIDMap, ns.GIDMap
	if !users.Known() || !groups.Known() {
		return task.Unknown[bool]("its id maps are hidden")
	}
	var own bool
	if own = ns.Own || s.Task.Self; own {
		if !users.Zero().Covers(uid.Effective) || !groups.Zero().Covers(gid.Effective) {
			return task.Known(false)
		}
	} else {
		_, hasUID = users.Zero().Inside(uid.Effective)
		_, hasGID = groups.Zero().Inside(gid.Effective)
		if !hasUID || !hasGID {
			return task.Known(false)
		}
	}
	if s.Task.Overflow != "" {
		return task.Unknown[bool](s.Task.Overflow)
	}
	return task.Known(true)
}
