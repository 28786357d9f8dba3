// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"errors"

	"github.com/capinspect/capinspect/capset"
)

// DefaultProc is where a procfs is unless Options say otherwise.
const DefaultProc = "/proc"

// self stands for capinspect's own process.
const self = "self"

// Options say which tasks are looked at, and how.
type Options struct {
	Proc    string      // another procfs than DefaultProc
	LastCap *capset.Cap // the last capability, if the user gave it
	Detail  Detail
}

// Detail is how much is found out of a task.
type Detail uint8

// The amounts, each with what is in those before it.
const (
	Credentials Detail = iota // what the status file tells, and system calls
	Named                     // the names of ids
	Surrounded                // where the task is, and notes
	Isolated                  // what keeps it apart from the node
)

func (o Options) dir() string {
	if o.Proc != "" {
		return o.Proc
	}
	return DefaultProc
}

// KernelInfo is what is known of the kernel that capinspect runs on.
type KernelInfo struct {
	Release string      // as uname(2) has it; "" if unknown
	LastCap *capset.Cap // nil if unknown
}

// Reasons for which a task cannot be read.
var (
	ErrNoProcess  = errors.New("no such process")
	errNotMounted = errors.New("no procfs is mounted there")
	errNoUser     = errors.New("no such user")
	errNoCgroup   = errors.New("there is no cgroup file")
	errNoProc     = errors.New("there is no /proc")
	errNotHere    = errors.New("capinspect's own process is not in this procfs")
)
