// SPDX-License-Identifier: Apache-2.0

package predict

import (
	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// InsideIDs translates ids that the reader sees into those of a task's user namespace. An
// id that the namespace does not have becomes one that is free there.
type InsideIDs struct {
	Map  procstatus.IDMap // nil if both are the same
	made map[uint32]uint32
	next uint32 // how many free ids were looked at, from the highest down
}

// In returns an id in the namespace. ok is false if it was made up.
func (t *InsideIDs) In(id uint32) (in uint32, ok bool) {
	if t.Map == nil {
		return id, true
	}
	if in, ok = t.Map.Inside(id); ok {
		return in, true
	}
	if in, ok = t.made[id]; ok {
		return in, false
	}
	if t.made == nil {
		t.made = map[uint32]uint32{}
	}
	for in = capset.Unchanged; in == capset.Unchanged || t.Map.Covers(in); {
		t.next++
		in = capset.Unchanged - t.next
	}
	t.made[id] = in
	return in, false
}

// Out returns the id that the reader sees of one in the namespace.
func (t *InsideIDs) Out(in uint32) uint32 {
	if t.Map == nil {
		return in
	}
	for id, made := range t.made {
		if made == in {
			return id
		}
	}
	id, ok := t.Map.Outside(in)
	if !ok {
		return task.OverflowID
	}
	return id
}

// AllIn returns four ids in the namespace.
func (t *InsideIDs) AllIn(ids capset.IDs) (in capset.IDs) {
	in.Real, _ = t.In(ids.Real)
	in.Effective, _ = t.In(ids.Effective)
	in.Saved, _ = t.In(ids.Saved)
	in.Filesystem, _ = t.In(ids.Filesystem)
	return in
}

// AllOut returns the four ids that the reader sees.
func (t *InsideIDs) AllOut(in capset.IDs) capset.IDs {
	return capset.IDs{Real: t.Out(in.Real), Effective: t.Out(in.Effective), Saved: t.Out(in.Saved), Filesystem: t.Out(in.Filesystem)}
}
