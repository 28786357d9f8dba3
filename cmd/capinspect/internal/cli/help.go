// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/pflag"
)

// help returns the help of one command.
func (c *command) help(flags *pflag.FlagSet) string {
	name := c.name
	if c == commands()[0] {
		name = "[" + name + "]"
	}
	return fmt.Sprintf("Usage: %s %s %s\n\n%s\n\nFlags:\n%s\nExamples:\n%s",
		program, name, c.args, c.about, flags.FlagUsages(), indent(c.example))
}

// overview returns the help of the program: of the command that runs when none
// is named, and the list of the others.
func overview(first *command, flags *pflag.FlagSet) string {
	var list strings.Builder
	for _, c := range commands() {
		fmt.Fprintf(&list, "  %-16s %s\n", c.name, c.summary)
	}
	return fmt.Sprintf("%sCommands ('%s COMMAND --help' tells more):\n%s\nExit status: 0 done, 1 the answer is no, 2 trouble.\n",
		first.help(flags)+"\n", program, list.String())
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
