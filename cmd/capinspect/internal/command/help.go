// SPDX-License-Identifier: Apache-2.0

package command

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
)

// help returns the help of one command.
func (p *Program) help(c *Command) string {
	word := c.Name
	if c == p.Commands[0] {
		word = "[" + word + "]"
	}
	return fmt.Sprintf("Usage: %s %s %s\n\n%s\n\nFlags:\n%s\nExamples:\n%s",
		name, word, c.Args, c.About, flagLines(c.Flags()), indent(c.Example))
}

// overview returns the help of the program: its commands, examples, and the options of
// capsh. The flags of a command are in its own help.
func (p *Program) overview() string {
	var list strings.Builder
	for _, known := range p.Commands {
		fmt.Fprintf(&list, "  %-20s %s\n", known.Name, known.Summary)
	}
	return fmt.Sprintf(`Usage: %[1]s [COMMAND] [flags] [TARGET ...]

Tell which Linux capabilities a process has, why, and which it needs. Without a
COMMAND it is show; without a TARGET, such as a PID, it is about the container
that it runs in.

Commands ('%[1]s COMMAND --help' tells the flags of each):
%[2]s
Examples:
  %[1]s 1
  %[1]s why net_bind_service
  %[1]s ps --privileged

Options of capsh, run from left to right:
%[3]s
Exit status: 0 done, or yes; 1 the answer is no; 2 trouble.
`, name, &list, p.OptionList())
}

// flagLines returns a line for each flag.
func flagLines(list []flags.Flag) string {
	var lines strings.Builder
	for _, f := range list {
		spelling := "    --" + f.Name
		if f.Shorthand != "" {
			spelling = "-" + f.Shorthand + ", --" + f.Name
		}
		if f.Argument != "" {
			spelling += " " + f.Argument
		}
		fmt.Fprintf(&lines, "  %-26s %s\n", spelling, render.Wrapped(f.About, 29, strings.Repeat(" ", 29)))
	}
	return lines.String()
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ") + "\n"
}

// versionLine returns the version, the commit, the release of Go and the
// platform, from the build information in the binary.
func versionLine() string {
	version, commit := report.Build()
	if commit != "" {
		commit = ", commit " + commit
	}
	return fmt.Sprintf("%s %s (%s, %s/%s%s)\n", name, version, runtime.Version(), runtime.GOOS, runtime.GOARCH, commit)
}
