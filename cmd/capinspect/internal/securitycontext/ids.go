// SPDX-License-Identifier: Apache-2.0

package securitycontext

import (
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// user asks for the task's user, by the id in the task's own user namespace: runAsUser is
// one in there.
func user(d *Derived, t *task.Task) {
	users, _, hidden := t.IDMaps()
	d.UID = d.realID("uid", t.UID, users, hidden)
	if d.RunAsUser = kubernetesID(d.UID); d.RunAsUser != nil && *d.RunAsUser != 0 {
		d.RunAsNonRoot = new(true)
	}
}

// group asks for the task's group.
func group(d *Derived, t *task.Task) {
	_, groups, hidden := t.IDMaps()
	d.GID = d.realID("gid", t.GID, groups, hidden)
	d.RunAsGroup = kubernetesID(d.GID)
}

// kubernetesID returns the id that Kubernetes is asked for, nil if it does not take it.
func kubernetesID(id *uint32) *int64 {
	if id == nil || !Kubernetes.Fits(*id) {
		return nil
	}
	return new(int64(*id))
}

// realID returns a task's real id, with which it was started unless it was root then. It
// returns nil if the id is unknown.
func (d *Derived) realID(key string, ids task.Value[capset.IDs], m procstatus.IDMap, hidden string) *uint32 {
	all, known := ids.Get()
	id, mapped := task.Within(m, all.Real)
	switch {
	case !known:
		hidden = ids.Why()
	case hidden == "" && !mapped:
		hidden = task.Decimal(all.Real) + " is not an id of its user namespace"
	}
	if hidden != "" || !known {
		d.comment(everywhere, key+"-unknown", "its "+key+" is unknown: "+hidden)
		return nil
	}
	if all != task.AllIDs(all.Real) {
		d.comment(everywhere, key+"-differs", "it has several "+key+"s, and the real one is asked for: "+task.IDsText(all))
	}
	for _, p := range [...]Platform{containers, Systemd} {
		if !p.Fits(id) && (p != Systemd || !lent(id)) {
			d.comment(p, key+"-range", "its "+key+" "+task.Decimal(id)+" cannot be asked for")
		}
	}
	return &id
}

// maxListed is how many groups a comment lists.
const maxListed = 32

// supplementaryGroups asks for the groups. Runtimes add a container's own group to them
// (CVE-2022-36109, CVE-2023-25173).
func supplementaryGroups(d *Derived, t *task.Task) {
	_, m, hidden := t.IDMaps()
	if !t.Groups.Known() {
		hidden = t.Groups.Why()
	}
	if hidden != "" || !t.Groups.Known() {
		d.comment(everywhere, "groups-unknown", "its supplementary groups are unknown: "+hidden)
		return
	}
	own, lost := false, 0
	for _, g := range t.Groups.Zero() {
		in, ok := task.Within(m, g)
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
		d.comment(everywhere, "groups-lost", strconv.Itoa(lost)+" of its supplementary groups cannot be written down, or are not in its user namespace")
	}
	if !own && d.GID != nil {
		d.comment(containers, "groups-without-gid", "its groups lack its own, "+task.Decimal(*d.GID)+", which runtimes add")
	}
	if n := len(d.Groups); n > 0 {
		list := strings.ReplaceAll(task.GroupsText(d.Groups[:min(n, maxListed)]), ",", ", ")
		if n > maxListed {
			list += ", ..."
		}
		d.comment(Kubernetes, "groups", "its supplementary groups belong to the securityContext of the pod: supplementalGroups: ["+list+"]")
	}
}

// userDatabase asks for what systemd does with a user.
func userDatabase(d *Derived, _ *task.Task) {
	switch {
	case d.UID == nil:
	case lent(*d.UID):
		d.DynamicUser = true
		d.comment(Systemd, "dynamic-user", "systemd lends uid "+task.Decimal(*d.UID)+" while a unit runs: DynamicUser= gives another one, and implies NoNewPrivileges=, ProtectSystem=strict and more")
	case *d.UID != 0 && Systemd.Fits(*d.UID):
		d.comment(Systemd, "user-database", "systemd needs a User= that is in the user database, and adds the groups from there")
	}
	if d.GID != nil && lent(*d.GID) && !d.DynamicUser {
		d.comment(Systemd, "gid-range", "systemd lends gid "+task.Decimal(*d.GID)+" to units: it cannot be asked for")
	}
}
