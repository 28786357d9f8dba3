// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"slices"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/target"
)

var showCommand = command{
	name:     "show",
	args:     "[flags] [PID ...]",
	operands: []flags.Candidate{flags.AnyPID},
	summary:  "report on tasks, by default on capinspect's own process",
	about: `Report which Linux capabilities a task has: the lines of capsh --print,
then where it is, as far as there is something to say: user namespace, seccomp,
security label, container, pod, the profile that its bounding set equals, and
notes on what is remarkable. Without a PID it is capinspect's own process, which
has what the runtime gave to a process of this container.

Names of ids are those of the task's own root; ??? is what has none.`,
	example: `
capinspect
capinspect 1
capinspect --print
capinspect -o matrix self
capinspect --json -p 1,self`,
	new: newShow,
}

type showConfig struct {
	target.List
	format flags.Formats[*render.TaskForm]
	print  bool
}

func newShow() (runner, []flags.Flag) {
	c := &showConfig{format: flags.NewFormats(render.Tasks)}
	return c, slices.Concat(
		c.List.Flags(),
		c.Threads.Flags(),
		c.format.Flags(),
		[]flags.Flag{{Name: "print", About: "print the lines of capsh --print alone", Value: (*flags.Bool)(&c.print)}},
	)
}

// chosenFormat returns the format that the flags ask for.
func (c *showConfig) chosenFormat() (*render.TaskForm, error) {
	format, err := c.format.Chosen()
	if err != nil || !c.print {
		return format, err
	}
	if format != render.Tasks[0] {
		return nil, usagef("--print and -o %s exclude each other", format.Name)
	}
	return render.Capsh, nil
}

func (c *showConfig) run(e *env, args []string) (int, error) {
	format, err := c.chosenFormat()
	if err != nil {
		return 0, err
	}
	detail := collect.Isolated
	if !format.Notes {
		detail = collect.Named
	}
	var info report.KernelInfo
	if format.Kernel {
		info = kernel()
	}
	out := format.To(e.output(), info)
	found, err := c.Each(e.stdin, args, detail, out.Task)
	if err != nil {
		return 0, err
	}
	if err := out.End(found.Failures); err != nil {
		return 0, err
	}
	return e.complainOf(&found, statusOK), nil
}
