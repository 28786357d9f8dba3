// SPDX-License-Identifier: Apache-2.0

// Package diff compares two tasks, what manifests ask for, or sets of capabilities.
package diff

import (
	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Side is one of two things that are compared: a task, what a manifest asks for, or a set
// alone.
type Side struct {
	Label string     // as it was asked for
	Task  *task.Task // nil of a set; of a manifest, the task that it should give
	Set   capset.Set
}

// Asks returns what is asked for; nil of a set, and of a task that runs or has run.
func (s *Side) Asks() *task.Asked {
	if s.Task == nil {
		return nil
	}
	return s.Task.Asked
}

// Difference is what B has other than A.
type Difference struct {
	A, B        *Side
	Sets        []SetDifference
	Values      []ValueDifference
	Unknown     []error     // sets that are not compared because a task's is unknown
	NotCompared []task.Note // what a manifest does not tell, or is unknown of the task, by key
}

// Equal reports whether nothing differs.
func (d *Difference) Equal() bool { return len(d.Sets)+len(d.Values) == 0 }

// SetDifference is what one set has more and less.
type SetDifference struct {
	Kind       capset.Kind
	More, Less capset.Set
}

// ValueDifference is a value that differs, under its key in JSON.
type ValueDifference struct {
	Key  string
	A, B any // capset.IDs, []uint32, []string, capset.Securebits, uint64, int, bool or string
}
