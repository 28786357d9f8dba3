// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"errors"

	"github.com/capinspect/capinspect/procstatus"
)

func (c *Collector) userNamespace(task procstatus.Task, r *Record, me *reader) {
	defer c.hostIDs(r, me)
	ns := &UserNamespace{ID: r.Namespaces.id(procstatus.NamespaceUser)}
	ns.Own = r.Namespaces[procstatus.NamespaceUser].WithSelf == Yes
	var errs [3]error
	ns.UIDMap, errs[0] = task.UIDMap()
	ns.Own = ns.Own || ns.ID == 0 && c.isOwnMap(ns.UIDMap)
	ns.GIDMap, errs[1] = task.GIDMap()
	ns.Setgroups, errs[2] = task.Setgroups()
	_, malformed := errors.AsType[*procstatus.LineError](errs[0])
	if ns.ID == 0 && errs[0] != nil && errs[1] != nil && errs[2] != nil && !malformed {
		r.unknown("userNamespace", c.hidden(errs[0], r))
		return
	}
	r.UserNamespace = ns
	for i, path := range [...]string{"userNamespace.uidMap", "userNamespace.gidMap", "userNamespace.setgroups"} {
		if errs[i] != nil {
			r.unknown(path, c.hidden(errs[i], r))
		}
	}
	ns.Initial = r.Namespaces.initial(procstatus.NamespaceUser) == Yes
	unproven := ns.UIDMap == nil || ns.UIDMap.Whole()
	switch {
	case ns.ID == 0:
		reason := r.Why("namespaces")
		if reason == "" {
			reason = r.Why("namespaces.user")
		}
		r.unknown("userNamespace.id", reason)
		if unproven {
			r.unknown("userNamespace.initial", "its inode is not known, and a map of all ids proves nothing")
		}
	case unproven && r.Namespaces.ofSandbox():
		r.unknown("userNamespace.initial", "its inode is not one of Linux, and a map of all ids proves nothing")
	}
}

// hostIDs finds out which ids of the initial user namespace the task has: the
// kernel tells ids as seen from the reader's namespace.
func (c *Collector) hostIDs(r *Record, me *reader) {
	reason := errNotLive.Error()
	switch {
	case c.live && me.inInitialUserNS():
		r.Host = &HostIDs{r.Status.UID, r.Status.GID}
		return
	case c.live:
		reason = "capinspect is not in the initial user namespace, and sees ids as its own has them"
	}
	r.noHostIDs(reason)
}
