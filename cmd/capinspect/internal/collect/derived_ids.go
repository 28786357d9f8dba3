// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/procstatus"
)

// ids derives the user, the group and the supplementary groups, as they are in the
// task's own user namespace: runAsUser is one in there.
func (d *Derived) ids() {
	r := d.Task
	users, groups, hidden := r.idMaps()
	d.UID = d.id(procstatus.FieldUID, r.Status.UID, users, hidden)
	d.GID = d.id(procstatus.FieldGID, r.Status.GID, groups, hidden)
	d.RunAsUser, d.RunAsGroup = asked(d.UID), asked(d.GID)
	if d.RunAsUser != nil && *d.RunAsUser != 0 {
		d.RunAsNonRoot = ptr(true)
	}
	if !r.Status.Has(procstatus.FieldGroups) {
		hidden = r.Why("groups")
	}
	if hidden != "" {
		d.comment(everywhere, "groups-unknown", "its supplementary groups are unknown: "+hidden)
		return
	}
	d.supplementary(groups)
}

// asked returns the id that Kubernetes is asked for, nil if it takes none like that.
func asked(id *uint32) *int64 {
	if id == nil || !Kubernetes.Fits(*id) {
		return nil
	}
	return ptr(int64(*id))
}

// idMaps returns the maps of the task's user namespace, nil if its ids are in there as
// they are known, and why they are not known.
func (r *Record) idMaps() (users, groups procstatus.IDMap, hidden string) {
	ns := r.UserNamespace
	switch {
	case r.Self || ns != nil && ns.Own:
		return nil, nil, ""
	case ns == nil:
		if hidden = r.Why("userNamespace"); Expected(hidden) { // a file has no other ids
			hidden = ""
		}
	case ns.UIDMap == nil || ns.GIDMap == nil:
		hidden = "its id maps are hidden"
	default:
		users, groups = ns.UIDMap, ns.GIDMap
	}
	return users, groups, hidden
}

// id returns one of a task's real ids, with which it was started unless it was root
// then; nil if it is not known.
func (d *Derived) id(f procstatus.Field, ids procstatus.IDs, m procstatus.IDMap, hidden string) *uint32 {
	key := strings.ToLower(f.String())
	if !d.Task.Status.Has(f) {
		hidden = d.Task.Why(key)
	}
	real, ok := within(m, ids.Real)
	if !ok {
		hidden = decimal(ids.Real) + " is no id of its user namespace"
	}
	if hidden != "" {
		d.comment(everywhere, key+"-unknown", "its "+key+" is unknown: "+hidden)
		return nil
	}
	if text := IDsText(ids); text != decimal(ids.Real) {
		d.comment(everywhere, key+"-differs", "it has several "+key+"s, and the real one is asked for: "+text)
	}
	for _, p := range [...]Platform{containers, Systemd} {
		if !p.Fits(real) {
			d.comment(p, key+"-range", "its "+key+", "+decimal(real)+", is none that can be asked for")
		}
	}
	return &real
}

// within returns an id in the user namespace of a map, nil of which is the reader's.
func within(m procstatus.IDMap, id uint32) (in uint32, ok bool) {
	if m == nil {
		return id, true
	}
	return m.Inside(id)
}

// maxListed is how many groups a comment lists.
const maxListed = 32

// supplementary derives the groups. Runtimes add a container's own group to them
// (CVE-2022-36109, CVE-2023-25173).
func (d *Derived) supplementary(m procstatus.IDMap) {
	own, lost := false, 0
	for _, g := range d.Task.Status.Groups {
		in, ok := within(m, g)
		switch {
		case !ok || !Kubernetes.Fits(in):
			lost++
		case d.GID != nil && in == *d.GID:
			own = true
		default:
			d.Groups = append(d.Groups, in)
		}
	}
	if lost > 0 {
		d.comment(everywhere, "groups-lost", strconv.Itoa(lost)+" of its supplementary groups cannot be asked for, or are none in its user namespace")
	}
	if !own && d.GID != nil {
		d.comment(containers, "groups-without-gid", "its groups lack its own, "+decimal(*d.GID)+", which runtimes add")
	}
	if n := len(d.Groups); n > 0 {
		list := strings.ReplaceAll(GroupsText(d.Groups[:min(n, maxListed)]), ",", ", ")
		if n > maxListed {
			list += ", ..."
		}
		d.comment(Kubernetes, "groups", "its supplementary groups belong to the securityContext of the pod: supplementalGroups: ["+list+"]")
	}
}

// systemdBits are the securebits that a unit can set. keep_caps is none of them:
// execve(2) clears it.
const systemdBits = capset.NoRoot | capset.NoRoot<<1 | capset.NoSetuidFixup | capset.NoSetuidFixup<<1 | capset.KeepCaps<<1

// UnitBits returns the securebits that a unit can set.
func (d *Derived) UnitBits() capset.Securebits {
	if !d.Task.Known("securebits") {
		return 0
	}
	return d.Task.Securebits & systemdBits
}

// surroundings comments on what else the task is under.
func (d *Derived) surroundings() {
	r := d.Task
	switch {
	case !r.Known("securebits"):
		d.comment(Systemd, "securebits-unknown", "its securebits are unknown: "+r.Why("securebits"))
	case r.Securebits != 0:
		on := everywhere
		if r.Securebits == d.UnitBits() {
			on = containers
		}
		d.comment(on, "securebits", "its securebits are 0x"+strconv.FormatUint(uint64(r.Securebits), 16)+", not all of which can be asked for")
	}
	ns := r.UserNamespace
	switch {
	case ns == nil || !r.Known("userNamespace.initial"):
		why := r.Why("userNamespace") + r.Why("userNamespace.initial") // there is one at most
		if why == "" {
			why = untold
		}
		d.comment(everywhere, "user-namespace-unknown", "whether it is in a user namespace of its own is unknown: "+why)
	case !ns.Initial:
		d.comment(Kubernetes, "user-namespace", "it is in a child user namespace: hostUsers: false, in the spec of the pod")
		d.comment(Docker, "user-namespace", "it is in a child user namespace: userns-remap, of the daemon, which excludes --privileged")
		d.comment(Systemd, "user-namespace", "it is in a child user namespace: PrivateUsers= makes one, with other ids")
	}
	if l := r.Label; l != nil && l.Label != "unconfined" {
		d.comment(everywhere, "lsm", "the label of its security module is not asked for: "+l.Label)
	}
	if d.UID != nil && *d.UID != 0 && Systemd.Fits(*d.UID) {
		d.comment(Systemd, "user-database", "systemd takes a User= that the user database has, and adds the groups in there")
	}
	for _, n := range r.Notes {
		if n.Code == "overflow-id" || n.Code == "changing" {
			d.comment(everywhere, n.Code, n.Text)
		}
	}
}
