// SPDX-License-Identifier: Apache-2.0

package task

import (
	"slices"

	"github.com/capinspect/capinspect/capset"
)

// Risk orders tasks by how dangerous what they hold is: more is worse. It goes by the table
// of notes, and takes what is unknown of a task's namespaces for the node's.
type Risk uint32

// The parts of a risk, each of which counts more than those above it.
const (
	riskUnknown Risk = 1 << 7  // what the task holds is unknown; below it is what it could get
	riskHeld    Risk = 1 << 8  // how many capabilities it holds
	riskNote    Risk = 1 << 16 // by which note what it holds opens the node
	riskNode    Risk = 1 << 24 // what it holds counts on the node
)

// Risk returns how dangerous what the task holds is.
func (t *Task) Risk() Risk {
	held := t.Held()
	if held == 0 {
		if !t.Sets[capset.Effective].Known() || !t.Sets[capset.Permitted].Known() {
			return riskUnknown
		}
		if t.NoNewPrivs.Zero() {
			return 0
		}
		return Risk(t.Sets[capset.Bounding].Zero().Len())
	}
	return t.RiskOf(held)
}

// RiskOf returns how dangerous some capabilities are if the task holds them.
func (t *Task) RiskOf(held capset.Set) Risk {
	risk := riskHeld*Risk(held.Len()) + riskNote*Risk(t.worst(held))
	if t.onNode() {
		risk += riskNode
	}
	return risk
}

// RiskOfRoot is that of root's user id without a capability: less than what opens the node,
// and more than other capabilities.
func (t *Task) RiskOfRoot() Risk {
	if t.onNode() {
		return riskNode + riskNote - 1
	}
	return riskNote - 1
}

// OpensNode reports whether the node may be open to a task of that risk.
func (r Risk) OpensNode() bool { return r >= riskNode+riskNote }

// onNode reports whether what the task holds may count on the node.
func (t *Task) onNode() bool { return !t.InChildUserNamespace() && !t.InSandbox() }

// worst returns by which note some capabilities open the node to a task that is in none of
// its own: more is worse, 0 is none.
func (t *Task) worst(set capset.Set) int {
	for i, row := range notes {
		if row.opens != nil && row.opens(t, set) {
			return len(notes) - i
		}
	}
	return 0
}

// Opens reports whether some capabilities, which the task holds, may open the node to it.
func (t *Task) Opens(set capset.Set) bool { return t.onNode() && t.worst(set) > 0 }

// Opening returns the capabilities of which the table of notes says that one alone may open
// the node to a task.
func Opening() (set capset.Set) {
	t := Task{LastCap: LastCap{Value: capset.LastKnown}}
	for c := range capset.UpTo(capset.LastKnown).Caps() {
		if t.worst(capset.Of(c)) > 0 {
			set |= capset.Of(c)
		}
	}
	return set
}

// MarkOf says how the set k of the task is to be read.
func (t *Task) MarkOf(k capset.Kind) Mark {
	set, known := t.Sets[k].Get()
	switch {
	case !known && t.Unsupported(k):
		return Plain
	case !known:
		return Doubt
	case (k == capset.Effective || k == capset.Permitted) && t.Opens(set):
		return Danger
	}
	return MarkOfSet(set, t.LastCap)
}

// MarkOfSet returns Differs for a set that is near the default of a runtime, or near all
// capabilities, and not the same.
func MarkOfSet(set capset.Set, last LastCap) Mark {
	t, s := Task{LastCap: last}, summary{}
	t.phrase(&s, set, false)
	if slices.ContainsFunc(s, func(part Part) bool { return part.Mark == Differs }) {
		return Differs
	}
	return Plain
}
