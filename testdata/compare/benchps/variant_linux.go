// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/testdata/compare/internal/measure"
)

// The budgets of capinspect ps.
const (
	maxTable      = 1.4      // of the C loop, CPU
	maxJSONL      = 2.0      // of the C loop, CPU
	maxWall       = 0.85     // of the C loop, the table, on two CPUs
	maxPeak       = 24 << 10 // KiB
	maxOfOthers   = 1.0 / 3  // of pscap and of captree, the table, CPU, where most tasks hold something
	maxPrivileged = 0.25     // of the C loop, CPU, where most tasks hold nothing
)

// variant measures all programs over a crowd and prints what they took.
func (b *bench) variant(ctx context.Context, c crowd) error {
	switch err := c.start(ctx, b.spawn, b.tasks); {
	case errors.Is(err, errNeedsRoot):
		fmt.Fprintf(b.out, "\nleft out: %s %s: %v\n", c.rights(), c.kind, err)
		return nil
	case err != nil:
		return err
	}
	p, err := b.choose(ctx, &c)
	if err == nil {
		p.note, err = measure.Undisturbed(ctx, b.launch, p.commands(), b.runs, measure.Piped)
	}
	var untraced error
	if err == nil {
		untraced = measure.Turns(ctx, p.commands(), b.runs, measure.Piped, (*measure.Command).Peaked)
		if !errors.Is(untraced, unix.EPERM) && !errors.Is(untraced, unix.ENOSYS) {
			err = untraced
		}
	}
	if err = errors.Join(err, c.stop()); ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	if untraced != nil {
		p.left = append(p.left, fmt.Sprintf("peak memory: %v", untraced))
	}
	b.print(&c, p)
	return nil
}

// print prints the table of a crowd, its budgets, and what was left out.
func (b *bench) print(c *crowd, p *programs) {
	var t measure.Table
	t.Add(fmt.Sprintf("%d %s %s", c.n, c.rights(), c.kind), "wall ms", "CPU ms", "peak KiB", "wall / loop", "CPU / loop")
	for _, program := range p.all {
		peak := "-"
		if len(program.Peak) > 0 {
			peak = strconv.Itoa(measure.Median(program.Peak))
		}
		t.Add(program.Name, milliseconds(program.Wall), milliseconds(program.CPU), peak,
			fmt.Sprintf("%.3f", measure.Ratio(program.Wall, p.loop.Wall)),
			fmt.Sprintf("%.3f", measure.Ratio(program.CPU, p.loop.CPU)))
	}
	t.Write(b.out)
	for _, note := range []string{c.note, p.note} {
		if note != "" {
			fmt.Fprintln(b.out, note)
		}
	}
	if c.kind == processes {
		b.judge(c, p)
	}
	for _, left := range p.left {
		fmt.Fprintln(b.out, "left out:", left)
	}
}

// judge prints the budgets of what was measured over processes.
func (b *bench) judge(c *crowd, p *programs) {
	var budgets measure.Table
	budgets.Add("budget", "measured", "at most")
	cpu := func(one, other *program, most float64) {
		if one != nil && other != nil {
			budgets.Judge(one.Name+" / "+other.Name+", CPU", measure.Ratio(one.CPU, other.CPU), most, 3)
		}
	}
	peak := func(one *program) {
		if one != nil && len(one.Peak) > 0 {
			budgets.Judge(one.Name+", peak KiB", float64(measure.Median(one.Peak)), maxPeak, 0)
		}
	}
	cpu(p.table, p.loop, maxTable)
	cpu(p.jsonl, p.loop, maxJSONL)
	if p.table != nil && runtime.NumCPU() == 2 {
		budgets.Judge("capinspect ps / C loop, wall", measure.Ratio(p.table.Wall, p.loop.Wall), maxWall, 3)
	} else if p.table != nil {
		p.left = append(p.left, fmt.Sprintf("the budget of the wall time: it is for 2 CPUs, and here are %d", runtime.NumCPU()))
	}
	peak(p.table)
	peak(p.jsonl)
	if c.privileged {
		cpu(p.table, p.pscap, maxOfOthers)
		cpu(p.table, p.captree, maxOfOthers)
	} else {
		cpu(p.privileged, p.loop, maxPrivileged)
	}
	if len(budgets) > 1 {
		budgets.Write(b.out)
	}
}

func milliseconds(all []time.Duration) string {
	return fmt.Sprintf("%.1f", float64(measure.Median(all).Microseconds())/1000)
}
