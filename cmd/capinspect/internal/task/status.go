// SPDX-License-Identifier: Apache-2.0

package task

import (
	"fmt"
	"math"
	"strconv"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/procstatus"
)

// Status is what the status file of a task tells (proc_pid_status(5)).
type Status struct {
	Pid       Value[int] // of the process: its thread-group id
	Tid       Value[int] // of the task: its thread id
	PPid      Value[int]
	Name      Value[string]
	RunState  Value[byte] // the kernel's letter, as 'S'
	Threads   Value[int]
	NSPid     Value[[]int]
	TracerPid Value[int]
	Sets      [capset.NumKinds]Value[capset.Set]

	UID, GID   Value[capset.IDs]
	Partly     string // why UID tells the first two ids alone and GID the first one, which the others are then
	Groups     Value[[]uint32]
	NoNewPrivs Value[bool]
	Seccomp    Value[Seccomp]

	OtherCaps []procstatus.CapLine // lines of sets that are not known here, as they are

	limit Limit // of the last capability, by the lines that the file lacks

	KernelThread bool
	// Whole says that the status file has all lines that its kernel prints: a set that it
	// lacks is one that the kernel does not have.
	Whole bool
}

// Seccomp is what the kernel says about the system calls that a task may make (seccomp(2)).
type Seccomp struct {
	Mode    int
	Filters Value[int] // how many are attached
}

// SeccompFilter is the mode in which filters decide.
const SeccompFilter = 2

// seccompModes are the modes of seccomp(2) that have a name.
var seccompModes = [...]string{"disabled", "strict", "filter"}

// SeccompName names a mode of seccomp; one without a name is its number.
func SeccompName(mode int) string {
	if mode >= 0 && mode < len(seccompModes) {
		return seccompModes[mode]
	}
	return strconv.Itoa(mode)
}

// SeccompMode returns the mode of a name or a number.
func SeccompMode(name string) (mode int, ok bool) {
	for mode, known := range seccompModes {
		if name == known {
			return mode, true
		}
	}
	n, err := strconv.ParseUint(name, 10, 31)
	return int(n), err == nil && n <= math.MaxInt32
}

// SeccompModes returns the modes that have a name.
func SeccompModes() []string { return append([]string(nil), seccompModes[:]...) }

// Origin is where the values of a Status come from. It decides what it means that one is
// missing.
type Origin uint8

// The origins.
const (
	WholeFile Origin = iota // a status file as the kernel prints it
	PartOfFile
	CutFile // the beginning of a status file: what follows is missing, and may have been there
	SystemCalls
	OtherText // which has some of the values, as what capsh(1) prints
)

// why says why there is no value of a line.
func (o Origin) why(f procstatus.Field) string {
	switch o {
	case WholeFile:
		return fmt.Sprintf("no %v line, which Linux has since %s", f, f.Since())
	case SystemCalls:
		return "there is no /proc, and no system call returned it"
	case OtherText:
		return NotInText
	}
	return fmt.Sprintf("no %v line", f)
}

// StatusOf returns what a status file tells. The slices are those of s.
func StatusOf(s *procstatus.Status, from Origin) (t Status) {
	line(&t.Pid, s, from, procstatus.FieldTgid, s.Tgid)
	line(&t.Tid, s, from, procstatus.FieldPid, s.Pid)
	line(&t.PPid, s, from, procstatus.FieldPPid, s.PPid)
	line(&t.Name, s, from, procstatus.FieldName, s.Name)
	line(&t.RunState, s, from, procstatus.FieldState, s.State)
	line(&t.Threads, s, from, procstatus.FieldThreads, s.Threads)
	line(&t.NSPid, s, from, procstatus.FieldNSpid, s.NSpid)
	line(&t.TracerPid, s, from, procstatus.FieldTracerPid, s.TracerPid)
	for k := range capset.Kind(capset.NumKinds) {
		set, _ := s.Caps(k)
		line(&t.Sets[k], s, from, procstatus.CapField(k), set)
	}
	line(&t.UID, s, from, procstatus.FieldUID, s.UID)
	line(&t.GID, s, from, procstatus.FieldGID, s.GID)
	line(&t.Groups, s, from, procstatus.FieldGroups, s.Groups)
	line(&t.NoNewPrivs, s, from, procstatus.FieldNoNewPrivs, s.NoNewPrivs)
	seccomp := Seccomp{Mode: s.Seccomp}
	line(&seccomp.Filters, s, from, procstatus.FieldSeccompFilters, s.SeccompFilters)
	line(&t.Seccomp, s, from, procstatus.FieldSeccomp, seccomp)
	t.OtherCaps = s.OtherCaps
	t.limit = limitOf(s, from)
	t.KernelThread = s.KernelThread()
	t.Whole = from == WholeFile
	return t
}

// line sets a value to that of a line of the status file, or to why there is none.
func line[T any](to *Value[T], s *procstatus.Status, from Origin, f procstatus.Field, v T) {
	if s.Has(f) {
		*to = Known(v)
		return
	}
	*to = Unknown[T](from.why(f))
}

// cut reports whether a set is missing that its kernel may have.
func (s *Status) cut() bool {
	for k, set := range s.Sets {
		if set.Why() == PartOfFile.why(procstatus.CapField(capset.Kind(k))) {
			return true
		}
	}
	return false
}

// Complete reports whether no line of a set is missing that the kernel prints: it does not
// have a set that is missing.
func (s *Status) Complete() bool { return s.EveryKernelTells() && !s.cut() }

// EveryKernelTells reports whether the status has the values that every kernel prints, so
// that it comes from a whole status file and not from some lines of one.
func (s *Status) EveryKernelTells() bool {
	for _, k := range [...]capset.Kind{capset.Inheritable, capset.Permitted, capset.Effective} {
		if !s.Sets[k].Known() {
			return false
		}
	}
	return s.Name.Known() && s.RunState.Known() && s.Pid.Known() && s.Tid.Known() && s.PPid.Known() && s.TracerPid.Known() && s.Threads.Known()
}
