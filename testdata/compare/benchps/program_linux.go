// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"

	"github.com/capinspect/capinspect/testdata/compare/internal/measure"
)

const (
	warmUp  = 2       // runs that are not counted
	maxArgs = 1 << 20 // bytes of arguments, of the 2 MiB that the kernel takes with a stack of 8 MiB
)

// program is what is measured over a crowd.
type program struct {
	measure.Command
	lines int // that it prints at least: what is measured shall be the work
	read  int // of the C loop: the number of status files
}

// programs are those of one table, without those that were left out.
type programs struct {
	loop, table, jsonl, privileged, pscap, captree *program

	all  []*program
	left []string // what was left out, and why
	note string   // on the runs that count
}

// choose finds the programs to measure over the crowd, and tries each.
func (b *bench) choose(ctx context.Context, c *crowd) (*programs, error) {
	p := new(programs)
	n := c.n
	if c.kind == threads {
		p.loop = b.try(ctx, p, "C loop -t", 1, b.loop, "-t")
	} else {
		p.loop = b.try(ctx, p, "C loop", 1, b.loop)
	}
	if p.loop == nil {
		return nil, errors.New(p.left[0])
	}
	if p.loop.read < n {
		return nil, fmt.Errorf("the C loop reads %d status files of %d", p.loop.read, n)
	}
	if c.kind == threads {
		p.table = b.try(ctx, p, "capinspect ps -T", n, b.capinspect, "ps", "-T")
		p.jsonl = b.try(ctx, p, "capinspect ps -T -o jsonl", n, b.capinspect, "ps", "-T", "-o", "jsonl")
		p.captree = b.find(ctx, p, "captree", "0")
		return p, nil
	}
	p.table = b.try(ctx, p, "capinspect ps", n, b.capinspect, "ps")
	p.jsonl = b.try(ctx, p, "capinspect ps -o jsonl", n, b.capinspect, "ps", "-o", "jsonl")
	holders := 0
	if c.privileged {
		holders = n
	}
	p.privileged = b.try(ctx, p, "capinspect ps --privileged", holders, b.capinspect, "ps", "--privileged")
	p.pscap = b.find(ctx, p, "pscap", "-a")
	b.getpcaps(ctx, p, c)
	p.captree = b.find(ctx, p, "captree", "0")
	return p, nil
}

// getpcaps is given the crowd: others may end between two runs.
func (b *bench) getpcaps(ctx context.Context, p *programs, c *crowd) {
	const name = "getpcaps, all of them as arguments"
	path, err := exec.LookPath("getpcaps")
	if err != nil {
		p.left = append(p.left, fmt.Sprintf("%s: %v", name, err))
		return
	}
	size := 0
	for _, pid := range c.pids {
		size += len(pid) + 1 + strconv.IntSize/8
	}
	if size > maxArgs {
		p.left = append(p.left, fmt.Sprintf("%s: %d bytes of arguments are too many for one process", name, size))
		return
	}
	b.try(ctx, p, name, c.n, path, c.pids...)
}

// find is try for a program of others, which need not be there.
func (b *bench) find(ctx context.Context, p *programs, name string, args ...string) *program {
	path, err := exec.LookPath(name)
	if err != nil {
		p.left = append(p.left, fmt.Sprintf("%s %s: %v", name, args[0], err))
		return nil
	}
	return b.try(ctx, p, name+" "+args[0], 1, path, args...)
}

// try runs a program to fill the caches, and leaves it out if it fails or
// prints less than lines lines.
func (b *bench) try(ctx context.Context, p *programs, name string, lines int, path string, args ...string) *program {
	tried := &program{lines: lines}
	tried.Name, tried.Argv = name, append([]string{path}, args...)
	for range warmUp {
		cmd := exec.CommandContext(ctx, path, args...)
		cmd.Env = []string{}
		out, err := cmd.Output()
		if failed, ok := errors.AsType[*exec.ExitError](err); ok {
			line, _, _ := bytes.Cut(bytes.TrimSpace(failed.Stderr), []byte("\n"))
			err = fmt.Errorf("%w: %s", err, line)
		} else if printed := bytes.Count(out, []byte("\n")); err == nil && printed < lines {
			err = fmt.Errorf("printed %d lines, not at least %d", printed, lines)
		}
		if err != nil {
			b.failed = true
			p.left = append(p.left, fmt.Sprintf("%s: %v", name, err))
			return nil
		}
		tried.read, _ = strconv.Atoi(string(bytes.TrimSpace(out)))
	}
	p.all = append(p.all, tried)
	return tried
}

// commands returns the programs as what can be measured.
func (p *programs) commands() []*measure.Command {
	var commands []*measure.Command
	for _, program := range p.all {
		commands = append(commands, &program.Command)
	}
	return commands
}
