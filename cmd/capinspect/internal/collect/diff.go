// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/procstatus"
)

// Side is one of two things that are compared: a task, or a set alone.
type Side struct {
	Label string  // as it was asked for
	Task  *Record // nil of a set
	Set   capset.Set
}

// Difference is what B has other than A.
type Difference struct {
	A, B    string // the labels
	Sets    []SetDifference
	Values  []ValueDifference
	Unknown []error // what only one side, or none, knows, and is not compared
}

// Equal reports whether nothing differs.
func (d *Difference) Equal() bool { return len(d.Sets)+len(d.Values) == 0 }

// SetDifference is what one set has more and less.
type SetDifference struct {
	Kind       capset.Kind
	More, Less capset.Set
}

// ValueDifference is a value that differs, under its key in JSON.
type ValueDifference struct{ Key, A, B string }

// Diff compares two sides: two tasks in all, and a set with one set of a task, or with
// another set.
func Diff(a, b *Side, k capset.Kind) (d Difference) {
	d.A, d.B = a.Label, b.Label
	if a.Task == nil || b.Task == nil {
		d.set(a, b, k)
		return d
	}
	for k := range capset.Kind(capset.NumKinds) {
		d.set(a, b, k)
	}
	for _, v := range values {
		was, known := v.of(a.Task)
		is, too := v.of(b.Task)
		if known && too && was != is {
			d.Values = append(d.Values, ValueDifference{v.key, was, is})
		}
	}
	return d
}

// set compares one set.
func (d *Difference) set(a, b *Side, k capset.Kind) {
	was, err := a.caps(k)
	is, err2 := b.caps(k)
	for _, err := range [...]error{err, err2} {
		if err != nil {
			d.Unknown = append(d.Unknown, err)
		}
	}
	if err == nil && err2 == nil && was != is {
		d.Sets = append(d.Sets, SetDifference{k, is &^ was, was &^ is})
	}
}

// caps returns one set of a task, or the set.
func (s *Side) caps(k capset.Kind) (capset.Set, error) {
	if s.Task == nil {
		return s.Set, nil
	}
	set, ok := s.Task.Status.Caps(k)
	if !ok && !s.Task.Unsupported(k) {
		name := strings.ToLower(k.String())
		return 0, fmt.Errorf("%s: %s is unknown: %s", s.Label, name, s.Task.Why("capabilities."+name))
	}
	return set, nil
}

// values are what is compared of tasks besides their sets; ok is false if it is not
// known.
var values = [...]struct {
	key string
	of  func(*Record) (value string, ok bool)
}{
	{"uid", func(r *Record) (string, bool) { return idsText(r.Status.UID), r.Status.Has(procstatus.FieldUID) }},
	{"gid", func(r *Record) (string, bool) { return idsText(r.Status.GID), r.Status.Has(procstatus.FieldGID) }},
	{"groups", func(r *Record) (string, bool) {
		return groupsText(r.Status.Groups), r.Status.Has(procstatus.FieldGroups)
	}},
	{"noNewPrivs", func(r *Record) (string, bool) {
		return strconv.FormatBool(r.Status.NoNewPrivs), r.Status.Has(procstatus.FieldNoNewPrivs)
	}},
	{"seccomp", func(r *Record) (string, bool) {
		return SeccompName(r.Status.Seccomp), r.Status.Has(procstatus.FieldSeccomp)
	}},
	{"securebits", func(r *Record) (string, bool) {
		return fmt.Sprintf("0x%x", uint32(r.Securebits)), r.Known("securebits")
	}},
	{"userNamespace", func(r *Record) (string, bool) {
		if r.UserNamespace == nil || r.UserNamespace.ID == 0 {
			return "", false
		}
		return strconv.FormatUint(r.UserNamespace.ID, 10), true
	}},
}

// idsText returns the four ids, or the one that all are.
func idsText(ids procstatus.IDs) string {
	if ids == (procstatus.IDs{Real: ids.Real, Effective: ids.Real, Saved: ids.Real, Filesystem: ids.Real}) {
		return decimal(ids.Real)
	}
	return fmt.Sprintf("real %d, effective %d, saved %d, filesystem %d", ids.Real, ids.Effective, ids.Saved, ids.Filesystem)
}

// groupsText returns the groups, which the kernel keeps in ascending order.
func groupsText(groups []uint32) string {
	if len(groups) == 0 {
		return "none"
	}
	list := make([]string, len(groups))
	for i, g := range groups {
		list[i] = decimal(g)
	}
	return strings.Join(list, ",")
}
