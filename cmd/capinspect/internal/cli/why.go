// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
)

var why = command{
	name:     "why",
	args:     "[flags] CAP ...",
	operands: []candidate{anyCap},
	summary:  "why a capability is not effective, and what changes it",
	about: `Tell whether capabilities are effective in a process, by default in
capinspect's own, the first reason that holds if they are not, or are and may
be of no use, and what would change it, in the order in which somebody can act.
Nothing is tried. The exit status is 1 if one is not effective.`,
	example: `
capinspect why chown
capinspect why NET_BIND_SERVICE NET_RAW
capinspect why sys_admin --json -p self`,
	new: newWhy,
}

type whyConfig struct {
	targets
	format formatFlags[*report.Form[report.Whys]]
}

var whyFormats = []*report.Form[report.Whys]{report.WhyText, report.WhyJSON}

func newWhy() (runner, []flag) {
	c := &whyConfig{format: newFormatFlags(whyFormats)}
	return c, append(c.targets.flags(), c.format.flags()...)
}

func (c *whyConfig) run(e *env, args []string) (int, error) {
	format, err := c.format.chosen()
	if err != nil {
		return 0, err
	}
	if len(args) == 0 {
		return 0, usagef("no capability")
	}
	var caps []capset.Cap
	for _, arg := range args {
		cap, err := parseOnce(arg)
		if err != nil {
			return 0, err
		}
		caps = append(caps, cap)
	}
	found, status, err := c.find(e, caps)
	if err != nil {
		return 0, err
	}
	if err := e.write(format.Append(nil, found)); err != nil {
		return 0, err
	}
	for _, w := range found.Tasks {
		for i := range w.Answers {
			switch a := &w.Answers[i]; {
			case a.Reason.Code == collect.Undecided:
				status = statusTrouble
			case !a.Effective():
				status = max(status, statusNo)
			}
		}
	}
	return status, nil
}

// parseOnce returns the capability of a name. One whose prefix stands twice is what
// runtimes make of a Kubernetes list with prefixes.
func parseOnce(name string) (capset.Cap, error) {
	c, err := capset.Parse(name)
	if err == nil {
		return c, nil
	}
	const prefix = "CAP_"
	if upper := strings.ToUpper(name); strings.HasPrefix(upper, prefix+prefix) {
		if c, known := capset.Parse(upper[len(prefix):]); known == nil {
			return 0, fmt.Errorf("%q: the prefix stands twice, which runtimes ignore in silence: in Kubernetes it is %s", name, c.Kubernetes())
		}
	}
	return 0, err
}

// find returns the answers for each task. One that cannot be read does not hide the
// others.
func (c *whyConfig) find(e *env, caps []capset.Cap) (*report.Whys, int, error) {
	tasks, err := c.tasks(nil)
	if err != nil {
		return nil, 0, err
	}
	opts, err := c.options()
	if err != nil {
		return nil, 0, err
	}
	if len(tasks) == 0 && c.proc != "" {
		return nil, 0, usagef("--proc is for tasks, and there are only files")
	}
	opts.Detail = collect.Surrounded
	found, failed := new(report.Whys), new(collected)
	add := func(w *collect.Why, pid string, err error) {
		if err != nil {
			failed.failures = append(failed.failures, report.Failure{Pid: pid, Err: err})
			return
		}
		found.Tasks = append(found.Tasks, w)
	}
	if len(tasks) > 0 {
		from, err := collect.Open(opts)
		if err != nil {
			return nil, 0, err
		}
		defer from.Close()
		for _, task := range tasks {
			w, err := from.Why(task, caps)
			add(w, from.Pid(task), err)
		}
	}
	for _, name := range c.files {
		records, err := c.fromFile(e, name, opts.LastCap)
		if err != nil {
			add(nil, "", err)
		}
		for _, r := range records {
			w, err := collect.WhyOf(r, caps)
			add(w, "", err)
		}
	}
	return found, failed.complain(e, statusOK), nil
}
