// SPDX-License-Identifier: Apache-2.0

// Package cli is the command line of capinspect: it finds the command, which
// parses its own flags, and turns what comes of it into messages and an exit
// status.
//
// Messages are one line on standard error, "capinspect: what: why", in lower
// case and without a full stop. A hint follows on a line of its own.
package cli

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
)

// The exit status: done, or the answer is yes; the answer is no; trouble, which
// is anything that kept the answer from being known, and wins over a no.
const (
	statusOK      = 0
	statusNo      = 1
	statusTrouble = 2
)

const program = "capinspect"

// command is one subcommand. Its name and its flags are all that help and
// completion know of it.
type command struct {
	name    string
	args    string // what follows the name on a usage line
	summary string // a line for the list of commands
	about   string // the paragraphs of its help
	example string // command lines that work as printed
	new     func(*pflag.FlagSet) runner
}

// runner is a command whose flags are parsed.
type runner interface {
	run(env *env, args []string) (status int, err error)
}

// env is what a command has of the world.
type env struct {
	stdin          io.Reader
	stdout, stderr io.Writer
}

// commands returns the table of subcommands. The first is the one that runs
// when none is named.
func commands() []*command {
	return []*command{&show, &ps, &decode, &explain, &check, &diff, &why, &predict, &securityContext, &profiles, &completion}
}

// usageError is bad usage of a command.
type usageError struct{ error }

// usagef returns an error of bad usage.
func usagef(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

// Main runs capinspect with its name and arguments, and returns the exit
// status.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	e := &env{stdin, stdout, stderr}
	name, args := args[0], args[1:]
	cmd, named := commands()[0], false
	if len(args) > 0 && args[0] == "help" { // help COMMAND is COMMAND --help
		args = append(slices.Clone(args[1:]), "--help")
	}
	if len(args) > 0 {
		if c := find(args[0]); c != nil {
			cmd, named, args = c, true, args[1:]
		}
	}
	if !named {
		if handled, status, err := e.tryCapsh(args, calledCapsh(name)); handled {
			return e.finish(status, err, program+" --help")
		}
	}
	status, err := cmd.execute(e, args, named)
	return e.finish(status, err, cmd.helpLine(named))
}

// find returns the command of a name, or nil.
func find(name string) *command {
	for _, c := range commands() {
		if c.name == name {
			return c
		}
	}
	return nil
}

// finish says what went wrong, and returns the exit status.
func (e *env) finish(status int, err error, help string) int {
	if err == nil {
		return status
	}
	e.complain(err)
	if _, usage := errors.AsType[usageError](err); usage {
		fmt.Fprintf(e.stderr, "%s: hint: try '%s'\n", program, help)
	}
	return statusTrouble
}

// execute parses the flags of the command and runs it.
func (c *command) execute(e *env, args []string, named bool) (int, error) {
	flags, run, help, version := c.parser()
	if err := flags.Parse(args); err != nil {
		return 0, usageError{err}
	}
	switch {
	case *help && !named:
		return statusOK, e.write([]byte(overview(c, flags)))
	case *help:
		return statusOK, e.write([]byte(c.help(flags)))
	case *version:
		return statusOK, e.write([]byte(versionLine()))
	}
	return run.run(e, flags.Args())
}

// parser returns the flags of the command, what they are for, and two that each
// command has.
func (c *command) parser() (flags *pflag.FlagSet, run runner, help, version *bool) {
	flags = pflag.NewFlagSet(c.name, pflag.ContinueOnError)
	flags.SortFlags = false
	flags.Usage = func() {}
	flags.SetOutput(io.Discard)
	run = c.new(flags)
	return flags, run, flags.BoolP("help", "h", false, "print this help"), flags.Bool("version", false, "print the version")
}

// flags returns the flags of the command.
func (c *command) flags() *pflag.FlagSet {
	flags, _, _, _ := c.parser()
	return flags
}

func (c *command) helpLine(named bool) string {
	if named {
		return program + " " + c.name + " --help"
	}
	return program + " --help"
}

// complain writes a message.
func (e *env) complain(err error) {
	fmt.Fprintf(e.stderr, "%s: %s\n", program, report.Printable(strings.ReplaceAll(err.Error(), "\n", " ")))
}

// write writes to standard output. Where that is a pipe that nobody reads any
// more, the Go runtime ends the process by SIGPIPE.
func (e *env) write(text []byte) error {
	if _, err := e.stdout.Write(text); err != nil {
		if inner := errors.Unwrap(err); inner != nil {
			err = inner
		}
		return fmt.Errorf("write standard output: %w", err)
	}
	return nil
}
