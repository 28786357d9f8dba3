// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package collect

import (
	"errors"

	"github.com/capinspect/capinspect/capset"
)

// Collector reads tasks from one procfs, which needs Linux.
type Collector struct{}

var errNeedsLinux = errors.New("reading a task needs Linux")

// Open says that there are no tasks to read.
func Open(Options) (*Collector, error) { return nil, errNeedsLinux }

// Open says that there are no tasks to read.
func (*Collector) Open(Options) error { return errNeedsLinux }

// Task says that there are no tasks to read.
func (*Collector) Task(string, *Record) error { return errNeedsLinux }

// Pid returns the target as it is.
func (*Collector) Pid(task string) string { return task }

// Kernel knows nothing.
func Kernel() (k KernelInfo) { return k }

// Dir returns the place of the procfs.
func (*Collector) Dir() string { return DefaultProc }

// Close has nothing to close.
func (*Collector) Close() {}

// Hides knows of no mount option.
func (*Collector) Hides() string { return "" }

// Walk says that there are no tasks to read.
func Walk[C any](*Collector, Query, func() C, func(C, *Record), func(C) error) (Walked, error) {
	return Walked{}, errNeedsLinux
}

// UserID knows of no users.
func UserID(string) (uint32, error) { return 0, errNeedsLinux }

// Threads has none.
func (*Collector) Threads(string, Threads) ([]*Record, error) { return nil, errNeedsLinux }

// Predict says that there are no tasks to read.
func (*Collector) Predict(string, string, *WhatIf) (*Prediction, error) { return nil, errNeedsLinux }

// Scan says that there are no tasks to read.
func (*Collector) Scan(string, string, bool, *WhatIf, func()) (*Scan, error) {
	return nil, errNeedsLinux
}

// Why says that there are no tasks to read.
func (*Collector) Why(string, []capset.Cap) (*Why, error) { return nil, errNeedsLinux }
