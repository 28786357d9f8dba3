// SPDX-License-Identifier: Apache-2.0

// Package check holds tasks to conditions: on their sets, their ids and what
// limits them.
package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Condition is something that may hold of a task.
type Condition struct {
	Code string // which is stable, as "lacks"
	Says string // what is so where it holds, as "effective has net_raw"

	// Test returns the reason why a task does not meet the condition, or "" if it does.
	// If nobody can know, the error says why.
	Test func(*task.Task) (why string, err error)

	// Brief returns the reason of Test in fewer words. It is nil where there are none.
	Brief func(*task.Task) string
}

// Has is the condition that each of some sets holds all that is asked.
func Has(asked capset.Set, kinds ...capset.Kind) Condition {
	return onSets(&verb{
		code: "has", says: "has", one: "lacks", several: "lack", all: "all", of: "of", asked: asked, kinds: kinds,
		bad: func(has capset.Set) capset.Set { return asked &^ has }, most: func(capset.Set) capset.Set { return asked },
	})
}

// Lacks is the condition that none of some sets holds anything of what is asked.
func Lacks(asked capset.Set, kinds ...capset.Kind) Condition {
	return onSets(&verb{
		code: "lacks", says: "lacks", one: "has", several: "have", all: "all", of: "of", asked: asked, kinds: kinds,
		bad: func(has capset.Set) capset.Set { return asked & has }, most: func(capset.Set) capset.Set { return asked },
	})
}

// Within is the condition that none of some sets holds anything but what is asked.
func Within(asked capset.Set, kinds ...capset.Kind) Condition {
	return onSets(&verb{
		code: "within", says: "is within", one: "also has", several: "also have", all: "everything", of: "beyond", asked: asked, kinds: kinds,
		bad: func(has capset.Set) capset.Set { return has &^ asked }, most: func(full capset.Set) capset.Set { return full &^ asked },
	})
}

// Everything asks for all that the kernel of the task knows.
const Everything = ^capset.Set(0)

// verb is a condition on sets: what it asks for, and its words.
type verb struct {
	code, says   string
	one, several string // the verbs of one set that does not meet it, and of several
	all, of      string // the words for all that a set has too much, or too little: "all of docker's defaults"
	asked        capset.Set
	kinds        []capset.Kind

	bad  func(has capset.Set) capset.Set  // what keeps one set from meeting it
	most func(full capset.Set) capset.Set // the most that bad can be
}

// wrong is what keeps some sets from meeting a condition.
type wrong struct {
	set   capset.Set
	names []string // of the sets
}

// wrongs returns what keeps a task from meeting the condition, as far as the bits are
// capabilities of its kernel. One set that does not meet it is enough for a no, whatever the
// unknown ones hold.
func (v *verb) wrongs(t *task.Task) (list []wrong, unknown error) {
	for _, k := range v.kinds {
		set, err := t.Set(k)
		if err != nil {
			unknown = cmp.Or(unknown, err)
			continue
		}
		bad := v.bad(t.Counting(set))
		if v.asked == Everything {
			bad &= capset.UpTo(t.LastCap.Value)
		}
		at := slices.IndexFunc(list, func(w wrong) bool { return w.set == bad })
		switch {
		case bad == 0:
		case at < 0:
			list = append(list, wrong{bad, []string{task.SetName(k)}})
		default:
			list[at].names = append(list[at].names, task.SetName(k))
		}
	}
	if list != nil {
		unknown = nil
	}
	return list, unknown
}

// tell says what keeps a task from meeting the condition; how words a set.
func (v *verb) tell(t *task.Task, list []wrong, how func(*task.Task, capset.Set) string) string {
	var parts []string
	for _, w := range list {
		says := v.one
		if len(w.names) > 1 {
			says = v.several
		}
		parts = append(parts, fmt.Sprintf("%s %s %s", listed(w.names), says, how(t, w.set)))
		if void := w.set &^ t.Counting(w.set); void != 0 {
			parts = append(parts, fmt.Sprintf("its kernel does not know %v", void))
		}
	}
	return strings.Join(parts, "; ")
}

// brief words a set in the shortest of these ways: its names, what it has more and less than
// the default of a runtime, or all of what is asked but a few. A few names stand as they are.
func (v *verb) brief(t *task.Task, set capset.Set) string {
	const few = 4
	shortest := set.String()
	if set.Len() <= few {
		return shortest
	}
	relative, ok := runtime.Relative(set)
	if p := runtime.ProfileOf(set); p != "" {
		relative, ok = p+"'s defaults", true
	}
	if ok && len(relative) < len(shortest) {
		shortest = relative
	}
	missing := v.most(capset.UpTo(t.LastCap.Value)) &^ set
	if whole := v.whole(missing); missing.Len() <= few && len(whole) < len(shortest) {
		shortest = whole
	}
	return shortest
}

// whole words all of what is asked, or all beyond it, but what is missing.
func (v *verb) whole(missing capset.Set) string {
	text := v.all
	if missing != 0 {
		text += " but " + strings.Join(short(missing), " and ")
	}
	if p := runtime.ProfileOf(v.asked); p != "" {
		return text + " " + v.of + " " + p + "'s defaults"
	}
	return text + " " + v.of + " what is asked"
}

// short returns the names of a set without "cap_".
func short(set capset.Set) (names []string) {
	for c := range set.Caps() {
		names = append(names, c.Short())
	}
	return names
}

// sentence says what is so where the condition holds.
func (v *verb) sentence() string {
	what := strings.Join(short(v.asked), ", ")
	if p := runtime.ProfileOf(v.asked); p != "" {
		what = p + "'s defaults"
	}
	says := v.says
	switch v.asked {
	case 0:
		says, what = "has", "nothing"
	case Everything:
		what = "all"
	}
	if len(v.kinds) == capset.NumKinds {
		return "each of the five sets " + says + " " + what
	}
	names := make([]string, len(v.kinds))
	for i, k := range v.kinds {
		names[i] = task.SetName(k)
	}
	return listed(names) + " " + says + " " + what
}

// onSets returns a condition on sets.
func onSets(v *verb) Condition {
	return Condition{
		Code: v.code, Says: v.sentence(),
		Test: func(t *task.Task) (string, error) {
			list, unknown := v.wrongs(t)
			return v.tell(t, list, func(_ *task.Task, set capset.Set) string { return set.String() }), unknown
		},
		Brief: func(t *task.Task) string {
			list, _ := v.wrongs(t)
			text := v.tell(t, list, v.brief)
			if len(v.kinds) == capset.NumKinds {
				text += " (of all five sets)"
			}
			return text
		},
	}
}

// listed returns "a, b and c".
func listed(names []string) string {
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// UID is the condition that all four user ids are n.
func UID(n uint32) Condition {
	return onIDs("uid", n, func(t *task.Task) task.Value[capset.IDs] { return t.UID })
}

// GID is the condition that all four group ids are n.
func GID(n uint32) Condition {
	return onIDs("gid", n, func(t *task.Task) task.Value[capset.IDs] { return t.GID })
}

func onIDs(kind string, want uint32, ids func(*task.Task) task.Value[capset.IDs]) Condition {
	return Condition{Code: kind, Says: fmt.Sprintf("%s is %d", kind, want), Test: func(t *task.Task) (string, error) {
		got, known := ids(t).Get()
		switch {
		case !known:
			return "", fmt.Errorf("%s is unknown: %s", kind, ids(t).Why())
		case got != task.AllIDs(want):
			return fmt.Sprintf("%s is real %d, effective %d, saved %d, filesystem %d, not %d",
				kind, got.Real, got.Effective, got.Saved, got.Filesystem, want), nil
		}
		return "", nil
	}}
}

// NoNewPrivs is the condition that no_new_privs is set.
func NoNewPrivs() Condition {
	return Condition{Code: "no-new-privs", Says: "no_new_privs is set", Test: func(t *task.Task) (string, error) {
		switch set, known := t.NoNewPrivs.Get(); {
		case !known:
			return "", fmt.Errorf("no_new_privs is unknown: %s", t.NoNewPrivs.Why())
		case !set:
			return "no_new_privs is not set", nil
		}
		return "", nil
	}}
}

// Seccomp is the condition that seccomp is in a mode, as the Seccomp line of a
// status file counts them.
func Seccomp(want int) Condition {
	return Condition{Code: "seccomp", Says: "seccomp is " + task.SeccompName(want), Test: func(t *task.Task) (string, error) {
		switch got, known := t.Seccomp.Get(); {
		case !known:
			return "", fmt.Errorf("seccomp is unknown: %s", t.Seccomp.Why())
		case got.Mode != want:
			return fmt.Sprintf("seccomp is %s, not %s", task.SeccompName(got.Mode), task.SeccompName(want)), nil
		}
		return "", nil
	}}
}

// Mode is the condition that libcap's guess is a mode.
func Mode(want capset.Mode) Condition {
	return Condition{Code: "mode", Says: fmt.Sprintf("mode is %v", want), Test: func(t *task.Task) (string, error) {
		switch got, known := t.Mode().Get(); {
		case !known:
			return "", fmt.Errorf("mode is unknown: %s", t.Mode().Why())
		case got != want:
			return fmt.Sprintf("mode is %v, not %v", got, want), nil
		}
		return "", nil
	}}
}
