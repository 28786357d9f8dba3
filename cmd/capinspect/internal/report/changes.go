// SPDX-License-Identifier: Apache-2.0

package report

import (
	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/diff"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Started tells when a task started. It is left out if nobody has looked.
type Started struct {
	StartTime task.Value[uint64] `json:"startTime,omitzero"`
}

// Became says what became of a task or a container since the list before. It is empty in the first list.
type Became struct {
	Change *string           `json:"change,omitempty"`
	Gained *ByKind[[]string] `json:"gained,omitempty"`
	Lost   *ByKind[[]string] `json:"lost,omitempty"`
	Before Object[any]       `json:"before,omitempty"` // the values that differ, by the keys that it has
}

func became(c *diff.Delta) Became {
	if c == nil {
		return Became{}
	}
	kind := string(c.Kind)
	r := Became{Change: &kind}
	for _, s := range c.Sets {
		add(&r.Gained, s.Kind, s.More)
		add(&r.Lost, s.Kind, s.Less)
	}
	for _, v := range c.Values {
		r.Before = append(r.Before, Member[any]{v.Key, value(v.A)})
	}
	return r
}

// add adds the names of a set, if it has any.
func add(to **ByKind[[]string], k capset.Kind, set capset.Set) {
	if set == 0 {
		return
	}
	if *to == nil {
		*to = new(ByKind[[]string])
	}
	*(*to).of(k) = names(set)
}
