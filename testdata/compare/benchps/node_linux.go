// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/testdata/compare/internal/measure"
)

// node measures what the report of a node costs: live, with the tasks in cgroups as
// the kubelet makes them, and in a copy of their procfs.
func (b *bench) node(ctx context.Context) error {
	var c crowd
	c.kind = processes
	if err := c.start(ctx, b.spawn, b.tasks); err != nil {
		return err
	}
	err := b.inContainers(ctx, &c)
	return errors.Join(err, c.stop())
}

// inContainers spreads the crowd over containers and measures both.
func (b *bench) inContainers(ctx context.Context, c *crowd) (err error) {
	groups, err := newContainers(b.containers)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, groups.leave(c.pids)) }()
	for i, pid := range c.pids {
		if err := groups.enter(i%b.containers, pid); err != nil {
			return err
		}
	}
	fmt.Fprintf(b.out, "\n%d processes in %d containers, by %s\n", c.n, b.containers, groups.root)
	if err := b.nodeTable(ctx, fmt.Sprintf("live, %d processes", c.n), c.n, "/proc"); err != nil {
		return err
	}
	tree, err := os.MkdirTemp("/dev/shm", "benchps")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tree)) }()
	n, err := copyProc(tree)
	if err != nil {
		return err
	}
	return b.nodeTable(ctx, fmt.Sprintf("a copy in tmpfs, %d processes", n), n, tree)
}

// nodeTable measures and prints the commands of a node report over one procfs.
func (b *bench) nodeTable(ctx context.Context, title string, n int, proc string) error {
	p := new(programs)
	p.loop = b.try(ctx, p, "C loop", 1, b.loop, proc)
	both := b.try(ctx, p, "C loop -c", 1, b.loop, "-c", proc)
	p.table = b.try(ctx, p, "capinspect ps", n, b.capinspect, "ps", "--proc", proc)
	p.jsonl = b.try(ctx, p, "capinspect ps -o jsonl", n, b.capinspect, "ps", "--proc", proc, "-o", "jsonl")
	report := b.try(ctx, p, "ps --by container -o jsonl", b.containers, b.capinspect, "ps", "--proc", proc, "--by", "container", "-o", "jsonl")
	for _, program := range []*program{p.loop, both, p.table, p.jsonl, report} {
		if program == nil {
			return errors.New(strings.Join(p.left, "; "))
		}
	}
	note, err := measure.Undisturbed(ctx, b.launch, p.commands(), b.runs, measure.Piped)
	if err == nil {
		err = measure.Turns(ctx, p.commands(), b.runs, measure.Piped, (*measure.Command).Peaked)
	}
	if err != nil {
		return err
	}
	var t measure.Table
	t.Add(title, "wall ms", "CPU ms", "peak KiB", "bytes")
	for _, program := range p.all {
		out, err := exec.CommandContext(ctx, program.Argv[0], program.Argv[1:]...).Output()
		if err != nil {
			return err
		}
		t.Add(program.Name, milliseconds(program.Wall), milliseconds(program.CPU),
			fmt.Sprint(measure.Median(program.Peak)), fmt.Sprint(len(out)))
	}
	t.Write(b.out)
	if note != "" {
		fmt.Fprintln(b.out, note)
	}
	var budgets measure.Table
	budgets.Add("budget", "measured", "at most")
	if proc == "/proc" { // where the kernel makes the text, which the budgets are about
		budgets.Judge("capinspect ps / C loop, CPU", measure.Ratio(p.table.CPU, p.loop.CPU), maxTable, 3)
		budgets.Judge("capinspect ps -o jsonl / C loop, CPU", measure.Ratio(p.jsonl.CPU, p.loop.CPU), maxJSONL, 3)
		budgets.Judge("ps --by container -o jsonl / C loop -c, CPU", measure.Ratio(report.CPU, both.CPU), maxJSONL, 3)
		if runtime.NumCPU() == 2 {
			budgets.Judge("capinspect ps / C loop, wall", measure.Ratio(p.table.Wall, p.loop.Wall), maxWall, 3)
		}
	}
	for _, program := range []*program{p.table, p.jsonl, report} {
		budgets.Judge(program.Name+", peak KiB", float64(measure.Median(program.Peak)), maxPeak, 0)
	}
	budgets.Write(b.out)
	return nil
}

// containers are cgroups as the kubelet makes them for pods.
type containers struct {
	root string // where the hierarchy is mounted
	dirs []string
}

// newContainers makes n cgroups, in the hierarchy of version 2 or, without one, in the
// first that allows it.
func newContainers(n int) (*containers, error) {
	root, err := hierarchy()
	if err != nil {
		return nil, err
	}
	c := &containers{root: root}
	for i := range n {
		pod := fmt.Sprintf("%08x-0000-4000-8000-%012x", i, os.Getpid())
		dir := filepath.Join(root, "kubepods", "besteffort", "pod"+pod, fmt.Sprintf("%064x", i+1))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, errors.Join(err, c.leave(nil))
		}
		c.dirs = append(c.dirs, dir)
	}
	return c, nil
}

// hierarchy returns where cgroups of version 2 are mounted.
func hierarchy() (string, error) {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return "", err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if _, after, _ := strings.Cut(lines.Text(), " - "); strings.HasPrefix(after, "cgroup2 ") {
			return fields[4], nil
		}
	}
	return "", errors.New("no cgroup2 is mounted")
}

// enter moves a process into a container.
func (c *containers) enter(i int, pid string) error {
	return os.WriteFile(filepath.Join(c.dirs[i], "cgroup.procs"), []byte(pid), 0)
}

// leave moves the processes back and removes the cgroups.
func (c *containers) leave(pids []string) error {
	var errs []error
	for _, pid := range pids {
		err := os.WriteFile(filepath.Join(c.root, "cgroup.procs"), []byte(pid), 0)
		if !errors.Is(err, unix.ESRCH) {
			errs = append(errs, err)
		}
	}
	for _, dir := range c.dirs {
		errs = append(errs, os.Remove(dir), os.Remove(filepath.Dir(dir)))
	}
	os.Remove(filepath.Join(c.root, "kubepods", "besteffort"))
	os.Remove(filepath.Join(c.root, "kubepods"))
	return errors.Join(errs...)
}

// copyProc copies what a node report reads of each process, and returns their number.
func copyProc(to string) (n int, err error) {
	statuses, err := filepath.Glob("/proc/[0-9]*/status")
	if err != nil {
		return 0, err
	}
	for _, name := range statuses {
		from := filepath.Dir(name)
		dir := filepath.Join(to, filepath.Base(from))
		status, err := os.ReadFile(name)
		cgroup, err2 := os.ReadFile(from + "/cgroup")
		if errors.Is(errors.Join(err, err2), unix.ESRCH) || errors.Is(errors.Join(err, err2), os.ErrNotExist) {
			continue
		}
		err = errors.Join(err, err2, os.Mkdir(dir, 0o755),
			os.WriteFile(dir+"/status", status, 0o644), os.WriteFile(dir+"/cgroup", cgroup, 0o644))
		if err != nil {
			return n, err
		}
		n++
	}
	last, err := os.ReadFile("/proc/sys/kernel/cap_last_cap")
	if err != nil {
		return n, err
	}
	sys := filepath.Join(to, "sys", "kernel")
	return n, errors.Join(os.MkdirAll(sys, 0o755), os.WriteFile(sys+"/cap_last_cap", last, 0o644))
}
