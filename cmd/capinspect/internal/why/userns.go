// SPDX-License-Identifier: Apache-2.0

package why

import (
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// userNamespaces are the rows of the table of reasons about what a capability counts for:
// a user namespace owns some things and not others (user_namespaces(7)).
var userNamespaces = []reason{
	{
		code: "unprivileged-userns", in: effective, verdict: no,
		applies: func(q *question) bool { return q.Task.DeniedByUbuntu() },
		text: says("it is effective, and AppArmor denies it: the profile unprivileged_userns, which a process gets that makes a user namespace " +
			"while kernel.apparmor_restrict_unprivileged_userns is 1, denies every capability"),
		changes: func(q *question) []Change {
			return []Change{
				{"file", "an AppArmor profile for " + q.its() + " that has the rule userns, in /etc/apparmor.d"},
				{"sysctl", "kernel.apparmor_restrict_unprivileged_userns=0, on the node: every user may make user namespaces and has all capabilities in them"},
			}
		},
	},
	{
		code: "counts-for-nothing", in: effective, verdict: no,
		applies: func(q *question) bool { return q.child() && q.scopes().Nowhere() },
		text: func(q *question) string {
			return "it is effective, and counts for nothing: the kernel checks it in " + q.asked() + ", and the process has it in " + q.userNamespace() + ", a child"
		},
		changes: (*question).intoInitial,
	},
	{
		code: "scope-unknown", in: effective, verdict: unsure,
		applies: func(q *question) bool { s := q.scopes(); return q.child() && s.For == nil && s.Unclear != nil },
		text: func(q *question) string {
			s := q.scopes()
			return "it is effective in " + q.userNamespace() + ", a child user namespace, and whether it counts for " + task.ScopeThings(s.Unclear...) + " is unknown: " + s.WhyUnclear
		},
	},
	{
		code: "child-user-namespace", in: effective,
		applies: func(q *question) bool { return q.child() && q.scopes().For != nil },
		text: func(q *question) string {
			s := q.scopes()
			text := "it is effective in " + q.userNamespace() + ", a child user namespace: it counts for " + task.ScopeThings(s.For...)
			if s.NotFor != nil {
				text += ", not for " + task.ScopeThings(s.NotFor...)
			}
			if s.Unclear != nil {
				text += "; for " + task.ScopeThings(s.Unclear...) + " that is unknown: " + s.WhyUnclear
			}
			return text
		},
		changes: func(q *question) []Change {
			if q.scopes().NotFor == nil {
				return nil
			}
			return q.intoInitial()
		},
	},
	{
		code: "owns-namespace", in: withoutIt, verdict: yes,
		applies: func(q *question) bool { return q.ownedByUID() != nil },
		text: func(q *question) string {
			return "it is not effective, and not needed for " + task.ScopeThings(q.ownedByUID()...) + ": uid " + task.Decimal(q.Task.UID.Zero().Effective) +
				" made the user namespace that owns it, and has every capability there"
		},
	},
}

// child reports whether the task is known to be in a child user namespace, and where the
// capability counts there.
func (q *question) child() bool {
	return q.Task.InChildUserNamespace() && q.Task.ScopesOf(q.cap).Known()
}

// scopes returns where the capability counts.
func (q *question) scopes() *task.Scopes {
	s := q.Task.ScopesOf(q.cap).Zero()
	return &s
}

// userNamespace returns what a text calls the user namespace of the task.
func (q *question) userNamespace() string {
	if id, ok := q.Task.UserNamespace.Zero().ID.Get(); ok {
		return "user:[" + strconv.FormatUint(id, 10) + "]"
	}
	return "its user namespace"
}

// asked says where the kernel asks for the capability.
func (q *question) asked() string {
	var list []string
	for _, s := range q.cap.Scopes() {
		if k, ok := task.OwnedKind(s); ok {
			list = append(list, "the one that owns the "+k.String()+" namespace")
		} else if s == capset.ScopeInitial {
			list = append(list, task.ScopePlaces(s))
		}
	}
	return strings.Join(list, " or ")
}

// intoInitial returns what leaves the task in the node's user namespace.
func (q *question) intoInitial() []Change {
	return q.inside("securityContext", "in the pod's spec, hostUsers: true, if it is for something of the node (docker: --userns host)")
}

// ownedByUID returns the namespaces of the task over which it has the capability since its
// effective uid made the user namespace that owns them.
func (q *question) ownedByUID() (scopes []capset.Scope) {
	for _, s := range q.cap.Scopes() {
		if k, ok := task.OwnedKind(s); ok && task.Is(q.Task.Namespace(k).ByUID, true) {
			scopes = append(scopes, s)
		}
	}
	return scopes
}
