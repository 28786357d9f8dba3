// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"slices"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/command"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/target"
)

var showCommand = command.Command{
	Name:     "show",
	Args:     "[flags] [TARGET ...]",
	Operands: []flags.Candidate{flags.AnyPID, "container:", "file:"},
	Summary:  "report on tasks, by default on capinspect's own process",
	About: `Report which Linux capabilities a task has. The first line says what it holds
and what limits it. Then come notes on what is dangerous or surprising, the
worst first, the lines of capsh --print, and where the task is: user namespace,
security label, container, pod, and the profile that its Bounding set equals.

Without a TARGET it reports on its own process, which has what the runtime gave
to this container. A TARGET is a PID, self, container:ID, which is the first
process of the container with this name, or whose id begins with ID, or
file:PATH[:NAME], which is what -f reads: pasted text, a report, a container or
a unit that has not started yet.

The names of ids come from the task's own root; ??? is an id without a name.`,
	Example: `
capinspect
capinspect 1
capinspect --print
capinspect -o matrix self
capinspect --json -p 1,self`,
	New: newShow,
}

type showConfig struct {
	target.List
	format flags.Formats[*render.TaskForm]
	print  bool
	color  command.Colour
}

func newShow() (command.Runner, []flags.Flag) {
	c := &showConfig{format: flags.NewFormats(render.Tasks)}
	return c, slices.Concat(
		c.List.Flags(),
		c.Threads.Flags(),
		c.format.Flags(),
		[]flags.Flag{
			{Name: "print", About: "print only the lines of capsh --print", Value: (*flags.Bool)(&c.print)},
			c.color.Flag(),
		},
	)
}

// chosenFormat returns the format that the flags ask for.
func (c *showConfig) chosenFormat() (*render.TaskForm, error) {
	format, err := c.format.Chosen()
	if err != nil || !c.print {
		return format, err
	}
	if format != render.Tasks[0] {
		return nil, usagef("--print and -o %s cannot be used together", format.Name)
	}
	return render.Capsh, nil
}

func (c *showConfig) Run(e *command.Env, args []string) (int, error) {
	format, err := c.chosenFormat()
	if err != nil {
		return 0, err
	}
	detail := collect.Isolated
	if !format.Notes {
		detail = collect.Named
	}
	var info report.ReaderInfo
	if format.Reader {
		info = target.Reader()
	}
	style, err := c.color.Style(e)
	if err != nil {
		return 0, err
	}
	if format.Exact {
		style = render.Style{}
	}
	out := format.To(e.Output(), info, style)
	found, err := c.Each(e.Stdin, args, detail, out.Task)
	if err != nil {
		return 0, err
	}
	if err := out.End(found.Failures); err != nil {
		return 0, err
	}
	return e.ComplainOf(&found, command.StatusOK), nil
}
