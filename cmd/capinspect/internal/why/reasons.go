// SPDX-License-Identifier: Apache-2.0

package why

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// state is how a task has a capability, or does not have it. A task is in one state; a row
// of the table of reasons is looked for in some.
type state uint8

const (
	effective   state = 1 << iota
	unsupported       // the kernel does not have it
	raisable          // it is permitted
	lost              // nothing that the task executes can give it
	undecided         // why depends on the uid, which is unknown
	obtainable        // executing something may give it

	// withoutIt are the states in which a sysctl may make it unnecessary.
	withoutIt = raisable | lost | undecided | obtainable
)

// stateOf returns how the task has a capability.
func (s *Subject) stateOf(c capset.Cap) state {
	switch sets := &s.Credentials.Sets; {
	case c > s.Task.LastCap.AtMost():
		return unsupported
	case sets[capset.Effective].Has(c):
		return effective
	case c > s.Task.LastCap.Value:
		return unsupported
	case sets[capset.Permitted].Has(c):
		return raisable
	case !sets[capset.Bounding].Has(c) && !sets[capset.Inheritable].Has(c):
		return lost
	case !s.Task.UID.Known():
		return undecided
	}
	return obtainable
}

// verdict says whether a capability works.
type verdict uint8

const (
	bySets verdict = iota // it does if it is effective
	no
	yes
	unsure
)

// reason is a row of the table of reasons.
type reason struct {
	code    string  // which is stable
	in      state   // the states in which it is looked for
	verdict verdict // what follows from it; if that is no or yes, nothing else has a say
	general bool    // it is about all that the capability permits, and no answer for one operation
	// applies reports whether it holds. A row that has neither this nor without holds if no
	// row before it does.
	applies func(*question) bool
	// without takes away what the row names. The row holds if it is among the fewest to
	// take away so that executing the program again makes the capability effective.
	without func(*capset.Credentials, *capset.File)
	text    func(*question) string
	changes func(*question) []Change // nil if nobody can change it
}

// reasons is the table of reasons, in the order in which they are looked for. The first
// one that holds is the reason; the others have a say too.
var reasons = slices.Concat(userNamespaces, []reason{
	{
		code: task.SandboxKernel, in: effective,
		applies: func(q *question) bool { return q.Task.InSandbox() },
		text:    says("it is effective, but in a sandbox with a kernel of its own: it counts for nothing outside that"),
	},
	{
		code: "confined", in: effective, general: true,
		applies: func(q *question) bool { return q.confined() != "" },
		text:    (*question).confinedText,
		changes: (*question).unconfine,
	},
	{
		code: PlainlyEffective, in: effective,
		text: says("it is effective"),
	},
	{
		code: "unknown-to-kernel", in: unsupported,
		text: func(q *question) string {
			last := q.Task.LastCap
			text := fmt.Sprintf("the kernel does not know it: its last capability is %v", last.Value)
			switch {
			case last.Limit.Why != "":
				text = fmt.Sprintf("the kernel does not know it: its last capability is at most %v: %s", last.Limit.Cap, last.Limit.Why)
			case last.From == task.FromGuess:
				text += ", as far as the sets tell"
			}
			return text
		},
	},
	{
		code: noEffectiveFlag, in: raisable,
		applies: (*question).givenWithoutFlag,
		text: func(q *question) string {
			return q.its() + " has it as a file capability without the effective flag, so it is only permitted"
		},
		changes: func(q *question) []Change {
			sets := &q.Credentials.Sets
			if !sets[capset.Bounding].Has(q.cap) && !sets[capset.Inheritable].Has(q.cap) { // no file gives it any more
				return []Change{raise}
			}
			return []Change{raise, {q.file(), q.setcap()}}
		},
	},
	{
		code: "not-raised", in: raisable,
		text:    says("it is permitted, and the program has not raised it, or lowered it since"),
		changes: func(*question) []Change { return []Change{raise} },
	},
	{
		code: "not-in-bounding", in: lost,
		text:    says("it is not in the bounding set, and nothing that the process executes can regain it"),
		changes: (*question).intoBounding,
	},
	{
		code: Undecided, in: undecided,
		text: func(q *question) string {
			return "it is not permitted, and the uid, which tells why, is unknown (" + q.Task.UID.Why() + ")"
		},
	},
	{
		code: "if-root", in: undecided,
		applies: func(*question) bool { return true },
		text:    (*question).ifRoot,
	},
	{
		code: "if-other-user", in: undecided,
		applies: func(*question) bool { return true },
		text: func(q *question) string {
			return "if it is another user: it is in the " + q.where() + " set only, which does not permit it, and a program does not get it from there"
		},
		changes: (*question).asRoot,
	},
	{
		code: "given-up", in: obtainable,
		applies: func(q *question) bool { return q.gets(nil) },
		text:    (*question).gaveUp,
		changes: (*question).keepIt,
	},
	{
		code: "nosuid-mount", in: obtainable,
		without: func(_ *capset.Credentials, f *capset.File) { f.NoSuid = false },
		text:    func(q *question) string { return q.its() + " would give it, but is on a mount with the option nosuid" },
		changes: func(q *question) []Change {
			return []Change{{q.file(), "have " + q.its() + " where no nosuid mount is, as in the image itself"}}
		},
	},
	{
		code: "foreign-file-capabilities", in: obtainable,
		without: func(_ *capset.Credentials, f *capset.File) { f.ForeignCaps = false },
		text: func(q *question) string {
			return q.its() + " has it as a file capability that counts in another user namespace"
		},
		changes: func(q *question) []Change {
			return []Change{{q.file(), q.setcap() + ", by root of its user namespace or of one above"}}
		},
	},
	{
		code: "no-new-privs", in: obtainable,
		without: func(c *capset.Credentials, _ *capset.File) { c.NoNewPrivs = false },
		text: func(q *question) string {
			if q.Credentials.UID.Effective == 0 {
				return "it gave it up, or was never given it, and no_new_privs keeps root from getting it back by execve"
			}
			return q.its() + " would give it, but no_new_privs is set"
		},
		changes: (*question).withoutNoNewPrivs,
	},
	{
		code: "noroot", in: obtainable,
		without: func(c *capset.Credentials, _ *capset.File) { c.Securebits &^= capset.NoRoot },
		text:    says("the securebit noroot is set: uid 0 gains nothing"),
		changes: func(q *question) []Change {
			return []Change{
				{q.file(), q.setcap()},
				{"program", "not set SECBIT_NOROOT, or raise the capability as ambient before execve"},
			}
		},
	},
	{
		code: noEffectiveFlag, in: obtainable,
		without: func(_ *capset.Credentials, f *capset.File) {
			if f.Caps != nil {
				caps := *f.Caps
				caps.Effective, f.Caps = true, &caps
			}
		},
		text:    func(q *question) string { return q.its() + " has it as a file capability without the effective flag" },
		changes: func(q *question) []Change { return []Change{{q.file(), q.setcap()}} },
	},
	{
		code: "non-root", in: obtainable,
		text:    (*question).notRoot,
		changes: (*question).asRoot,
	},
	{
		code: "unnecessary", in: withoutIt, general: true,
		applies: func(q *question) bool { return q.unnecessary() != "" },
		text:    (*question).unnecessary,
	},
	{
		code: seccompGate, in: withoutIt, general: true,
		applies: func(q *question) bool { return q.opened() != "" },
		text:    (*question).opened,
	},
}, gateReasons())

// seccompGate is the code of what a default seccomp filter makes of a capability in the
// bounding set.
const seccompGate = "seccomp-gate"

// noEffectiveFlag is the code of two rows: the capability is permitted for that reason, or
// it is not even that.
const noEffectiveFlag = "no-effective-flag"

// Codes returns the codes of all reasons, of operations too.
func Codes() (codes []string) {
	add := func(code string) {
		if !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	for _, r := range reasons {
		add(r.code)
	}
	for _, code := range outcomeCodes() {
		add(code)
	}
	return codes
}

// raise is what a program can do with a capability that it is permitted.
var raise = Change{"program", "raise it in the effective set by capset(2) (libcap: cap_set_proc)"}

// says returns a text that is always the same.
func says(text string) func(*question) string { return func(*question) string { return text } }

// inside returns a change for a task that may be in a container.
func (q *question) inside(where, text string) []Change {
	if q.Outside {
		return nil
	}
	return []Change{{where, text}}
}

// its returns what a text calls the program of the task.
func (q *question) its() string {
	if q.Path == "" {
		return "the program"
	}
	return q.Path
}

// file returns where a file is changed.
func (q *question) file() string {
	if q.Outside {
		return "file"
	}
	return "image"
}

// systemd returns the capabilities as systemd writes them.
func (q *question) systemd() string {
	var names []string
	for c := range q.wanted().Caps() {
		names = append(names, strings.ToUpper(c.String()))
	}
	return strings.Join(names, " ")
}

// givenWithoutFlag reports whether the program gives the capability as one that is
// permitted and not effective.
func (q *question) givenWithoutFlag() bool {
	f := q.Program
	if f == nil || f.Caps == nil || f.Caps.Effective || f.NoSuid {
		return false
	}
	gives := f.Caps.Permitted | f.Caps.Inheritable&q.Credentials.Sets[capset.Inheritable]
	return gives.Has(q.cap)
}
