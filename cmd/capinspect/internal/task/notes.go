// SPDX-License-Identifier: Apache-2.0

package task

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/procstatus"
)

// The codes of notes that other packages know.
const (
	SandboxKernel = "sandbox-kernel"
	OverflowNote  = "overflow-id"
	ChangedNote   = "changing"
)

// noteRow is a row of the table of notes.
type noteRow struct {
	code string
	text func(*Task) string
	// opens reports whether some capabilities open the node to a task, as the row says. It is
	// nil if the row says no such thing.
	opens func(*Task, capset.Set) bool
}

// notes is the table of notes, the worst first. A note is made if its text is not "".
var notes = [...]noteRow{
	{SandboxKernel, sandboxKernel, nil},
	{"unprivileged-userns", deniedByUbuntu, nil},
	{"full-in-user-namespace", fullInUserNamespace, nil},
	{"other-user-namespace", otherUserNamespace, nil},
	{"child-user-namespace", childUserNamespace, nil},
	{"full-capabilities", fullCapabilities, (*Task).areAll},
	{"privileged-container", privilegedContainer, privileged},
	{"cap-dac-read-search", opens(capset.DacReadSearch), has(capset.DacReadSearch)},
	{"cap-sys-module", opens(capset.SysModule), has(capset.SysModule)},
	{"cap-sys-rawio", opens(capset.SysRawio), has(capset.SysRawio)},
	{"cap-sys-ptrace", opensProcesses(capset.SysPtrace), hasAmongProcesses(capset.SysPtrace)},
	{"cap-sys-admin", opens(capset.SysAdmin), has(capset.SysAdmin)},
	{"cap-sys-boot", opensProcesses(capset.SysBoot), hasAmongProcesses(capset.SysBoot)},
	{"cap-perfmon", opens(capset.Perfmon), has(capset.Perfmon)},
	{"cap-bpf", opens(capset.Bpf), has(capset.Bpf)},
	{"host-pid", shares((*Task).HostPID, "pid", "it sees the node's processes, and may send signals to those of its uid unless a security module forbids it"), nil},
	{"host-network", shares((*Task).HostNetwork, "network", "it reaches what listens on the node's loopback addresses and on its abstract sockets, and listens on the node's own addresses"), nil},
	{"host-ipc", shares((*Task).HostIPC, "ipc", "it may use the node's System V shared memory, semaphores and message queues wherever their modes let its ids"), nil},
	{"traced", traced, nil},
	{"inheritable-not-empty", inheritableNotEmpty, nil},
	{"root-without-capabilities", rootWithoutCapabilities, nil},
	{"added-not-effective", addedNotEffective, nil},
	{"no-seccomp", noSeccomp, nil},
	{"bounding-unreachable", boundingUnreachable, nil},
	{"lines-missing", linesMissing, nil},
	{OverflowNote, func(t *Task) string { return t.Overflow }, nil},
	{"pid1-pause", pid1Pause, nil},
	{"pid1-differs", pid1Differs, nil},
	{ChangedNote, changed, nil},
}

// Remark makes the notes on the task, in place of those that it has. What is yet to be
// started has its traps and what was assumed among them.
func (t *Task) Remark() {
	t.Notes = nil
	for _, row := range notes {
		if row.opens != nil && (!opensNode(t) || !row.opens(t, t.Held())) {
			continue
		}
		if text := row.text(t); text != "" {
			t.Notes = append(t.Notes, Note{row.code, text})
		}
	}
	if t.Asked != nil {
		t.Notes = append(t.Notes, t.Asked.Traps...)
		for _, n := range t.Asked.Assumed {
			t.Notes = append(t.Notes, Note{n.Code, "assumed: " + n.Text})
		}
	}
}

// deniedByUbuntu notes that nothing counts of what the task holds, because of a profile.
func deniedByUbuntu(t *Task) string {
	if !t.DeniedByUbuntu() || t.Held() == 0 {
		return ""
	}
	return "AppArmor denies it every capability that it holds: Ubuntu puts a process that makes a user namespace without leave under the profile " + UnprivilegedUserns
}

// scopeNotes are the codes of the notes on where it counts what a task holds.
var scopeNotes = [...]string{SandboxKernel, "unprivileged-userns", "full-in-user-namespace", "other-user-namespace", "child-user-namespace"}

// ScopeNotes returns the notes on where it counts what the task holds; none if that is
// everywhere.
func (t *Task) ScopeNotes() (list []Note) {
	for _, row := range notes {
		if !slices.Contains(scopeNotes[:], row.code) {
			continue
		}
		if text := row.text(t); text != "" {
			list = append(list, Note{row.code, text})
		}
	}
	return list
}

// linesMissing names the lines that some lines of a status file lack, if these tell what
// the task may do.
func linesMissing(t *Task) string {
	var list []string
	lacks := func(f procstatus.Field, why string) bool {
		missing := why == PartOfFile.why(f)
		if missing {
			list = append(list, f.String())
		}
		return missing
	}
	matters := lacks(procstatus.FieldUID, t.UID.Why())
	lacks(procstatus.FieldGID, t.GID.Why())
	lacks(procstatus.FieldGroups, t.Groups.Why())
	for k, set := range t.Sets {
		matters = lacks(procstatus.CapField(capset.Kind(k)), set.Why()) || matters
	}
	matters = lacks(procstatus.FieldNoNewPrivs, t.NoNewPrivs.Why()) || matters
	lacks(procstatus.FieldSeccomp, t.Seccomp.Why())
	if !matters {
		return ""
	}
	return "some lines are missing that would tell more: grep -E '^(" + strings.Join(list, "|") + "):' /proc/PID/status"
}

// OpensNode reports whether a note of a code says that the node is open to a task.
func OpensNode(code string) bool {
	return slices.ContainsFunc(notes[:], func(row noteRow) bool { return row.code == code && row.opens != nil })
}

// NoteCodes returns the codes of all notes.
func NoteCodes() []string {
	codes := make([]string, len(notes))
	for i, row := range notes {
		codes[i] = row.code
	}
	return codes
}

// Held returns what the task holds: what it is permitted or has in effect.
func (t *Task) Held() capset.Set {
	return t.Sets[capset.Permitted].Zero() | t.Sets[capset.Effective].Zero()
}

// holdsAll reports whether the task holds all that its kernel knows.
func (t *Task) holdsAll() bool { return t.areAll(t.Held()) }

// areAll reports whether some capabilities are all that the task's kernel knows.
func (t *Task) areAll(set capset.Set) bool {
	all := capset.UpTo(t.LastCap.Value)
	return set&all == all && (t.LastCap.From != FromGuess || t.Asked != nil)
}

func sandboxKernel(t *Task) string {
	if !t.InSandbox() {
		return ""
	}
	return "the numbers of its namespaces show that its kernel is not Linux but that of a sandbox, such as gVisor: its capabilities count only there"
}

func fullInUserNamespace(t *Task) string {
	if !t.InChildUserNamespace() || t.Held() == 0 || !t.holdsAll() {
		return ""
	}
	return "it has all capabilities, but in a child user namespace: they " + countFor(t)
}

func otherUserNamespace(t *Task) string {
	if !t.InChildUserNamespace() || t.Held() == 0 || t.holdsAll() || t.Self || t.UserNamespace.Zero().Own {
		return ""
	}
	return "it is in another user namespace than capinspect: its capabilities " + countFor(t)
}

func childUserNamespace(t *Task) string {
	if !t.InChildUserNamespace() || t.Held() == 0 || t.holdsAll() || !t.Self && !t.UserNamespace.Zero().Own {
		return ""
	}
	return "it is in a child user namespace: its capabilities " + countFor(t)
}

// countFor says what the capabilities of a child user namespace count for.
func countFor(t *Task) string {
	text := "count only for what that namespace owns"
	if id, ok := t.UserNamespace.Zero().ID.Get(); ok {
		text = "count only for what user:[" + strconv.FormatUint(id, 10) + "] owns"
	}
	if owned := t.owned(); owned != "" {
		text += " (" + owned + ")"
	}
	return text
}

// opensNode reports whether the node's kernel honours what the task holds.
func opensNode(t *Task) bool {
	return t.InContainer() && !t.InChildUserNamespace() && !t.InSandbox() && t.Held() != 0
}

// unlessChild is what a note adds where the task may be in a child user namespace.
func unlessChild(t *Task) string {
	if ns, ok := t.UserNamespace.Get(); ok && !ns.Initial.Known() {
		return " (unless it is in a child user namespace, which is unknown)"
	}
	return ""
}

func fullCapabilities(t *Task) string {
	return "it has all capabilities, as in a privileged container: the node is open to it" + unlessChild(t)
}

// privileged reports whether the container of a task is privileged, though it has not all
// capabilities.
func privileged(t *Task, held capset.Set) bool {
	_, _, ok := t.PrivilegedBut()
	return ok && held != 0
}

func privilegedContainer(t *Task) string {
	lacks, newer, _ := t.PrivilegedBut()
	why := "its runtime does not hold these either, or it gave them up"
	if newer {
		why = "its runtime is older than the kernel and does not know these"
	}
	return "its mounts show that its container is privileged, and the node is open to it; it lacks " + strings.ReplaceAll(lacks.String(), ",", ", ") +
		": " + why + unlessChild(t)
}

// has is for a capability that opens the node to whoever holds it.
func has(c capset.Cap) func(*Task, capset.Set) bool {
	return func(_ *Task, held capset.Set) bool { return held.Has(c) }
}

// hasAmongProcesses is for a capability that opens the node to whoever holds it and sees the
// node's processes.
func hasAmongProcesses(c capset.Cap) func(*Task, capset.Set) bool {
	return func(t *Task, held capset.Set) bool { return held.Has(c) && !Is(t.HostPID(), false) }
}

// opens returns the text on a capability that opens the node to whoever has it in a
// container without a user namespace of its own.
func opens(c capset.Cap) func(*Task) string {
	return func(t *Task) string { return opening(t, c, unlessChild(t)) }
}

// opensProcesses is opens for one that opens the node to whoever sees the node's processes.
func opensProcesses(c capset.Cap) func(*Task) string {
	return func(t *Task) string {
		if !t.HostPID().Known() {
			return opening(t, c, " (if it has the node's pid namespace, which is unknown)")
		}
		return opening(t, c, unlessChild(t))
	}
}

func opening(t *Task, c capset.Cap, unless string) string {
	if t.holdsAll() {
		return ""
	}
	text, _ := c.Explain()
	what := text.Opens()
	return c.String() + ": " + strings.ToLower(what[:1]) + what[1:] + unless
}

func traced(t *Task) string {
	pid := t.TracerPid.Zero()
	if pid == 0 {
		return ""
	}
	return "PID " + strconv.Itoa(pid) + " traces it, and can make it do what its capabilities permit"
}

// inheritableNotEmpty leaves out what is ambient, which is inheritable on purpose.
func inheritableNotEmpty(t *Task) string {
	set := t.Sets[capset.Inheritable].Zero() &^ t.Sets[capset.Ambient].Zero()
	if !t.InContainer() || set == 0 {
		return ""
	}
	return "its inheritable set has " + Some(set) +
		": runtimes have left it empty since they were fixed in 2022 (CVE-2022-24769, CVE-2022-27649, CVE-2022-27652)"
}

// holdsNothing reports whether the task is in a container, and known to hold nothing.
func (t *Task) holdsNothing() bool {
	return t.InContainer() && t.UID.Known() && t.Sets[capset.Permitted].Known() && t.Held() == 0
}

func rootWithoutCapabilities(t *Task) string {
	if !t.holdsNothing() || t.UID.Zero().Effective != 0 {
		return ""
	}
	return "it is uid 0 without any capability: it has root's files, and no privilege beyond them"
}

func addedNotEffective(t *Task) string {
	bounding, uid := t.Sets[capset.Bounding].Zero(), t.UID.Zero().Effective
	if !t.holdsNothing() || uid == 0 || bounding == 0 || runtime.ProfileOf(bounding) != "" || bounding == capset.UpTo(t.LastCap.Value) {
		return ""
	}
	how := "a user other than root gains a capability by executing a file that has it, or as ambient"
	if t.NoNewPrivs.Zero() {
		how = "with no_new_privs, only the program that the runtime starts can have gained one, from its file"
	}
	return fmt.Sprintf("it runs as uid %d and holds none of its bounding set (%s): %s", uid, Some(bounding), how)
}

func noSeccomp(t *Task) string {
	s, ok := t.Seccomp.Get()
	if !t.InContainer() || !ok || s.Mode != 0 || t.InSandbox() {
		return ""
	}
	return "no seccomp filter is on: it may make any system call (Kubernetes: seccompProfile RuntimeDefault)"
}

// shares returns the text on a namespace that a container shares with the node. What a
// sandbox calls initial is its own.
func shares(node func(*Task) Value[bool], kind, so string) func(*Task) string {
	return func(t *Task) string {
		if !t.InContainer() || t.InSandbox() || !Is(node(t), true) {
			return ""
		}
		return "it is in the node's " + kind + " namespace: " + so
	}
}

func boundingUnreachable(t *Task) string {
	out := t.Sets[capset.Bounding].Zero() &^ t.Held()
	if !t.NoNewPrivs.Zero() || out == 0 || !t.Sets[capset.Permitted].Known() {
		return ""
	}
	return Some(out) + " in its bounding set can no longer be raised: no_new_privs is set"
}

func pid1Pause(t *Task) string {
	if t.PID1 == nil || t.PID1.Name != "pause" {
		return ""
	}
	return "PID 1 is a pause process: the pod shares its pid namespace, and the application is another PID"
}

func pid1Differs(t *Task) string {
	if t.PID1 == nil {
		return ""
	}
	var differ []string
	for k, set := range t.State() {
		if set != t.PID1.Sets[k] {
			differ = append(differ, capset.Kind(k).String())
		}
	}
	if differ == nil {
		return ""
	}
	return "PID 1 (" + t.PID1.Name + ") and this process differ in " + strings.Join(differ, ", ") + ": see capinspect 1"
}

func changed(t *Task) string {
	if !t.Changed {
		return ""
	}
	return "it changed while it was read: the values may not belong together"
}

// Some names the capabilities of a set, or says how many they are if they are more than
// three.
func Some(set capset.Set) string {
	if set.Len() > 3 {
		return strconv.Itoa(set.Len()) + " capabilities"
	}
	return strings.ReplaceAll(set.String(), ",", ", ")
}
