// SPDX-License-Identifier: Apache-2.0

package cli

import "github.com/capinspect/capinspect/cmd/capinspect/internal/flags"

// everyFlags returns the flags that every command has.
func everyFlags(help, version *bool) []flags.Flag {
	return []flags.Flag{
		{Name: "help", Shorthand: "h", About: "print this help", Value: (*flags.Bool)(help)},
		{Name: "version", About: "print the version", Value: (*flags.Bool)(version)},
	}
}

// The flags below belong to several commands. Where their meaning differs, each
// command describes its own.

func pidFlag(value flags.Value, about string) flags.Flag {
	return flags.Flag{Name: "pid", Shorthand: "p", Argument: "PID", Values: []flags.Candidate{flags.AnyPID}, About: about, Value: value}
}

func fileFlag(files *flags.Repeated, about string) flags.Flag {
	return flags.Flag{Name: "file", Shorthand: "f", Argument: "PATH", Values: []flags.Candidate{flags.AnyFile}, About: about, Value: files}
}

func procFlag(dir *string) flags.Flag {
	return flags.Flag{
		Name: "proc", Argument: "DIR", Values: []flags.Candidate{flags.AnyDir},
		About: "read the procfs in DIR, as /host/proc", Value: (*flags.String)(dir),
	}
}

func lastCapFlag(number *string, about string) flags.Flag {
	return flags.Flag{Name: "last-cap", Argument: "N", Values: []flags.Candidate{flags.Anything}, About: about, Value: (*flags.String)(number)}
}

// lastCapOfTasks describes --last-cap of the commands that look at tasks.
const lastCapOfTasks = "take capability N for the last that the kernel of the tasks has"
