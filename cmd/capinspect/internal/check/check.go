// SPDX-License-Identifier: Apache-2.0

// Package check holds tasks to conditions: on their sets, their ids and what
// limits them.
package check

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Condition is something that may hold of a task.
type Condition struct {
	Code string // which is stable, as "lacks"

	// Test returns the reason why a task does not meet the condition, or "" if it does.
	// If nobody can know, the error says why.
	Test func(*task.Task) (why string, err error)
}

// Has is the condition that each of some sets holds all that is asked.
func Has(asked capset.Set, kinds ...capset.Kind) Condition {
	return onSets("has", kinds, "lacks", "lack", func(has capset.Set) capset.Set { return asked &^ has })
}

// Lacks is the condition that none of some sets holds anything of what is asked.
func Lacks(asked capset.Set, kinds ...capset.Kind) Condition {
	return onSets("lacks", kinds, "has", "have", func(has capset.Set) capset.Set { return asked & has })
}

// Within is the condition that none of some sets holds anything but what is asked.
func Within(asked capset.Set, kinds ...capset.Kind) Condition {
	return onSets("within", kinds, "also has", "also have", func(has capset.Set) capset.Set { return has &^ asked })
}

// onSets returns a condition on sets, as far as their bits are capabilities of the task's
// kernel. bad returns what keeps one set from meeting it; one and several are the verbs for
// that. One set that does not meet it is enough for a no, whatever the unknown ones hold.
func onSets(code string, kinds []capset.Kind, one, several string, bad func(has capset.Set) capset.Set) Condition {
	return Condition{code, func(t *task.Task) (string, error) {
		var wrongs []capset.Set
		names := map[capset.Set][]string{} // of the sets that have the same wrong
		var unknown error
		for _, k := range kinds {
			set, err := t.Set(k)
			if err != nil {
				unknown = cmp.Or(unknown, err)
				continue
			}
			wrong := bad(t.Counting(set))
			if wrong == 0 {
				continue
			}
			if names[wrong] == nil {
				wrongs = append(wrongs, wrong)
			}
			names[wrong] = append(names[wrong], task.SetName(k))
		}
		if len(wrongs) == 0 {
			return "", unknown
		}
		var parts []string
		for _, wrong := range wrongs {
			verb := one
			if len(names[wrong]) > 1 {
				verb = several
			}
			parts = append(parts, fmt.Sprintf("%s %s %v", listed(names[wrong]), verb, wrong))
			if void := wrong &^ t.Counting(wrong); void != 0 {
				parts = append(parts, fmt.Sprintf("its kernel does not know %v", void))
			}
		}
		return strings.Join(parts, "; "), nil
	}}
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
	return Condition{kind, func(t *task.Task) (string, error) {
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
	return Condition{"no-new-privs", func(t *task.Task) (string, error) {
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
	return Condition{"seccomp", func(t *task.Task) (string, error) {
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
	return Condition{"mode", func(t *task.Task) (string, error) {
		switch got, known := t.Mode().Get(); {
		case !known:
			return "", fmt.Errorf("mode is unknown: %s", t.Mode().Why())
		case got != want:
			return fmt.Sprintf("mode is %v, not %v", got, want), nil
		}
		return "", nil
	}}
}
