// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"

	"github.com/capinspect/capinspect/testdata/compare/internal/measure"
)

// sizes are how many processes there are made to see how the cost grows,
// before as many as there may be.
var sizes = []int{1_000, 3_000, 10_000}

// size is what one process costs when there are so many.
type size struct {
	tasks int
	us    map[string]float64 // CPU, by the program's name
	note  string
}

// scale measures the cost of one process by the number of processes.
func (b *bench) scale(ctx context.Context) error {
	fits := min(b.most, room(processes).tasks)
	wanted := slices.DeleteFunc(slices.Clone(sizes), func(n int) bool { return n >= fits })
	var names, left []string
	var all []size
	for _, n := range append(wanted, b.most) {
		s, p, err := b.measure(ctx, n)
		if err != nil {
			return err
		}
		all = append(all, s)
		left = p.left // the same for all
		for _, program := range p.all {
			if !slices.Contains(names, program.Name) {
				names = append(names, program.Name)
			}
		}
	}
	b.printSizes(names, all)
	for _, why := range left {
		fmt.Fprintln(b.out, "left out:", why)
	}
	return nil
}

// measure takes the times of n processes, privileged ones if there can be any.
func (b *bench) measure(ctx context.Context, n int) (size, *programs, error) {
	c := crowd{kind: processes, privileged: os.Geteuid() == 0}
	if err := c.start(ctx, b.spawn, n); err != nil {
		return size{}, nil, err
	}
	p := new(programs)
	p.loop = b.try(ctx, p, "C loop", 1, b.loop)
	p.table = b.try(ctx, p, "capinspect ps", c.n, b.capinspect, "ps")
	p.jsonl = b.try(ctx, p, "capinspect ps -o jsonl", c.n, b.capinspect, "ps", "-o", "jsonl")
	var err error
	if p.loop == nil {
		err = errors.New(p.left[0])
	} else {
		err = measure.Launch(ctx, b.launch, p.commands(), b.runs, measure.Piped)
	}
	if err = errors.Join(err, c.stop()); ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return size{}, nil, err
	}
	s := size{tasks: c.n, us: map[string]float64{}, note: c.note}
	for _, program := range p.all {
		s.us[program.Name] = float64(measure.Median(program.CPU).Microseconds()) / float64(p.loop.read)
	}
	return s, p, nil
}

// printSizes prints a row a program and a column a size.
func (b *bench) printSizes(names []string, all []size) {
	first, last := all[0], all[len(all)-1]
	titles := []string{"CPU us a process, by their number"}
	for _, s := range all {
		titles = append(titles, strconv.Itoa(s.tasks))
	}
	var t measure.Table
	t.Add(append(titles, fmt.Sprintf("%d / %d", last.tasks, first.tasks))...)
	for _, name := range names {
		row := []string{name}
		for _, s := range all {
			row = append(row, fmt.Sprintf("%.2f", s.us[name]))
		}
		t.Add(append(row, fmt.Sprintf("%.3f", last.us[name]/first.us[name]))...)
	}
	for _, name := range names[1:] {
		row := []string{name + " / " + names[0]}
		for _, s := range all {
			row = append(row, fmt.Sprintf("%.3f", s.us[name]/s.us[names[0]]))
		}
		t.Add(row...)
	}
	t.Write(b.out)
	if last.note != "" {
		fmt.Fprintln(b.out, last.note)
	}
}
