// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/why"
)

// access answers "why access TARGET ...".
func (c *whyConfig) access(e *env, args []string) (int, error) {
	if len(args)+len(c.PIDs)+len(c.Files) == 0 {
		return 0, usagef("no PID whose files are meant")
	}
	return whyLive(c, e, args, render.Accesses, (*collect.Collector).WhyAccess, func(a *why.AccessAnswer) task.Value[bool] { return a.Works })
}
