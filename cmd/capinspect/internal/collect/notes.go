// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/procstatus"
)

func (r *Record) note(code, text string) { addNote(&r.Notes, code, text) }

// addNote adds a note to a list.
func addNote(list *[]Note, code, text string) { *list = append(*list, Note{code, text}) }

// sandboxKernel is the code of what runs on another kernel than Linux.
const sandboxKernel = "sandbox-kernel"

// opensNode are the capabilities that open the node to whoever has one of them
// in a container without a user namespace of its own.
var opensNode = capset.Of(capset.DacReadSearch, capset.SysModule, capset.SysRawio, capset.SysAdmin, capset.Perfmon, capset.Bpf)

// opensProcesses are those that do so where the container has the node's pid
// namespace.
var opensProcesses = capset.Of(capset.SysPtrace, capset.SysBoot)

// remarks adds the notes that follow from the record alone.
func (r *Record) remarks() {
	s := &r.Status
	state := s.CapState()
	held := state[capset.Permitted] | state[capset.Effective]
	r.remarkHeld(held)
	if s.Has(procstatus.FieldTracerPid) && s.TracerPid != 0 {
		r.note("traced", "PID "+strconv.Itoa(s.TracerPid)+" traces it, and can make it do what its capabilities permit")
	}
	if r.InContainer() {
		r.remarkContainer(&state, held)
	}
	out := state[capset.Bounding] &^ held
	if s.Has(procstatus.FieldNoNewPrivs) && s.NoNewPrivs && out != 0 && s.Has(procstatus.FieldCapPrm) {
		r.note("bounding-unreachable", some(out)+" in its bounding set can no longer be raised: no_new_privs is set")
	}
}

// remarkHeld adds the notes on what it holds, and where that counts.
func (r *Record) remarkHeld(held capset.Set) {
	sandbox := r.Namespaces.ofSandbox()
	if sandbox {
		r.note(sandboxKernel, "its kernel is not Linux, by the numbers of its namespaces, but a sandbox's own, as gVisor's: its capabilities count in that alone")
	}
	if held == 0 {
		return
	}
	full := held == capset.UpTo(r.LastCap.Value) && r.LastCap.From != "guess"
	child := r.UserNamespace != nil && r.Known("userNamespace.initial") && !r.UserNamespace.Initial
	switch {
	case child && full:
		r.note("full-in-user-namespace", "it has all capabilities, but in a child user namespace: they "+where(r))
	case child && !r.Self && !r.UserNamespace.Own:
		r.note("other-user-namespace", "it is in another user namespace than capinspect: its capabilities "+where(r))
	case child:
		r.note("child-user-namespace", "it is in a child user namespace: its capabilities "+where(r))
	}
	if child || sandbox || !r.InContainer() {
		return
	}
	unless := ""
	if !r.Known("userNamespace.initial") {
		unless = " (unless it is in a child user namespace, which is unknown)"
	}
	if full {
		r.note("full-capabilities", "it has all capabilities, as in a privileged container: the node is open to it"+unless)
		return
	}
	opens := opensNode
	nodes := r.Namespaces.initial(procstatus.NamespacePID)
	if nodes != No {
		opens |= opensProcesses
	}
	for c := range (held & opens).Caps() {
		unless := unless
		if opensProcesses.Has(c) && nodes == Unsure {
			unless = " (if it has the node's pid namespace, which is unknown)"
		}
		text, _ := c.Explain()
		opens := text.Opens()
		r.note(strings.ReplaceAll(c.String(), "_", "-"), c.String()+": "+strings.ToLower(opens[:1])+opens[1:]+unless)
	}
}

// where says what the capabilities of a child user namespace count for.
func where(r *Record) string {
	text := "count only for what "
	if id := r.UserNamespace.ID; id != 0 {
		return text + "user:[" + strconv.FormatUint(id, 10) + "] owns"
	}
	return text + "that namespace owns"
}

// remarkContainer adds the notes on what is odd, or left open, in a container.
func (r *Record) remarkContainer(state *capset.State, held capset.Set) {
	s := &r.Status
	if inh := state[capset.Inheritable] &^ state[capset.Ambient]; inh != 0 { // what is ambient is inheritable on purpose
		r.note("inheritable-not-empty", "its inheritable set has "+some(inh)+
			": runtimes leave it empty since they were fixed in 2022 (CVE-2022-24769, CVE-2022-27649, CVE-2022-27652)")
	}
	if s.Has(procstatus.FieldUID) && s.Has(procstatus.FieldCapPrm) && held == 0 {
		bounding := state[capset.Bounding]
		switch {
		case s.UID.Effective == 0:
			r.note("root-without-capabilities", "it is uid 0 without any capability: it has root's files, and no privilege beyond them")
		case bounding != 0 && runtime.ProfileOf(bounding) == "" && bounding != capset.UpTo(r.LastCap.Value):
			how := "a user other than root gains a capability by executing a file that has it, or as ambient"
			if s.NoNewPrivs {
				how = "with no_new_privs, only the program that the runtime starts can have gained one, from its file"
			}
			r.note("added-not-effective", "it runs as uid "+strconv.FormatUint(uint64(s.UID.Effective), 10)+
				" and holds nothing of its bounding set ("+some(bounding)+"): "+how)
		}
	}
	if s.Has(procstatus.FieldSeccomp) && s.Seccomp == 0 && !r.Namespaces.ofSandbox() {
		r.note("no-seccomp", "no seccomp filter is on: it may make any system call (Kubernetes: seccompProfile RuntimeDefault)")
	}
}

// some names the capabilities of a set, or says how many they are.
func some(set capset.Set) string {
	var names []string
	for c := range set.Caps() {
		names = append(names, c.String())
	}
	if len(names) > 3 {
		return strconv.Itoa(len(names)) + " capabilities"
	}
	return strings.Join(names, ", ")
}
