// SPDX-License-Identifier: Apache-2.0

package report

import (
	"slices"
	"strconv"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/procstatus"
)

// SchemaVersion is the version of the JSON form. Within one, keys are added
// but none changes its meaning.
const SchemaVersion = 1

// setKeys are the keys of the five sets.
var setKeys = [capset.NumKinds]string{
	capset.Inheritable: "inheritable",
	capset.Permitted:   "permitted",
	capset.Effective:   "effective",
	capset.Bounding:    "bounding",
	capset.Ambient:     "ambient",
}

// report appends the JSON form of a whole report: what a reader of all its
// tasks needs to know, the tasks, and the errors of those that failed.
func (e *encoder) report(rep *Report) {
	e.openLines('{')
	e.head(rep.Kernel)
	e.key("tasks")
	e.openLines('[')
	for _, r := range rep.Tasks {
		e.openLines('{')
		e.task(r)
		e.close('}')
	}
	e.close(']')
	e.failures(rep.Errors)
	e.close('}')
	e.buf = append(e.buf, '\n')
}

// head appends the members that stand before the tasks.
func (e *encoder) head(kernel collect.KernelInfo) {
	e.key("schemaVersion")
	e.int(SchemaVersion)
	e.key("kernel")
	e.open('{')
	e.key("release")
	e.optional(kernel.Release)
	e.key("lastCap")
	if kernel.LastCap != nil {
		e.int(int64(*kernel.LastCap))
	} else {
		e.null()
	}
	e.close('}')
}

// failures appends the member that lists what could not be read.
func (e *encoder) failures(list []Failure) {
	e.key("errors")
	e.openLines('[')
	for _, failure := range list {
		e.open('{')
		e.key("pid")
		if pid, err := strconv.Atoi(failure.Pid); err == nil {
			e.int(int64(pid))
		} else {
			e.null()
		}
		e.key("error")
		e.string(failure.Err.Error())
		e.close('}')
	}
	e.close(']')
}

// line appends one task as a line of its own.
func (e *encoder) line(r *collect.Record) {
	e.open('{')
	e.key("schemaVersion")
	e.int(SchemaVersion)
	e.task(r)
	e.close('}')
	e.buf = append(e.buf, '\n')
}

// optional appends a text that is null where it is empty.
func (e *encoder) optional(s string) {
	if s == "" {
		e.null()
		return
	}
	e.string(s)
}

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
	e.ids("uid", r, procstatus.FieldUID, r.Status.UID, r.UserNames, true)
	e.ids("gid", r, procstatus.FieldGID, r.Status.GID, r.GroupNames, true)
	e.groups(r, true)
	e.limits(r)
	e.securebits(r)
	for _, key := range [...]string{"userNamespace", "namespaces", "lsm", "container", "profile"} {
		e.key(key)
		e.null()
	}
	e.notes(r)
	e.unknowns(r)
}

// psTask appends the members of a task that the status file fills, and those
// that were asked for.
func (e *encoder) psTask(r *collect.Record, keys Keys) {
	e.identity(r)
	e.cachedCapabilities(r)
	e.ids("uid", r, procstatus.FieldUID, r.Status.UID, r.UserNames, keys.UserNames)
	e.ids("gid", r, procstatus.FieldGID, r.Status.GID, nil, false)
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
	e.key("source")
	e.string(r.Source)
	e.key("lastCap")
	e.open('{')
	e.key("value")
	e.int(int64(r.LastCap.Value))
	e.key("from")
	e.string(r.LastCap.From)
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
	if missing(r, capset.Inheritable, capset.Bounding, capset.Ambient) == "" {
		e.string(state.IAB(r.LastCap.Value))
	} else {
		e.null()
	}
	e.close('}')
}

// set appends a set with its 16 digits and its names.
func (e *encoder) set(set capset.Set) {
	e.open('{')
	e.key("hex")
	e.string(set.Hex())
	e.key("names")
	e.open('[')
	for c := range set.Caps() {
		e.string(c.String())
	}
	e.close(']')
	e.close('}')
}

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
		e.key("id")
		e.int(int64(g))
		if named {
			e.key("name")
			e.optional(r.GroupNames[g])
		}
		e.close('}')
	}
	e.close(']')
}

// limits appends what keeps a task from gaining rights.
func (e *encoder) limits(r *collect.Record) {
	s := &r.Status
	e.key("noNewPrivs")
	if s.Has(procstatus.FieldNoNewPrivs) {
		e.bool(s.NoNewPrivs)
	} else {
		e.null()
	}
	e.key("seccomp")
	if !s.Has(procstatus.FieldSeccomp) {
		e.null()
		return
	}
	e.open('{')
	e.key("mode")
	e.string(collect.SeccompName(s.Seccomp))
	e.key("filters")
	e.ifHas(r, procstatus.FieldSeccompFilters, s.SeccompFilters)
	e.close('}')
}

// ids appends the user or the group ids of a task, with the members that other
// files than status fill or without.
func (e *encoder) ids(key string, r *collect.Record, f procstatus.Field, ids procstatus.IDs, names map[uint32]string, all bool) {
	e.key(key)
	if !r.Status.Has(f) {
		e.null()
		return
	}
	e.open('{')
	e.key("real")
	e.int(int64(ids.Real))
	e.key("effective")
	e.int(int64(ids.Effective))
	e.key("saved")
	e.int(int64(ids.Saved))
	e.key("filesystem")
	e.int(int64(ids.Filesystem))
	if all {
		e.key("realName")
		e.optional(names[ids.Real])
		e.key("effectiveName")
		e.optional(names[ids.Effective])
		e.key("hostReal")
		e.null()
		e.key("hostEffective")
		e.null()
	}
	e.close('}')
}

// container appends what is known of the task's container from its cgroup.
func (e *encoder) container(r *collect.Record) {
	e.key("container")
	c := r.Container
	if c == nil {
		e.null()
		return
	}
	e.open('{')
	for _, member := range [...]struct{ key, value string }{
		{"runtime", c.Runtime}, {"id", c.ID}, {"sandboxId", ""}, {"name", ""},
		{"podUID", c.PodUID}, {"podName", ""}, {"podNamespace", ""},
	} {
		e.key(member.key)
		e.optional(member.value)
	}
	e.key("evidence")
	e.open('[')
	e.string("cgroup")
	e.close(']')
	e.close('}')
}

func (e *encoder) securebits(r *collect.Record) {
	e.key("securebits")
	if r.Known("securebits") {
		e.openLines('{')
		e.key("value")
		e.int(int64(r.Securebits))
		e.key("flags")
		e.openLines('[')
		for _, flag := range r.Securebits.Flags() {
			e.open('{')
			e.key("name")
			e.string(flag.Name)
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

func (e *encoder) notes(r *collect.Record) {
	e.key("notes")
	e.openLines('[')
	for _, note := range r.Notes {
		e.open('{')
		e.key("code")
		e.string(note.Code)
		e.key("text")
		e.string(note.Text)
		e.close('}')
	}
	e.close(']')
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
