// SPDX-License-Identifier: Apache-2.0

package target

import "github.com/capinspect/capinspect/cmd/capinspect/internal/flags"

// The flags below belong to several commands. Where their meaning differs, each
// command describes its own.

// PIDFlag is -p.
func PIDFlag(value flags.Value, about string) flags.Flag {
	return flags.Flag{Name: "pid", Shorthand: "p", Argument: "PID", Values: []flags.Candidate{flags.AnyPID, "container:"}, About: about, Value: value}
}

// FileFlag is -f.
func FileFlag(files *flags.Repeated, about string) flags.Flag {
	return flags.Flag{Name: "file", Shorthand: "f", Argument: "PATH", Values: []flags.Candidate{flags.AnyFile}, About: about, Value: files}
}

// ProcFlag is --proc.
func ProcFlag(dir *string) flags.Flag {
	return flags.Flag{
		Name: "proc", Argument: "DIR", Values: []flags.Candidate{flags.AnyDir},
		About: "read the procfs in DIR, as /host/proc", Value: (*flags.String)(dir),
	}
}

// LastCapFlag is --last-cap.
func LastCapFlag(number *string, about string) flags.Flag {
	return flags.Flag{Name: "last-cap", Argument: "N", Values: []flags.Candidate{flags.Anything}, About: about, Value: (*flags.String)(number)}
}

// LastCapOfTasks describes --last-cap of the commands that look at tasks.
const LastCapOfTasks = "take capability N to be the last one of the tasks' kernel"
