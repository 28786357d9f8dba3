// SPDX-License-Identifier: Apache-2.0

package task

import (
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/procstatus"
)

// Scopes tells where a capability of a task counts, if it is effective there.
type Scopes struct {
	For, NotFor []capset.Scope
	Unclear     []capset.Scope // it is not known who owns the namespace
	WhyUnclear  string
}

// Nowhere reports whether it is known to count for nothing.
func (s *Scopes) Nowhere() bool { return s.For == nil && s.Unclear == nil }

// scopeTable tells of each scope which kind of namespace of the task it is the owner of; of
// one that owns none what belongs to it, and which user namespace it is.
var scopeTable = [capset.NumScopes]scopeRow{
	capset.ScopeInitial: {things: "what belongs to the machine", place: "the initial user namespace"},
	capset.ScopeOwn:     {things: "the process itself", place: "the user namespace of the process"},
	capset.ScopeFile: {
		things: "files whose owner has an id there",
		place:  "the user namespace of the process, for files whose owner and group have ids there",
	},
	capset.ScopeProcess: {things: "processes in there", place: "the user namespace of the other process"},
	capset.ScopeCgroup:  {owns: procstatus.NamespaceCgroup},
	capset.ScopeIPC:     {owns: procstatus.NamespaceIPC},
	capset.ScopeMnt:     {owns: procstatus.NamespaceMnt},
	capset.ScopeNet:     {owns: procstatus.NamespaceNet},
	capset.ScopePID:     {owns: procstatus.NamespacePID},
	capset.ScopeTime:    {owns: procstatus.NamespaceTime},
	capset.ScopeUTS:     {owns: procstatus.NamespaceUTS},
}

type scopeRow struct {
	owns          procstatus.NamespaceKind
	things, place string
}

// OwnedKind returns the kind of namespace that a scope is the owner of. ok is false if it
// is not the owner of one.
func OwnedKind(s capset.Scope) (k procstatus.NamespaceKind, ok bool) {
	if s >= capset.NumScopes || scopeTable[s].things != "" {
		return 0, false
	}
	return scopeTable[s].owns, true
}

// ScopeThings names what belongs to some scopes.
func ScopeThings(scopes ...capset.Scope) string {
	return And(inWords(scopes, func(r *scopeRow) string { return r.things }, "its", "its"))
}

// ScopePlaces names the user namespaces that some scopes are.
func ScopePlaces(scopes ...capset.Scope) string {
	list := inWords(scopes, func(r *scopeRow) string { return r.place }, "the user namespace that owns its", "the user namespaces that own its")
	return strings.Join(list, "; ")
}

// inWords returns the words of the table for some scopes, and last those for the owners of
// namespaces: they begin with one or, if there are more than one, with several.
func inWords(scopes []capset.Scope, words func(*scopeRow) string, one, several string) (list []string) {
	var owned []string
	for _, s := range scopes {
		if k, ok := OwnedKind(s); ok {
			owned = append(owned, k.String())
		} else {
			list = append(list, words(&scopeTable[s]))
		}
	}
	switch len(owned) {
	case 0:
		return list
	case 1:
		return append(list, one+" "+owned[0]+" namespace")
	}
	return append(list, several+" "+And(owned)+" namespaces")
}

// ScopesOf returns where a capability counts that the task has. In the initial user
// namespace it counts everywhere.
func (t *Task) ScopesOf(c capset.Cap) Value[Scopes] {
	child := t.ChildUserNamespace()
	switch {
	case c.Scopes() == nil:
		return Unknown[Scopes]("capinspect does not know the capability")
	case !child.Known():
		return Unknown[Scopes](child.Why())
	case !child.Zero():
		return Known(Scopes{For: c.Scopes()})
	}
	return Known(ScopesInChild(c, func(k procstatus.NamespaceKind) Value[bool] { return t.Namespace(k).Owned }))
}

// ScopesInChild returns where a capability counts in a child user namespace, which owns
// some of the namespaces.
func ScopesInChild(c capset.Cap, owned func(procstatus.NamespaceKind) Value[bool]) (s Scopes) {
	for _, scope := range c.Scopes() {
		in := Known(scope != capset.ScopeInitial)
		if k, ok := OwnedKind(scope); ok {
			in = owned(k)
		}
		switch counts, known := in.Get(); {
		case !known:
			s.Unclear, s.WhyUnclear = append(s.Unclear, scope), in.Why()
		case counts:
			s.For = append(s.For, scope)
		default:
			s.NotFor = append(s.NotFor, scope)
		}
	}
	return s
}

// owned says which of its namespaces the task's user namespace owns, "" if that is not
// known and no news.
func (t *Task) owned() string {
	var yes []string
	for s := range capset.Scope(capset.NumScopes) {
		k, ok := OwnedKind(s)
		if !ok {
			continue
		}
		in := t.Namespace(k).Owned
		switch {
		case !in.Known() && in.Why() != "" && !Expected(in.Why()):
			return "which of its namespaces is unknown: " + in.Why()
		case !in.Known() && t.Namespace(k).ID.Known():
			return ""
		case Is(in, true):
			yes = append(yes, k.String())
		}
	}
	if yes == nil && t.Namespaces.Known() {
		return "none of its other namespaces"
	}
	return And(yes)
}

// And returns words separated by commas, with "and" before the last one.
func And(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
