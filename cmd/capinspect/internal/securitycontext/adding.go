// SPDX-License-Identifier: Apache-2.0

package securitycontext

import (
	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/manifest"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Adding returns what a manifest has to say for a container that has some capabilities and
// no others. It has no comments.
func Adding(set capset.Set) *Derived {
	d := &Derived{Task: new(task.Task), Set: set, Ambient: set}
	d.Capabilities = &manifest.Capabilities{Drop: []string{"ALL"}}
	for c := range set.Caps() {
		d.Capabilities.Add = append(d.Capabilities.Add, c.Kubernetes())
	}
	if !set.Has(capset.SysAdmin) { // with which Kubernetes takes it for true
		d.AllowPrivilegeEscalation = new(false)
		d.Task.NoNewPrivs = task.Known(true)
	}
	return d
}

// Comment adds a comment for some platforms.
func (d *Derived) Comment(on Platform, code, text string) { d.comment(on, code, text) }
