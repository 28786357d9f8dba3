// SPDX-License-Identifier: Apache-2.0

package report

import (
	"slices"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/procstatus"
)

// ifHas appends a number of the status file, null if it has no such line.
func (e *encoder) ifHas(r *collect.Record, f procstatus.Field, n int) {
	if r.Status.Has(f) {
		e.int(int64(n))
		return
	}
	e.null()
}

// task appends the members of a task.
func (e *encoder) task(r *collect.Record) {
	e.identity(r)
	e.capabilities(r)
	var hostUID, hostGID *procstatus.IDs
	if r.Host != nil {
		hostUID, hostGID = &r.Host.UID, &r.Host.GID
	}
	e.ids("uid", r.Status.Has(procstatus.FieldUID), r.Status.UID, r.UserNames, hostUID, true)
	e.ids("gid", r.Status.Has(procstatus.FieldGID), r.Status.GID, r.GroupNames, hostGID, true)
	e.groups(r, true)
	e.limits(r)
	e.securebits(r)
	e.userNamespace(r)
	e.namespaces(r)
	e.label(r)
	e.container(r)
	e.profile(r)
	e.notes(r)
	e.unknowns(r)
}

// psTask appends the members of a task that the status file fills, and those
// that were asked for.
func (e *encoder) psTask(r *collect.Record, keys Keys) {
	e.identity(r)
	e.cachedCapabilities(r)
	e.ids("uid", r.Status.Has(procstatus.FieldUID), r.Status.UID, r.UserNames, nil, keys.UserNames)
	e.ids("gid", r.Status.Has(procstatus.FieldGID), r.Status.GID, nil, nil, false)
	e.groups(r, false)
	e.limits(r)
	if keys.Container {
		e.container(r)
	}
	e.unknowns(r)
}

// identity appends which task it is, and where it was read.
func (e *encoder) identity(r *collect.Record) {
	s := &r.Status
	e.key("pid")
	e.ifHas(r, procstatus.FieldTgid, s.Tgid)
	e.key("tid")
	e.ifHas(r, procstatus.FieldPid, s.Pid)
	e.key("ppid")
	e.ifHas(r, procstatus.FieldPPid, s.PPid)
	e.key("name")
	if s.Has(procstatus.FieldName) {
		e.string(s.Name)
	} else {
		e.null()
	}
	e.key("state")
	if s.Has(procstatus.FieldState) {
		e.string(string(rune(s.State)))
	} else {
		e.null()
	}
	e.key("threads")
	e.ifHas(r, procstatus.FieldThreads, s.Threads)
	e.key("nsPid")
	if s.Has(procstatus.FieldNSpid) {
		e.open('[')
		for _, pid := range s.NSpid {
			e.int(int64(pid))
		}
		e.close(']')
	} else {
		e.null()
	}
	e.key("tracerPid")
	e.ifHas(r, procstatus.FieldTracerPid, s.TracerPid)
	e.key("self")
	e.bool(r.Self)
	e.member("source", r.Source)
	e.key("lastCap")
	e.open('{')
	e.number("value", int64(r.LastCap.Value))
	e.member("from", r.LastCap.From)
	e.close('}')
}

// capsKey is all that the capabilities of a task in JSON depend on.
type capsKey struct {
	state capset.State
	has   [capset.NumKinds]bool
	last  capset.Cap
	whole bool
}

// maxCached is how many different capabilities are kept: there are few on any
// node.
const maxCached = 256

// cachedCapabilities appends what capabilities does, which most tasks of a node
// have in common. It is for one depth of indentation.
func (e *encoder) cachedCapabilities(r *collect.Record) {
	key := capsKey{state: r.Status.CapState(), last: r.LastCap.Value}
	for k := range setKeys {
		_, key.has[k] = r.Status.Caps(capset.Kind(k))
		key.whole = key.whole || r.Unsupported(capset.Kind(k))
	}
	if text, ok := e.cache[key]; ok {
		e.buf = append(e.buf, text...)
		return
	}
	start := len(e.buf)
	e.capabilities(r)
	if e.cache == nil || len(e.cache) >= maxCached {
		e.cache = map[capsKey][]byte{}
	}
	e.cache[key] = slices.Clone(e.buf[start:])
}

func (e *encoder) capabilities(r *collect.Record) {
	e.key("capabilities")
	e.openLines('{')
	for k, key := range setKeys {
		e.key(key)
		if set, ok := r.Status.Caps(capset.Kind(k)); ok {
			e.set(set)
		} else {
			e.null()
		}
	}
	state := r.Status.CapState()
	e.key("text")
	if missing(r, capset.Effective, capset.Permitted, capset.Inheritable) == "" {
		e.string(state.Text(r.LastCap.Value))
	} else {
		e.null()
	}
	e.key("iab")
	if missingIAB(r) == "" {
		e.string(state.IAB(r.LastCap.Value))
	} else {
		e.null()
	}
	e.close('}')
}

// set appends a set with its 16 digits and its names.
func (e *encoder) set(set capset.Set) {
	e.open('{')
	e.member("hex", set.Hex())
	e.key("names")
	e.names(set)
	e.close('}')
}
