// SPDX-License-Identifier: Apache-2.0

package report

import (
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/procstatus"
)

func (e *encoder) userNamespace(r *collect.Record) {
	e.key("userNamespace")
	ns := r.UserNamespace
	if ns == nil {
		e.null()
		return
	}
	e.openLines('{')
	e.key("id")
	e.inode(ns.ID)
	e.key("initial")
	if r.Known("userNamespace.initial") {
		e.bool(ns.Initial)
	} else {
		e.null()
	}
	e.key("uidMap")
	e.idMap(ns.UIDMap)
	e.key("gidMap")
	e.idMap(ns.GIDMap)
	e.text("setgroups", ns.Setgroups)
	e.close('}')
}

// inode appends a number that is null where it is 0.
func (e *encoder) inode(id uint64) {
	if id == 0 {
		e.null()
		return
	}
	e.int(int64(id))
}

func (e *encoder) idMap(m procstatus.IDMap) {
	if m == nil {
		e.null()
		return
	}
	e.open('[')
	for _, extent := range m {
		e.open('{')
		e.number("inside", int64(extent.Inside))
		e.number("outside", int64(extent.Outside))
		e.number("length", int64(extent.Length))
		e.close('}')
	}
	e.close(']')
}

func (e *encoder) namespaces(r *collect.Record) {
	e.key("namespaces")
	if !r.Namespaces.Known() {
		e.null()
		return
	}
	e.openLines('{')
	for k := range r.Namespaces {
		ns := &r.Namespaces[k]
		e.key(procstatus.NamespaceKind(k).String())
		if ns.ID == 0 {
			e.null()
			continue
		}
		e.open('{')
		e.key("id")
		e.inode(ns.ID)
		e.key("sharedWithSelf")
		e.answer(ns.WithSelf)
		e.key("sharedWithPid1")
		e.answer(ns.WithPID1)
		e.close('}')
	}
	e.close('}')
}

func (e *encoder) answer(a collect.Answer) {
	if a == collect.Unsure {
		e.null()
		return
	}
	e.bool(a == collect.Yes)
}

func (e *encoder) label(r *collect.Record) {
	e.key("lsm")
	if r.Label == nil {
		e.null()
		return
	}
	e.open('{')
	e.text("module", r.Label.Module)
	e.member("label", r.Label.Label)
	e.text("mode", r.Label.Mode)
	e.close('}')
}

func (e *encoder) container(r *collect.Record) {
	e.key("container")
	c := r.Container
	if c == nil {
		e.null()
		return
	}
	e.openLines('{')
	e.text("runtime", c.Runtime)
	e.text("id", c.ID)
	e.text("sandboxId", c.SandboxID)
	e.text("name", c.Name)
	e.text("podUID", c.PodUID)
	e.text("podName", c.PodName)
	e.text("podNamespace", c.PodNamespace)
	e.key("evidence")
	e.open('[')
	for _, evidence := range c.Evidence {
		e.string(evidence.What + ": " + evidence.From)
	}
	e.close(']')
	e.close('}')
}

// profile appends the names of the profiles that the bounding set equals.
func (e *encoder) profile(r *collect.Record) {
	e.key("profile")
	if r.Profile == nil {
		e.null()
		return
	}
	e.open('[')
	for _, name := range r.Profile {
		e.string(name)
	}
	e.close(']')
}
