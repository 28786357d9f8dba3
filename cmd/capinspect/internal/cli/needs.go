// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/command"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/denial"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/needs"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/saved"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/target"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

var needsCommand = command.Command{
	Name:     "needs",
	Args:     "[flags] [FILE ...]",
	Operands: []flags.Candidate{flags.AnyFile},
	Summary:  "which capabilities the refusals in a log were about",
	About: `Read logs and tell which capabilities a program needs: those that the kernel
certainly refused, those that may be behind a refusal, and those that the
program went on without. Refusals that no capability changes are listed
separately, and so are checks in a child user namespace, where the capabilities
of a container do not help.

A FILE has lines of strace, as 'strace -f -o FILE PROGRAM' writes them, audit
records of AppArmor, SELinux or seccomp, the checks of cap_capable as ftrace or
perf script print them, the table of capable, or the errors that programs
print. They may be mixed, of any length, and compressed with gzip or bzip2.
Without a FILE, or with -, needs reads standard input. It traces nothing
itself.

A program went on if each process that was refused later did the same thing
successfully, or exited with status 0 while no other process of that program
failed. What the log does not show is not assumed.

-o yaml, docker and systemd write what drops all capabilities and adds those
that are certain; the others are in comments. With -p, -f or file:PATH, needs
also says what a task lacks of these, what it holds and was still refused, and
what it holds that nothing in the log used; the exit status is 1 if it lacks
one.`,
	Example: `
echo 'chroot("/srv") = -1 EPERM (Operation not permitted)' >/tmp/trace.log
capinspect needs /tmp/trace.log
capinspect needs -o yaml /tmp/trace.log
capinspect needs /tmp/trace.log -p self`,
	New: newNeeds,
}

type needsConfig struct {
	target.List
	format flags.Formats[*render.Form[report.Told]]
}

func newNeeds() (command.Runner, []flags.Flag) {
	c := &needsConfig{format: flags.NewFormats(render.Needs)}
	return c, append(c.List.Flags(), c.format.Flags()...)
}

func (c *needsConfig) Run(e *command.Env, args []string) (int, error) {
	format, err := c.format.Chosen()
	if err != nil {
		return 0, err
	}
	if args = c.Take(args); len(args) == 0 {
		if command.IsTerminal(e.Stdin) {
			return 0, usagef("no FILE, and standard input is a terminal: name a log, such as strace -f -o FILE writes")
		}
		args = []string{"-"}
	}
	for _, arg := range args {
		for _, prefix := range [...]string{target.ContainerPrefix, podPrefix, profilePrefix} {
			if strings.HasPrefix(arg, prefix) {
				return 0, usagef("%s is no log: needs takes files of logs, and compares them with the tasks of -p PID and file:PATH", arg)
			}
		}
	}
	told, status := c.read(e, args)
	if told == nil {
		return status, nil
	}
	lacks, err := c.compare(e, told)
	if err != nil {
		return 0, err
	}
	return max(status, lacks), e.Write(format.Append(nil, told))
}

// read reads the logs. One that cannot be read does not hide the others; told is nil if none
// can be read.
func (c *needsConfig) read(e *command.Env, names []string) (told *report.Told, status int) {
	var all needs.Collector
	var logs denial.Reader
	lines, known := 0, false
	waiting := e.Waiting("reading the log")
	defer waiting.Clear()
	for _, name := range names {
		stats, err := readLog(e, name, waiting, &logs, &all)
		if err == nil && len(stats.Recognised) == 0 {
			err = fmt.Errorf("%s: %w", task.InputName(name), errNoLog)
		}
		if err != nil {
			waiting.Clear()
			e.Complain(err)
			status = command.StatusTrouble
		}
		lines, known = lines+stats.Lines, known || len(stats.Recognised) > 0
	}
	if !known {
		return nil, status
	}
	return &report.Told{Answer: all.Answer(), Lines: lines}, status
}

var errNoLog = errors.New("it has no line of strace, no audit record, no check of cap_capable or capable, and no error of a program")

// readLog reads one log.
func readLog(e *command.Env, name string, waiting *command.Progress, logs *denial.Reader, all *needs.Collector) (denial.Stats, error) {
	var failure error
	stats, err := saved.Parse(name, e.Stdin, func(in io.Reader) (denial.Stats, error) {
		for event, err := range logs.Read(watched{in, waiting}, task.InputName(name)) {
			if err != nil {
				failure = err // which names the file
				break
			}
			if name == "-" {
				event.File = ""
			}
			all.Add(&event)
		}
		return logs.Stats, nil
	})
	if errors.Is(err, fs.ErrNotExist) && (target.IsPID(name) || name == target.Self) {
		err = fmt.Errorf("%w: a task is named by -p %s", err, name)
	}
	return stats, cmp.Or(err, failure)
}

// watched is a log that somebody waits for.
type watched struct {
	io.Reader
	progress *command.Progress
}

func (w watched) Read(b []byte) (int, error) {
	w.progress.Step()
	return w.Reader.Read(b)
}

// compare compares the tasks of the flags with what the logs tell.
func (c *needsConfig) compare(e *command.Env, told *report.Told) (status int, err error) {
	if len(c.PIDs)+len(c.Files) == 0 {
		if c.Proc != "" || c.LastCap != "" {
			return 0, usagef("--proc and --last-cap are for the tasks of -p and -f")
		}
		return command.StatusOK, nil
	}
	found, err := c.Collect(e.Stdin, nil, collect.Credentials)
	if err != nil {
		return 0, err
	}
	status = command.StatusOK
	for _, t := range found.Tasks {
		compared, err := needs.Compare(told.Answer, t)
		if err != nil {
			if pid, ok := t.Pid.Get(); ok {
				found.Fail(strconv.Itoa(pid), err)
			} else {
				found.Fail("", fmt.Errorf("%s: %w", task.InputName(t.Source), err))
			}
			continue
		}
		if compared.Missing != 0 {
			status = command.StatusNo
		}
		told.Compared = append(told.Compared, compared)
	}
	return e.ComplainOf(&found, status), nil
}
