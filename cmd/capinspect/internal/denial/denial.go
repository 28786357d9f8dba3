// SPDX-License-Identifier: Apache-2.0

// Package denial reads what a log tells of refused operations and of the capabilities that
// the kernel asked for: strace, audit records, tracing, and the errors that programs print.
//
// It is pure, and reads a stream of any length in memory that does not grow with it. What
// the events mean is for package needs to say, and so whether a refusal was about a
// capability at all.
package denial

import "github.com/capinspect/capinspect/capset"

// Format is the kind of a line.
type Format string

// The formats, in the words that people use for them.
const (
	Strace    Format = "strace"
	AppArmor  Format = "apparmor"    // audit records of type 1400 with apparmor=
	SELinux   Format = "selinux"     // avc: denied
	Landlock  Format = "landlock"    // audit records of types 1423 and 1424
	Seccomp   Format = "seccomp"     // audit records of type 1326
	Audit     Format = "audit"       // audit records of system calls, type 1300
	Tracing   Format = "cap_capable" // lines of ftrace and perf script
	Capable   Format = "capable"     // the tables of bcc's and inspektor-gadget's capable
	ErrorText Format = "error"       // a program that names what failed and why
)

// Kind is what an event tells.
type Kind int

const (
	// Refused is an operation that came back with an error.
	Refused Kind = iota
	// Checked is a capability that the kernel, or a security module, was asked for.
	Checked
	// Done is a guarded operation that succeeded.
	Done
	// Exited is the end of a process.
	Exited
)

// Event is what a line tells. What the line does not tell is zero.
type Event struct {
	Kind   Kind
	Format Format

	// File and Line say where, Text is the line, at most 200 bytes of it, without
	// blanks around it. Nothing of it is escaped. Of a longer text, as of the others below,
	// the middle is left out.
	File, Text string
	Line       int

	// PID is the thread as the log numbers it; 0 if the line tells none.
	PID int
	// Program is the name of the process: comm, or the base name of what it executed.
	Program string

	// Label is the profile of AppArmor or the context of SELinux that refused. A module is
	// asked after the capability sets were: the task holds what it refuses.
	Label string

	// Call is the system call, or what AppArmor and SELinux call the operation. Args is what
	// it was given, as the line prints it without the outer parentheses; Path is the first
	// path among the arguments.
	Call, Args, Path string

	// Phrase is what failed as a program's message has it: "setgroups", "bind :80",
	// "mount /mnt".
	Phrase string

	// Errno is its name, as "EPERM".
	Errno string

	// Caps are the capabilities that the line names.
	Caps capset.Set
	// Granted says that the check of a Checked event passed.
	Granted bool
	// Unknown says that the line does not tell whether the check passed.
	Unknown bool
	// Probe says that the kernel asked without auditing, or before it looked whether that
	// matters, so that a refusal is no error.
	Probe bool
	// Child says that a user namespace other than the initial one was asked.
	Child bool
	// Stack are the functions on the kernel's or the program's stack, the innermost first.
	Stack []string

	// Status is how a process ended: its exit status, or -1 for a signal.
	Status int
}
