// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"github.com/capinspect/capinspect/cmd/capinspect/internal/access"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/command"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// access answers "why access TARGET ...".
func (c *whyConfig) access(e *command.Env, args []string) (int, error) {
	if len(args)+len(c.PIDs)+len(c.Files) == 0 {
		return 0, usagef("no PID whose files to look at")
	}
	return whyLive(c, e, args, render.Accesses, (*collect.Collector).WhyAccess, func(a *access.Answer) task.Value[bool] { return a.Works })
}
