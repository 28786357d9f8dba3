// SPDX-License-Identifier: Apache-2.0

package why

import (
	"cmp"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/operation"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// Asked is what is asked of a task.
type Asked struct {
	Caps       []capset.Cap
	Operations []Operation
}

// Operation is one that is asked for, by the name that it was given.
type Operation struct {
	operation.Operation
	As string
}

// Outcome is the answer for one operation.
type Outcome struct {
	Operation *Operation
	Works     task.Value[bool]
	Reason    task.Note   // the first gate that stops it, or what lets it pass
	Also      []task.Note // what else stops it
	Changes   []Change    // what would let it pass
	Gates     []task.Note // what may refuse it too, and is not seen in the task
}

// The codes of outcomes that follow from the operation alone.
const (
	NeedsNone   = "needs-none"
	wrongScope  = "scope"
	unclear     = "scope-unknown"
	unnecessary = "unnecessary"
	byFile      = "set-user-ID"
	programFile = "program-file"
	rootOwned   = "root-owned"
	noNewPrivs  = "no-new-privs"

	namespaceRoot = "namespace-root"
)

// outcomeCodes returns the codes of the reasons for which an operation passes or not,
// besides those for which a capability is not effective.
func outcomeCodes() []string {
	return []string{NeedsNone, wrongScope, unclear, unnecessary, byFile, programFile, refusedToAll, seccompGate, "label", rootOwned, "sysctl", "masked", "silent"}
}

// attempt is an operation that a task may do.
type attempt struct {
	*Subject
	*Operation
	missing capset.Set // the capabilities of which each is lacking
	stops   []stop     // the gates that stop it, the first one first
	doubts  []stop     // those of which nobody knows
	passes  task.Note
	bit     bool // it is a program with a set-user-ID bit
}

// stop is a gate that stops an operation, and what would open it.
type stop struct {
	task.Note
	also    []task.Note
	changes []Change
}

// outcome tries the gates in order: the capabilities with the user namespaces that they are
// asked in, the seccomp filter, the security module, sysctls, and what hides files.
func (s *Subject) outcome(o *Operation) Outcome {
	a := &attempt{Subject: s, Operation: o}
	if o.Program {
		of := *s
		of.Program, of.Path = nil, o.Name() // which is executed for it
		a.Subject = &of
	}
	settings := a.settings()
	switch file := a.file(); {
	case file != nil && file.Fails != "":
		a.stops = append(a.stops, stop{Note: note(programFile, file.Path+" does not start: "+file.Fails+" ('capinspect predict "+a.File()+"' tells more)")})
	case !a.free(settings):
		if len(a.Caps) > 0 {
			a.capabilities(settings)
		}
		if a.passes == (task.Note{}) {
			a.unsettled(settings)
		}
	}
	a.seccomp()
	a.label()
	a.elsewhere()
	for _, found := range settings {
		if found.effect == refuses {
			a.stops = append(a.stops, stop{Note: note("sysctl", found.text())})
		}
	}
	a.hidden()
	return a.conclude(settings)
}

// conclude makes the answer of the gates.
func (a *attempt) conclude(settings []setting) Outcome {
	out := Outcome{Operation: a.Operation, Gates: a.others(settings)}
	switch {
	case a.stops != nil:
		out.Works = task.Known(false)
	case a.doubts != nil:
		out.Works = task.Unknown[bool](a.doubts[0].Text)
	case a.passes == (task.Note{}):
		a.doubts = []stop{{Note: note(Undecided, a.Why)}}
		out.Works = task.Unknown[bool](a.Why)
	default:
		out.Reason, out.Works = a.passes, task.Known(true)
		return out
	}
	for i, s := range append(a.stops, a.doubts...) {
		if i == 0 {
			out.Reason = s.Note
		} else {
			out.Also = append(out.Also, s.Note)
		}
		out.Also = append(out.Also, s.also...)
		out.Changes = append(out.Changes, s.changes...)
	}
	if a.Errno == "" && len(a.Caps) > 0 {
		out.Also = append(out.Also, note("silent", "there is no error: the kernel skips what the capability is for"))
	}
	out.Changes = append(a.instead(settings), out.Changes...)
	return out
}

// capabilities holds the operation against the capabilities that count for it.
func (a *attempt) capabilities(settings []setting) {
	var sure, perhaps capset.Set
	for _, s := range settings {
		if s.effect == frees && a.partly(s) {
			sure |= capset.Of(s.rule.cap)
		}
	}
	why := ""
	for c := range a.involved().Caps() {
		switch counts, known := a.counts(c).Get(); {
		case !known:
			perhaps, why = perhaps|capset.Of(c), a.counts(c).Why()
		case counts:
			sure |= capset.Of(c)
		}
	}
	switch {
	case a.Suffices(sure):
		a.passes = note(PlainlyEffective, a.having(sure&a.involved()))
	case a.Suffices(sure | perhaps):
		a.doubts = append(a.doubts, stop{Note: note(unclear, why)})
	case a.byFile():
	default:
		a.stops = append(a.stops, a.lacking(sure))
		if a.bit && a.Credentials.NoNewPrivs && a.stops[0].Code != noNewPrivs {
			a.stops = append(a.stops, stop{
				Note:    note(noNewPrivs, "no_new_privs keeps its set-user-ID bit from counting"),
				changes: (&question{Subject: a.Subject, bit: true}).withoutNoNewPrivs(),
			})
		}
	}
}

// involved returns the capabilities that the operation is about.
func (a *attempt) involved() capset.Set {
	set := a.Set() | capset.Of(a.Alone...)
	for _, others := range a.Substitutes {
		set |= capset.Of(others...)
	}
	return set
}

// counts reports whether a capability is effective and counts for the operation.
func (a *attempt) counts(c capset.Cap) task.Value[bool] {
	q := &question{Subject: a.Subject, cap: c, state: a.stateOf(c)}
	switch {
	case q.state&withoutIt != 0:
		return task.Known(slices.Contains(q.ownedByUID(), a.scope(c)))
	case q.state != effective:
		return task.Known(false)
	}
	return a.inScope(c)
}

// inScope reports whether a capability counts for the operation if the task has it.
func (a *attempt) inScope(c capset.Cap) task.Value[bool] {
	q := &question{Subject: a.Subject, cap: c}
	switch {
	case q.Task.DeniedByUbuntu():
		return task.Known(false)
	case !q.child():
		return task.Known(true)
	}
	switch scopes, scope := q.scopes(), a.scope(c); {
	case slices.Contains(scopes.For, scope):
		return task.Known(true)
	case slices.Contains(scopes.Unclear, scope):
		return task.Unknown[bool](c.String() + ": " + scopes.WhyUnclear)
	}
	return task.Known(false)
}

// scope returns where a capability is asked for: one that is never asked for where the
// others are is asked for elsewhere.
func (a *attempt) scope(c capset.Cap) capset.Scope {
	scope := a.ScopeOf(c)
	if all := c.Scopes(); len(all) > 0 && !slices.Contains(all, scope) {
		return all[0]
	}
	return scope
}

// having names the capabilities that let the operation pass: one where one suffices, else
// each that it asks for or what stands in for that.
func (a *attempt) having(set capset.Set) string {
	all := a.Caps
	if alone := capset.Of(a.Alone...) & set; alone != 0 || !a.All {
		all = slices.Collect(cmp.Or(alone, set).Caps())[:1]
	}
	var names []string
	for _, c := range all {
		if i := slices.IndexFunc(a.Substitutes[c], set.Has); !set.Has(c) && i >= 0 {
			c = a.Substitutes[c][i]
		}
		names = append(names, c.String())
	}
	return task.And(names) + choose(len(names) == 1, " is effective", " are effective")
}

// note returns a note on an operation.
func note(code, text string) task.Note { return task.Note{Code: code, Text: text} }

func choose(cond bool, yes, no string) string {
	if cond {
		return yes
	}
	return no
}

// lacking returns the reason for which the capabilities do not suffice, and what would
// make them suffice. Of several that would do it is about one: what the task holds and what
// is permitted to it before others, and SYS_ADMIN last.
func (a *attempt) lacking(sure capset.Set) stop {
	var missing []capset.Cap
	for _, c := range a.Caps {
		if !sure.Has(c) && capset.Of(a.Substitutes[c]...)&sure == 0 {
			missing = append(missing, c)
		}
	}
	a.missing = capset.Of(missing...)
	rank := func(c capset.Cap) int {
		n := slices.Index([]state{effective, raisable, obtainable, undecided, lost, unsupported}, a.stateOf(c)) * 2
		if c == capset.SysAdmin && !a.All {
			n++
		}
		return n
	}
	byRank := func(x, y capset.Cap) int { return rank(x) - rank(y) }
	q := &question{Subject: a.Subject, forOne: true, bit: a.bit}
	if a.All { // the one that is farthest off, and what it takes for all
		q.cap = slices.MaxFunc(missing, byRank)
		q.with = a.missing &^ capset.Of(q.cap)
	} else {
		q.cap = slices.MinFunc(missing, byRank)
	}
	q.state = a.stateOf(q.cap)
	answer := q.answer()
	s := stop{note(answer.Reason.Code, q.cap.String()+": "+answer.Reason.Text), answer.Also, answer.Changes}
	if q.state == effective && task.Is(answer.Works, true) {
		s.Note = note(wrongScope, "the kernel asks "+asked(a.scope(q.cap))+" for "+q.cap.String()+
			", and the process has it in "+q.userNamespace()+", a child")
	}
	var others []string
	for c := range q.with.Caps() {
		others = append(others, c.String())
	}
	if others != nil {
		s.Text += "; it lacks " + task.And(others) + " too"
	}
	return s
}

// asked names the user namespace that the kernel asks.
func asked(s capset.Scope) string {
	if k, ok := task.OwnedKind(s); ok {
		return "the user namespace that owns the " + k.String() + " namespace"
	}
	return choose(s == capset.ScopeInitial, "the initial user namespace", "another user namespace")
}

// Executed is what executing a program's file would come to.
type Executed struct {
	Path  string     // of the file
	Bit   bool       // it is set-user-ID root
	Has   capset.Set // what is effective afterwards
	Fails string     // the errno's name, "" if it would be executed
}

// File returns the name of the program's file if the answer depends on that, "" if it does
// not.
func (o *Operation) File() string {
	name := o.Name()
	if slices.Contains(o.Names, o.As) {
		name = o.As
	}
	if !o.Program || !o.hasBit() && !o.hasFileCaps() || strings.ContainsAny(name, " /") {
		return ""
	}
	return name
}

// hasBit reports whether a program has a set-user-ID bit, as it is usually installed.
func (o *Operation) hasBit() bool {
	return slices.ContainsFunc(o.Gates, func(n operation.Note) bool { return n.Code == noNewPrivs })
}

// hasFileCaps reports whether a program may have file capabilities.
func (o *Operation) hasFileCaps() bool {
	return slices.ContainsFunc(o.Instead, func(n operation.Note) bool { return n.Code == "file-capability" })
}

// file returns what the program's file would come to, nil if nobody has looked.
func (a *attempt) file() *Executed { return a.Files[a.File()] }

// byFile reports whether the program's own file gives what it needs, or may.
func (a *attempt) byFile() bool {
	file := a.file()
	switch {
	case a.File() == "":
		return false
	case file != nil && a.enough(file.Has):
		a.passes = note(programFile, file.Path+" gets "+a.Set().String()+" when it is executed")
		return true
	case file != nil && !file.Bit:
		return false
	case a.hasBit():
		of := *a.Subject
		of.Program = &capset.File{Mode: 0o4755}
		a.Subject, a.bit = &of, true
		if file == nil && a.given(of.Program) {
			a.passes = note(byFile, a.Name()+" gets "+a.Set().String()+" by its set-user-ID bit")
			return true
		}
		return false
	}
	caps := capset.FileCaps{Permitted: a.Set(), Effective: true, Version: 2}
	if a.given(&capset.File{Mode: 0o755, Caps: &caps}) {
		a.doubts = append(a.doubts, stop{Note: note(programFile, "it depends on the file: "+a.Name()+" works if it has "+a.Set().String()+" as a file capability")})
		return true
	}
	return false
}

// given reports whether executing a file gives what the operation asks for.
func (a *attempt) given(file *capset.File) bool {
	after, _, err := capset.Exec(a.Credentials, *file, a.How)
	return err == nil && a.enough(after.Sets[capset.Effective])
}

// enough reports whether a program that has some capabilities has what it needs.
func (a *attempt) enough(has capset.Set) bool {
	for c := range has.Caps() {
		if !task.Is(a.inScope(c), true) {
			has &^= capset.Of(c)
		}
	}
	return a.Suffices(has)
}

// others returns the gates that are not seen in the task.
func (a *attempt) others(settings []setting) (notes []task.Note) {
	for _, n := range a.Operation.Gates {
		switch n.Code {
		case noNewPrivs: // which is seen
			continue
		case "device-cgroup":
			if a.Outside {
				continue
			}
		case "masked", readOnlyProc, "proc-masked":
			if a.Task.Mounts.ProcMasked.Known() || a.Outside {
				continue
			}
		case readOnlySys:
			if a.Task.Mounts.SysReadOnly.Known() || a.Outside {
				continue
			}
		case "pid-namespace":
			if a.Task.Namespace(procstatus.NamespacePID).Node.Known() {
				continue
			}
		case "net-namespace":
			if task.Is(a.Task.Namespace(procstatus.NamespaceNet).Node, true) {
				continue
			}
		case "sysctl":
			known := func(s setting) bool {
				return s.gate && strings.Contains(n.Text, s.name) && (s.value.Known() || s.value.Why() == NotInKernel)
			}
			if slices.ContainsFunc(settings, known) {
				continue
			}
		}
		notes = append(notes, task.Note(n))
	}
	if slices.Contains(a.Names, newUserNamespace) {
		notes = append(notes, note("user-namespace", "'capinspect why userns' looks at everything that may refuse it, and at what it could do there"))
	}
	if slices.ContainsFunc(a.Names, func(name string) bool { return strings.HasPrefix(name, "/proc/PID/") }) && a.Operation.Scope == capset.ScopeProcess {
		notes = append(notes, note("access", "'capinspect why access PID' tells what it is for one process"))
	}
	if s := a.Operation.Scope; len(a.Caps) > 0 && a.Task.InChildUserNamespace() && (s == capset.ScopeFile || s == capset.ScopeProcess) {
		notes = append(notes, note(wrongScope, "it counts for "+task.ScopeThings(s)+" alone"))
	}
	return notes
}

// places says where each kind of alternative is written.
var places = map[string]string{
	"sysctl": "sysctl", "owner": "file", "mode": "file", "dac": "file", "file-capability": "file", "set-user-ID": "file",
	"image": "image", "build": "image", "user": "securityContext", "podspec": "securityContext", "group": "securityContext", "volume": "securityContext",
	"bind-mount": "securityContext", "rlimit": "securityContext", "runtime": "securityContext", "csi": "securityContext",
}

// instead returns the alternatives of the operation that need no capability and that are
// open to the task.
func (a *attempt) instead(settings []setting) (list []Change) {
	freed := slices.ContainsFunc(settings, func(s setting) bool { return s.effect == frees && !a.partly(s) })
	for _, n := range a.Instead {
		text, where := n.Text, places[n.Code]
		if freed && (n.Code == "sysctl" || n.Code == "group") { // something else stops it
			continue
		}
		switch n.Code {
		case "user-namespace":
			if slices.ContainsFunc(a.stops, stopsAnywhere) || a.noUserNamespace() {
				continue
			}
		case rootOwned, namespaceRoot:
			continue
		case "file-capability", byFile:
			if file := a.file(); a.Credentials.NoNewPrivs || file != nil && file.Fails != "" {
				continue
			}
		case "sysctl":
			for _, s := range settings {
				if strings.Contains(text, s.name) {
					text += ", " + s.now()
				}
			}
		}
		switch {
		case where == "":
			where = "program"
		case where == "securityContext" && a.Outside:
			where = "unit"
		case where == "file" && !a.Outside && n.Code == "file-capability":
			where = "image"
		}
		list = append(list, Change{where, text})
	}
	return list
}

// stopsAnywhere reports whether a gate stops a system call in every user namespace.
func stopsAnywhere(s stop) bool {
	return slices.Contains([]string{seccompGate, refusedToAll, "label"}, s.Code)
}

// newUserNamespace is a name of the operation that makes one.
const newUserNamespace = "CLONE_NEWUSER"

// noUserNamespace reports whether the task cannot make a user namespace, or has nothing there,
// as far as that is seen.
func (a *attempt) noUserNamespace() bool {
	if a.Task.DeniedByUbuntu() {
		return true
	}
	for _, o := range operation.Named(newUserNamespace) {
		b := &attempt{Subject: a.Subject, Operation: &Operation{o, "unshare"}}
		b.seccomp()
		if b.stops != nil || slices.ContainsFunc(b.settings(), func(s setting) bool { return s.effect == refuses }) {
			return true
		}
	}
	return false
}
