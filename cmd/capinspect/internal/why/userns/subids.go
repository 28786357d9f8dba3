// SPDX-License-Identifier: Apache-2.0

package userns

import (
	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// SubordinateIDs are the ids, of users or of groups, that a user namespace of a task may
// have besides the task's own: those of subuid(5) or subgid(5), which newuidmap(1) or
// newgidmap(1) maps for it.
type SubordinateIDs struct {
	Own    uint32                     // which it maps itself
	Any    bool                       // the task may map every id of its own user namespace
	File   string                     // as "/etc/subuid"
	Ranges task.Value[[]task.IDRange] // that the file gives its user, as far as its user namespace has them
	Helper string                     // the path of newuidmap or newgidmap; "" if there is none
	Helps  task.Value[bool]           // the helper can map them for it
	Why    string                     // why it cannot
}

// Subordinate is what differs between the ids of users and of groups.
type Subordinate struct {
	File, Helper string // the file, from the root directory, and the name of the program
	Cap          capset.Cap
}

// The two kinds of ids.
var (
	SubordinateUsers  = Subordinate{"etc/subuid", "newuidmap", capset.Setuid}
	SubordinateGroups = Subordinate{"etc/subgid", "newgidmap", capset.Setgid}
)

// Judge says whether the helper can map ids once the task has executed it. A set-user-ID
// helper is not the owner of the namespace, unless it was built to take the user's id again.
func (k *Subordinate) Judge(ids *SubordinateIDs, before, after *task.Task) {
	has, owner := after.Sets[capset.Effective].Zero(), after.UID.Zero().Effective == before.UID.Zero().Effective
	switch {
	case !has.Has(k.Cap):
		ids.Helps, ids.Why = task.Known(false), "it would have no "+k.Cap.String()
		if before.NoNewPrivs.Zero() {
			ids.Why += ": no_new_privs is set"
		}
	case capset.IDMapNeeds(k.Cap, owner).Within(has):
		ids.Helps = task.Known(true)
	default:
		ids.Helps = task.Unknown[bool]("it is set-user-ID, and without " + (capset.IDMapNeeds(k.Cap, owner) &^ has).String() + " in the bounding set only some builds of it can write the map")
		ids.Why = ids.Helps.Why()
	}
}

// Mapped returns the parts of ranges that a user namespace has.
func Mapped(ranges []task.IDRange, in procstatus.IDMap) (list []task.IDRange) {
	for _, r := range ranges {
		for _, e := range in {
			first := max(uint64(r.First), uint64(e.Inside))
			end := min(uint64(r.First)+uint64(r.Count), uint64(e.Inside)+uint64(e.Length))
			if first < end {
				list = append(list, task.IDRange{First: uint32(first), Count: uint32(end - first)})
			}
		}
	}
	return list
}
