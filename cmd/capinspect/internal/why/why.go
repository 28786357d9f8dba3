// SPDX-License-Identifier: Apache-2.0

// Package why says why capabilities are effective in a task or are not, and what would
// change that. It tries nothing: an answer follows from what is known of the task and from
// the kernel's rules for execve(2).
package why

import (
	"slices"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// Subject is what an answer depends on.
type Subject struct {
	Task        *task.Task
	Credentials capset.Credentials // with the ids of the task's own user namespace
	How         capset.Circumstances
	Program     *capset.File // what it executed last; nil if that is unknown
	Path        string       // of the program, "" if that is unknown
	Sysctls     Sysctls
	NodeRoot    task.Value[uint32]   // the id that uid 0 of the node has where the task's ids are those of Task.UID
	Files       map[string]*Executed // of programs that operations are about, by the name in PATH
	Outside     bool                 // it is known to be in no container
	Assumed     []task.Note          // what is taken for granted of the program
}

// Sysctls are those that make a capability unnecessary, of the task's network namespace.
type Sysctls struct {
	UnprivilegedPorts task.Value[string]            // net.ipv4.ip_unprivileged_port_start
	PingGroups        task.Value[string]            // net.ipv4.ping_group_range, "FIRST LAST"
	Others            map[string]task.Value[string] // those that operations name
}

// NotInKernel is why a sysctl has no value.
const NotInKernel = "the kernel does not have it"

// Answers are the answers for one task.
type Answers struct {
	Task       *task.Task
	List       []Answer
	Operations []Outcome
	Assumed    []task.Note
}

// Answer says it of one capability.
type Answer struct {
	Cap     capset.Cap
	Sets    [capset.NumKinds]bool // in which sets it is
	Reason  task.Note             // the first that holds
	Also    []task.Note           // what else has a say
	Changes []Change              // what would make it effective, or make it count
	Works   task.Value[bool]      // what it permits works, as far as capabilities decide
}

// Change is something that somebody can do, and where: "securityContext", "image", "unit"
// of systemd, "file", "program" or "sysctl".
type Change struct{ Where, Text string }

// Effective reports whether the capability is in the effective set.
func (a *Answer) Effective() bool { return a.Sets[capset.Effective] }

// The codes of an answer that has nothing to add, and of one that nobody can give.
const (
	PlainlyEffective = "effective"
	Undecided        = "unknown"
)

// Of answers for a task that is known from a file alone. The error says which of its sets
// is unknown.
func Of(t *task.Task, asked Asked) (*Answers, error) {
	states := t.States()
	all, err := inState(states[len(states)-1], asked)
	if err != nil || len(states) == 1 {
		return all, err
	}
	asRoot, err := inState(states[0], asked)
	if err != nil {
		return nil, err
	}
	all.Task = t
	for i, a := range asRoot.List {
		if a.Works != all.List[i].Works {
			all.List[i].Reason, all.List[i].Works = leftOpen(t)
		}
	}
	for i, out := range asRoot.Operations {
		if out.Works != all.Operations[i].Works {
			all.Operations[i].Reason, all.Operations[i].Works = leftOpen(t)
		}
	}
	return all, nil
}

// leftOpen is the answer for a task of which nobody tells who it runs as, where it is
// another one for root than for others.
func leftOpen(t *task.Task) (task.Note, task.Value[bool]) {
	text := "it depends on its user, which is unknown (" + t.UID.Why() + ")"
	return task.Note{Code: Undecided, Text: text}, task.Unknown[bool](text)
}

// inState answers for a task in the one state that it has.
func inState(t *task.Task, asked Asked) (*Answers, error) {
	c, err := t.Credentials(false)
	set, known := t.Sets[capset.Effective].Get()
	if err != nil && known && !t.UserNamespace.Known() && !t.Label.Known() { // which may have a say
		return byEffective(t, t.Counting(set), err, asked), nil
	}
	if err != nil {
		return nil, err
	}
	s := Subject{
		Task: t, Credentials: c, How: capset.Circumstances{Last: t.LastCap.Value},
		Outside: !t.InContainer() && (task.Is(t.Initial(procstatus.NamespacePID), true) || t.Asked != nil && t.Container.Known()),
	}
	return s.Answers(asked), nil
}

// byEffective answers for a task of which the effective set is known and others, which
// tell why, are not.
func byEffective(t *task.Task, set capset.Set, unknown error, asked Asked) *Answers {
	all := &Answers{Task: t}
	for _, c := range asked.Caps {
		a := Answer{Cap: c, Works: task.Known(set.Has(c)), Reason: task.Note{Code: PlainlyEffective, Text: "it is effective"}}
		for k, in := range t.State() {
			a.Sets[k] = t.Counting(in).Has(c)
		}
		if !set.Has(c) {
			a.Reason = task.Note{Code: Undecided, Text: "it is not effective, and the reason is unknown: " + unknown.Error()}
		}
		all.List = append(all.List, a)
	}
	for i := range asked.Operations {
		o := &asked.Operations[i]
		out := Outcome{Operation: o, Works: task.Known(true), Reason: task.Note{Code: PlainlyEffective, Text: "what it asks for is effective"}}
		if !o.Suffices(set) || len(o.Caps) == 0 {
			text := "what is known of the task does not tell: " + unknown.Error()
			out.Works, out.Reason = task.Unknown[bool](text), task.Note{Code: Undecided, Text: text}
		}
		all.Operations = append(all.Operations, out)
	}
	return all
}

// Answers answers for some capabilities and operations.
func (s *Subject) Answers(asked Asked) *Answers {
	all := &Answers{Task: s.Task}
	guessed := false  // an answer depends on the program and the securebits
	filtered := false // an answer depends on the seccomp filter
	for _, c := range asked.Caps {
		q := question{Subject: s, cap: c, state: s.stateOf(c)}
		all.List = append(all.List, q.answer())
		guessed = guessed || q.state&(raisable|obtainable) != 0
		filtered = filtered || q.assumesFilter()
	}
	if filtered {
		all.Assumed = append(all.Assumed, s.defaultFilter())
	}
	for i := range asked.Operations {
		all.Operations = append(all.Operations, s.outcome(&asked.Operations[i]))
		guessed = guessed || s.guesses(&asked.Operations[i])
	}
	for _, n := range s.assumptions(all.Operations) {
		if !slices.Contains(all.Assumed, n) {
			all.Assumed = append(all.Assumed, n)
		}
	}
	if !guessed {
		return all
	}
	all.Assumed = append(slices.Clone(s.Assumed), all.Assumed...)
	if !s.Task.Securebits.Known() && s.asRoot() {
		all.Assumed = append(all.Assumed, task.Note{Code: "securebits", Text: "its securebits are 0: only the task itself can read them"})
	}
	return all
}

// asRoot reports whether the task executes its program as uid 0, or becomes that by it, which
// counts unless the securebit noroot is set.
func (s *Subject) asRoot() bool {
	const setUserID = 0o4000
	becomes := s.Program != nil && s.Program.Mode&setUserID != 0 && s.Program.UID == 0
	return s.Credentials.UID.Effective == 0 || s.Credentials.UID.Real == 0 || becomes
}

// question is one question: a task, and a capability.
type question struct {
	*Subject
	cap   capset.Cap
	state state

	forOne bool       // it is asked for one operation, not for all that the capability permits
	bit    bool       // the program has a set-user-ID bit, and the bounding set is all that it lacks
	with   capset.Set // what the operation asks for besides, and the task lacks too
}

// wanted returns the capability, and those that are lacking besides.
func (q *question) wanted() capset.Set { return capset.Of(q.cap) | q.with }

// answer goes through the table of reasons.
func (q *question) answer() Answer {
	a := Answer{Cap: q.cap}
	for k, set := range q.Credentials.Sets {
		a.Sets[k] = q.Task.Counting(set).Has(q.cap)
	}
	refused := q.refusals(reasons)
	for i := range reasons {
		r := &reasons[i]
		found := a.Reason != task.Note{}
		if !r.holds(q, refused, found) {
			continue
		}
		note := task.Note{Code: r.code, Text: r.text(q)}
		if found {
			a.Also = append(a.Also, note)
		} else {
			a.Reason, a.Works = note, r.works(&a, note.Text)
		}
		if r.changes != nil {
			a.Changes = append(a.Changes, r.changes(q)...)
		}
		if r.verdict == no || r.verdict == yes {
			return a
		}
	}
	if q.state&withoutIt != 0 && !q.forOne {
		a.Changes = append(q.sysctlChanges(), a.Changes...)
	}
	if q.needless() && !q.forOne {
		a.Changes = nil
	}
	return a
}

// works says whether a capability works of which the row is the reason.
func (r *reason) works(a *Answer, text string) task.Value[bool] {
	switch r.verdict {
	case no:
		return task.Known(false)
	case yes:
		return task.Known(true)
	case unsure:
		return task.Unknown[bool](text)
	}
	return task.Known(a.Effective())
}

// holds reports whether a reason holds. found says that one before it does.
func (r *reason) holds(q *question, refused []*reason, found bool) bool {
	switch {
	case r.in&q.state == 0 || r.general && q.forOne:
		return false
	case r.without != nil:
		return slices.Contains(refused, r)
	case r.applies != nil:
		return r.applies(q)
	}
	return !found
}

// refusals returns the rows of a table that keep the task from the capability when it
// executes its program again: with all of them taken away it gets the capability, without
// one of them it does not. There are none if nothing refuses it, or if no row gives it.
func (q *question) refusals(table []reason) (away []*reason) {
	if q.state != obtainable || q.gets(nil) {
		return nil
	}
	// First all rows up to the one that gives it.
	for i := range table {
		if table[i].without == nil {
			continue
		}
		if away = append(away, &table[i]); q.gets(away) {
			break
		}
	}
	if !q.gets(away) {
		return nil
	}
	// Then only those that are needed: of two ways to get it, the one that holds first. A
	// row that is needed beside another may not be needed without that one: a file
	// capability that is taken for effective may make execve(2) fail. So each time that
	// one goes, the others are tried again.
	for n := len(away) - 1; n >= 0; n-- {
		if fewer := slices.Delete(slices.Clone(away), n, n+1); q.gets(fewer) {
			away, n = fewer, len(fewer)
		}
	}
	return away
}

// gets reports whether the task gets the capability by executing its program again, with
// some refusals taken away.
func (q *question) gets(away []*reason) bool {
	c, file := q.Credentials, capset.File{}
	if q.Program != nil {
		file = *q.Program
	}
	for _, r := range away {
		r.without(&c, &file)
	}
	after, _, err := capset.Exec(c, file, q.How)
	return err == nil && after.Sets[capset.Effective].Has(q.cap)
}
