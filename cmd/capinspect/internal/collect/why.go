// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"fmt"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/procstatus"
)

// Why says why capabilities of a task are effective or are not.
type Why struct {
	Task    *Record
	Answers []Answered
	Assumed []Note
}

// Answered says it of one capability.
type Answered struct {
	Cap     capset.Cap
	Sets    [capset.NumKinds]bool // in which it is
	Reason  Note                  // the first that holds
	Also    []Note                // what else has a say
	Changes []Change              // what would make it effective, or make it count
}

// Effective reports whether the capability is in the effective set.
func (a *Answered) Effective() bool { return a.Sets[capset.Effective] }

// Change is something that somebody can do, and where: "securityContext", "image",
// "unit" of systemd, "file", "program" or "sysctl".
type Change struct{ Where, Text string }

// question is what an answer depends on.
type question struct {
	*Record
	task    capset.Credentials // with the ids of its own user namespace
	how     capset.Circumstances
	program *capset.File // that it executed last; nil if unknown
	path    string       // of the program, "" if unknown
	sysctls sysctls
	outside bool // it is known to be in no container
	guessed bool // an answer depended on the program and the securebits
}

// sysctls are those that make a capability unnecessary; "" is not known.
type sysctls struct{ unprivilegedPorts, pingGroups string }

// uid returns what a text calls the effective user of the task.
func (q *question) uid() string { return "uid " + decimal(q.Status.UID.Effective) }

// its returns what a text calls the program of the task.
func (q *question) its() string {
	if q.path == "" {
		return "the program"
	}
	return q.path
}

// setcap returns the command that gives the program a capability.
func (q *question) setcap(c capset.Cap) string {
	path := q.path
	if path == "" {
		path = "PROGRAM"
	}
	return "setcap " + c.String() + "=ep " + path
}

// answer says why a capability is effective or is not.
func (q *question) answer(c capset.Cap) (a Answered) {
	a.Cap = c
	for k := range a.Sets {
		a.Sets[k] = q.task.Sets[k].Has(c)
	}
	switch {
	case a.Sets[capset.Effective]:
		q.effective(&a)
		return a
	case c > q.LastCap.Value:
		text := fmt.Sprintf("the kernel does not know it: its last capability is %v", q.LastCap.Value)
		if q.LastCap.From == "guess" {
			text += ", as far as the sets tell"
		}
		a.Reason = Note{"unknown-to-kernel", text}
		return a
	case a.Sets[capset.Permitted]:
		q.notRaised(&a)
	case !a.Sets[capset.Bounding] && !a.Sets[capset.Inheritable]:
		q.notInBounding(&a)
	case !q.Status.Has(procstatus.FieldUID):
		a.Reason = Note{Undecided, "it depends on the uid, which is unknown: " + q.Why("uid")}
		return a
	default:
		q.notPermitted(&a)
	}
	q.unnecessary(&a)
	return a
}

// change adds something that somebody can do.
func (a *Answered) change(where, format string, args ...any) {
	a.Changes = append(a.Changes, Change{where, fmt.Sprintf(format, args...)})
}

// The codes of an answer that has nothing to add, and of one that nobody can give.
const (
	PlainlyEffective = "effective"
	Undecided        = "unknown"
)

// effective answers for a capability that is effective, and may be of no use.
func (q *question) effective(a *Answered) {
	var reasons []Note
	if q.UserNamespace != nil && q.Known("userNamespace.initial") && !q.UserNamespace.Initial {
		reasons = append(reasons, Note{"child-user-namespace", "it is effective, but in a child user namespace: it counts only for what that owns"})
		if !q.outside {
			a.change("securityContext", "in the pod's spec, hostUsers: true, if it is for something of the node (docker: --userns host)")
		}
	}
	if q.Namespaces.ofSandbox() {
		reasons = append(reasons, Note{sandboxKernel, "it is effective, but in a sandbox with a kernel of its own: it counts for nothing outside that"})
	}
	if by := q.confined(); by != "" {
		reasons = append(reasons, Note{"confined", "it is effective, but " + by + " may refuse what it permits"})
		if !q.outside {
			a.change("securityContext", "seccompProfile or appArmorProfile of type Localhost, with what it needs (docker: --security-opt seccomp=FILE)")
		}
	}
	if reasons == nil {
		a.Reason = Note{PlainlyEffective, "it is effective"}
		return
	}
	a.Reason, a.Also = reasons[0], reasons[1:]
}

// confined says what besides capabilities confines the task, "" if nothing does.
func (q *question) confined() string {
	var by []string
	if s := &q.Status; s.Has(procstatus.FieldSeccomp) && s.Seccomp != 0 {
		by = append(by, "seccomp ("+SeccompName(s.Seccomp)+")")
	}
	if l := q.Label; l != nil && l.Mode != "complain" && l.Mode != "unconfined" && l.Label != "unconfined" &&
		!strings.Contains(l.Label, ":unconfined_t") && !strings.Contains(l.Label, ":spc_t") {
		name := l.Module
		if name == "" {
			name = "the security module's label"
		}
		by = append(by, name+" ("+l.Label+")")
	}
	return strings.Join(by, " or ")
}

// notRaised answers for a capability that is permitted and not effective.
func (q *question) notRaised(a *Answered) {
	q.guessed = true
	if f := q.program; f != nil && f.Caps != nil && !f.Caps.Effective && !f.NoSuid && q.gives(f).Has(a.Cap) {
		a.Reason = Note{"no-effective-flag", q.its() + " has it as a file capability without the effective flag, so that it is permitted alone"}
		a.change(q.file(), "%s", q.setcap(a.Cap))
	} else {
		a.Reason = Note{"not-raised", "it is permitted, and the program has not raised it, or lowered it since"}
	}
	a.change("program", "raise it in the effective set by capset(2) (libcap: cap_set_proc)")
}

// gives returns what a file has to give to the task.
func (q *question) gives(f *capset.File) capset.Set {
	return f.Caps.Permitted | f.Caps.Inheritable&q.task.Sets[capset.Inheritable]
}

// file returns where a file is changed.
func (q *question) file() string {
	if !q.outside {
		return "image"
	}
	return "file"
}

// notInBounding answers for a capability that nothing can give any more.
func (q *question) notInBounding(a *Answered) {
	a.Reason = Note{"not-in-bounding", "it is not in the bounding set, and nothing that the process executes can regain it"}
	k8s := a.Cap.Kubernetes()
	if q.outside {
		a.change("unit", "CapabilityBoundingSet= with %s, and AmbientCapabilities=%s for another user than root", upper(a.Cap), upper(a.Cap))
		return
	}
	a.change("securityContext", "capabilities.add: [%s] (docker: --cap-add %s)", k8s, k8s)
	if a.Cap == capset.SysAdmin && q.task.NoNewPrivs {
		a.change("securityContext", "no allowPrivilegeEscalation: false, which Kubernetes refuses beside SYS_ADMIN")
	}
	if q.Status.Has(procstatus.FieldUID) && q.task.UID.Effective != 0 {
		a.change("securityContext", "runAsUser: 0 too (docker: --user 0): for another user it is added to the bounding set alone")
		q.entrypoint(a, "or instead of that ")
	}
}

// upper returns a capability as systemd writes it.
func upper(c capset.Cap) string { return strings.ToUpper(c.String()) }

// entrypoint adds that a file capability of the entrypoint gives it. containerd
// executes that one with the capability in its permitted set, so that no_new_privs
// takes nothing away; docker gives another user than root nothing to begin with.
func (q *question) entrypoint(a *Answered, or string) {
	only := ""
	if q.task.NoNewPrivs {
		only = "; with no_new_privs only that of containerd, and of what it executes later none"
	}
	a.change("image", "%s%s: a file capability of the entrypoint counts%s", or, q.setcap(a.Cap), only)
}

// nonRoot answers for a capability that another user than root has in the bounding
// set, where it is of no use.
func (q *question) nonRoot(a *Answered) {
	who := "docker and Kubernetes raise no ambient ones"
	if q.outside {
		who = "it is not ambient, and no file gave it"
	}
	in := [...]string{"inheritable", "bounding"}[b2i(a.Sets[capset.Bounding])]
	a.Reason = Note{"non-root", "it is in the " + in + " set, but " + q.uid() + " is not permitted it: " + who}
	if !q.outside {
		a.change("securityContext", "runAsUser: 0 (docker: --user 0)")
		q.entrypoint(a, "")
		return
	}
	a.change("unit", "AmbientCapabilities=%s", upper(a.Cap))
	a.change("file", "%s", q.setcap(a.Cap))
}

// whyNeeds are the lines of the status file that an answer depends on.
var whyNeeds = [...]procstatus.Field{
	procstatus.FieldCapInh, procstatus.FieldCapPrm, procstatus.FieldCapEff, procstatus.FieldCapBnd,
}

// WhyOf says it of a task that is known from a file alone.
func WhyOf(r *Record, caps []capset.Cap) (*Why, error) {
	task, err := r.credentials(whyNeeds[:]...)
	if err != nil {
		return nil, err
	}
	q := &question{Record: r, task: task, how: capset.Circumstances{Last: r.LastCap.Value}}
	q.outside = !r.InContainer() && r.Namespaces.initial(procstatus.NamespacePID) == Yes
	return q.answers(caps, nil), nil
}

// answers returns the answers for some capabilities. assumed is what is assumed of the
// program, if they depend on that.
func (q *question) answers(caps []capset.Cap, assumed []Note) *Why {
	w := &Why{Task: q.Record}
	for _, c := range caps {
		w.Answers = append(w.Answers, q.answer(c))
	}
	if !q.guessed {
		return w
	}
	w.Assumed = assumed
	if !q.Known("securebits") && q.task.UID.Effective == 0 {
		w.Assumed = append(w.Assumed, Note{"securebits", "its securebits are 0: only the task itself can read them"})
	}
	return w
}
