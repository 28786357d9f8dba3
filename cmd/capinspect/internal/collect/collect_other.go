// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package collect

import (
	"errors"
	"os"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/access"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/predict"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/why"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/why/userns"
)

// Collector reads tasks from one procfs, which needs Linux.
type Collector struct{}

var errNeedsLinux = errors.New("reading a task needs Linux")

// Open says that there are no tasks to read.
func Open(Options) (*Collector, error) { return nil, errNeedsLinux }

// Close has nothing to close.
func (*Collector) Close() {}

// Dir returns the place of the procfs.
func (*Collector) Dir() string { return DefaultProc }

// Pid returns the target as it is.
func (*Collector) Pid(target string) string { return target }

// Task says that there are no tasks to read.
func (*Collector) Task(string) (*task.Task, error) { return nil, errNeedsLinux }

// Threads says that there are no tasks to read.
func (*Collector) Threads(string, Threads, func(*task.Task) bool) error { return errNeedsLinux }

// Hides knows of no mount option.
func (*Collector) Hides() string { return "" }

// Blind knows of no walk.
func (*Collector) Blind(Walked, string) bool { return false }

// Node returns the hostname.
func Node() task.Value[string] {
	name, err := os.Hostname()
	if err != nil {
		return task.Unknown[string](err.Error())
	}
	return task.Known(name)
}

// Kernel knows nothing.
func Kernel() (release string, last *capset.Cap) { return "", nil }

// UserID knows of no users.
func UserID(string) (uint32, error) { return 0, errNeedsLinux }

// Walk says that there are no tasks to read.
func Walk[C any](*Collector, Query, func() C, func(C, *task.Task), func(C) error) (Walked, error) {
	return Walked{}, errNeedsLinux
}

// Predict says that there are no tasks to read.
func (*Collector) Predict(string, string, *predict.WhatIf) (*predict.Prediction, error) {
	return nil, errNeedsLinux
}

// UserID says that there are no tasks whose users have names.
func (*Collector) UserID(string, string, bool) (uint32, error) { return 0, errNeedsLinux }

// Scan says that there are no tasks to read.
func (*Collector) Scan(string, string, bool, *predict.WhatIf, func()) (*predict.Scan, error) {
	return nil, errNeedsLinux
}

// Why says that there are no tasks to read.
func (*Collector) Why(string, why.Asked) (*why.Answers, error) { return nil, errNeedsLinux }

// WhyUserns says that there are no tasks to read.
func (*Collector) WhyUserns(string) (*userns.Answer, error) { return nil, errNeedsLinux }

// WhyAccess says that there are no tasks to read.
func (*Collector) WhyAccess(string) (*access.Answer, error) { return nil, errNeedsLinux }
