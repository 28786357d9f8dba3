// SPDX-License-Identifier: Apache-2.0

package task

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/procstatus"
)

// Names are the names of user or of group ids, as the reader sees the ids. Of an id that
// is not there nobody has asked for the name.
type Names map[uint32]Value[string]

// Nameless returns names for some ids that all have none, for one reason.
func Nameless(why string, ids ...uint32) Names {
	n := make(Names, len(ids))
	for _, id := range ids {
		n[id] = Unknown[string](why)
	}
	return n
}

// WithoutNames says of all ids of the task that they have no name, and why.
func (t *Task) WithoutNames(why string) {
	t.UserNames = Nameless(why, t.userIDs()...)
	t.GroupNames = Nameless(why, t.groupIDs()...)
}

// userIDs returns the user ids of which a report has the name.
func (t *Task) userIDs() []uint32 {
	ids, ok := t.UID.Get()
	if !ok {
		return nil
	}
	return []uint32{ids.Real, ids.Effective}
}

// groupIDs returns the group ids of which a report has the name.
func (t *Task) groupIDs() []uint32 {
	var list []uint32
	if ids, ok := t.GID.Get(); ok {
		list = append(list, ids.Real, ids.Effective)
	}
	return append(list, t.Groups.Zero()...)
}

// HostIDs are the ids of a task in the initial user namespace.
type HostIDs struct{ UID, GID capset.IDs }

// OverflowID is what the kernel shows for an id that the reader's user namespace cannot
// express, unless /proc/sys/kernel/overflowuid says otherwise.
const OverflowID = 65534

// IDRange is a range of user or of group ids.
type IDRange struct{ First, Count uint32 }

// AllIDs returns four ids that are the same.
func AllIDs(id uint32) capset.IDs {
	return capset.IDs{Real: id, Effective: id, Saved: id, Filesystem: id}
}

// IDsText returns the four ids, or the one that all are.
func IDsText(ids capset.IDs) string {
	if ids == AllIDs(ids.Real) {
		return Decimal(ids.Real)
	}
	return fmt.Sprintf("real %d, effective %d, saved %d, filesystem %d", ids.Real, ids.Effective, ids.Saved, ids.Filesystem)
}

// GroupsText returns the groups separated by commas.
func GroupsText(groups []uint32) string {
	if len(groups) == 0 {
		return "none"
	}
	list := make([]string, len(groups))
	for i, g := range groups {
		list[i] = Decimal(g)
	}
	return strings.Join(list, ",")
}

// Decimal returns an id in decimal.
func Decimal(id uint32) string { return strconv.FormatUint(uint64(id), 10) }

// Decimals returns ids in decimal.
func Decimals(ids []uint32) []string {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = Decimal(id)
	}
	return list
}

// IDMaps returns the maps from the task's own user namespace to the reader's. They are nil
// if the ids that the reader sees are already those of the task's namespace. hidden says
// why they are unknown; it is "" if they are known.
func (t *Task) IDMaps() (users, groups procstatus.IDMap, hidden string) {
	ns, ok := t.UserNamespace.Get()
	switch {
	case t.Self || t.Asked != nil || ok && ns.Own:
		return nil, nil, ""
	case !ok:
		if hidden = t.UserNamespace.Why(); Expected(hidden) { // a file has no other ids
			hidden = ""
		}
		return nil, nil, hidden
	case !ns.UIDMap.Known() || !ns.GIDMap.Known():
		return nil, nil, "its id maps are hidden"
	}
	return ns.UIDMap.Zero(), ns.GIDMap.Zero(), ""
}

// Within returns an id in the user namespace of a map. A nil map is that of the reader's
// own namespace, in which the id is what it is.
func Within(m procstatus.IDMap, id uint32) (in uint32, ok bool) {
	if m == nil {
		return id, true
	}
	return m.Inside(id)
}

// Inside gives the task the ids that it has in its own user namespace, where the reader
// sees others. They are unknown if the maps are. An id that the namespace does not have is
// the overflow id in there.
func (t *Task) Inside() {
	users, groups, hidden := t.IDMaps()
	if hidden != "" {
		t.UID, t.GID = Unknown[capset.IDs](hidden), Unknown[capset.IDs](hidden)
		t.Groups = Unknown[[]uint32](hidden)
		return
	}
	t.UID = Map(t.UID, func(ids capset.IDs) capset.IDs { return idsWithin(users, ids) })
	t.GID = Map(t.GID, func(ids capset.IDs) capset.IDs { return idsWithin(groups, ids) })
	t.Groups = Map(t.Groups, func(list []uint32) []uint32 {
		in := make([]uint32, len(list))
		for i, g := range list {
			in[i] = orOverflow(groups, g)
		}
		return in
	})
}

func idsWithin(m procstatus.IDMap, ids capset.IDs) capset.IDs {
	return capset.IDs{
		Real: orOverflow(m, ids.Real), Effective: orOverflow(m, ids.Effective),
		Saved: orOverflow(m, ids.Saved), Filesystem: orOverflow(m, ids.Filesystem),
	}
}

func orOverflow(m procstatus.IDMap, id uint32) uint32 {
	in, ok := Within(m, id)
	if !ok {
		return OverflowID
	}
	return in
}
