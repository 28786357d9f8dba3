// SPDX-License-Identifier: Apache-2.0

// Package collect fills tasks from the kernel: from a procfs, from system calls where
// there is none, and from files below the root directory of a task. It reads one task with
// all that is around it, or many by several goroutines, and takes the vanished and the
// forbidden for what they are.
//
// It draws no conclusions of its own: packages task, why and predict do.
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

// The amounts. Each has what those before it have.
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

// Reasons for which a task cannot be read.
var (
	ErrNoProcess  = errors.New("no such process")
	errNotMounted = errors.New("no procfs is mounted there")
	errNotHere    = errors.New("capinspect's own process is not in this procfs")
)
