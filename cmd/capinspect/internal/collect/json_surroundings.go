// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"strings"

	"github.com/capinspect/capinspect/procstatus"
)

// jsonSurroundings is where a task is, as report writes it.
type jsonSurroundings struct {
	UserNamespace *struct {
		ID             *uint64
		Initial        *bool
		UIDMap, GIDMap *procstatus.IDMap
		Setgroups      *string
	}
	Namespaces map[string]*struct {
		ID                             *uint64
		SharedWithSelf, SharedWithPid1 *bool
	}
	LSM *struct {
		Module *string
		Label  string
		Mode   *string
	}
	Container *struct {
		Runtime, ID, SandboxID, Name, PodUID, PodName, PodNamespace *string
		Evidence                                                    []string
	}
	Profile []string
}

func (t *jsonSurroundings) surroundings(r *Record) {
	for k := range r.Namespaces {
		if ns := t.Namespaces[procstatus.NamespaceKind(k).String()]; ns != nil && ns.ID != nil {
			r.Namespaces[k] = Namespace{*ns.ID, answer(ns.SharedWithSelf), answer(ns.SharedWithPid1)}
		}
	}
	if ns := t.UserNamespace; ns != nil {
		to := &UserNamespace{Own: r.Namespaces[procstatus.NamespaceUser].WithSelf == Yes, Setgroups: text(ns.Setgroups)}
		r.UserNamespace = to
		if ns.ID != nil {
			to.ID = *ns.ID
		}
		if ns.Initial != nil {
			to.Initial = *ns.Initial
		} else if r.Known("userNamespace.initial") {
			r.unknown("userNamespace.initial", untold)
		}
		if ns.UIDMap != nil {
			to.UIDMap = *ns.UIDMap
		}
		if ns.GIDMap != nil {
			to.GIDMap = *ns.GIDMap
		}
	}
	if l := t.LSM; l != nil {
		r.Label = &procstatus.Label{Module: text(l.Module), Label: l.Label, Mode: text(l.Mode)}
	}
	if c := t.Container; c != nil {
		r.Container = &Container{
			Container: procstatus.Container{
				Runtime: text(c.Runtime), ID: text(c.ID), SandboxID: text(c.SandboxID), Name: text(c.Name), PodUID: text(c.PodUID),
			},
			PodName: text(c.PodName), PodNamespace: text(c.PodNamespace),
		}
		for _, evidence := range c.Evidence {
			what, from, _ := strings.Cut(evidence, ": ")
			r.Container.Evidence = append(r.Container.Evidence, procstatus.Evidence{What: what, From: from})
		}
	}
	r.Profile = t.Profile
}

// hostIDs takes over the ids in the initial user namespace, of which a report
// has the real and the effective ones.
func (t *jsonTask) hostIDs(r *Record) {
	if t.UID == nil || t.GID == nil || t.UID.HostReal == nil || t.UID.HostEffective == nil ||
		t.GID.HostReal == nil || t.GID.HostEffective == nil {
		return
	}
	r.Host = &HostIDs{
		procstatus.IDs{Real: *t.UID.HostReal, Effective: *t.UID.HostEffective},
		procstatus.IDs{Real: *t.GID.HostReal, Effective: *t.GID.HostEffective},
	}
}

// untold is the reason for what a report leaves out without one.
const untold = "the report does not tell it"

func answer(b *bool) Answer {
	switch {
	case b == nil:
		return Unsure
	case *b:
		return Yes
	}
	return No
}

// text returns what a string of JSON is, "" for null.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
