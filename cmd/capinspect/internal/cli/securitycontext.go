// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"slices"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/saved"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/securitycontext"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

var securityContextCommand = command{
	name:     "securitycontext",
	args:     "[flags] [PID]",
	operands: []flags.Candidate{flags.AnyPID},
	summary:  "the securityContext that gives what a task has",
	about: `Write the securityContext of a Kubernetes container that would have what a task
has, by default capinspect itself; with -o docker the flags of docker run, with
-o systemd the lines of a unit. Comments name what these have no words for, and
what is unknown and left out.

Capabilities are those of the Bounding set, which a runtime configures, and ids
those of the task's own user namespace. With --minimal only what the task still
holds in Permitted is asked for: what it has given up is not. A process that is
yet to begin its work, or to execute another program, may need more than that.

The exit status is 2 if a set that this depends on is unknown.`,
	example: `
capinspect securitycontext
capinspect securitycontext --minimal -p self
capinspect securitycontext -o docker
capinspect securitycontext -o systemd`,
	new: newSecurityContext,
}

type securityContextConfig struct {
	targets
	format  formatFlags[*render.Form[securitycontext.Derived]]
	minimal bool
}

func newSecurityContext() (runner, []flags.Flag) {
	c := &securityContextConfig{format: newFormatFlags(render.SecurityContexts)}
	return c, slices.Concat(
		[]flags.Flag{{Name: "minimal", About: "ask only for what the task holds in Permitted", Value: (*flags.Bool)(&c.minimal)}},
		c.targets.flags(),
		c.format.flags(),
	)
}

func (c *securityContextConfig) run(e *env, args []string) (int, error) {
	format, err := c.format.chosen()
	if err != nil {
		return 0, err
	}
	args = c.take(args)
	pids, err := c.choose(args)
	if err != nil {
		return 0, err
	}
	if len(pids)+len(c.files) != 1 {
		return 0, usagef("want one task")
	}
	found, err := c.collect(e, args, collect.Surrounded)
	switch {
	case err != nil:
		return 0, err
	case len(found.failures) > 0:
		return 0, found.failures[0]
	case len(found.tasks) != 1:
		return 0, saved.Several(c.files[0], found.tasks)
	}
	t := found.tasks[0]
	d, err := securitycontext.Of(t, c.minimal)
	switch {
	case err == nil:
		return statusOK, e.write(format.Append(nil, d))
	case len(c.files) > 0:
		return 0, fmt.Errorf("%s: %w", task.InputName(c.files[0]), err)
	}
	return 0, report.Failure{Pid: found.pids[0], Err: err}
}
