// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/command"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/target"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/why/userns"
)

// userns answers "why userns [TARGET ...]".
func (c *whyConfig) userns(e *command.Env, args []string) (int, error) {
	return whyLive(c, e, args, render.Userns, (*collect.Collector).WhyUserns, func(a *userns.Answer) task.Value[bool] { return a.Works })
}

// whyLive answers a question about live tasks alone, each target in one of forms. One that
// cannot be read does not hide the others.
func whyLive[T any](c *whyConfig, e *command.Env, args []string, forms []*render.Form[[]T],
	ask func(*collect.Collector, string) (T, error), works func(T) task.Value[bool],
) (int, error) {
	chosen, err := c.format.Chosen()
	if err != nil {
		return 0, err
	}
	if len(c.Files) > 0 {
		return 0, usagef("%s: a file does not say, give a PID", c.Files[0])
	}
	pids, err := c.Choose(args)
	if err != nil {
		return 0, err
	}
	opts, err := c.Options()
	if err != nil {
		return 0, err
	}
	opts.Detail = collect.Surrounded
	from, err := collect.Open(opts)
	if err != nil {
		return 0, err
	}
	defer from.Close()
	var found []T
	failed, status := new(target.Found), command.StatusOK
	for _, pid := range pids {
		answer, err := ask(from, pid)
		if err != nil {
			failed.Fail(from.Pid(pid), err)
			continue
		}
		found = append(found, answer)
		switch yes, known := works(answer).Get(); {
		case !known:
			status = command.StatusTrouble
		case !yes:
			status = max(status, command.StatusNo)
		}
	}
	for _, form := range forms {
		if form.Name == chosen.Name {
			if err := e.Write(form.Append(nil, &found)); err != nil {
				return 0, err
			}
		}
	}
	return e.ComplainOf(failed, status), nil
}
