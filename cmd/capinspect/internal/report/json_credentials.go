// SPDX-License-Identifier: Apache-2.0

package report

import (
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/procstatus"
)

// groups appends the supplementary groups, with their names or without.
func (e *encoder) groups(r *collect.Record, named bool) {
	s := &r.Status
	e.key("groups")
	if !s.Has(procstatus.FieldGroups) {
		e.null()
		return
	}
	e.open('[')
	for _, g := range s.Groups {
		e.open('{')
		e.number("id", int64(g))
		if named {
			e.text("name", r.GroupNames[g])
		}
		e.close('}')
	}
	e.close(']')
}

func (e *encoder) noNewPrivs(r *collect.Record) {
	e.key("noNewPrivs")
	if r.Status.Has(procstatus.FieldNoNewPrivs) {
		e.bool(r.Status.NoNewPrivs)
	} else {
		e.null()
	}
}

// limits appends what keeps a task from gaining rights.
func (e *encoder) limits(r *collect.Record) {
	s := &r.Status
	e.noNewPrivs(r)
	e.key("seccomp")
	if !s.Has(procstatus.FieldSeccomp) {
		e.null()
		return
	}
	e.open('{')
	e.member("mode", collect.SeccompName(s.Seccomp))
	e.key("filters")
	e.ifHas(r, procstatus.FieldSeccompFilters, s.SeccompFilters)
	e.close('}')
}

// ids appends the user or the group ids of a task, with the members that other
// files than status fill or without. host is them in the initial user namespace.
func (e *encoder) ids(key string, has bool, ids procstatus.IDs, names map[uint32]string, host *procstatus.IDs, all bool) {
	e.key(key)
	if !has {
		e.null()
		return
	}
	e.open('{')
	e.number("real", int64(ids.Real))
	e.number("effective", int64(ids.Effective))
	e.number("saved", int64(ids.Saved))
	e.number("filesystem", int64(ids.Filesystem))
	if all {
		e.text("realName", names[ids.Real])
		e.text("effectiveName", names[ids.Effective])
		e.key("hostReal")
		if host == nil {
			e.null()
			e.key("hostEffective")
			e.null()
		} else {
			e.int(int64(host.Real))
			e.number("hostEffective", int64(host.Effective))
		}
	}
	e.close('}')
}

func (e *encoder) securebits(r *collect.Record) {
	e.key("securebits")
	if r.Known("securebits") {
		e.openLines('{')
		e.number("value", int64(r.Securebits))
		e.key("flags")
		e.openLines('[')
		for _, flag := range r.Securebits.Flags() {
			e.open('{')
			e.member("name", flag.Name)
			e.key("set")
			e.bool(flag.Set)
			e.key("locked")
			if flag.Named {
				e.bool(flag.Locked)
			} else {
				e.null()
			}
			e.close('}')
		}
		e.close(']')
		e.close('}')
	} else {
		e.null()
	}
	e.key("mode")
	if mode, ok := r.Mode(); ok {
		e.string(mode.String())
	} else {
		e.null()
	}
}

func (e *encoder) notes(r *collect.Record) { e.listed("notes", r.Notes) }

// listed appends a member that is a list of notes.
func (e *encoder) listed(key string, notes []collect.Note) {
	e.key(key)
	e.openLines('[')
	for _, note := range notes {
		e.note(note)
	}
	e.close(']')
}

func (e *encoder) note(note collect.Note) {
	e.open('{')
	e.member("code", note.Code)
	e.member("text", note.Text)
	e.close('}')
}

// unknowns appends the reasons for what is unknown.
func (e *encoder) unknowns(r *collect.Record) {
	e.key("unknown")
	e.openLines('{')
	for _, u := range r.Unknown {
		e.key(u.Path)
		e.string(u.Reason)
	}
	e.close('}')
}
