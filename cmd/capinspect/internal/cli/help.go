// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/pflag"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
)

// help returns the help of one command.
func (c *command) help(flags *pflag.FlagSet) string {
	name := c.name
	if c == commands()[0] {
		name = "[" + name + "]"
	}
	return fmt.Sprintf("Usage: %s %s %s\n\n%s\n\nFlags:\n%s\nExamples:\n%s",
		program, name, c.args, c.about, flagLines(flags), indent(c.example))
}

// overview returns the help of the program: of the command that runs when none
// is named, and the lists of the others and of the options of capsh.
func overview(first *command, flags *pflag.FlagSet) string {
	var list, options strings.Builder
	for _, c := range commands() {
		fmt.Fprintf(&list, "  %-20s %s\n", c.name, c.summary)
	}
	for _, o := range capshOptions {
		fmt.Fprintf(&options, "  %-20s %s\n", o.name+placeholder(o.about), strings.ReplaceAll(o.about, "`", ""))
	}
	return fmt.Sprintf("%s\nCommands ('%s COMMAND --help' tells more):\n%s\n"+
		"Options of capsh, run from left to right:\n%s\n"+
		"Exit status: 0 done, or yes; 1 the answer is no; 2 trouble.\n",
		first.help(flags), program, &list, &options)
}

// placeholder returns what stands between backquotes, "" if nothing does. What
// is not part of the text ends in a NUL.
func placeholder(about string) string {
	if _, rest, ok := strings.Cut(about, "`"); ok {
		name, _, _ := strings.Cut(rest, "`")
		return name
	}
	return ""
}

// flagLines returns a line for each flag.
func flagLines(flags *pflag.FlagSet) string {
	var lines strings.Builder
	flags.VisitAll(func(f *pflag.Flag) {
		spelling := "    --" + f.Name
		if f.Shorthand != "" {
			spelling = "-" + f.Shorthand + ", --" + f.Name
		}
		if name := placeholder(f.Usage); name != "" {
			spelling += " " + name
		}
		fmt.Fprintf(&lines, "  %-26s %s\n", spelling, report.Wrapped(flagAbout(f), 29, strings.Repeat(" ", 29)))
	})
	return lines.String()
}

// flagAbout returns the help of a flag.
func flagAbout(f *pflag.Flag) string {
	about := f.Usage
	if _, rest, ok := strings.Cut(about, "\x00"); ok {
		about = rest
	}
	return strings.ReplaceAll(about, "`", "")
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ") + "\n"
}

// versionLine tells version, commit, Go and platform, from what the linker
// knows of the build.
func versionLine() string {
	version, commit := "unknown", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				commit = ", commit " + s.Value
			}
		}
	}
	return fmt.Sprintf("%s %s (%s, %s/%s%s)\n", program, version, runtime.Version(), runtime.GOOS, runtime.GOARCH, commit)
}
