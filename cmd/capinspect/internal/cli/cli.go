// SPDX-License-Identifier: Apache-2.0

// Package cli is the command line of capinspect. It finds the command, parses
// its flags, runs it, and turns the result into messages and an exit status.
//
// Each command is a table entry in its own file. It declares its flags as a
// slice of flag values, from which parsing, help and completion work.
//
// Messages are one line on standard error, "capinspect: what: why", in lower
// case and without a full stop. A hint follows on a line of its own.
package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/target"
)

// The exit status. Trouble wins over a no.
const (
	statusOK      = 0 // done, or the answer is yes
	statusNo      = 1 // the answer is no
	statusTrouble = 2 // something prevents an answer
)

const program = "capinspect"

// command is one subcommand. Help and completion know nothing else of it.
type command struct {
	name     string
	args     string            // what follows the name on a usage line
	operands []flags.Candidate // what completion offers for the arguments that are no flags
	summary  string            // a line for the list of commands
	about    string            // the paragraphs of its help
	example  string            // command lines that work as printed

	// new returns the command with its defaults, and the flags that change them.
	new func() (runner, []flags.Flag)
}

// runner runs a command after its flags are parsed.
type runner interface {
	run(env *env, args []string) (status int, err error)
}

// env is what a command gets from its caller.
type env struct {
	stdin          io.Reader
	stdout, stderr io.Writer
}

// commands returns the subcommands. The first one runs if the command line names
// none.
func commands() []*command {
	return []*command{&showCommand, &psCommand, &decodeCommand, &explainCommand, &checkCommand, &diffCommand, &whyCommand, &needsCommand, &predictCommand, &securityContextCommand, &profilesCommand, &completionCommand}
}

// usagef returns an error for a mistake in the command line.
func usagef(format string, args ...any) error { return flags.Usagef(format, args...) }

// Main runs capinspect with its name and arguments, and returns the exit
// status.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	e := &env{stdin, stdout, stderr}
	name, args := args[0], args[1:]
	cmd, named := commands()[0], false
	if len(args) > 0 && args[0] == "help" { // help COMMAND is COMMAND --help
		args = append(slices.Clone(args[1:]), "--help")
		if word := args[0]; find(word) == nil && !strings.HasPrefix(word, "-") {
			return e.finish(0, usagef("no such command %q: %s", word, flags.DidYouMean(word, commandNames(), "the help lists them")), program+" --help")
		}
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

// find returns the command with a name, or nil.
func find(name string) *command {
	for _, c := range commands() {
		if c.name == name {
			return c
		}
	}
	return nil
}

// commandNames returns the names of the commands.
func commandNames() (names []string) {
	for _, c := range commands() {
		names = append(names, c.name)
	}
	return names
}

// finish reports err, if there is one, and returns the exit status. help is the
// command line that a hint names after bad usage.
func (e *env) finish(status int, err error, help string) int {
	if err == nil {
		return status
	}
	e.complain(err)
	if _, usage := errors.AsType[flags.UsageError](err); usage {
		fmt.Fprintf(e.stderr, "%s: hint: try '%s'\n", program, help)
	}
	return statusTrouble
}

// execute parses the flags of the command and runs it.
func (c *command) execute(e *env, args []string, named bool) (int, error) {
	run, own := c.new()
	var help, version bool
	operands, err := flags.Parse(c.name, append(own, everyFlags(&help, &version)...), args)
	switch {
	case err != nil:
		return 0, c.elsewhere(err)
	case help && !named:
		return statusOK, e.write([]byte(overview()))
	case help:
		return statusOK, e.write([]byte(c.help()))
	case version:
		return statusOK, e.write([]byte(versionLine()))
	}
	status, err := run.run(e, operands)
	if wrong, ok := errors.AsType[target.NotPID](err); ok {
		err = usagef("%w%s", wrong, c.misplaced(wrong.Word))
	}
	return status, err
}

// elsewhere adds to the error for an unknown flag which other commands have it.
func (c *command) elsewhere(err error) error {
	var having []string
	for _, other := range commands() {
		if slices.ContainsFunc(other.flags(), func(f flags.Flag) bool { return f.Name == flags.Unknown(err) }) {
			having = append(having, other.name)
		}
	}
	if having == nil {
		return err
	}
	return usagef("%w, which is a flag of %s", err, anyOf(having))
}

// misplaced explains a word that is right at another place, or nearly right.
func (c *command) misplaced(word string) string {
	if find(word) != nil {
		return ": a command comes first"
	}
	if near := capset.Nearest(word, commandNames()); len(near) > 0 {
		return ", and no command: did you mean " + strings.Join(near, " or ") + "?"
	}
	if _, err := os.Stat(word); err == nil || strings.ContainsAny(word, "./") {
		return ": a file stands behind -f, as -f " + word + ", a manifest behind pod:"
	}
	if named := target.SaidByName(word); named != "" {
		return ", and no command; " + named
	}
	if _, err := capset.Parse(word); err == nil && !target.IsPID(word) && strings.Trim(word, "0123456789") != "" {
		if c.name == checkCommand.name {
			return ": a capability stands behind a flag, as --has " + word
		}
		return ": a capability stands behind a command, as 'capinspect why " + word + "'"
	}
	return ", and no command"
}

// flags returns all flags of the command, for help and completion.
func (c *command) flags() []flags.Flag {
	_, own := c.new()
	return append(own, everyFlags(new(bool), new(bool))...)
}

// everyFlags returns the flags that every command has.
func everyFlags(help, version *bool) []flags.Flag {
	return []flags.Flag{
		{Name: "help", Shorthand: "h", About: "print this help", Value: (*flags.Bool)(help)},
		{Name: "version", About: "print the version", Value: (*flags.Bool)(version)},
	}
}

// helpLine returns the command line that prints the help of the command.
func (c *command) helpLine(named bool) string {
	if named {
		return program + " " + c.name + " --help"
	}
	return program + " --help"
}

// complain writes a message to standard error.
func (e *env) complain(err error) {
	fmt.Fprintf(e.stderr, "%s: %s\n", program, render.Printable(strings.ReplaceAll(err.Error(), "\n", " ")))
}

// write writes to standard output. If that is a pipe without a reader, the Go
// runtime ends the process with SIGPIPE.
func (e *env) write(text []byte) error {
	if _, err := e.stdout.Write(text); err != nil {
		if inner := errors.Unwrap(err); inner != nil {
			err = inner
		}
		return fmt.Errorf("write standard output: %w", err)
	}
	return nil
}

// complainOf says of each target that could not be read why, and returns the
// exit status: trouble, or what it would be without.
func (e *env) complainOf(found *target.Found, status int) int {
	for _, failure := range found.Failures {
		e.complain(failure)
		status = statusTrouble
	}
	return status
}
