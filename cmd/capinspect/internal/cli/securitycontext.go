// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"slices"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
)

var securityContext = command{
	name:     "securitycontext",
	args:     "[flags] [PID]",
	operands: []candidate{anyPID},
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
	format  formatFlags[*report.Form[collect.Derived]]
	minimal bool
}

var securityContextFormats = []*report.Form[collect.Derived]{
	report.SecurityContextYAML, report.SecurityContextJSON, report.SecurityContextDocker, report.SecurityContextSystemd,
}

func newSecurityContext() (runner, []flag) {
	c := &securityContextConfig{format: newFormatFlags(securityContextFormats)}
	return c, slices.Concat(
		[]flag{{name: "minimal", about: "ask only for what the task holds in Permitted", value: (*boolValue)(&c.minimal)}},
		c.targets.flags(),
		c.format.flags(),
	)
}

func (c *securityContextConfig) run(e *env, args []string) (int, error) {
	format, err := c.format.chosen()
	if err != nil {
		return 0, err
	}
	tasks, err := c.tasks(args)
	if err != nil {
		return 0, err
	}
	if len(tasks)+len(c.files) != 1 {
		return 0, usagef("want one task")
	}
	found, err := c.collect(e, args, collect.Surrounded)
	switch {
	case err != nil:
		return 0, err
	case len(found.failures) > 0:
		return 0, found.failures[0]
	case len(found.records) != 1:
		return 0, fmt.Errorf("%s: it has several tasks, and one is wanted", collect.InputName(c.files[0]))
	}
	d, err := collect.SecurityContextOf(found.records[0], c.minimal)
	if err == nil {
		return statusOK, e.write(format.Append(nil, d))
	}
	var who string
	if len(tasks) > 0 {
		who = "pid " + found.from.Pid(tasks[0])
	} else {
		who = collect.InputName(c.files[0])
	}
	return 0, fmt.Errorf("%s: %w", who, err)
}
