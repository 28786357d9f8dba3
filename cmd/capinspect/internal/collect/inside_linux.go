// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/procstatus"
)

// insideIDs translates ids that the kernel tells capinspect into those of a user
// namespace. One that the namespace lacks becomes one that it has not.
type insideIDs struct {
	m    procstatus.IDMap // nil if they are the same
	made map[uint32]uint32
	next uint32 // how many were tried for these, from the highest id down
}

// in returns an id in the namespace; ok is false if it was made up.
func (t *insideIDs) in(id uint32) (in uint32, ok bool) {
	if t.m == nil {
		return id, true
	}
	if in, ok = t.m.Inside(id); ok {
		return in, true
	}
	if in, ok = t.made[id]; ok {
		return in, false
	}
	if t.made == nil {
		t.made = map[uint32]uint32{}
	}
	for in = capset.Unchanged; in == capset.Unchanged || t.m.Covers(in); {
		t.next++
		in = capset.Unchanged - t.next
	}
	t.made[id] = in
	return in, false
}

// out returns the id that capinspect is told of one in the namespace.
func (t *insideIDs) out(in uint32) uint32 {
	if t.m == nil {
		return in
	}
	for id, made := range t.made {
		if made == in {
			return id
		}
	}
	id, ok := t.m.Outside(in)
	if !ok {
		return usualOverflow
	}
	return id
}

func (t *insideIDs) all(ids procstatus.IDs) (in procstatus.IDs) {
	in.Real, _ = t.in(ids.Real)
	in.Effective, _ = t.in(ids.Effective)
	in.Saved, _ = t.in(ids.Saved)
	in.Filesystem, _ = t.in(ids.Filesystem)
	return in
}

func (t *insideIDs) allOut(in procstatus.IDs) procstatus.IDs {
	return procstatus.IDs{Real: t.out(in.Real), Effective: t.out(in.Effective), Saved: t.out(in.Saved), Filesystem: t.out(in.Filesystem)}
}
