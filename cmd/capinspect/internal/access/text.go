// SPDX-License-Identifier: Apache-2.0

package access

import (
	"slices"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/why"
)

// Codes returns the codes of all reasons.
func Codes() []string {
	return []string{
		mayRead, refusedUID, refusedGID, refusedDump, refusedUserns, refusedCaps, refusedYama, refusedModule, refusedMode, refusedAdmin, refusedNice,
		refusedKernel, refusedHidden, why.Undecided,
	}
}

// explain fills in the reason, what else refuses files, and what would change it.
func (a *Subject) explain(answer *Answer, read decision) {
	var codes []string
	if !task.Is(read.may, true) {
		codes = append(codes, read.code)
	}
	for _, f := range answer.Files {
		switch {
		case task.Is(f.May, true):
			continue
		case f.May.Known():
			answer.Works = task.Known(false)
		case answer.Works.Zero():
			answer.Works = task.Unknown[bool](f.May.Why())
		}
		if !slices.Contains(codes, f.Why) {
			codes = append(codes, f.Why)
		}
	}
	if codes == nil {
		answer.Reason = note(mayRead, "the rule of ptrace(2), and the modes, let capinspect read all of them")
	}
	for i, code := range codes {
		note := note(code, a.refusal(answer, code, read))
		if i == 0 {
			answer.Reason = note
		} else {
			answer.Also = append(answer.Also, note)
		}
	}
	answer.Changes = a.changes(codes)
	if !a.SameProcess {
		answer.Assumed = a.assumes(codes)
	}
}

// refusal says what a code means for the task.
func (a *Subject) refusal(answer *Answer, code string, read decision) string {
	const lacks = ", and capinspect has no cap_sys_ptrace that counts in its user namespace"
	switch code {
	case refusedUID:
		return "uid " + task.Decimal(a.Own.UID.Zero().Filesystem) + " of capinspect is not all of the real, effective and saved uid of the process (" + three(a.Task.UID.Zero()) + ")" + lacks
	case refusedGID:
		return "gid " + task.Decimal(a.Own.GID.Zero().Filesystem) + " of capinspect is not all of the real, effective and saved gid of the process (" + three(a.Task.GID.Zero()) + ")" + lacks
	case refusedDump:
		return "the process is not dumpable, as after a change of its ids or the execve(2) of a program that gave it privileges or that it may not read" +
			strings.Replace(lacks, "in its user namespace", "where it executed its program", 1)
	case refusedUserns:
		return "the process is in another user namespace" + lacks
	case refusedCaps:
		more := a.Task.Sets[capset.Permitted].Zero() &^ a.Own.Sets[capset.Effective].Zero()
		return "the process is permitted " + more.String() + ", which capinspect does not have in effect" + lacks
	case refusedYama:
		return "kernel.yama.ptrace_scope is " + a.Yama.Zero() + ": only those who may attach to the process can read mem, syscall, personality and stack"
	case refusedModule:
		return "the rule of ptrace(2) lets capinspect read, but a security module refuses it, as for a Landlock domain"
	case refusedMode:
		return "the mode and the owner of some files keep capinspect from reading them, and it has neither cap_dac_read_search nor cap_dac_override that counts for them"
	case refusedAdmin:
		return "stack asks for cap_sys_admin in the initial user namespace too"
	case refusedNice:
		return "timerslack_ns asks for cap_sys_nice in the user namespace of the process"
	case refusedKernel:
		return "it is a kernel thread, which has no memory and no program"
	}
	if why := read.may.Why(); why != "" {
		return why
	}
	for _, f := range answer.Files {
		if !f.May.Known() {
			return f.May.Why()
		}
	}
	return "what the rule of ptrace(2) depends on is hidden"
}

// three returns the ids that the rule looks at.
func three(ids capset.IDs) string {
	if ids.Real == ids.Effective && ids.Real == ids.Saved {
		return task.Decimal(ids.Real)
	}
	return task.Decimal(ids.Real) + ", " + task.Decimal(ids.Effective) + ", " + task.Decimal(ids.Saved)
}

// changes returns what would let capinspect read more, the least first.
func (a *Subject) changes(codes []string) (list []why.Change) {
	has := func(some ...string) bool {
		return slices.ContainsFunc(codes, func(code string) bool { return slices.Contains(some, code) })
	}
	traced := has(refusedUID, refusedGID, refusedDump, refusedUserns, refusedCaps)
	uid, gid := a.Task.UID.Zero(), a.Task.GID.Zero()
	asUser := has(refusedUID, refusedGID) && !has(refusedModule) && !task.Is(a.Dumpable, false) && task.Is(a.SameUserns, true) && a.asUserHolds()
	if asUser && uid.Effective != 0 {
		list = append(list, a.runAs(uid.Effective, gid.Effective))
	}
	if has(refusedYama) && a.Yama.Zero() != "3" {
		list = append(list, change("sysctl", "kernel.yama.ptrace_scope=0, on the node: every user may attach to their own processes"))
	}
	if has(refusedDump) {
		list = append(list, change("program", "prctl(PR_SET_DUMPABLE, 1) after the ids have changed"))
	}
	var caps capset.Set
	if traced || has(refusedYama) && a.Yama.Zero() != "3" {
		caps |= capset.Of(capset.SysPtrace)
	}
	if has(refusedMode) {
		caps |= capset.Of(capset.DacReadSearch)
	}
	if has(refusedAdmin) || traced && slices.ContainsFunc(procFiles, func(f procFile) bool { return f.admin && !a.Files[f.name].Gone }) && !a.admin() {
		caps |= capset.Of(capset.SysAdmin)
	}
	if has(refusedNice) {
		caps |= capset.Of(capset.SysNice)
	}
	list = append(list, a.capabilityChanges(caps, traced)...)
	if asUser && uid.Effective == 0 { // which is more than the capabilities are
		list = append(list, a.runAs(0, gid.Effective))
	}
	return append(list, a.debugChanges(caps, asUser, traced)...)
}

// runAs returns the change of capinspect's user to that of the process.
func (a *Subject) runAs(uid, gid uint32) why.Change {
	u, g, ifDumpable := task.Decimal(uid), task.Decimal(gid), ""
	if !a.Dumpable.Known() {
		ifDumpable = "if the process is dumpable, "
	}
	return change("user", ifDumpable+"run capinspect as uid "+u+" and gid "+g+": setpriv --reuid="+u+" --regid="+g+
		" --clear-groups capinspect (docker exec --user "+u+":"+g+")")
}

// capabilityChanges returns the capabilities that capinspect lacks. SYS_ADMIN, which one
// file asks for, is named apart.
func (a *Subject) capabilityChanges(caps capset.Set, traced bool) (list []why.Change) {
	caps &^= a.Own.Sets[capset.Effective].Zero()
	where := "in effect in the user namespace of the process, or above that"
	if traced && a.PerfmonReads && task.Is(a.OwnInitial, true) {
		list = append(list, change("capability", "cap_perfmon for capinspect is enough for maps, smaps, smaps_rollup and numa_maps"))
	}
	if few := caps &^ capset.Of(capset.SysAdmin); few != 0 {
		list = append(list, change("capability", few.String()+" for capinspect, "+where))
	}
	if caps.Has(capset.SysAdmin) {
		list = append(list, change("capability", "cap_sys_admin too for stack, in the initial user namespace"))
	}
	return list
}

// debugChanges returns the least profile of kubectl debug that reads what capinspect may
// not.
func (a *Subject) debugChanges(caps capset.Set, asUser, traced bool) (list []why.Change) {
	if !a.Task.InContainer() || !traced {
		return nil
	}
	const debug = "kubectl debug POD --image=capinspect --target=CONTAINER --profile="
	uid, gid := a.Task.UID.Zero().Effective, a.Task.GID.Zero().Effective
	docker, _ := runtime.ProfileNamed("docker", a.Task.LastCap.Value)
	switch permitted := a.Task.Sets[capset.Permitted].Zero(); {
	case asUser && uid != 0:
		list = append(list, change("kubectl", debug+"restricted --custom=FILE, with runAsUser: "+task.Decimal(uid)+" and runAsGroup: "+task.Decimal(gid)))
	case uid == 0 && gid == 0 && permitted.Within(docker.Set) && !task.Is(a.Dumpable, false):
		list = append(list, change("kubectl", debug+"baseline, as root"))
	}
	list = append(list, change("kubectl", debug+"general, which adds SYS_PTRACE for root"))
	if caps.Has(capset.SysAdmin) {
		list = append(list, change("kubectl", debug+"sysadmin for stack"))
	}
	return list
}

// asUserHolds reports whether a process of the task's user would hold enough: a user
// other than root holds nothing, and root what is in capinspect's bounding set.
func (a *Subject) asUserHolds() bool {
	uid, gid := a.Task.UID.Zero(), a.Task.GID.Zero()
	one := uid.Real == uid.Effective && uid.Real == uid.Saved && gid.Real == gid.Effective && gid.Real == gid.Saved
	permitted := a.Task.Sets[capset.Permitted].Zero()
	if uid.Effective == 0 {
		return one && permitted.Within(a.Own.Sets[capset.Bounding].Zero())
	}
	return one && permitted == 0
}

// admin reports whether capinspect has SYS_ADMIN in the initial user namespace.
func (a *Subject) admin() bool {
	return a.Own.Sets[capset.Effective].Zero().Has(capset.SysAdmin) && task.Is(a.OwnInitial, true)
}

// assumes returns what is taken for granted.
func (a *Subject) assumes(codes []string) (list []task.Note) {
	add := func(code, text string) { list = append(list, task.Note{Code: code, Text: text}) }
	if slices.Contains(codes, refusedYama) && a.Yama.Zero() == "1" {
		add("tracer", "the process has not named capinspect by PR_SET_PTRACER")
	}
	if l, ok := a.Own.Label.Get(); ok && l.Label != "unconfined" {
		add("confined", "the security module refuses nothing more than a link showed")
	}
	return list
}

// HiddenBy returns the answer for a process that hidepid hides from capinspect. group is the
// one that it hides nothing from, negative if there is none.
func HiddenBy(pid int, own *task.Task, how string, group int) *Answer {
	t := &task.Task{Source: task.SourceProc}
	t.Pid, t.Tid = task.Known(pid), task.Known(pid)
	answer := &Answer{
		Task: t, Own: own, Works: task.Known(false), Traces: task.Known(false), Rules: task.Known(false),
		Reason: note(refusedHidden, "the procfs is mounted with hidepid="+how+": it hides a process from all who may not trace it"),
	}
	for _, f := range procFiles {
		answer.Files = append(answer.Files, FileAccess{f.name, f.guard.String(), task.Known(false), refusedHidden})
	}
	if group >= 0 {
		answer.Changes = append(answer.Changes, change("user", "the group "+strconv.Itoa(group)+", from which hidepid hides nothing, so that capinspect can tell more"))
	}
	answer.Changes = append(answer.Changes, change("capability", "cap_sys_ptrace for capinspect, in effect in the user namespace of the process, or above that"))
	return answer
}

func note(code, text string) task.Note { return task.Note{Code: code, Text: text} }

func change(where, text string) why.Change { return why.Change{Where: where, Text: text} }
