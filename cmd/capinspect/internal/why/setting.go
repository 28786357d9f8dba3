// SPDX-License-Identifier: Apache-2.0

package why

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/operation"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// effect is what the value of a sysctl does to an operation.
type effect uint8

const (
	nothing effect = iota
	frees          // no capability is needed
	mayFree        // none is needed for a part of it
	refuses        // it is refused, whatever the capabilities
)

// rule says what a sysctl does to the operations that name it. Which these are stands in
// their own table.
type rule struct {
	name string
	does func(a *attempt, value string) effect
	cap  capset.Cap // the one that it frees a program of that needs several
	one  bool       // cap is set
	gate bool       // it frees of nothing: where the kernel lacks it, it decides nothing
}

// when returns a rule in which one value has an effect.
func when(value string, then effect) func(*attempt, string) effect {
	return func(_ *attempt, v string) effect {
		if v == value {
			return then
		}
		return nothing
	}
}

// rules is the table of the sysctls that decide over operations.
var rules = []rule{
	{name: portStart, cap: capset.NetBindService, one: true, does: func(a *attempt, value string) effect {
		if first, err := strconv.Atoi(value); err == nil && first <= a.port() {
			return frees
		}
		return nothing
	}},
	{name: pingRange, cap: capset.NetRaw, one: true, does: func(a *attempt, value string) effect {
		switch {
		case a.inGroups(value):
			return frees
		case len(a.Caps) == 0:
			return refuses
		}
		return nothing
	}},
	{name: "kernel.dmesg_restrict", does: when("0", frees)},
	{name: "kernel.unprivileged_bpf_disabled", does: when("0", mayFree)},
	{name: "kernel.perf_event_paranoid", does: func(a *attempt, value string) effect {
		level, err := strconv.Atoi(value)
		switch {
		case err != nil:
			return nothing
		case level <= 0:
			return frees
		case level == 1:
			return mayFree
		case level >= 4 && !task.Is(a.counts(capset.SysAdmin), true):
			return refuses
		}
		return nothing
	}},
	{name: "vm.unprivileged_userfaultfd", does: when("1", frees)},
	{name: "kernel.io_uring_disabled", does: func(_ *attempt, value string) effect {
		return map[string]effect{"0": frees, "2": refuses}[value]
	}},
	{name: "fs.protected_hardlinks", does: when("0", frees)},
	{name: "fs.protected_symlinks", does: func(_ *attempt, value string) effect {
		return map[string]effect{"0": frees, "1": refuses}[value]
	}},
	{name: "vm.hugetlb_shm_group", does: ofGroup},
	{name: "kernel.io_uring_group", does: ofGroup},
	{name: "kernel.modules_disabled", gate: true, does: when("1", refuses)},
	{name: "kernel.kexec_load_disabled", gate: true, does: when("1", refuses)},
	{name: "kernel.yama.ptrace_scope", gate: true, does: func(a *attempt, value string) effect {
		if value == "3" || value == "2" && len(a.Caps) == 0 && !task.Is(a.counts(capset.SysPtrace), true) {
			return refuses
		}
		return nothing
	}},
	{name: "user.max_user_namespaces", gate: true, does: ofNewUserNamespace(func(_ *attempt, value string) bool { return value == "0" })},
	{name: "kernel.unprivileged_userns_clone", gate: true, does: ofNewUserNamespace(func(a *attempt, value string) bool {
		return value == "0" && !task.Is(a.counts(capset.SysAdmin), true)
	})},
	{name: "kernel.apparmor_restrict_unprivileged_userns", gate: true, does: ofNewUserNamespace(func(a *attempt, value string) bool {
		return value == "1" && !task.Is(a.counts(capset.SysAdmin), true) && a.Task.Label.Zero().Label == "unconfined"
	})},
}

// ofGroup is a rule for a sysctl that names a group.
func ofGroup(a *attempt, value string) effect {
	if value != "-1" && a.inGroups(value+" "+value) {
		return frees
	}
	return nothing
}

// ofNewUserNamespace returns a rule for what makes a user namespace and nothing else: what
// needs a capability may do so without one.
func ofNewUserNamespace(refused func(a *attempt, value string) bool) func(*attempt, string) effect {
	return func(a *attempt, value string) effect {
		if len(a.Caps) == 0 && refused(a, value) {
			return refuses
		}
		return nothing
	}
}

// setting is a sysctl that an operation names, and what its value does.
type setting struct {
	name   string
	value  task.Value[string]
	effect effect
	rule   *rule
	gate   bool // it stands among what may refuse the operation
}

// text says what the sysctl does.
func (s *setting) text() string {
	value := s.value.Zero()
	switch s.effect {
	case frees:
		return s.name + " is " + value + ": no capability is needed"
	case mayFree:
		return s.name + " is " + value + ": for a part of it no capability is needed"
	case refuses:
		return s.name + " is " + value + ", which refuses it"
	}
	return s.name + " is " + value
}

// now says which value the sysctl has.
func (s *setting) now() string {
	if value, ok := s.value.Get(); ok {
		return "now " + value
	}
	return "whose value is not known here"
}

// naming returns the rules of the sysctls that an operation names, in its notes.
func naming(o *operation.Operation) (found []setting) {
	for i := range rules {
		r := &rules[i]
		named := func(n operation.Note) bool { return strings.Contains(n.Text, r.name) }
		instead, gate := slices.ContainsFunc(o.Instead, named), slices.ContainsFunc(o.Gates, named)
		if instead || gate {
			found = append(found, setting{name: r.name, rule: r, gate: r.gate || gate && !instead})
		}
	}
	return found
}

// Settings returns the names of the sysctls that decide over operations.
func (q *Asked) Settings() (names []string) {
	for i := range q.Operations {
		for _, s := range naming(&q.Operations[i].Operation) {
			names = append(names, s.name)
		}
		for _, o := range operation.Named(newUserNamespace) { // which may be an alternative
			for _, s := range naming(&o) {
				names = append(names, s.name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// settings returns the sysctls that the operation names, with what they do.
func (a *attempt) settings() []setting {
	found := naming(&a.Operation.Operation)
	for i := range found {
		s := &found[i]
		switch s.name {
		case portStart:
			s.value = a.Sysctls.UnprivilegedPorts
		case pingRange:
			s.value = a.Sysctls.PingGroups
		default:
			s.value = a.Sysctls.Others[s.name]
		}
		if value, ok := s.value.Get(); ok {
			s.effect = s.rule.does(a, value)
		}
	}
	return found
}

// port returns the port that the operation is asked for, or the lowest one.
func (a *attempt) port() int {
	port, _ := operation.Port(a.As)
	return port
}

// free reports whether the operation is known to need no capability, and says why.
func (a *attempt) free(settings []setting) bool {
	if len(a.Caps) == 0 && a.Errno == "" {
		a.passes = note(NeedsNone, "it needs no capability")
		return true
	}
	for _, n := range a.Instead {
		switch {
		case a.ownedBy(n) != nil && task.Is(a.ownedBy(n)(), true):
			a.passes = note(unnecessary, n.Text)
			return true
		case n.Code == noNewPrivs && task.Is(a.Task.NoNewPrivs, true):
			a.passes = note(unnecessary, "no_new_privs is set, and it needs no capability then")
			return true
		}
	}
	for _, s := range settings {
		if s.effect == frees && !a.partly(s) {
			a.passes = note(unnecessary, s.text())
			return true
		}
	}
	return false
}

// partly reports whether a sysctl frees the operation of one of several capabilities alone.
func (a *attempt) partly(s setting) bool { return s.rule.one && a.All && len(a.Caps) > 1 }

// unsettled holds what is stopped for its capabilities against the alternatives that may
// let it pass.
func (a *attempt) unsettled(settings []setting) {
	var why []string
	for _, n := range a.Instead {
		owner := a.ownedBy(n)
		if owner == nil {
			continue
		}
		switch root := owner(); {
		case !root.Known():
			why = append(why, n.Text+", and whether it is that is unknown ("+root.Why()+")")
		case len(a.Caps) == 0:
			a.stops = append(a.stops, stop{Note: note(rootOwned, n.Text+", and the task is another user")})
		}
	}
	for _, s := range settings {
		switch {
		case s.gate || s.effect == refuses || a.partly(s) && a.missing != capset.Of(s.rule.cap):
		case s.effect == mayFree:
			why = append(why, s.text())
		case !s.value.Known():
			why = append(why, s.name+choose(len(a.Caps) == 0, " decides", " may make a capability unnecessary")+", and its value is not known here")
		}
	}
	if why == nil {
		return
	}
	unknown := stop{Note: note(Undecided, strings.Join(why, "; "))}
	a.doubts, a.stops = slices.Concat([]stop{unknown}, a.doubts, a.stops), nil
}

// ownedBy returns what tells whether the task is the owner that a note mentions; nil if it
// mentions none.
func (a *attempt) ownedBy(n operation.Note) func() task.Value[bool] {
	switch n.Code {
	case rootOwned:
		return a.root
	case namespaceRoot:
		return a.rootOfNamespace
	}
	return nil
}

// root reports whether the task is uid 0 of the node. From within a child user namespace,
// the owner of the files of /proc/sys tells which id that has there.
func (a *attempt) root() task.Value[bool] {
	if host, ok := a.Task.Host.Get(); ok {
		return task.Known(host.UID.Effective == 0)
	}
	uid, ok := a.Task.UID.Get()
	if !ok {
		return task.Unknown[bool](a.Task.UID.Why())
	}
	if root, ok := a.NodeRoot.Get(); ok {
		if root == task.OverflowID && uid.Effective == task.OverflowID {
			return task.Unknown[bool]("capinspect sees that id for every one that its user namespace does not map")
		}
		return task.Known(uid.Effective == root)
	}
	switch child, known := a.Task.ChildUserNamespace().Get(); {
	case !known && uid.Effective == 0:
		return task.Unknown[bool](cmp.Or(a.Task.ChildUserNamespace().Why(), "its user namespace is unknown"))
	case child && a.mapsRoot():
		return task.Unknown[bool]("its user namespace maps uid 0 of the one above it, which may be the node's")
	default:
		return task.Known(uid.Effective == 0 && !child)
	}
}

// mapsRoot reports whether the user namespace of the task maps uid 0 of the one above it, as
// far as is known.
func (a *attempt) mapsRoot() bool {
	users, ok := a.Task.UserNamespace.Zero().UIDMap.Get()
	return !ok || slices.ContainsFunc(users, func(m procstatus.Extent) bool { return m.Outside == 0 })
}

// rootOfNamespace reports whether the task is uid 0 of the user namespace that owns the
// namespace which the operation is about.
func (a *attempt) rootOfNamespace() task.Value[bool] {
	if !a.Task.InChildUserNamespace() {
		return a.root()
	}
	k, _ := task.OwnedKind(a.Operation.Scope)
	switch ns, own := a.Task.Namespace(k), a.Task.UserNamespace.Zero().ID; {
	case task.Is(ns.Owned, true) && (!ns.Owner.Known() || ns.Owner == own):
		return task.Known(a.Credentials.UID.Effective == 0)
	case task.Is(ns.Node, true):
		return a.root()
	case ns.Owned.Known():
		return task.Unknown[bool]("another user namespace owns its " + k.String() + " namespace")
	default:
		return task.Unknown[bool](ns.Owned.Why())
	}
}
