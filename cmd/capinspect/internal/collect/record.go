// SPDX-License-Identifier: Apache-2.0

// Package collect finds out what there is to know of tasks. It fills one
// Record a task and says of every value that it could not get why.
package collect

import (
	"fmt"
	"slices"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/procstatus"
)

// Record is what is known of one task.
type Record struct {
	Status     procstatus.Status
	Source     string // "proc", or the file it was read from
	Self       bool   // the task is capinspect's own process
	LastCap    LastCap
	Securebits capset.Securebits // means something if Known("securebits")
	UserNames  map[uint32]string // what is known of the names of its user ids
	GroupNames map[uint32]string // and of its group ids
	Surroundings
	Notes       []Note
	Unknown     []Unknown
	noProc      bool // it comes from system calls alone
	unsupported bool // the status file comes straight from the kernel: a set it lacks the kernel has not
}

// procSource is the source of a record that was read from a procfs.
const procSource = "proc"

// LastCap is the last capability of the kernel that a record came from.
type LastCap struct {
	Value capset.Cap
	From  string // "kernel", "report", "flag" or "guess"
}

// Unknown says why a value of a record is not known.
type Unknown struct {
	Path   string // of the JSON key, as "capabilities.ambient"
	Reason string
}

// Note is a remark on a task. Its code is stable.
type Note struct{ Code, Text string }

// Why returns the reason for which the value at a path is unknown, or "".
func (r *Record) Why(path string) string {
	for _, u := range r.Unknown {
		if u.Path == path {
			return u.Reason
		}
	}
	return ""
}

// Known reports whether the value at a path is known.
func (r *Record) Known(path string) bool {
	return !slices.ContainsFunc(r.Unknown, func(u Unknown) bool { return u.Path == path })
}

// Unsupported reports whether the task's kernel does not have the set k. The
// others than Bounding and Ambient every kernel has.
func (r *Record) Unsupported(k capset.Kind) bool {
	newer := k == capset.Bounding || k == capset.Ambient
	return newer && r.unsupported && !r.noProc && !r.Status.Has(procstatus.CapField(k))
}

// unknown lists the value at a path as unknown.
func (r *Record) unknown(path, reason string) {
	r.Unknown = append(r.Unknown, Unknown{path, reason})
}

// Mode returns libcap's guess of the task's mode. ok is false if something
// that it depends on is unknown.
func (r *Record) Mode() (mode capset.Mode, ok bool) {
	if !r.Known("securebits") {
		return 0, false
	}
	for k := range capset.Kind(capset.NumKinds) {
		if !r.Status.Has(procstatus.CapField(k)) && !r.Unsupported(k) {
			return 0, false
		}
	}
	return capset.GuessMode(r.Status.CapState(), r.Securebits, r.Status.Has(procstatus.FieldCapAmb)), true
}

// statusPaths are the JSON keys that each line of the status file fills.
var statusPaths = [...]struct {
	path  string
	field procstatus.Field
}{
	{"pid", procstatus.FieldTgid},
	{"tid", procstatus.FieldPid},
	{"ppid", procstatus.FieldPPid},
	{"name", procstatus.FieldName},
	{"state", procstatus.FieldState},
	{"threads", procstatus.FieldThreads},
	{"nsPid", procstatus.FieldNSpid},
	{"tracerPid", procstatus.FieldTracerPid},
	{"capabilities.inheritable", procstatus.FieldCapInh},
	{"capabilities.permitted", procstatus.FieldCapPrm},
	{"capabilities.effective", procstatus.FieldCapEff},
	{"capabilities.bounding", procstatus.FieldCapBnd},
	{"capabilities.ambient", procstatus.FieldCapAmb},
	{"uid", procstatus.FieldUID},
	{"gid", procstatus.FieldGID},
	{"groups", procstatus.FieldGroups},
	{"noNewPrivs", procstatus.FieldNoNewPrivs},
	{"seccomp", procstatus.FieldSeccomp},
	{"seccomp.filters", procstatus.FieldSeccompFilters},
}

// absent lists as unknown what the status file has no line for.
func (r *Record) absent() {
	if r.Status.Complete() {
		return
	}
	for _, row := range statusPaths {
		if row.field == procstatus.FieldSeccompFilters && !r.Status.Has(procstatus.FieldSeccomp) {
			continue // the whole of seccomp is unknown
		}
		if !r.Status.Has(row.field) {
			r.unknown(row.path, r.absence(row.field))
		}
	}
}

// absence says why the record has no value of a line.
func (r *Record) absence(f procstatus.Field) string {
	switch {
	case r.noProc:
		return "there is no /proc, and no system call told it"
	case r.unsupported:
		return "no " + f.String() + " line, which Linux has since " + f.Since()
	}
	return "no " + f.String() + " line"
}

// credentials returns what execve(2) goes by, with the ids that the kernel tells
// capinspect. Securebits and no_new_privs that are not known are taken for 0, and it
// is an error if one of some other lines of the status file is not.
func (r *Record) credentials(needed ...procstatus.Field) (capset.Credentials, error) {
	if err := r.needs(needed...); err != nil {
		return capset.Credentials{}, err
	}
	s := &r.Status
	c := capset.Credentials{
		Sets: s.CapState(), UID: s.UID, GID: s.GID, Groups: slices.Clone(s.Groups), NoNewPrivs: s.NoNewPrivs,
	}
	if r.Known("securebits") {
		c.Securebits = r.Securebits
	}
	return c, nil
}

// needs returns an error if one of some lines of the status file is not known.
func (r *Record) needs(lines ...procstatus.Field) error {
	for _, row := range statusPaths {
		if slices.Contains(lines, row.field) && !r.Status.Has(row.field) {
			return fmt.Errorf("%s is unknown: %s", row.path, r.Why(row.path))
		}
	}
	return nil
}
