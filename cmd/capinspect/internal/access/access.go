// SPDX-License-Identifier: Apache-2.0

// Package access tells which files of /proc/PID capinspect may read, by the rule of ptrace(2), the
// mode of each and what else guards them. It is pure.
package access

import (
	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/why"
)

// Subject is what decides which guarded files of a task capinspect may read.
type Subject struct {
	Task *task.Task // with the ids that capinspect sees
	Own  *task.Task // capinspect's own

	SameProcess bool
	SameUserns  task.Value[bool] // both are in the same user namespace
	OwnInitial  task.Value[bool] // capinspect is in the initial one
	// Owns tells that capinspect's effective uid made the user namespace of the task, or one
	// above that right below its own, and so has every capability there. Below tells that it
	// is capinspect's own or below that, and ProgramBelow the same of that in which the task
	// executed its program.
	Owns, Below, ProgramBelow task.Value[bool]
	Dumpable                  task.Value[bool]
	Yama                      task.Value[string] // kernel.yama.ptrace_scope, "" without Yama
	PerfmonReads              bool               // the kernel lets PERFMON read memory
	Files                     map[string]FileState
	// Seen tells whether the kernel let capinspect read a link, which it does by the same
	// rule: it decides what the rules leave open.
	Seen task.Value[bool]
}

// FileState is a file below /proc/PID as capinspect sees it.
type FileState struct {
	// MayBe is what the kernel may go by: several if capinspect cannot tell whose it is.
	MayBe task.Value[[]capset.File]
	Gone  bool // the kernel, or the task, does not have it
}

// The codes of what refuses an access, which are those of the rule of ptrace(2).
const (
	refusedUID    = "uid"
	refusedGID    = "gid"
	refusedDump   = "not-dumpable"
	refusedUserns = "user-namespace"
	refusedCaps   = "capabilities"
	refusedYama   = "yama"
	refusedModule = "security-module"
	refusedMode   = "mode"
	refusedAdmin  = "sys-admin"
	refusedNice   = "sys-nice"
	refusedKernel = "kernel-thread"
	refusedHidden = "hidepid"
	mayRead       = "may-read"
)

// Answer tells which guarded files of a task capinspect may read.
type Answer struct {
	Task    *task.Task
	Own     *task.Task
	Works   task.Value[bool] // it may read all of them
	Traces  task.Value[bool] // the rule of ptrace(2) permits reading
	Rules   task.Value[bool] // the same by the rules alone, without what was seen
	Reason  task.Note        // what refuses that, or else the first file
	Also    []task.Note
	Files   []FileAccess
	Changes []why.Change
	Assumed []task.Note
}

// FileAccess tells whether capinspect may read it.
type FileAccess struct {
	Name string
	Rule string // "read", "attach", "sys-nice" or "mode": what is asked beside the mode
	May  task.Value[bool]
	Why  string // the code of what refuses it first, "" if nothing does
}

// decision is what a rule says: yes, no with a code, or that it depends on something unknown.
type decision struct {
	may  task.Value[bool]
	code string
}

func permit() decision { return decision{task.Known(true), ""} }

func refuse(code string) decision { return decision{task.Known(false), code} }

func open(because string) decision { return decision{task.Unknown[bool](because), why.Undecided} }

// Answer tells what capinspect may read.
func (a *Subject) Answer() *Answer {
	rules := a.mayTrace()
	read := a.settle(rules)
	if !a.Owns.Known() && task.Is(a.Seen, false) && task.Is(a.Dumpable, true) { // or it would have been permitted
		a.Owns = task.Known(false)
	}
	answer := &Answer{Task: a.Task, Own: a.Own, Traces: read.may, Rules: rules.may, Works: task.Known(true)}
	for i := range procFiles {
		f := &procFiles[i]
		if a.Files[f.name].Gone && !(f.memory && a.Task.KernelThread) {
			continue
		}
		d := a.file(f, read)
		answer.Files = append(answer.Files, FileAccess{f.name, f.guard.String(), d.may, d.code})
	}
	a.explain(answer, read)
	return answer
}

// settle decides by what was seen what the rules leave open, or what a security module has
// decided.
func (a *Subject) settle(d decision) decision {
	seen, ok := a.Seen.Get()
	switch {
	case !ok || task.Is(d.may, seen):
		return d
	case seen:
		return permit()
	case task.Is(d.may, true):
		return refuse(refusedModule)
	}
	// It was refused, and the rules do not tell for certain by which clause: the first one
	// that is not known to permit it.
	guess := *a
	for _, v := range []*task.Value[bool]{&guess.Owns, &guess.Below, &guess.ProgramBelow} {
		*v = task.Known(v.Zero())
	}
	guess.Dumpable = task.Known(guess.Dumpable.Or(true))
	switch d := guess.mayTrace(); {
	case task.Is(d.may, false):
		return d
	case task.Is(d.may, true) && !a.Dumpable.Known():
		return refuse(refusedDump)
	}
	return refuse(why.Undecided)
}

// mayTrace applies the rule for PTRACE_MODE_READ_FSCREDS (kernel/ptrace.c,
// __ptrace_may_access; security/commoncap.c, cap_ptrace_access_check).
func (a *Subject) mayTrace() decision {
	if a.SameProcess {
		return permit()
	}
	clauses := []decision{a.unless(capset.SysPtrace, a.Below, a.sameIDs())}
	if !a.Task.KernelThread {
		clauses = append(clauses, a.unless(capset.SysPtrace, a.ProgramBelow, a.dumpable()))
	}
	clauses = append(clauses, a.unless(capset.SysPtrace, a.Below, a.within()))
	// One that refuses for certain outweighs one before it that may.
	found := permit()
	for _, d := range clauses {
		switch {
		case task.Is(d.may, false):
			return d
		case !d.may.Known() && found.may.Known():
			found = d
		}
	}
	return found
}

// dumpable reports whether the process is.
func (a *Subject) dumpable() decision {
	switch yes, known := a.Dumpable.Get(); {
	case !known:
		return open(a.Dumpable.Why())
	case !yes:
		return refuse(refusedDump)
	}
	return permit()
}

// unless returns what a capability of capinspect makes of a decision (security/commoncap.c,
// cap_capable): it counts in capinspect's user namespace and below, and all do in one that
// its uid made.
func (a *Subject) unless(c capset.Cap, below task.Value[bool], d decision) decision {
	has := a.Own.Sets[capset.Effective].Zero().Has(c)
	switch {
	case task.Is(d.may, true) || has && task.Is(below, true) || task.Is(a.Owns, true):
		return permit()
	case !d.may.Known():
		return d
	case has && !below.Known():
		return open(below.Why())
	case !a.Owns.Known():
		return open(a.Owns.Why())
	}
	return d
}

// sameIDs compares the filesystem ids of capinspect with those of the task.
func (a *Subject) sameIDs() decision {
	uid, hasUID := a.Task.UID.Get()
	gid, hasGID := a.Task.GID.Get()
	if !hasUID || !hasGID {
		return open("its ids are unknown")
	}
	mine := [...]uint32{a.Own.UID.Zero().Filesystem, a.Own.GID.Zero().Filesystem}
	for i, theirs := range [...]capset.IDs{uid, gid} {
		if mine[i] != theirs.Real || mine[i] != theirs.Effective || mine[i] != theirs.Saved {
			return refuse([...]string{refusedUID, refusedGID}[i])
		}
		if mine[i] == task.OverflowID && !task.Is(a.OwnInitial, true) {
			return open("two ids that capinspect's user namespace does not have look alike")
		}
	}
	return permit()
}

// within compares the user namespaces and the capabilities.
func (a *Subject) within() decision {
	if task.Is(a.SameUserns, false) {
		return refuse(refusedUserns)
	}
	if !a.Task.Sets[capset.Permitted].Zero().Within(a.Own.Sets[capset.Effective].Zero()) {
		return refuse(refusedCaps)
	}
	if !a.SameUserns.Known() {
		return open(a.SameUserns.Why())
	}
	return permit()
}

// file tells whether one file may be read, which the rule lets capinspect read or not.
func (a *Subject) file(f *procFile, read decision) decision {
	if f.memory && a.Task.KernelThread {
		return refuse(refusedKernel)
	}
	if d := a.byMode(f); !task.Is(d.may, true) {
		return d
	}
	effective := a.Own.Sets[capset.Effective].Zero()
	switch f.guard {
	case toRead:
		if f.mapped && a.PerfmonReads && effective&perfmon != 0 && task.Is(a.OwnInitial, true) {
			if read.code == refusedModule {
				return open("the security module may refuse this too, although cap_perfmon is enough for the rule")
			}
			return permit()
		}
		return read
	case toAttach:
		if d := a.yama(); !task.Is(read.may, true) || !task.Is(d.may, true) {
			if task.Is(read.may, true) {
				return d
			}
			return read
		}
		if f.admin && !(effective.Has(capset.SysAdmin) && task.Is(a.OwnInitial, true)) {
			return refuse(refusedAdmin)
		}
	case toNice:
		return a.nice()
	}
	return permit()
}

// byMode applies the mode of a file.
func (a *Subject) byMode(f *procFile) decision {
	at := f.name
	if f.below != "" {
		at = f.below
	}
	if f.link && f.below == "" || a.SameProcess && at == "fd" { // fs/proc/fd.c, proc_fd_permission
		return permit()
	}
	files, ok := a.Files[at].MayBe.Get()
	if !ok {
		return open(a.Files[at].MayBe.Why())
	}
	me := capset.Credentials{Sets: a.Own.State(), UID: a.Own.UID.Zero(), GID: a.Own.GID.Zero(), Groups: a.Own.Groups.Zero()}
	may := me.MayRead
	if f.below != "" {
		may = me.MaySearch
	}
	for _, file := range files[1:] {
		if may(file) != may(files[0]) {
			return open("who owns the files of the process depends on ids that capinspect's user namespace cannot express")
		}
	}
	if may(files[0]) {
		return permit()
	}
	return refuse(refusedMode)
}

// yama applies the rule of Yama for PTRACE_MODE_ATTACH (security/yama/yama_lsm.c).
// capinspect is the ancestor of no process.
func (a *Subject) yama() decision {
	scope, ok := a.Yama.Get()
	switch {
	case a.SameProcess || ok && (scope == "" || scope == "0"):
		return permit()
	case !ok:
		return open(a.Yama.Why())
	case scope == "1" || scope == "2":
		return a.unless(capset.SysPtrace, a.Below, refuse(refusedYama))
	}
	return refuse(refusedYama)
}

// nice tells whether SYS_NICE counts, which the timer slack of another task asks for.
func (a *Subject) nice() decision {
	if a.SameProcess {
		return permit()
	}
	return a.unless(capset.SysNice, a.Below, refuse(refusedNice))
}

// String names what is asked for.
func (g guard) String() string { return [...]string{"mode", "read", "attach", "sys-nice"}[g] }
