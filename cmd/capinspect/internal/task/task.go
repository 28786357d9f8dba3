// SPDX-License-Identifier: Apache-2.0

// Package task holds what is known of one task, wherever it comes from: the kernel, a
// saved file, a report, a manifest. Each value is known, or carries the reason why it is
// not. What follows from the values alone is here too: the mode, the notes, the facts that
// the Pod Security Standards ask for.
//
// It opens nothing and prints nothing. Package collect fills tasks from the kernel.
package task

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/procstatus"
)

// Task is what is known of one task: a thread, and mostly the leader of its process. The
// zero Task is one of which nothing is known.
type Task struct {
	Source string // SourceProc, SourceManifest, or the name of the file it was read from
	Asked  *Asked // of a task that is yet to be started; nil of all others
	Self   bool   // it is capinspect's own process
	// Reported is when and where the saved report was made that the task was read from.
	Reported Stamp
	LastCap  LastCap

	// StartTime is when it started, in clock ticks after the boot. A pid and a start time
	// together name one task.
	StartTime Value[uint64]

	Status
	Securebits Value[capset.Securebits]

	UserNames, GroupNames Names
	Host                  Value[HostIDs]

	UserNamespace Value[UserNamespace]
	Namespaces    Value[Namespaces]
	Label         Value[procstatus.Label]
	Container     Value[*Container] // nil if it is in none
	Profile       Value[[]string]   // the names of the profiles that Bounding equals
	Mounts        Mounts
	Isolation     Isolation

	Overflow string // which of its ids may stand for another one; "" if none does
	Changed  bool   // it changed while it was read
	PID1     *PID1  // PID 1 of the container that capinspect itself is in; nil if that is not of interest
	Notes    []Note
}

// Stamp tells when and where a report was made, and by which version of capinspect.
type Stamp struct {
	Time    Value[string] // RFC 3339
	Node    Value[string] // the hostname of the reader
	Program Value[string] // the version of capinspect, as --version prints it
}

// Keep returns a copy of a task that a walk visits, whose memory the next task takes.
func (t *Task) Keep() *Task {
	kept := *t
	kept.NSPid, kept.Groups = Map(t.NSPid, slices.Clone[[]int]), Map(t.Groups, slices.Clone[[]uint32])
	kept.OtherCaps = slices.Clone(t.OtherCaps)
	return &kept
}

// The sources of a task that were no file.
const (
	SourceProc     = "proc"
	SourceManifest = "manifest"
)

// InputName is what a message calls the file of a name: "-" is standard input.
func InputName(name string) string {
	if name == "-" {
		return "standard input"
	}
	if part, ok := strings.CutPrefix(name, "-:"); ok {
		return "standard input: " + part
	}
	return name
}

// InputError is an error in a file, or on standard input.
type InputError struct {
	Name string // of the file, as InputName takes it
	Err  error
}

// Error names the file and the reason.
func (e *InputError) Error() string { return InputName(e.Name) + ": " + e.Err.Error() }

// Unwrap returns the reason.
func (e *InputError) Unwrap() error { return e.Err }

// Line returns the line of the file on which the error is, 0 if that is unknown.
func (e *InputError) Line() int {
	var at interface{ Line() int }
	if errors.As(e.Err, &at) {
		return at.Line()
	}
	return 0
}

// Note is a remark with a code, which is stable.
type Note struct{ Code, Text string }

// PID1 is what is known of PID 1 beside capinspect's own process.
type PID1 struct {
	Name string
	Sets capset.State
}

// State returns the five sets; one that is unknown is empty.
func (t *Task) State() (s capset.State) {
	for k, set := range t.Sets {
		s[k] = set.Zero()
	}
	return s
}

// HasSets reports whether any of the five sets is known.
func (t *Task) HasSets() bool {
	return slices.ContainsFunc(t.Sets[:], func(s Value[capset.Set]) bool { return s.Known() })
}

// Unsupported reports whether the task's kernel does not have the set k: Bounding is a
// task's own since Linux 2.6.25, Ambient is there since 4.3.
func (t *Task) Unsupported(k capset.Kind) bool {
	newer := k == capset.Bounding || k == capset.Ambient
	return newer && t.Whole && !t.Sets[k].Known()
}

// Set returns the set k, which is empty where the kernel does not have it. The error says
// why it is unknown.
func (t *Task) Set(k capset.Kind) (capset.Set, error) {
	set, ok := t.Sets[k].Get()
	if !ok && !t.Unsupported(k) {
		return 0, fmt.Errorf("%s is unknown: %s", SetName(k), t.Sets[k].Why())
	}
	return set, nil
}

// TextKinds are the sets that the text form of libcap is made of (cap_to_text(3)).
var TextKinds = [...]capset.Kind{capset.Effective, capset.Permitted, capset.Inheritable}

// Missing returns the first of some sets that is unknown, though the kernel has it.
func (t *Task) Missing(kinds ...capset.Kind) (k capset.Kind, missing bool) {
	for _, k := range kinds {
		if _, err := t.Set(k); err != nil {
			return k, true
		}
	}
	return 0, false
}

// SetName returns the name of a set in a message, as "effective".
func SetName(k capset.Kind) string { return strings.ToLower(k.String()) }

// Mode returns libcap's guess of how the task uses its capabilities (cap_get_mode(3)).
func (t *Task) Mode() Value[capset.Mode] {
	bits, ok := t.Securebits.Get()
	if !ok {
		return Unknown[capset.Mode]("needs securebits")
	}
	if _, missing := t.Missing(capset.Inheritable, capset.Permitted, capset.Effective, capset.Bounding, capset.Ambient); missing {
		return Unknown[capset.Mode]("needs all five sets")
	}
	return Known(capset.GuessMode(t.State(), bits, t.Sets[capset.Ambient].Known()))
}

// Credentials returns what execve(2) goes by, with the ids that the kernel tells
// capinspect. Securebits and no_new_privs that are unknown are taken for 0. The error says
// which of the sets, and of the ids if they are asked for, is unknown. Ambient may be.
func (t *Task) Credentials(ids bool) (c capset.Credentials, err error) {
	for _, k := range [...]capset.Kind{capset.Effective, capset.Permitted, capset.Inheritable, capset.Bounding} {
		if err == nil {
			err = need("capabilities."+SetName(k), t.Sets[k])
		}
	}
	if ids && err == nil {
		if err = need("uid", t.UID); err == nil {
			err = need("gid", t.GID)
		}
		if err == nil {
			err = need("groups", t.Groups)
		}
	}
	return capset.Credentials{
		Sets: t.State(), UID: t.UID.Zero(), GID: t.GID.Zero(), Groups: slices.Clone(t.Groups.Zero()),
		NoNewPrivs: t.NoNewPrivs.Zero(), Securebits: t.Securebits.Zero(),
	}, err
}

// need returns an error if a value is unknown.
func need[T any](name string, v Value[T]) error {
	if v.Known() {
		return nil
	}
	return fmt.Errorf("%s is unknown: %s", name, v.Why())
}
