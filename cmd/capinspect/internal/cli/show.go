// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
)

var show = command{
	name:    "show",
	args:    "[flags] [PID ...]",
	summary: "report on tasks, by default on capinspect's own process",
	about: `Report which Linux capabilities a task has: the lines of capsh --print,
then what capsh does not know. Without a PID it is capinspect's own process,
which has what the runtime gave to a process of this container.`,
	example: `
capinspect
capinspect 1
capinspect --print
capinspect -o matrix self
capinspect --json -p 1,self`,
	new: func(flags *pflag.FlagSet) runner { return newShow(flags) },
}

// showConfig is a parsed command line of show.
type showConfig struct {
	targets
	output string
	json   bool
	print  bool
}

// showFormats are the forms that show knows; the first is the default.
var showFormats = []*report.Format{report.Text, report.JSON, report.JSONL, report.Matrix}

func newShow(flags *pflag.FlagSet) *showConfig {
	c := new(showConfig)
	c.addTo(flags)
	flags.StringVarP(&c.output, "output", "o", showFormats[0].Name, "the `FORMAT`: "+formatNames(showFormats))
	flags.BoolVar(&c.json, "json", false, "the same as -o json")
	flags.BoolVar(&c.print, "print", false, "print the lines of capsh --print alone")
	return c
}

func formatNames(formats []*report.Format) string {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = f.Name
	}
	return strings.Join(names, ", ")
}

// format returns the form that the flags ask for.
func (c *showConfig) format() (*report.Format, error) {
	if c.json {
		if c.output != showFormats[0].Name && c.output != report.JSON.Name {
			return nil, usagef("--json and -o %s exclude each other", c.output)
		}
		c.output = report.JSON.Name
	}
	if c.print {
		if c.output != showFormats[0].Name {
			return nil, usagef("--print and -o %s exclude each other", c.output)
		}
		return report.Capsh, nil
	}
	for _, f := range showFormats {
		if f.Name == c.output {
			return f, nil
		}
	}
	return nil, usagef("unknown format %q: want %s", c.output, formatNames(showFormats))
}

func (c *showConfig) run(e *env, args []string) (int, error) {
	format, err := c.format()
	if err != nil {
		return 0, err
	}
	tasks, err := c.tasks(args)
	if err != nil {
		return 0, err
	}
	opts, err := c.options()
	if err != nil {
		return 0, err
	}
	from, err := collect.Open(opts)
	if err != nil {
		return 0, err
	}
	var rep report.Report
	if format.Kernel {
		rep.Kernel = collect.Kernel()
	}
	for _, task := range tasks {
		r := new(collect.Record)
		if err := from.Task(task, r); err != nil {
			rep.Errors = append(rep.Errors, report.Failure{Task: from.Pid(task), Err: err})
			continue
		}
		if format.Notes {
			from.Annotate(r)
		}
		rep.Tasks = append(rep.Tasks, r)
	}
	if err := e.write(format.Append(make([]byte, 0, 4096), &rep)); err != nil {
		return 0, err
	}
	for _, failure := range rep.Errors {
		e.complain(fmt.Errorf("pid %s: %w", failure.Task, failure.Err))
	}
	if len(rep.Errors) > 0 {
		return statusTrouble, nil
	}
	return statusOK, nil
}
