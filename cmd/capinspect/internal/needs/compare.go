// SPDX-License-Identifier: Apache-2.0

package needs

import (
	"fmt"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Comparison says what a task has of what a log tells that is needed.
type Comparison struct {
	Task    *task.Task
	Missing capset.Set // what is not effective
	// Held was refused though it is effective: something else than the capability was missing.
	Held capset.Set
	// Bounded are those of Missing that the bounding set has: it may get them by executing a
	// program.
	Bounded task.Value[capset.Set]
	// Unused is what it is permitted and nothing in the log used.
	Unused task.Value[capset.Set]
}

// Compare compares a task with an answer. The error says that its effective set is unknown.
func Compare(a *Answer, t *task.Task) (*Comparison, error) {
	effective, known := t.Sets[capset.Effective].Get()
	if !known {
		return nil, fmt.Errorf("capabilities.%s is unknown: %s", task.SetName(capset.Effective), t.Sets[capset.Effective].Why())
	}
	c := &Comparison{Task: t, Missing: (Set(a.Needed) | Set(a.Used)) &^ t.Counting(effective)}
	c.Held = Set(a.Needed) & t.Counting(effective)
	c.Bounded = task.Unknown[capset.Set](t.Sets[capset.Bounding].Why())
	if bounding, known := t.Sets[capset.Bounding].Get(); known {
		c.Bounded = task.Known(c.Missing & t.Counting(bounding))
	}
	permitted, known := t.Sets[capset.Permitted].Get()
	switch {
	case !a.TellsUse:
		c.Unused = task.Unknown[capset.Set]("the log says what was refused, not what was granted")
	case !known:
		c.Unused = task.Unknown[capset.Set](t.Sets[capset.Permitted].Why())
	default:
		c.Unused = task.Known(t.Counting(permitted) &^ (Set(a.Needed) | Set(a.Used) | Set(a.Perhaps)))
	}
	return c, nil
}
