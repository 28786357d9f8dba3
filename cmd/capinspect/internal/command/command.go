// SPDX-License-Identifier: Apache-2.0

// Package command finds the command of a command line, parses its flags, runs it, and turns
// the result into messages and an exit status.
//
// Messages are one line on standard error, "capinspect: what: why", in lower case and
// without a full stop. A hint follows on a line of its own.
package command

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/target"
)

// The exit status. Trouble wins over a no.
const (
	StatusOK      = 0 // done, or the answer is yes
	StatusNo      = 1 // the answer is no
	StatusTrouble = 2 // something prevents an answer
)

// name is what the program is called in messages and help.
const name = "capinspect"

// Command is one subcommand. Help and completion know nothing else of it.
type Command struct {
	Name     string
	Args     string            // what follows the name on a usage line
	Operands []flags.Candidate // what completion offers for the arguments that are no flags
	Summary  string            // a line for the list of commands
	About    string            // the paragraphs of its help
	Example  string            // command lines that work as printed
	CapFlag  string            // the flag for a capability, which is no argument; "" if it has none
	NoTarget bool              // its arguments are no targets
	Numbers  int               // with NoTarget: a number up to this one is an argument, and a greater one a PID

	// New returns the command with its defaults, and the flags that change them.
	New func() (Runner, []flags.Flag)
}

// Runner runs a command after its flags are parsed.
type Runner interface {
	Run(env *Env, args []string) (status int, err error)
}

// Program is all that can be run.
type Program struct {
	// Commands are the subcommands. The first one runs if the command line names none.
	Commands []*Command
	// Options runs a command line made of the options of capsh, if it is one. name is what
	// the program was called.
	Options func(p *Program, e *Env, name string, args []string) (handled bool, status int, err error)
	// OptionList returns the help on these, a line for each.
	OptionList func() string
}

// Env is what a command gets from its caller.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// Main runs the program with its name and arguments, and returns the exit status.
func (p *Program) Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	e := &Env{stdin, stdout, stderr}
	called, args := args[0], args[1:]
	cmd, named := p.Commands[0], false
	if len(args) > 0 && args[0] == "help" { // help COMMAND is COMMAND --help
		args = append(slices.Clone(args[1:]), "--help")
		if word := args[0]; p.find(word) == nil && !strings.HasPrefix(word, "-") {
			return e.finish(0, flags.Usagef("no such command %q: %s", word, flags.DidYouMean(word, p.names(), "the help lists them")), name+" --help")
		}
	}
	if len(args) > 0 {
		if c := p.find(args[0]); c != nil {
			cmd, named, args = c, true, args[1:]
		}
	}
	if !named {
		if handled, status, err := p.Options(p, e, called, args); handled {
			return e.finish(status, err, name+" --help")
		}
	}
	status, err := p.execute(cmd, e, args, named)
	return e.finish(status, err, cmd.helpLine(named))
}

// Help writes the help of the program.
func (p *Program) Help(e *Env) error { return e.Write([]byte(p.overview())) }

// find returns the command with a name, or nil.
func (p *Program) find(name string) *Command {
	for _, c := range p.Commands {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// names returns the names of the commands.
func (p *Program) names() (names []string) {
	for _, c := range p.Commands {
		names = append(names, c.Name)
	}
	return names
}

// finish reports err, if there is one, and returns the exit status. help is the
// command line that a hint names after bad usage.
func (e *Env) finish(status int, err error, help string) int {
	if err == nil {
		return status
	}
	e.Complain(err)
	if _, usage := errors.AsType[flags.UsageError](err); usage {
		fmt.Fprintf(e.Stderr, "%s: hint: try '%s'\n", name, help)
	}
	return StatusTrouble
}

// execute parses the flags of a command and runs it.
func (p *Program) execute(c *Command, e *Env, args []string, named bool) (int, error) {
	run, own := c.New()
	var help, version bool
	operands, err := flags.Parse(c.Name, append(own, everyFlags(&help, &version)...), args)
	switch {
	case err != nil:
		return 0, p.elsewhere(err)
	case help && !named:
		return StatusOK, e.Write([]byte(p.overview()))
	case help:
		return StatusOK, e.Write([]byte(p.help(c)))
	case version:
		return StatusOK, e.Write([]byte(versionLine()))
	}
	if c.NoTarget {
		if err := p.noTarget(c, operands); err != nil {
			return 0, err
		}
	}
	status, err := run.Run(e, operands)
	if wrong, ok := errors.AsType[target.NotPID](err); ok {
		err = flags.Usagef("%w%s", wrong, p.misplaced(c, wrong.Word))
	}
	return status, err
}

// elsewhere adds to the error for an unknown flag which other commands have it.
func (p *Program) elsewhere(err error) error {
	var having []string
	for _, other := range p.Commands {
		if slices.ContainsFunc(other.Flags(), func(f flags.Flag) bool { return f.Name == flags.Unknown(err) }) {
			having = append(having, other.Name)
		}
	}
	if having == nil {
		return err
	}
	return flags.Usagef("unknown flag: --%s, which is a flag of %s", flags.Unknown(err), listed(having))
}

// listed joins names as in "a, b and c".
func listed(names []string) string {
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// kinds is the table of the targets that not every command takes, with the commands that do.
var kinds = [...]struct{ prefix, hint string }{
	{"pod:", "for a manifest use 'capinspect check pod:%' or 'capinspect diff pod:%'"},
	{"profile:", "use 'capinspect diff profile:%' to compare with a profile, 'capinspect profiles %' to see it"},
	{"file:", "use 'capinspect file:%' for a task in a file"},
	{"container:", "use 'capinspect container:%' for the first process of a container"},
	{"image:", "use 'capinspect predict image:%' to ask whether it starts, 'capinspect scan image:%' for its programs"},
	{"-", "use -f - for standard input"},
}

// noTarget returns an error for the first target among the arguments of a command that takes
// none, with a command that takes it.
func (p *Program) noTarget(c *Command, args []string) error {
	for _, word := range args {
		hint := kindHint(word)
		switch {
		case word == "-":
			hint = "use 'capinspect show -f -' for a task on standard input"
		case word == target.Self || isPID(word, c.Numbers):
			hint = "use 'capinspect show " + word + "' for a process"
		}
		if hint != "" {
			return flags.Usagef("%s takes no TARGET such as %q: %s", c.Name, word, hint)
		}
	}
	return nil
}

// isPID reports whether a word is a PID above a number.
func isPID(word string, above int) bool {
	pid, err := strconv.Atoi(word)
	return err == nil && target.IsPID(word) && pid > above
}

// kindHint says which command takes a word that names the kind of target it is, "" if it
// names none.
func kindHint(word string) string {
	for _, kind := range kinds {
		if rest, ok := strings.CutPrefix(word, kind.prefix); ok && (kind.prefix != "-" || rest == "") && !strings.ContainsAny(rest, " \t\n") {
			return strings.ReplaceAll(kind.hint, "%", rest)
		}
	}
	return ""
}

// misplaced explains a word that is right at another place, or nearly right.
func (p *Program) misplaced(c *Command, word string) string {
	if hint := kindHint(word); hint != "" {
		return ": " + hint
	}
	if p.find(word) != nil {
		return ": a command comes first"
	}
	if near := capset.Nearest(word, p.names()); len(near) > 0 {
		return ", and no command: did you mean " + strings.Join(near, " or ") + "?"
	}
	if _, err := os.Stat(word); err == nil || strings.ContainsAny(word, "./") {
		return ": use -f " + word + " for a file, pod:" + word + " for a manifest"
	}
	if named := target.SaidByName(word); named != "" {
		return ", and no command; " + named
	}
	if _, err := capset.Parse(word); err == nil && !target.IsPID(word) && strings.Trim(word, "0123456789") != "" {
		if c.CapFlag != "" {
			return ": did you mean " + c.CapFlag + " " + word + "?"
		}
		return ": did you mean 'capinspect why " + word + "'?"
	}
	return ", and no command"
}

// Flags returns all flags of the command, for help and completion.
func (c *Command) Flags() []flags.Flag {
	_, own := c.New()
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
func (c *Command) helpLine(named bool) string {
	if named {
		return name + " " + c.Name + " --help"
	}
	return name + " --help"
}

// Complain writes a message to standard error.
func (e *Env) Complain(err error) {
	fmt.Fprintf(e.Stderr, "%s: %s\n", name, printable(strings.ReplaceAll(err.Error(), "\n", " ")))
}

// maxMessage is how much of a message is printed, in bytes: a name in it may be as long as the
// file that it is from.
const maxMessage = 8 << 10

// printable returns a message as it is printed.
func printable(message string) string {
	if n := len(message); n > maxMessage { // what is wrong stands at the end
		message = message[:maxMessage/2] + "…" + message[n-maxMessage/2:]
	}
	return render.Printable(message)
}

// Write writes to standard output. If that is a pipe without a reader, the Go
// runtime ends the process with SIGPIPE.
func (e *Env) Write(text []byte) error {
	if _, err := e.Stdout.Write(text); err != nil {
		if inner := errors.Unwrap(err); inner != nil {
			err = inner
		}
		return fmt.Errorf("write standard output: %w", err)
	}
	return nil
}

// ComplainOf says of each target that could not be read why, and returns the
// exit status: trouble, or what it would be without.
func (e *Env) ComplainOf(found *target.Found, status int) int {
	for _, failure := range found.Failures {
		e.Complain(failure)
		status = StatusTrouble
	}
	return status
}
