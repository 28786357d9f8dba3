// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/denial"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/needs"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/saved"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/target"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

var needsCommand = command{
	name:     "needs",
	args:     "[flags] [FILE ...]",
	operands: []flags.Candidate{flags.AnyFile},
	summary:  "which capabilities the refusals in a log were about",
	about: `Read logs, and tell which capabilities a program needs: those that the kernel
refused for certain, those that it may have refused or something else, and those
that the program went on without. What no capability changes is listed apart,
and so is what was asked of a child user namespace, where no capability of a
container helps.

A FILE has lines of strace, as 'strace -f -o FILE PROGRAM' writes them, audit
records of AppArmor, SELinux or seccomp, the checks of cap_capable as ftrace or
perf script write them, the table of capable, or the errors that programs print;
mixed, of any length, and gzip or bzip2 too. Without a FILE, or with -, it is
standard input. capinspect traces nothing itself.

A program went on if each process that was refused did the same later with
success, or ended with the exit status 0 and none of that program ended
otherwise. What the log does not tell is not taken for that.

With -o yaml, docker or systemd it writes what drops all capabilities and adds
those that are certain; the others are in comments. With -p, -f or
file:PATH it also says what a task lacks of them, what it holds and was refused
all the same, and what it holds that nothing in the log used; the exit status is
1 if it lacks one.`,
	example: `
echo 'chroot("/srv") = -1 EPERM (Operation not permitted)' >/tmp/trace.log
capinspect needs /tmp/trace.log
capinspect needs -o yaml /tmp/trace.log
capinspect needs /tmp/trace.log -p self`,
	new: newNeeds,
}

type needsConfig struct {
	target.List
	format flags.Formats[*render.Form[report.Told]]
}

func newNeeds() (runner, []flags.Flag) {
	c := &needsConfig{format: flags.NewFormats(render.Needs)}
	return c, append(c.List.Flags(), c.format.Flags()...)
}

func (c *needsConfig) run(e *env, args []string) (int, error) {
	format, err := c.format.Chosen()
	if err != nil {
		return 0, err
	}
	if args = c.Take(args); len(args) == 0 {
		if isTerminal(e.stdin) {
			return 0, usagef("no FILE, and standard input is a terminal: name a log, as strace -f -o FILE writes it")
		}
		args = []string{"-"}
	}
	told, status := c.read(e, args)
	if told == nil {
		return status, nil
	}
	lacks, err := c.compare(e, told)
	if err != nil {
		return 0, err
	}
	return max(status, lacks), e.write(format.Append(nil, told))
}

// read reads the logs. One that cannot be read does not hide the others; told is nil if none
// can be read.
func (c *needsConfig) read(e *env, names []string) (told *report.Told, status int) {
	var all needs.Collector
	var logs denial.Reader
	lines, known := 0, false
	waiting := newProgress(e, "reading the log")
	defer waiting.clear()
	for _, name := range names {
		stats, err := readLog(e, name, waiting, &logs, &all)
		if err == nil && len(stats.Recognised) == 0 {
			err = fmt.Errorf("%s: %w", task.InputName(name), errNoLog)
		}
		if err != nil {
			waiting.clear()
			e.complain(err)
			status = statusTrouble
		}
		lines, known = lines+stats.Lines, known || len(stats.Recognised) > 0
	}
	if !known {
		return nil, status
	}
	return &report.Told{Answer: all.Answer(), Lines: lines}, status
}

var errNoLog = errors.New("no line of strace, no audit record, no check of cap_capable or capable, and no error of a program is in it")

// readLog reads one log.
func readLog(e *env, name string, waiting *progress, logs *denial.Reader, all *needs.Collector) (denial.Stats, error) {
	var failure error
	stats, err := saved.Parse(name, e.stdin, func(in io.Reader) (denial.Stats, error) {
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
	progress *progress
}

func (w watched) Read(b []byte) (int, error) {
	w.progress.step()
	return w.Reader.Read(b)
}

// compare compares the tasks of the flags with what the logs tell.
func (c *needsConfig) compare(e *env, told *report.Told) (status int, err error) {
	if len(c.PIDs)+len(c.Files) == 0 {
		if c.Proc != "" || c.LastCap != "" {
			return 0, usagef("--proc and --last-cap are for the tasks of -p and -f")
		}
		return statusOK, nil
	}
	found, err := c.Collect(e.stdin, nil, collect.Credentials)
	if err != nil {
		return 0, err
	}
	status = statusOK
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
			status = statusNo
		}
		told.Compared = append(told.Compared, compared)
	}
	return e.complainOf(&found, status), nil
}
