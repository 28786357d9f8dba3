// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/podsecurity"
	"github.com/capinspect/capinspect/procstatus"
)

// Side is one of two things that are compared: a task, what a manifest asks for, or a
// set alone.
type Side struct {
	Label    string    // as it was asked for
	Task     *Record   // nil of a set; of a manifest, as it is expected to be
	Manifest *Manifest // nil of all others
	Set      capset.Set
}

// Difference is what B has other than A.
type Difference struct {
	A, B        *Side
	Sets        []SetDifference
	Values      []ValueDifference
	Unknown     []error // what only one side, or none, knows, and is not compared
	NotCompared []Note  // what a manifest does not tell, or is not known of the task, by key
}

// Equal reports whether nothing differs.
func (d *Difference) Equal() bool { return len(d.Sets)+len(d.Values) == 0 }

// SetDifference is what one set has more and less.
type SetDifference struct {
	Kind       capset.Kind
	More, Less capset.Set
}

// ValueDifference is a value that differs, under its key in JSON.
type ValueDifference struct {
	Key  string
	A, B any // as they have them
}

// Diff compares two sides: two tasks or manifests in all, and a set with one set of
// such, or with another set.
func Diff(a, b *Side, k capset.Kind) (d Difference) {
	d.A, d.B = a, b
	if a.Task == nil || b.Task == nil {
		d.set(a, b, k)
		return d
	}
	for k := range capset.Kind(capset.NumKinds) {
		d.set(a, b, k)
	}
	x, y, asked := a.Task, b.Task, a.Manifest != nil || b.Manifest != nil
	for i, v := range values {
		was, is := x.value(i), y.value(i)
		switch {
		case i >= ofReadOnlyRoot && !asked:
		case was == nil || is == nil:
			if a.Manifest != nil {
				d.missing(v.key, was, x, y)
			} else if asked {
				d.missing(v.key, is, y, x)
			}
		case equal(was, is, a.Manifest != nil, b.Manifest != nil):
		case i >= ofHost && (b.Manifest == nil && was == true || a.Manifest == nil && is == true):
			d.skip(v.key, "it asks for the node's, which need not be the initial one")
		default:
			d.Values = append(d.Values, ValueDifference{v.key, was, is})
		}
	}
	return d
}

// skip lists what is not compared.
func (d *Difference) skip(key, reason string) { addNote(&d.NotCompared, key, reason) }

// missing lists what the manifest does not tell, or what it tells and is not known of
// the other side. Of what no manifest asks for, nothing is said.
func (d *Difference) missing(key string, told any, manifest, other *Record) {
	reason := manifest.Why(key)
	if told != nil {
		if reason = other.Why(key); reason == "" {
			reason = other.Why("namespaces")
		}
		if key == values[ofReadOnlyRoot].key {
			reason = other.Mounted.why()
		}
		if reason == "" {
			reason = "it is not known of the task"
		}
	}
	if reason != "" {
		d.skip(key, reason)
	}
}

// equal reports whether two values are the same. Of groups, a task may have more than
// its manifest asks for.
func equal(a, b any, aAsks, bAsks bool) bool {
	x, groups := a.([]uint32)
	y, _ := b.([]uint32)
	switch {
	case !groups:
		return a == b
	case aAsks == bAsks:
		return slices.Equal(x, y)
	case bAsks:
		x, y = y, x
	}
	for _, g := range x {
		if !slices.Contains(y, g) {
			return false
		}
	}
	return true
}

// set compares one set. It is trouble if that of a task is not known.
func (d *Difference) set(a, b *Side, k capset.Kind) {
	was, err := a.caps(k)
	is, err2 := b.caps(k)
	unknown := false
	for i, s := range [...]*Side{a, b} {
		switch err := [...]error{err, err2}[i]; {
		case err == nil:
			continue
		case s.Manifest == nil || a.Task == nil || b.Task == nil:
			d.Unknown = append(d.Unknown, err)
		case !unknown:
			d.skip(capsPath(k), s.Task.Why(capsPath(k)))
		}
		unknown = true
	}
	if !unknown && was != is {
		d.Sets = append(d.Sets, SetDifference{k, is &^ was, was &^ is})
	}
}

// capsPath returns the path in JSON of a set of a task.
func capsPath(k capset.Kind) string { return "capabilities." + strings.ToLower(k.String()) }

// caps returns one set of a task, or the set.
func (s *Side) caps(k capset.Kind) (capset.Set, error) {
	if s.Task == nil {
		return s.Set, nil
	}
	set, ok := s.Task.Status.Caps(k)
	if !ok && !s.Task.Unsupported(k) {
		return 0, fmt.Errorf("%s: %s is unknown: %s", s.Label, strings.ToLower(k.String()), s.Task.Why(capsPath(k)))
	}
	return set, nil
}

// What is compared besides the sets.
const (
	ofUID = iota
	ofGID
	ofGroups
	ofNoNewPrivs
	ofSeccomp
	ofSecurebits
	ofUserNamespace
	ofReadOnlyRoot // from here on, with what a manifest asks for, and not of two tasks
	ofHost         // from here on, true is that of the node
)

// values are their keys in JSON, and what tells them.
var values = [...]struct {
	key  string
	line procstatus.Field // of the status file
	fact podsecurity.Fact // of the last
}{
	ofUID:           {key: "uid", line: procstatus.FieldUID},
	ofGID:           {key: "gid", line: procstatus.FieldGID},
	ofGroups:        {key: "groups", line: procstatus.FieldGroups},
	ofNoNewPrivs:    {key: "noNewPrivs", line: procstatus.FieldNoNewPrivs},
	ofSeccomp:       {key: "seccomp", line: procstatus.FieldSeccomp},
	ofSecurebits:    {key: "securebits"},
	ofUserNamespace: {key: "userNamespace"},
	ofReadOnlyRoot:  {key: "readOnlyRootFilesystem"},
	ofHost:          {key: "hostPID", fact: podsecurity.HostPID},
	{key: "hostIPC", fact: podsecurity.HostIPC},
	{key: "hostNetwork", fact: podsecurity.HostNetwork},
	{key: "hostUsers", fact: podsecurity.UserNamespace}, // which is its opposite
}

// value returns one of the values: ids, a list of ids, a truth, a text, a number; nil
// if it is not known.
func (r *Record) value(i int) any {
	s, v := &r.Status, &values[i]
	if v.line != 0 && !s.Has(v.line) || !r.Known(v.key) {
		return nil
	}
	switch i {
	case ofUID:
		return s.UID
	case ofGID:
		return s.GID
	case ofGroups:
		return s.Groups
	case ofNoNewPrivs:
		return s.NoNewPrivs
	case ofSeccomp:
		return SeccompName(s.Seccomp)
	case ofSecurebits:
		if r.Source != manifestSource {
			return r.Securebits
		}
	case ofUserNamespace:
		if r.UserNamespace != nil && r.UserNamespace.ID != 0 {
			return r.UserNamespace.ID
		}
	case ofReadOnlyRoot:
		if r.Mounted.ReadOnly != Unsure {
			return r.Mounted.ReadOnly == Yes
		}
	default:
		if f := r.PodFacts(); f.Known&v.fact != 0 {
			return (f.True&v.fact != 0) != (v.fact == podsecurity.UserNamespace)
		}
	}
	return nil
}

// IDsText returns the four ids, or the one that all are.
func IDsText(ids procstatus.IDs) string {
	if ids == (procstatus.IDs{Real: ids.Real, Effective: ids.Real, Saved: ids.Real, Filesystem: ids.Real}) {
		return decimal(ids.Real)
	}
	return fmt.Sprintf("real %d, effective %d, saved %d, filesystem %d", ids.Real, ids.Effective, ids.Saved, ids.Filesystem)
}

// GroupsText returns the groups.
func GroupsText(groups []uint32) string {
	if len(groups) == 0 {
		return "none"
	}
	list := make([]string, len(groups))
	for i, g := range groups {
		list[i] = decimal(g)
	}
	return strings.Join(list, ",")
}
