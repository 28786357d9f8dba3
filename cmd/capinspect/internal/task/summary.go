// SPDX-License-Identifier: Apache-2.0

package task

import (
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
)

// Mark says how a part of a summary is to be read.
type Mark int

// The marks.
const (
	Plain   Mark = iota
	Danger       // it opens the node
	Differs      // it is more or less than a profile has
	Doubt        // it is unknown
)

// Part is a part of a summary.
type Part struct {
	Text string
	Mark Mark
}

// summary collects parts.
type summary []Part

func (s *summary) add(mark Mark, texts ...string) {
	*s = append(*s, Part{strings.Join(texts, ""), mark})
}

// Summary returns in a few words what the task holds, relative to the default of a runtime
// where that is shorter, and what limits it. It judges nothing that is unknown.
func (t *Task) Summary() string {
	var out strings.Builder
	for _, part := range t.SummaryParts() {
		out.WriteString(part.Text)
	}
	return out.String()
}

// SummaryParts returns what Summary is made of.
func (t *Task) SummaryParts() []Part {
	var s summary
	if ids, ok := t.UID.Get(); ok {
		s.add(Plain, "uid ", Decimal(ids.Effective))
		if host, ok := t.Host.Get(); ok && host.UID.Effective != ids.Effective {
			s.add(Plain, " (host uid ", Decimal(host.UID.Effective), ")")
		}
		s.add(Plain, ", ")
	}
	t.holds(&s)
	t.limits(&s)
	return s
}

// holds says what the task holds: in one phrase if its sets are the same, else by set.
func (t *Task) holds(s *summary) {
	effective, known := t.Sets[capset.Effective].Get()
	permitted, bounding := t.Sets[capset.Permitted].Or(effective), t.Sets[capset.Bounding]
	switch limit, limited := bounding.Get(); {
	case !known && t.holdsByUser(s):
	case !known:
		t.holdsInPart(s)
	case effective == permitted && limited && limit == effective:
		t.phrase(s, effective, t.opensAll(effective))
	case effective == 0 && permitted == 0:
		if limited {
			t.phrase(s, limit, false)
			s.add(Plain, " in Bounding, ")
		}
		s.add(Plain, "nothing effective")
	default:
		t.phrase(s, effective, t.opensAll(effective))
		s.add(Plain, " effective")
		if permitted != effective {
			s.add(Plain, ", ")
			t.phrase(s, permitted, false)
			s.add(Plain, " permitted")
		}
		if limited {
			s.add(Plain, ", ")
			t.phrase(s, limit, false)
			s.add(Plain, " in Bounding")
		}
	}
	if ambient := t.Sets[capset.Ambient].Zero(); ambient != 0 {
		s.add(Plain, ", ")
		t.phrase(s, ambient, false)
		s.add(Plain, " ambient")
	}
	switch {
	case known && t.Held() == 0:
	case t.InSandbox():
		s.add(Plain, ", in a sandbox's own kernel")
	case t.InChildUserNamespace():
		s.add(Plain, ", in a child user namespace")
	}
}

// holdsInPart says what is known of a task of which Effective is not.
func (t *Task) holdsInPart(s *summary) {
	what := "what it holds is unknown"
	if set, ok := t.Sets[capset.Permitted].Get(); ok {
		t.phrase(s, set, false)
		s.add(Plain, " permitted, ")
		what = "what is effective is unknown"
	}
	if set, ok := t.Sets[capset.Bounding].Get(); ok {
		t.phrase(s, set, false)
		s.add(Plain, " in Bounding, ")
	}
	s.add(Doubt, what)
}

// holdsByUser says what the task holds as root and as another user, if it is yet to be started
// and both are known.
func (t *Task) holdsByUser(s *summary) bool {
	states := t.States()
	if len(states) != 2 || !states[0].Sets[capset.Effective].Known() || !states[1].Sets[capset.Effective].Known() {
		return false
	}
	root, other := states[0], states[1].Sets[capset.Effective].Zero()
	root.phrase(s, root.Sets[capset.Effective].Zero(), root.opensAll(root.Sets[capset.Effective].Zero()))
	s.add(Plain, " if it runs as root, else ")
	t.phrase(s, other, false)
	s.add(Plain, " effective")
	return true
}

// opensAll reports whether a set is all that root on the node has.
func (t *Task) opensAll(set capset.Set) bool {
	return set != 0 && t.holdsAll() && set == capset.UpTo(t.LastCap.Value) && t.UID.Known() && t.UID.Zero().Effective == 0 &&
		Is(t.UserNamespace.Zero().Initial, true) && !t.InSandbox()
}

// phrase adds a set in words.
func (t *Task) phrase(s *summary, set capset.Set, root bool) {
	full := capset.UpTo(t.LastCap.Value)
	set &= full // the kernel knows no more
	missing := full &^ set
	switch {
	case set == 0:
		s.add(Plain, "nothing")
		return
	case root:
		s.add(Danger, "everything: root on the node")
		return
	case set == full && t.LastCap.From == FromGuess && t.Asked == nil:
		s.add(Plain, "everything up to ", t.LastCap.Value.Short())
		return
	case set == full:
		s.add(Plain, "everything")
		return
	case missing.Len() <= few && missing.Len() < set.Len():
		s.add(Plain, "everything but ")
		s.add(Differs, shortNames(missing, " + "))
		return
	}
	near := runtime.Nearest(set)
	if set.Len() <= few && near.Len() != 0 || near.Len() > few {
		t.list(s, set)
		return
	}
	s.add(Plain, near.Name, " defaults")
	if near.More != 0 {
		s.add(Differs, " + ", shortNames(near.More, " + "))
	}
	if near.Less != 0 {
		s.add(Differs, " - ", shortNames(near.Less, " - "))
	}
}

// few is how many capabilities a summary names in one place.
const few = 4

// list adds the names of a set, or how many they are if they are more than a few.
func (t *Task) list(s *summary, set capset.Set) {
	if set.Len() <= few {
		s.add(Plain, shortNames(set, " + "))
		return
	}
	s.add(Plain, Some(set))
}

func shortNames(set capset.Set, between string) string {
	var names []string
	for c := range set.Caps() {
		names = append(names, c.Short())
	}
	return strings.Join(names, between)
}

// limits says what else limits the task, as far as it is known.
func (t *Task) limits(s *summary) {
	between := "; "
	if seccomp, ok := t.Seccomp.Get(); ok {
		text := "no seccomp"
		if seccomp.Mode != 0 {
			text = "seccomp " + SeccompName(seccomp.Mode)
		}
		s.add(Plain, between, text)
		between = ", "
	}
	if on, ok := t.NoNewPrivs.Get(); ok {
		text := "no_new_privs off"
		if on {
			text = "no_new_privs on"
		}
		s.add(Plain, between, text)
	}
}

// Number returns how a task is numbered: "pid 1", or of a thread "thread 7 of pid 1".
func (t *Task) Number() string {
	pid, tid := t.Pid.Zero(), t.Tid.Zero()
	switch {
	case !t.Tid.Known():
		return ""
	case pid == tid || !t.Pid.Known():
		return "pid " + strconv.Itoa(tid)
	}
	return "thread " + strconv.Itoa(tid) + " of pid " + strconv.Itoa(pid)
}
