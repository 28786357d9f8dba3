// SPDX-License-Identifier: Apache-2.0

package securitycontext

import (
	"fmt"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// rules derive one thing each, and comment on it. They apply in this order: a rule may need
// what the ones before it have derived.
var rules = [...]func(*Derived, *task.Task){
	user, group, supplementaryGroups,
	fullSet, someCapabilities, imageLabel, beyondBounding, ambient, inheritable, permitted,
	noNewPrivs, rootMount, seccomp,
	securebits, userNamespace, procMount, hostNamespaces, label, userDatabase, notes,
}

// Of derives the securityContext of a task. With minimal, it leaves out what the task does
// not hold any more. The error says which of the sets that this depends on is unknown.
func Of(t *task.Task, minimal bool) (*Derived, error) {
	d := &Derived{Task: t, Minimal: minimal}
	d.Set = t.Sets[capset.Bounding].Zero()
	needed := []capset.Kind{capset.Bounding}
	if minimal {
		d.Set &= t.Sets[capset.Permitted].Zero()
		needed = []capset.Kind{capset.Permitted, capset.Bounding}
	}
	for _, k := range needed {
		if set := t.Sets[k]; !set.Known() {
			return nil, fmt.Errorf("capabilities.%s is unknown: %s", task.SetName(k), set.Why())
		}
	}
	for _, rule := range rules {
		rule(d, t)
	}
	return d, nil
}

func (d *Derived) comment(on Platform, code, text string) {
	d.Comments = append(d.Comments, Comment{task.Note{Code: code, Text: text}, on})
}
