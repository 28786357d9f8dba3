// SPDX-License-Identifier: Apache-2.0

package why

import (
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// refusedToAll is the code of a system call that a default seccomp filter refuses whatever
// the capabilities.
const refusedToAll = "seccomp-refused"

// readOnlyProc is the code of a gate: the file belongs to what runtimes mount read-only.
const readOnlyProc = "proc-read-only"

// readOnlySys is the code of one that belongs to /sys.
const readOnlySys = "sys-read-only"

// call returns the system call by which a seccomp filter knows the operation, "" if none
// does.
func (a *attempt) call() string {
	name, _, _ := strings.Cut(strings.ToLower(a.As), "(")
	switch {
	case slices.Contains(a.Calls, name):
		return name
	case len(a.Calls) > 0:
		return a.Calls[0]
	}
	return ""
}

// seccomp holds the system call against the default filter of the task's runtime. The
// filter goes by the bounding set that the runtime configures.
func (a *attempt) seccomp() {
	call := a.call()
	if call == "" || a.Outside || !a.Filtered() {
		return
	}
	name := a.RuntimeName()
	of := runtime.Named(name)
	if of.SeccompRefuses(call) {
		text := "the default seccomp filter of " + name + " lets nobody call " + call
		if since := of.SeccompRefusesSince(call); since != "" {
			text += ", since " + since
		}
		a.stops = append(a.stops, stop{
			Note:    note(refusedToAll, text),
			changes: []Change{allowCall(call)},
		})
		return
	}
	var opens []capset.Cap
	for _, gate := range a.SeccompGates(of) {
		if slices.Contains(gate.Calls, call) {
			opens = append(opens, gate.Cap)
		}
	}
	has := func(c capset.Cap) bool { return a.Credentials.Sets[capset.Bounding].Has(c) }
	if opens == nil || slices.ContainsFunc(opens, has) {
		return
	}
	var names []string
	for _, c := range opens {
		names = append(names, c.String())
	}
	s := stop{Note: task.Note{
		Code: seccompGate,
		Text: "the default seccomp filter of " + name + " lets a task call " + call + " only with " + strings.Join(names, " or ") + " in the bounding set",
	}}
	if len(a.stops)+len(a.doubts) == 0 { // else what adds the capability opens the gate too
		add := (&question{Subject: a.Subject, cap: opens[len(opens)-1], forOne: true}).add()
		add.Text = "or " + add.Text + ": for the filter that is enough, for any user"
		s.changes = append(s.changes, allowCall(call), add)
	}
	a.stops = append(a.stops, s)
}

// allowCall returns the filter that allows one more system call.
func allowCall(call string) Change {
	return Change{"securityContext", "seccompProfile of type Localhost that allows " + call + " (docker: --security-opt seccomp=FILE)"}
}

// deniedCalls are the system calls that the AppArmor profiles of runtimes deny.
var deniedCalls = []string{"mount", "move_mount", "pivot_root"}

// label holds the operation against the label of a security module.
func (a *attempt) label() {
	l := a.Task.Label.Zero()
	if !a.Task.HasRuntimeLabel() || l.Mode == "complain" || !slices.Contains(deniedCalls, a.call()) {
		return
	}
	a.stops = append(a.stops, stop{
		Note: note("label", "the AppArmor profile "+l.Label+" denies "+a.call()+" to all"),
		changes: a.inside("securityContext",
			"appArmorProfile of type Localhost that permits it (docker: --security-opt apparmor=PROFILE)"),
	})
}

// elsewhere holds the operation against a pid namespace that is not the node's.
func (a *attempt) elsewhere() {
	if !task.Is(a.Task.Namespace(procstatus.NamespacePID).Node, false) {
		return
	}
	for _, n := range a.Operation.Gates {
		if n.Code == "pid-namespace" {
			a.stops = append(a.stops, stop{
				Note:    note(gateNamespace, n.Text),
				changes: a.inside("securityContext", "in the pod's spec, hostPID: true (docker: --pid host)"),
			})
		}
	}
}

// inside returns a change for a task that may be in a container.
func (a *attempt) inside(where, text string) []Change {
	return (&question{Subject: a.Subject}).inside(where, text)
}

// hidden holds the operation against what runtimes mount over files of /proc, and how they
// mount /sys.
func (a *attempt) hidden() {
	for _, n := range a.Operation.Gates {
		if n.Code == readOnlySys && task.Is(a.Task.Mounts.SysReadOnly, true) {
			a.stops = append(a.stops, stop{
				Note:    note("masked", "/sys is mounted read-only (EROFS)"),
				changes: a.inside("securityContext", "the directory below /sys as a hostPath volume (docker: -v)"),
			})
		}
		if !task.Is(a.Task.Mounts.ProcMasked, true) {
			continue
		}
		if n.Code == "masked" || n.Code == readOnlyProc || n.Code == "proc-masked" && a.Task.InChildUserNamespace() {
			a.stops = append(a.stops, stop{
				Note:    note("masked", "something is mounted over the kernel's own parts of /proc: "+n.Text),
				changes: a.inside("securityContext", "procMount: Unmasked, with hostUsers: false (docker: --security-opt systempaths=unconfined)"),
			})
		}
	}
}

// assumptions returns what is taken for granted of the outcomes.
func (s *Subject) assumptions(outcomes []Outcome) (notes []task.Note) {
	add := func(code, text string) {
		if n := note(code, text); !slices.Contains(notes, n) {
			notes = append(notes, n)
		}
	}
	for _, out := range outcomes {
		a := &attempt{Subject: s, Operation: out.Operation}
		seccomp, known := s.Task.Seccomp.Get()
		switch {
		case s.Outside && known && seccomp.Mode != 0:
			add("seccomp-filter", "its seccomp filter lets it through: which calls it refuses cannot be read")
		case !s.Outside && s.Filtered() && a.call() != "":
			add(s.defaultFilter().Code, s.defaultFilter().Text)
		}
		if l, ok := s.Task.Label.Get(); ok && mayDeny(l.Label, l.Mode) && !s.Task.HasRuntimeLabel() && !s.Task.DeniedByUbuntu() && slices.ContainsFunc(out.Gates, isLSM) {
			add("label", "its label "+l.Label+" permits it: what else it permits cannot be read")
		}
		if out.Operation.Program {
			add("usual", out.Operation.Name()+" is configured as usual: another configuration may need other capabilities")
		}
		if out.Reason.Code == byFile {
			add("program-file", out.Operation.Name()+" has its set-user-ID bit, on a mount without nosuid ('capinspect predict' looks at the file)")
		}
	}
	return notes
}

// guesses reports whether an answer depends on the program and the securebits.
func (s *Subject) guesses(o *Operation) bool {
	return slices.ContainsFunc(o.Caps, func(c capset.Cap) bool { return s.stateOf(c)&(raisable|obtainable) != 0 })
}

// defaultFilter says which seccomp filter is taken for the task's.
func (s *Subject) defaultFilter() task.Note {
	return task.Note{Code: "seccomp-filter", Text: "its seccomp filter is the default one of " + s.RuntimeName() + ": which one it has cannot be read"}
}

// isLSM reports whether a gate is a security module.
func isLSM(n task.Note) bool { return n.Code == "lsm" }

// mayDeny reports whether a label may deny anything.
func mayDeny(label, mode string) bool {
	return mode != "complain" && mode != "unconfined" && label != "unconfined" &&
		!strings.Contains(label, ":unconfined_t") && !strings.Contains(label, ":spc_t")
}
