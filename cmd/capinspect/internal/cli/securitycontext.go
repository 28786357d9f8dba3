// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"slices"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/command"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/saved"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/securitycontext"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/target"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

var securityContextCommand = command.Command{
	Name:     "securitycontext",
	Args:     "[flags] [TARGET]",
	Operands: []flags.Candidate{flags.AnyPID, "container:", "file:"},
	Summary:  "the securityContext that gives what a task has",
	About: `Write the securityContext of a Kubernetes container that would have what a task
has, by default capinspect itself; with -o docker the flags of docker run, with
-o systemd the lines of a unit. Comments say what these cannot express, and
what is unknown and left out. -o label writes the line of a Containerfile that
labels the image with the capabilities, which podman honours. A TARGET is what
it is for show: a PID, self, container:ID or file:PATH.

Capabilities come from the Bounding set, which a runtime configures, and ids
from the task's own user namespace. --minimal only asks for what the task still
holds in Permitted, not for what it has given up. A process that has yet to
begin its work, or to execute another program, may need more than that.

The exit status is 2 if a set that this depends on is unknown.`,
	Example: `
capinspect securitycontext
capinspect securitycontext --minimal -p self
capinspect securitycontext -o docker
capinspect securitycontext -o systemd
capinspect securitycontext --minimal -o label -p 1`,
	New: newSecurityContext,
}

type securityContextConfig struct {
	target.List
	format  flags.Formats[*render.Form[securitycontext.Derived]]
	minimal bool
}

func newSecurityContext() (command.Runner, []flags.Flag) {
	c := &securityContextConfig{format: flags.NewFormats(render.SecurityContexts)}
	return c, slices.Concat(
		[]flags.Flag{{Name: "minimal", About: "only ask for what the task holds in Permitted", Value: (*flags.Bool)(&c.minimal)}},
		c.List.Flags(),
		c.format.Flags(),
	)
}

func (c *securityContextConfig) Run(e *command.Env, args []string) (int, error) {
	format, err := c.format.Chosen()
	if err != nil {
		return 0, err
	}
	args = c.Take(args)
	pids, err := c.Choose(args)
	if err != nil {
		return 0, err
	}
	if len(pids)+len(c.Files) != 1 {
		return 0, usagef("want one task")
	}
	found, err := c.Collect(e.Stdin, args, collect.Surrounded)
	switch {
	case err != nil:
		return 0, err
	case len(found.Tasks) > 1:
		return 0, saved.Several(c.Files[0], found.Tasks, len(found.Tasks))
	case len(found.Tasks) == 0:
		return 0, found.Failures[0]
	}
	t := found.Tasks[0]
	d, err := securitycontext.Of(t, c.minimal)
	switch {
	case err == nil:
		err = e.Write(format.Append(nil, d))
		return e.ComplainOf(&found, command.StatusOK), err
	case len(c.Files) > 0:
		return 0, fmt.Errorf("%s: %w", task.InputName(c.Files[0]), err)
	}
	return 0, report.Failure{Pid: found.PIDs[0], Err: err}
}
