// SPDX-License-Identifier: Apache-2.0

// Package cli is the commands of capinspect. Each is a table entry in a file or a package of
// its own. It declares its flags as a slice of flag values, from which parsing, help and
// completion work; package command runs it.
package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/capsh"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/cli/ps"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/command"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
)

// Main runs capinspect with its name and arguments, and returns the exit status.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	p := &command.Program{Commands: commands(), Options: tryCapsh, OptionList: capshOptions}
	return p.Main(args, stdin, stdout, stderr)
}

// capshOptions returns a line for each option of capsh.
func capshOptions() string {
	var lines strings.Builder
	for _, o := range capsh.Options {
		fmt.Fprintf(&lines, "  %-20s %s\n", o.Spelling()+o.Argument, o.About)
	}
	return lines.String()
}

// commands returns the subcommands. The first one runs if the command line names none.
func commands() []*command.Command {
	return []*command.Command{&showCommand, &ps.Command, &decodeCommand, &explainCommand, &checkCommand, &diffCommand, &whyCommand, &needsCommand, &predictCommand, &scanCommand, &securityContextCommand, &profilesCommand, &completionCommand}
}

// usagef returns an error for a mistake in the command line.
func usagef(format string, args ...any) error { return flags.Usagef(format, args...) }
